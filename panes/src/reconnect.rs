//! The way to the daemon, and how long to wait between two attempts.

use std::pin::Pin;
use std::time::Duration;

use locald_api::{Client, Events};
use serde::{Deserialize, Serialize};

/// An attempt to connect.
pub type Connecting = Pin<Box<dyn Future<Output = Result<(Client, Events), Unreached>> + Send>>;

/// Why an attempt to connect failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreached {
    /// A sentence for the user.
    pub why: String,
    /// Nobody is about to answer: there is no daemon, and none on its way. The user need not wait to be told.
    pub gone: bool,
}

/// Knows how to reach the daemon, and whether to start one. Asked again whenever the connection is lost.
pub trait Connector {
    /// Makes one attempt.
    fn connect(&self) -> Connecting;
}

impl<F: Fn() -> Connecting> Connector for F {
    fn connect(&self) -> Connecting {
        self()
    }
}

/// Growing pauses between attempts: short enough that a restarted daemon is found at once, long enough to be no load.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_millis(500);

    pub(crate) fn new() -> Self {
        Self(Self::FIRST)
    }

    /// How long to wait before the next attempt.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(Self::LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_second_and_no_further() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..6).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 500, 500]);
    }
}
