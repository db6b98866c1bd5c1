//! What pages of the proxy may ask of a service: what it printed, and to be started; and whom it is told.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Weak};

use locald_api::{ProjectId, Target};
use locald_proxy::Operator;
use tracing::warn;

use crate::sites::family;
use crate::supervisor::{Project, Service, Supervisor};

/// How many lines a page shows.
const LINES: usize = 40;
/// The most of one that is shown, in characters.
const LINE: usize = 400;

/// Looks after a service, or several that run beside each other, on behalf of somebody who looks at a page.
pub(super) struct Caretaker {
    pub(super) supervisor: Weak<Supervisor>,
    pub(super) project: ProjectId,
    pub(super) family: String,
}

impl Caretaker {
    fn project(&self, supervisor: &Supervisor) -> Option<Project> {
        supervisor.snapshot().into_iter().find(|project| project.id == self.project)
    }
}

impl Operator for Caretaker {
    fn last_lines(&self) -> Vec<String> {
        let Some(supervisor) = self.supervisor.upgrade() else { return Vec::new() };
        let Some(project) = self.project(&supervisor) else { return Vec::new() };
        let is_meant = |service: &&Service| family(&service.pane.id.service) == self.family;
        let Some(service) = project.services.iter().find(is_meant) else { return Vec::new() };
        let masker = supervisor.masker(&service.pane.id);
        let lines = service.pane.last_lines(LINES).into_iter();
        lines.map(|line| masker.mask(&line).chars().take(LINE).collect()).collect()
    }

    fn start(&self) {
        let Some(supervisor) = self.supervisor.upgrade() else { return };
        let Some(project) = self.project(&supervisor) else { return };
        let root = project.root.to_string_lossy().into_owned();
        let target = Target { root: Some(root), names: vec![self.family.clone()] };
        tokio::spawn(async move {
            if let Err(failure) = supervisor.start(&target).await {
                warn!(%failure, "a service could not be started from its page");
            }
        });
    }

    fn wake(&self) {
        let Some(supervisor) = self.supervisor.upgrade() else { return };
        wake(supervisor, self.project.clone(), self.family.clone());
    }

    fn trusts(&self, client: SocketAddr, proxy: SocketAddr) -> bool {
        let ours = rustix::process::geteuid().as_raw();
        let table = if client.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" };
        let table = fs::read_to_string(table).unwrap_or_default();
        owner(&table, client, proxy).is_some_and(|user| user == ours || user == 0)
    }
}

/// Has a service started that waits for a request.
pub(super) fn wake(supervisor: Arc<Supervisor>, project: ProjectId, family: String) {
    tokio::spawn(async move {
        if let Err(failure) = supervisor.demand(&project, &family).await {
            warn!(%failure, "a service could not be started for a request");
        }
    });
}

/// The user whose connection this is (proc(5), `/proc/net/tcp`): `client` is its end, `proxy` is ours. `None`: nobody's, as whoever
/// opened it has closed it already. The kernel shows such an end as root's, without an inode.
fn owner(table: &str, client: SocketAddr, proxy: SocketAddr) -> Option<u32> {
    let (client, proxy) = (in_table(client), in_table(proxy));
    let mut rows = table.lines().map(str::split_ascii_whitespace);
    let mut row = rows.find(|row| {
        let mut row = row.clone();
        row.nth(1) == Some(&client) && row.next() == Some(&proxy)
    })?;
    let (user, inode) = (row.nth(7)?, row.nth(1)?);
    if inode == "0" { None } else { user.parse().ok() }
}

/// An address as the kernel writes it: in words of 32 bits, each in the machine's own order.
fn in_table(address: SocketAddr) -> String {
    let word = |bytes: &[u8]| {
        let bytes = bytes.try_into().map_or(0, u32::from_ne_bytes);
        format!("{bytes:08X}")
    };
    let ip: String = match address.ip() {
        IpAddr::V4(ip) => word(&ip.octets()),
        IpAddr::V6(ip) => ip.octets().chunks(4).map(word).collect(),
    };
    format!("{ip}:{:04X}", address.port())
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_belongs_to_whoever_opened_it() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine without IPv6 has no such connections.
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (client, proxy) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
            let table = fs::read_to_string(if client.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" }).unwrap();
            assert_eq!(owner(&table, client, proxy), Some(rustix::process::geteuid().as_raw()));
            assert_eq!(owner(&table, client, "127.0.0.1:1".parse().unwrap()), None);
        }
    }

    #[test]
    fn a_connection_that_was_closed_at_its_other_end_is_nobodys() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (client, proxy) = (stream.local_addr().unwrap(), stream.peer_addr().unwrap());
        drop(stream);
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        assert!(table.contains(&format!("{} {}", in_table(client), in_table(proxy))), "its row is there");
        assert_eq!(owner(&table, client, proxy), None);
    }

    #[test]
    fn the_user_is_read_from_the_row_of_the_connection_alone() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n   \
            0: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 1\n   \
            1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     7        0 2\n   \
            2: 0100007F:C002 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0\n";
        let (client, proxy) = ("127.0.0.1:49153".parse().unwrap(), "127.0.0.1:8080".parse().unwrap());
        if cfg!(target_endian = "little") {
            assert_eq!(owner(table, client, proxy), Some(1000));
            assert_eq!(owner(table, proxy, client), Some(7));
            assert_eq!(owner(table, "127.0.0.1:49154".parse().unwrap(), proxy), None);
        }
    }
}
