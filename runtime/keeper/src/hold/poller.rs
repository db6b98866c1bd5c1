//! What the keeper waits for: descriptors, each with a token that says what it is (epoll(7), level-triggered).

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use crate::journal::Stream;

/// What a descriptor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// Signals to the keeper.
    Signals,
    /// The daemon's end of the socket pair.
    Daemon,
    /// The daemon has made room in a journal.
    Room,
    /// A reaper wants to connect.
    Reapers,
    /// A client wants to connect, and there is no daemon to serve it.
    Clients,
    /// A process talks to the notify socket of this slot.
    Notify(u32),
    /// The reaper of this run talks.
    Reaper(u32),
    /// This slot's service printed something.
    Output(u32, Stream),
}

/// An epoll instance.
#[derive(Debug)]
pub(super) struct Poller(OwnedFd);

impl Poller {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self(epoll::create(CreateFlags::CLOEXEC)?))
    }

    /// Watches a descriptor for something to read.
    pub(super) fn watch(&self, descriptor: impl AsFd, token: Token) -> io::Result<()> {
        Ok(epoll::add(&self.0, descriptor, EventData::new_u64(token.to_number()), EventFlags::IN)?)
    }

    /// Watches a descriptor that is already watched for room to write, too, or no longer.
    pub(super) fn watch_writing(&self, descriptor: impl AsFd, token: Token, writing: bool) -> io::Result<()> {
        let flags = if writing { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
        Ok(epoll::modify(&self.0, descriptor, EventData::new_u64(token.to_number()), flags)?)
    }

    /// Watches a descriptor no longer; one that is not watched is no fault.
    pub(super) fn forget(&self, descriptor: impl AsFd) {
        let _ = epoll::delete(&self.0, descriptor);
    }

    /// Sleeps until something can be done, or for at most `limit`.
    pub(super) fn wait(&self, limit: Option<Duration>) -> Vec<Token> {
        let limit = limit.map(|limit| rustix::event::Timespec {
            tv_sec: limit.as_secs().cast_signed(),
            tv_nsec: i64::from(limit.subsec_nanos()),
        });
        let mut events = Vec::with_capacity(64);
        let spare = rustix::buffer::spare_capacity(&mut events);
        // Interrupted by a signal: the signal's own descriptor is readable at the next look.
        let _ = epoll::wait(&self.0, spare, limit.as_ref());
        events.iter().filter_map(|event| Token::from_number(event.data.u64())).collect()
    }
}

impl Token {
    fn to_number(self) -> u64 {
        let (kind, id) = match self {
            Self::Signals => (0, 0),
            Self::Daemon => (1, 0),
            Self::Room => (2, 0),
            Self::Reapers => (3, 0),
            Self::Clients => (4, 0),
            Self::Notify(slot) => (5, slot),
            Self::Reaper(run) => (6, run),
            Self::Output(slot, Stream::Tty) => (7, slot),
            Self::Output(slot, Stream::Stdout) => (8, slot),
            Self::Output(slot, Stream::Stderr) => (9, slot),
        };
        kind << 32 | u64::from(id)
    }

    fn from_number(number: u64) -> Option<Self> {
        let id = number as u32;
        Some(match number >> 32 {
            0 => Self::Signals,
            1 => Self::Daemon,
            2 => Self::Room,
            3 => Self::Reapers,
            4 => Self::Clients,
            5 => Self::Notify(id),
            6 => Self::Reaper(id),
            7 => Self::Output(id, Stream::Tty),
            8 => Self::Output(id, Stream::Stdout),
            9 => Self::Output(id, Stream::Stderr),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_survives_the_trip_through_the_kernel() {
        let streams = [Stream::Tty, Stream::Stdout, Stream::Stderr].map(|stream| Token::Output(u32::MAX, stream));
        let plain = [Token::Signals, Token::Daemon, Token::Room, Token::Reapers, Token::Clients];
        for token in plain.into_iter().chain(streams).chain([Token::Notify(7), Token::Reaper(u32::MAX)]) {
            assert_eq!(Token::from_number(token.to_number()), Some(token));
        }
        assert_eq!(Token::from_number(u64::MAX), None);
    }
}
