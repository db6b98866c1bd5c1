//! Sockets that a command hands to the daemon: received with SCM_RIGHTS (unix(7)), and looked at before they are believed.
//!
//! The command listens, the daemon connects. One message comes, with an octet for each socket that says what is to be spoken on it.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{socket_acceptconn, socket_domain, socket_peercred, socket_type};
use rustix::net::{AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketType};

use super::listeners::Scheme;

/// How long the command may take to hand them over.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most sockets at once: two schemes, and a few addresses of each.
const MAX_SOCKETS: usize = locald_api::MAX_HANDED_OVER;

/// Why sockets were not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    #[error("the sockets did not come: {0}")]
    Io(#[from] io::Error),
    #[error("the sockets are offered by user {0}")]
    Stranger(u32),
    #[error("what came are not the sockets that were announced")]
    Garbled,
    #[error("one of the sockets does not listen for TCP")]
    NotListening,
    #[error("one of the sockets is open to other machines, at {0}")]
    NotLoopback(std::net::SocketAddr),
    #[error("the sockets of one scheme have several ports")]
    Ports,
}

impl From<Errno> for NotTaken {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

/// Fetches the sockets that are offered at `from`.
pub(super) fn receive(from: &Path) -> Result<Vec<(Scheme, Vec<TcpListener>)>, NotTaken> {
    let stream = UnixStream::connect(from)?;
    let (theirs, ours) = (socket_peercred(&stream)?.uid, rustix::process::geteuid());
    if theirs != ours {
        return Err(NotTaken::Stranger(theirs.as_raw()));
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    sort(take(&stream)?)
}

fn take(stream: &UnixStream) -> Result<Vec<(Scheme, TcpListener)>, NotTaken> {
    let mut words = [0; MAX_SOCKETS + 1];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut buffers = [IoSliceMut::new(&mut words)];
        match rustix::net::recvmsg(stream, &mut buffers, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            received => break received?.bytes,
        }
    };
    let mut sockets = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            sockets.extend(descriptors);
        }
    }
    let schemes: Option<Vec<Scheme>> = words[..received].iter().map(|word| Scheme::of_octet(*word)).collect();
    let schemes = schemes.filter(|schemes| !schemes.is_empty() && schemes.len() == sockets.len());
    let schemes = schemes.ok_or(NotTaken::Garbled)?;
    Ok(schemes.into_iter().zip(sockets.into_iter().map(TcpListener::from)).collect())
}

/// The sockets by what is spoken on them, once each is what it should be.
fn sort(sockets: Vec<(Scheme, TcpListener)>) -> Result<Vec<(Scheme, Vec<TcpListener>)>, NotTaken> {
    let mut sorted: Vec<(Scheme, Vec<TcpListener>)> = Vec::new();
    for (scheme, socket) in sockets {
        let is_inet = [AddressFamily::INET, AddressFamily::INET6].contains(&socket_domain(&socket)?);
        if !is_inet || socket_type(&socket)? != SocketType::STREAM || !socket_acceptconn(&socket)? {
            return Err(NotTaken::NotListening);
        }
        let address = socket.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(NotTaken::NotLoopback(address));
        }
        match sorted.iter_mut().find(|(known, _)| *known == scheme) {
            None => sorted.push((scheme, vec![socket])),
            Some((_, others)) if others[0].local_addr()?.port() == address.port() => others.push(socket),
            Some(_) => return Err(NotTaken::Ports),
        }
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpStream, UdpSocket};
    use std::os::fd::OwnedFd;

    use super::*;

    fn listener(address: &str) -> TcpListener {
        TcpListener::bind(address).unwrap()
    }

    #[test]
    fn sockets_that_others_could_reach_or_that_do_not_listen_are_refused() {
        let open = listener("0.0.0.0:0");
        assert!(matches!(sort(vec![(Scheme::Http, open)]), Err(NotTaken::NotLoopback(_))));
        let listening = listener("127.0.0.1:0");
        let stream = TcpStream::connect(listening.local_addr().unwrap()).unwrap();
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        for other in [OwnedFd::from(stream), datagrams.into()] {
            let sorted = sort(vec![(Scheme::Http, TcpListener::from(other))]);
            assert!(matches!(sorted, Err(NotTaken::NotListening)), "{sorted:?}");
        }
        let apart = vec![(Scheme::Http, listener("127.0.0.1:0")), (Scheme::Http, listener("127.0.0.1:0"))];
        assert!(matches!(sort(apart), Err(NotTaken::Ports)));
        let two = vec![(Scheme::Https, listener("127.0.0.1:0")), (Scheme::Http, listener("127.0.0.1:0"))];
        assert_eq!(sort(two).unwrap().len(), 2);
    }

    #[test]
    fn what_was_announced_must_be_what_comes() {
        for words in [&b""[..], b"h", b"x", b"hhhhhhhhhhhhhhhhhh"] {
            let (ours, theirs) = UnixStream::pair().unwrap();
            rustix::io::write(&theirs, words).unwrap();
            drop(theirs);
            assert!(matches!(take(&ours), Err(NotTaken::Garbled)), "{words:?}");
        }
    }
}
