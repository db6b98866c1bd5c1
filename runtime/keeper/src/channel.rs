//! Messages with descriptors over a Unix socket pair or connection: a `u32` length in little-endian order, then the message.
//!
//! Descriptors (SCM_RIGHTS, unix(7)) travel with the first byte of their message. As a stream keeps its order, the receiver takes
//! them from a queue as it reads the messages that say how many they have.

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
};

use crate::codec::Malformed;
use crate::message::Message;

/// The longest message: a launch with the largest environment the kernel takes, several times over.
const MAX_MESSAGE: usize = 16 << 20;
/// The most descriptors one message carries.
const MAX_DESCRIPTORS: usize = 4;

/// The sending end. Keeps what the socket does not take yet.
#[derive(Debug)]
pub struct Sender {
    stream: UnixStream,
    queue: VecDeque<Outgoing>,
}

#[derive(Debug)]
struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
    descriptors: Vec<OwnedFd>,
}

/// The receiving end.
#[derive(Debug)]
pub struct Receiver {
    stream: UnixStream,
    bytes: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

/// Why no more messages can come.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The other end is gone.
    #[error("the other end has hung up")]
    Closed,
    /// The socket failed.
    #[error("failed to receive")]
    Io(#[from] io::Error),
    /// What came is not a message of this protocol.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// Both ends over one socket.
pub fn channel(stream: UnixStream) -> io::Result<(Sender, Receiver)> {
    let reading = stream.try_clone()?;
    let receiver = Receiver { stream: reading, bytes: Vec::new(), descriptors: VecDeque::new() };
    Ok((Sender { stream, queue: VecDeque::new() }, receiver))
}

impl Sender {
    /// Queues a message; [`Self::flush`] sends it.
    pub fn queue(&mut self, message: &impl Message, descriptors: Vec<OwnedFd>) {
        assert_eq!(descriptors.len(), message.descriptors(), "the receiver counts on a message's descriptors");
        let body = message.encode();
        let mut bytes = Vec::with_capacity(4 + body.len());
        bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&body);
        self.queue.push_back(Outgoing { bytes, sent: 0, descriptors });
    }

    /// Sends what is queued, as far as the socket takes it; says whether that was all. A blocking socket takes everything.
    pub fn flush(&mut self) -> io::Result<bool> {
        while let Some(front) = self.queue.front_mut() {
            match send(&self.stream, front) {
                Ok(sent) => front.sent += sent,
                Err(rustix::io::Errno::AGAIN) => return Ok(false),
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            front.descriptors.clear();
            if front.sent == front.bytes.len() {
                self.queue.pop_front();
            }
        }
        Ok(true)
    }

    /// Whether something still waits to be sent.
    pub fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }
}

fn send(stream: &UnixStream, outgoing: &Outgoing) -> rustix::io::Result<usize> {
    let borrowed: Vec<BorrowedFd<'_>> = outgoing.descriptors.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() {
        let fits = ancillary.push(SendAncillaryMessage::ScmRights(&borrowed));
        assert!(fits, "no message has more than {MAX_DESCRIPTORS} descriptors");
    }
    rustix::net::sendmsg(stream, &[IoSlice::new(&outgoing.bytes[outgoing.sent..])], &mut ancillary, SendFlags::NOSIGNAL)
}

impl Receiver {
    /// Reads what the socket has, once. `false`: a non-blocking socket has nothing now.
    pub fn fill(&mut self) -> Result<bool, ReceiveError> {
        let mut bytes = [0; 16 * 1024];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut buffers = [IoSliceMut::new(&mut bytes)];
        let received = loop {
            match rustix::net::recvmsg(&self.stream, &mut buffers, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
                Ok(received) => break received.bytes,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return Ok(false),
                Err(rustix::io::Errno::CONNRESET) => return Err(ReceiveError::Closed),
                Err(error) => return Err(ReceiveError::Io(error.into())),
            }
        };
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        if received == 0 {
            return Err(ReceiveError::Closed);
        }
        self.bytes.extend_from_slice(&bytes[..received]);
        Ok(true)
    }

    /// The next whole message that [`Self::fill`] has read, with its descriptors.
    pub fn take<M: Message>(&mut self) -> Result<Option<(M, Vec<OwnedFd>)>, Malformed> {
        let Some(length) = self.bytes.first_chunk::<4>().map(|length| u32::from_le_bytes(*length) as usize) else {
            return Ok(None);
        };
        if length > MAX_MESSAGE {
            return Err(Malformed);
        }
        let Some(body) = self.bytes.get(4..4 + length) else { return Ok(None) };
        let message = M::decode(body)?;
        if message.descriptors() > self.descriptors.len() {
            return Err(Malformed);
        }
        let descriptors = self.descriptors.drain(..message.descriptors()).collect();
        self.bytes.drain(..4 + length);
        Ok(Some((message, descriptors)))
    }

    /// Waits on a blocking socket for the next message.
    pub fn receive<M: Message>(&mut self) -> Result<(M, Vec<OwnedFd>), ReceiveError> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(message);
            }
            self.fill()?;
        }
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::message::{FromKeeper, RunInfo, ToKeeper};

    fn pair() -> (Sender, Receiver) {
        let (one, other) = UnixStream::pair().unwrap();
        (channel(one).unwrap().0, channel(other).unwrap().1)
    }

    #[test]
    fn each_message_arrives_with_its_own_descriptors() {
        let (mut sender, mut receiver) = pair();
        let run = RunInfo { run: 1, pid: 2, since: 3, terminal: true };
        let slot = FromKeeper::Slot { slot: "a".to_owned(), notify: "n".to_owned(), run: Some(run), starting: None };
        let (mut read, write) = std::io::pipe().unwrap();
        let spare = || OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        sender.queue(&FromKeeper::Ready, Vec::new());
        sender.queue(&slot, vec![spare(), write.into()]);
        sender.queue(&FromKeeper::Listener, vec![spare()]);
        assert!(sender.flush().unwrap());
        assert!(matches!(receiver.receive().unwrap(), (FromKeeper::Ready, none) if none.is_empty()));
        let (got, descriptors) = receiver.receive::<FromKeeper>().unwrap();
        assert_eq!((got, descriptors.len()), (slot, 2));
        // The second one really is the pipe that was sent.
        std::fs::File::from(descriptors.into_iter().nth(1).unwrap()).write_all(b"x").unwrap();
        assert_eq!(read.read(&mut [0; 4]).unwrap(), 1);
        assert_eq!(receiver.receive::<FromKeeper>().unwrap().1.len(), 1);
    }

    #[test]
    fn a_message_larger_than_the_socket_takes_is_sent_in_parts() {
        let (one, other) = UnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        let (mut sender, mut receiver) = (channel(one).unwrap().0, channel(other).unwrap().1);
        let large = ToKeeper::Put { key: "k".to_owned(), value: vec![7; 4 << 20] };
        sender.queue(&large, Vec::new());
        assert!(!sender.flush().unwrap(), "a socket has not that much room");
        let reading = std::thread::spawn(move || receiver.receive::<ToKeeper>().unwrap().0);
        while !sender.flush().unwrap() {
            std::thread::yield_now();
        }
        assert_eq!(reading.join().unwrap(), large);
    }

    #[test]
    fn a_length_beyond_all_reason_is_refused_before_anything_is_kept() {
        let (one, other) = UnixStream::pair().unwrap();
        let mut receiver = channel(other).unwrap().1;
        (&one).write_all(&u32::MAX.to_le_bytes()).unwrap();
        receiver.fill().unwrap();
        assert_eq!(receiver.take::<ToKeeper>().unwrap_err(), Malformed);
    }

    #[test]
    fn a_hang_up_is_told() {
        let (sender, mut receiver) = pair();
        drop(sender);
        assert!(matches!(receiver.receive::<ToKeeper>(), Err(ReceiveError::Closed)));
    }
}
