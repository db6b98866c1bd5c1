//! When to start the daemon again. Pure: how it ended and when come in, a decision goes out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::outcome::Outcome;

/// The exit code by which a daemon asks to be replaced by a new one at once.
pub const RESTART_CODE: i32 = 85;

const WINDOW: Duration = Duration::from_mins(1);
const FAILURES_IN_WINDOW: usize = 5;
const STABLE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// A connected workspace is to be itself again two seconds after a kill, and most of that is the new daemon's.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// What the keeper remembers of daemons that ended.
#[derive(Debug, Default)]
pub(super) struct RestartPolicy {
    failures: VecDeque<Instant>,
    total: u32,
    in_a_row: u32,
}

/// What to do after a daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Start another after this long.
    Start(Duration),
    /// Start no other by itself; clients are told why.
    GiveUp,
}

impl RestartPolicy {
    /// A daemon that started at `started` has ended.
    ///
    /// A SIGKILL is somebody's decision (or the kernel's, for want of memory) and no sign that the next daemon would fail too: it
    /// lengthens the pause, but does not count towards giving up.
    pub(super) fn ended(&mut self, outcome: Outcome, started: Instant, now: Instant) -> Next {
        if outcome == Outcome::Code(RESTART_CODE) {
            return Next::Start(Duration::ZERO);
        }
        self.total = self.total.saturating_add(1);
        self.in_a_row = if now.duration_since(started) >= STABLE { 0 } else { self.in_a_row.saturating_add(1) };
        if outcome != Outcome::Signal(9) {
            self.failures.push_back(now);
        }
        self.failures.retain(|&failure| now.duration_since(failure) < WINDOW);
        if self.failures.len() >= FAILURES_IN_WINDOW {
            self.failures.clear();
            return Next::GiveUp;
        }
        let doublings = self.in_a_row.saturating_sub(1).min(4);
        let pause = if self.in_a_row == 0 { Duration::ZERO } else { FIRST_PAUSE * 2u32.pow(doublings) };
        Next::Start(pause.min(LONGEST_PAUSE))
    }

    /// How many daemons have failed in this keeper's life.
    pub(super) fn total(&self) -> u32 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_asks_for_it_is_replaced_at_once_and_has_not_failed() {
        let (mut policy, now) = (RestartPolicy::default(), Instant::now());
        for _ in 0..20 {
            assert_eq!(policy.ended(Outcome::Code(RESTART_CODE), now, now), Next::Start(Duration::ZERO));
        }
        assert_eq!(policy.total(), 0);
    }

    #[test]
    fn the_fifth_failure_within_a_minute_is_the_last() {
        let (mut policy, start) = (RestartPolicy::default(), Instant::now());
        let ends: Vec<Next> = (0..5u32)
            .map(|turn| policy.ended(Outcome::Code(101), start, start + Duration::from_secs(1) * turn))
            .collect();
        assert_eq!(ends[4], Next::GiveUp);
        assert!(ends[..4].iter().all(|next| matches!(next, Next::Start(_))));
    }

    #[test]
    fn failures_more_than_a_minute_apart_never_add_up() {
        let (mut policy, start) = (RestartPolicy::default(), Instant::now());
        for turn in 0..20u32 {
            let now = start + Duration::from_secs(16) * turn;
            assert_eq!(policy.ended(Outcome::Signal(6), start, now), policy_pause(turn), "turn {turn}");
        }
    }

    fn policy_pause(turn: u32) -> Next {
        // Only the first one ended before it had been stable for ten seconds.
        Next::Start(if turn == 0 { FIRST_PAUSE } else { Duration::ZERO })
    }

    #[test]
    fn being_killed_again_and_again_never_ends_in_giving_up_and_never_waits_a_second() {
        let (mut policy, now) = (RestartPolicy::default(), Instant::now());
        for _ in 0..100 {
            let Next::Start(pause) = policy.ended(Outcome::Signal(9), now, now) else { panic!("gave up") };
            assert!(pause < Duration::from_secs(1));
        }
    }
}
