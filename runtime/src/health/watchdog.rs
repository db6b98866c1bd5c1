//! The watchdog of sd_notify(3): a service that has promised a sign of life within some time, and gives none, is not well. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// The promise of one run.
#[derive(Debug, Default)]
pub(super) struct Watchdog {
    promise: Option<Duration>,
    /// Signs of life so far.
    signs: u64,
    due: Option<Instant>,
}

impl Watchdog {
    /// The service has promised a sign within `promise` each time, and has given `signs` so far; says whether that is a new one.
    pub(super) fn note(&mut self, promise: Option<Duration>, signs: u64, now: Instant) -> bool {
        let fresh = signs != self.signs;
        if fresh || promise != self.promise {
            self.due = promise.map(|promise| now + promise);
        }
        (self.promise, self.signs) = (promise, signs);
        fresh
    }

    /// When the next sign is due, if it was promised and is not late already.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Why the service is not well, once the sign is late; says so once.
    pub(super) fn check(&mut self, now: Instant) -> Option<String> {
        self.due.take_if(|due| *due <= now)?;
        let promise = self.promise.unwrap_or_default();
        Some(format!("no sign of life for {}, as its watchdog has promised", crate::supervisor::in_words(promise)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_sign_is_told_once_and_the_next_one_begins_anew() {
        let (t0, second) = (Instant::now(), Duration::from_secs(1));
        let mut watchdog = Watchdog::default();
        watchdog.note(Some(second), 0, t0);
        assert_eq!(watchdog.check(t0 + second / 2), None);
        assert!(watchdog.note(Some(second), 1, t0 + second / 2));
        assert_eq!(watchdog.check(t0 + second), None);
        assert!(watchdog.check(t0 + second * 3 / 2).is_some());
        assert_eq!((watchdog.check(t0 + second * 9), watchdog.due()), (None, None));
        assert!(watchdog.note(Some(second), 2, t0 + second * 9));
        assert_eq!(watchdog.due(), Some(t0 + second * 10));
    }

    #[test]
    fn without_a_promise_nothing_is_due() {
        let mut watchdog = Watchdog::default();
        watchdog.note(None, 5, Instant::now());
        assert_eq!(watchdog.due(), None);
    }
}
