//! Opening ports: on the addresses of loopback, and on no other.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::fd::OwnedFd;

use rustix::io::Errno;

use crate::message::{Answer, Bound};
use crate::port::Port;

/// How many connections wait while nobody takes them. The kernel has its own limit below that.
const QUEUE: i32 = 4096;

/// The address of loopback in a family.
pub(super) fn address(is_v6: bool) -> IpAddr {
    if is_v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() }
}

/// Opens each port in both families; one that cannot be had in both, on a machine that has both, is not had at all.
pub(super) fn open(ports: &[Port]) -> (Answer, Vec<OwnedFd>) {
    let (mut sockets, mut failed, mut descriptors) = (Vec::new(), Vec::new(), Vec::new());
    for &port in ports {
        match open_one(port.number()) {
            Ok(opened) => {
                for (is_v6, listener) in opened {
                    sockets.push(Bound { port, is_v6 });
                    descriptors.push(listener.into());
                }
            }
            Err(error) => failed.push((port, error.raw_os_error().unwrap_or_default())),
        }
    }
    (Answer::Bound { sockets, failed }, descriptors)
}

fn open_one(port: u16) -> io::Result<Vec<(bool, TcpListener)>> {
    let mut opened = Vec::new();
    for is_v6 in [false, true] {
        match TcpListener::bind((address(is_v6), port)) {
            Ok(listener) => {
                rustix::net::listen(&listener, QUEUE)?;
                opened.push((is_v6, listener));
            }
            // Many machines have no IPv6.
            Err(error) if is_v6 && is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(opened)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT))
}
