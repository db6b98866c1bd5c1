//! The daemon's end of its conversation with the keeper: orders go out, what the keeper holds and learns comes in.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use locald_keeper::containment::{self, Containment};
use locald_keeper::{FromKeeper, ReceiveError, Receiver, Sender, ToKeeper, VERSION, channel};

/// Sends orders. Orders are small and the keeper always listens, so sending does not wait for the world.
#[derive(Debug)]
pub(crate) struct KeeperLink(Mutex<Sender>);

/// What the keeper said and passed when the daemon began.
#[derive(Debug)]
pub(crate) struct Inheritance {
    /// The keeper's process.
    pub(crate) keeper: u32,
    /// When the keeper started, in nanoseconds since the Unix epoch.
    pub(crate) keeper_started: u64,
    /// How many daemons failed before this one.
    pub(crate) failures: u32,
    /// The control listener.
    pub(crate) listener: OwnedFd,
    /// Readable when a journal has something new.
    pub(crate) output: OwnedFd,
    /// To be written when a journal has room that the keeper waits for.
    pub(crate) room: OwnedFd,
    /// Sockets of an earlier daemon, by the names it gave them.
    pub(crate) sockets: Vec<(String, OwnedFd)>,
    /// By which means it ends what a service started.
    pub(crate) containment: Option<Containment>,
    /// Everything else, in order: slots, values, notices.
    pub(crate) rest: Vec<(FromKeeper, Vec<OwnedFd>)>,
}

/// Why the keeper's inheritance cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InheritError {
    #[error("standard input is not a keeper")]
    Receive(#[from] ReceiveError),
    #[error("standard input is not a keeper")]
    Io(#[from] io::Error),
    #[error("the keeper speaks version {0} of its protocol, this daemon {VERSION}; `locald shutdown` ends both")]
    Version(u32),
    #[error("the keeper says things out of turn")]
    OutOfTurn,
}

/// Greets the keeper at the other end of `stream` and takes over what it holds.
pub(crate) fn inherit(stream: UnixStream) -> Result<(KeeperLink, Receiver, Inheritance), InheritError> {
    let (mut sender, mut receiver) = channel(stream)?;
    sender.queue(&ToKeeper::Hello { version: VERSION }, Vec::new());
    sender.flush()?;
    let (FromKeeper::Welcome { version, pid, started, failures }, descriptors) = receiver.receive()? else {
        return Err(InheritError::OutOfTurn);
    };
    if version != VERSION {
        return Err(InheritError::Version(version));
    }
    let Ok([listener, output, room]) = <[OwnedFd; 3]>::try_from(descriptors) else {
        return Err(InheritError::OutOfTurn);
    };
    let (mut sockets, mut containment, mut rest) = (Vec::new(), None, Vec::new());
    loop {
        match receiver.receive()? {
            (FromKeeper::Ready, _) => break,
            (FromKeeper::Held { key }, descriptors) => {
                sockets.extend(descriptors.into_iter().map(|it| (key.clone(), it)));
            }
            (FromKeeper::Value { key, value }, _) if key == containment::KEY => {
                containment = Containment::decode(&value);
            }
            other => rest.push(other),
        }
    }
    let inheritance = Inheritance {
        keeper: pid,
        keeper_started: started,
        failures,
        listener,
        output,
        room,
        sockets,
        containment,
        rest,
    };
    Ok((KeeperLink(Mutex::new(sender)), receiver, inheritance))
}

impl KeeperLink {
    /// A link to whoever reads the other end of `stream`.
    #[cfg(test)]
    pub(crate) fn over(stream: UnixStream) -> Self {
        Self(Mutex::new(channel(stream).unwrap().0))
    }

    /// Sends an order.
    ///
    /// # Errors
    /// The keeper is gone; so will be this daemon, as soon as it notices on the receiving side.
    pub(crate) fn send(&self, order: &ToKeeper) -> io::Result<()> {
        self.send_with(order, Vec::new())
    }

    /// Sends an order with descriptors.
    ///
    /// # Errors
    /// As of [`Self::send`].
    pub(crate) fn send_with(&self, order: &ToKeeper, descriptors: Vec<OwnedFd>) -> io::Result<()> {
        let mut sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sender.queue(order, descriptors);
        sender.flush().map(drop)
    }
}
