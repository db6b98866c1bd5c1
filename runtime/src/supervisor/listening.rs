//! The TCP sockets on which somebody listens on this machine.
//!
//! Asked of the kernel by sock_diag(7), which looks at listening sockets only: some microseconds, where reading
//! proc_pid_net(5) takes milliseconds because the kernel walks the table of all connections for it.

use std::collections::BTreeSet;
use std::{fs, io};

use rustix::net::netlink::SOCK_DIAG;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// `NLMSG_DONE` and `NLMSG_ERROR` (netlink(7)).
const DONE: u16 = 3;
const ERROR: u16 = 2;
/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
const TCP: u8 = 6;
/// `1 << TCP_LISTEN`.
const LISTEN: u32 = 1 << 10;
/// The sizes of `struct nlmsghdr` and of `struct inet_diag_req_v2`.
const HEADER: usize = 16;
const REQUEST: usize = 56;
/// Where `idiag_inode` stands in `struct inet_diag_msg`.
const INODE: usize = 68;

/// A socket on which somebody listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listening {
    pub(crate) port: u16,
    /// The number by which `/proc/PID/fd` names the socket.
    pub(crate) inode: u64,
}

/// The ports on which somebody listens, of both address families.
pub(crate) fn listening_ports() -> BTreeSet<u16> {
    listening_sockets().into_iter().map(|socket| socket.port).collect()
}

/// The listening sockets, of both address families, in order.
pub(crate) fn listening_sockets() -> Vec<Listening> {
    let mut found = ask_kernel().unwrap_or_else(|_| read_tables());
    found.sort_unstable();
    found
}

fn ask_kernel() -> io::Result<Vec<Listening>> {
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(SOCK_DIAG))?;
    let mut found = Vec::new();
    for family in [AddressFamily::INET, AddressFamily::INET6] {
        rustix::net::send(&socket, &request(family.as_raw() as u8), SendFlags::empty())?;
        let mut buffer = vec![0; 32 * 1024];
        while !take_sockets(
            {
                let (received, _) = rustix::net::recv(&socket, &mut buffer, RecvFlags::empty())?;
                &buffer[..received]
            },
            &mut found,
        )? {}
    }
    Ok(found)
}

fn request(family: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + REQUEST);
    out.extend_from_slice(&((HEADER + REQUEST) as u32).to_ne_bytes());
    out.extend_from_slice(&BY_FAMILY.to_ne_bytes());
    out.extend_from_slice(&DUMP.to_ne_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&[family, TCP, 0, 0]);
    out.extend_from_slice(&LISTEN.to_ne_bytes());
    out.resize(HEADER + REQUEST, 0);
    out
}

/// Takes the sockets out of one datagram; says whether it was the last.
fn take_sockets(mut datagram: &[u8], found: &mut Vec<Listening>) -> io::Result<bool> {
    while let Some(header) = datagram.first_chunk::<HEADER>() {
        let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
        match u16::from_ne_bytes([header[4], header[5]]) {
            DONE => return Ok(true),
            ERROR => return Err(io::Error::other("sock_diag refuses")),
            _ => {}
        }
        // `struct inet_diag_msg`: family, state, timer, retransmissions, then the source port in network order; the inode is last.
        let port = datagram.get(HEADER + 4..).and_then(<[u8]>::first_chunk);
        let inode = datagram.get(HEADER + INODE..).and_then(<[u8]>::first_chunk);
        if let (Some(port), Some(inode)) = (port, inode) {
            found.push(Listening { port: u16::from_be_bytes(*port), inode: u32::from_ne_bytes(*inode).into() });
        }
        datagram = datagram.get(length.next_multiple_of(4).max(HEADER)..).unwrap_or_default();
    }
    Ok(false)
}

/// For a kernel without sock_diag.
fn read_tables() -> Vec<Listening> {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    tables.iter().filter_map(|table| fs::read_to_string(table).ok()).flat_map(|text| parse_table(&text)).collect()
}

/// Reads a table of proc_pid_net(5).
fn parse_table(table: &str) -> Vec<Listening> {
    const LISTEN: &str = "0A";
    let socket = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let (local, state) = (fields.nth(1)?, fields.nth(1)?);
        let port = u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?;
        let inode = fields.nth(5)?.parse().ok()?;
        (state == LISTEN).then_some(Listening { port, inode })
    };
    table.lines().skip(1).filter_map(socket).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_port_is_found_while_somebody_listens_on_it_both_ways_of_asking() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // A machine without IPv6 has nothing to find there.
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let port = listener.local_addr().unwrap().port();
            let of = |found: Vec<Listening>| found.into_iter().find(|socket| socket.port == port);
            let (asked, read) = (of(ask_kernel().unwrap_or_else(|_| read_tables())), of(read_tables()));
            assert!(asked.is_some() && asked == read, "{address}: {asked:?}, {read:?}");
        }
    }

    #[test]
    fn only_listening_sockets_count_in_the_tables() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:4E20 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0\n\
            1: 0100007F:4E21 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0\n\
            garbage\n";
        assert_eq!(parse_table(table), [Listening { port: 20000, inode: 4711 }]);
    }

    proptest! {
        #[test]
        fn arbitrary_datagrams_never_panic(datagram in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = take_sockets(&datagram, &mut Vec::new());
        }
    }
}
