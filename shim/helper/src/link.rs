//! The socket between the helper and whoever asks: a pair that keeps messages apart (`SOCK_SEQPACKET`, unix(7)).

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType,
};

use crate::message::{Answer, MAX_MESSAGE, MAX_SOCKETS, Malformed, Request, TooLarge};

/// The asking end.
#[derive(Debug)]
pub struct Link(OwnedFd);

/// Why there is no answer.
#[derive(Debug)]
pub enum LinkError {
    /// The helper ended without one.
    Silent,
    /// The socket failed.
    Io(io::Error),
    /// The request is too long.
    TooLarge(TooLarge),
    /// What came is no answer.
    Malformed,
}

impl std::fmt::Display for LinkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Silent => f.write_str("the helper ended without an answer"),
            Self::Io(error) => write!(f, "failed to speak with the helper: {error}"),
            Self::TooLarge(error) => error.fmt(f),
            Self::Malformed => f.write_str("what the helper answers does not make sense"),
        }
    }
}

impl std::error::Error for LinkError {}

impl From<io::Error> for LinkError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Errno> for LinkError {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

impl From<Malformed> for LinkError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<TooLarge> for LinkError {
    fn from(error: TooLarge) -> Self {
        Self::TooLarge(error)
    }
}

/// Over a socket on which somebody has asked already.
impl From<OwnedFd> for Link {
    fn from(socket: OwnedFd) -> Self {
        Self(socket)
    }
}

impl Link {
    /// Asks; the other end, on which the question waits, is to be the helper's standard input.
    pub fn ask(request: &Request) -> Result<(Self, OwnedFd), LinkError> {
        let (ours, theirs) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        rustix::net::send(&ours, &request.encode()?, SendFlags::NOSIGNAL)?;
        Ok((Self(ours), theirs))
    }

    /// Waits for the answer, with its sockets.
    pub fn answer(&self) -> Result<(Answer, Vec<OwnedFd>), LinkError> {
        let mut bytes = vec![0; MAX_MESSAGE + 1];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = loop {
            let mut buffers = [IoSliceMut::new(&mut bytes)];
            match rustix::net::recvmsg(&self.0, &mut buffers, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
                Ok(received) => break received.bytes,
                Err(Errno::INTR) => {}
                Err(Errno::CONNRESET) => return Err(LinkError::Silent),
                Err(error) => return Err(error.into()),
            }
        };
        let mut sockets = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                sockets.extend(descriptors);
            }
        }
        if received == 0 {
            return Err(LinkError::Silent);
        }
        let answer = Answer::decode(&bytes[..received])?;
        if answer.sockets() == sockets.len() { Ok((answer, sockets)) } else { Err(LinkError::Malformed) }
    }
}

/// Answers on the helper's end.
pub(crate) fn reply(socket: impl AsFd, protocol: u16, answer: &Answer, sockets: &[OwnedFd]) -> io::Result<()> {
    let borrowed: Vec<BorrowedFd<'_>> = sockets.iter().map(AsFd::as_fd).collect();
    assert_eq!(borrowed.len(), answer.sockets(), "an answer says how many sockets come with it");
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_SOCKETS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() {
        let fits = ancillary.push(SendAncillaryMessage::ScmRights(&borrowed));
        assert!(fits, "no answer has more than {MAX_SOCKETS} sockets");
    }
    let bytes = answer.encode(protocol);
    rustix::net::sendmsg(socket, &[IoSlice::new(&bytes)], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::message::{Bound, Verb};
    use crate::port::Port;

    fn asked() -> (Link, OwnedFd) {
        Link::ask(&Request { protocol: 1, verb: Verb::SelfCheck }).unwrap()
    }

    #[test]
    fn an_answer_comes_with_its_sockets() {
        let (link, theirs) = asked();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sent =
            Answer::Bound { sockets: vec![Bound { port: Port::Http, is_v6: false }], failed: vec![(Port::Https, 98)] };
        reply(&theirs, 1, &sent, &[listener.into()]).unwrap();
        let (answer, mut sockets) = link.answer().unwrap();
        assert_eq!(answer, sent);
        assert_eq!(TcpListener::from(sockets.pop().unwrap()).local_addr().unwrap(), address);
    }

    #[test]
    fn a_helper_that_ends_without_an_answer_is_told() {
        let (link, theirs) = asked();
        drop(theirs);
        assert!(matches!(link.answer(), Err(LinkError::Silent)));
        let (link, theirs) = asked();
        rustix::net::send(&theirs, b"garbage", SendFlags::NOSIGNAL).unwrap();
        assert!(matches!(link.answer(), Err(LinkError::Malformed)));
    }
}
