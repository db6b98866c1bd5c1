//! Sockets that whoever started this command has opened for it, as systemd and others do (sd_listen_fds(3)).
#![expect(unsafe_code, reason = "descriptors that were inherited can only be named by their numbers")]

use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd};

use locald_api::MAX_HANDED_OVER;
use rustix::io::FdFlags;
use rustix::net::sockopt::{socket_acceptconn, socket_domain};
use rustix::net::{AddressFamily, SocketAddrAny};

use crate::low_ports::Offered;

/// The first of them; the others follow.
const FIRST: i32 = 3;
/// Ports on which HTTPS is spoken unless the socket's name says otherwise.
const HTTPS_PORTS: [u16; 2] = [443, 8443];

/// The sockets that are meant for this process, each once: whoever asks again gets none.
pub(crate) fn sockets() -> Vec<Offered> {
    let variable = |name: &str| std::env::var(name).ok();
    let is_ours = variable("LISTEN_PID").and_then(|pid| pid.parse().ok()) == Some(std::process::id());
    let count: usize = variable("LISTEN_FDS").and_then(|count| count.parse().ok()).unwrap_or(0);
    if !is_ours {
        return Vec::new();
    }
    let names = variable("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    (FIRST..)
        .take(count.min(MAX_HANDED_OVER))
        .filter_map(|number| {
            let name = names.next().unwrap_or_default();
            let socket = take(number)?;
            let port = port_of(&socket)?;
            let is_https = name == "https" || (name != "http" && HTTPS_PORTS.contains(&port));
            Some(Offered { octet: if is_https { b's' } else { b'h' }, socket })
        })
        .collect()
}

/// The descriptor, unless it was taken already: then it is marked not to be passed on, as all of our own are.
fn take(number: i32) -> Option<OwnedFd> {
    // SAFETY: it is only looked at; a number that is no descriptor makes the call fail.
    let flags = unsafe { rustix::io::fcntl_getfd(BorrowedFd::borrow_raw(number)) };
    if !flags.is_ok_and(|flags| !flags.contains(FdFlags::CLOEXEC)) {
        return None;
    }
    // SAFETY: whoever started this process has given it to us, and as it is not marked, nobody here has opened or taken it.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    rustix::io::fcntl_setfd(&socket, FdFlags::CLOEXEC).ok()?;
    Some(socket)
}

/// The port of a socket that listens for TCP.
fn port_of(socket: &OwnedFd) -> Option<u16> {
    let is_inet = [AddressFamily::INET, AddressFamily::INET6].contains(&socket_domain(socket).ok()?);
    if !is_inet || !socket_acceptconn(socket).ok()? {
        return None;
    }
    let address: SocketAddrAny = rustix::net::getsockname(socket).ok()?;
    std::net::SocketAddr::try_from(address).ok().map(|address| address.port())
}
