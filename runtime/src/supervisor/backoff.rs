//! Whether a service that ended is started again, when, and when no more. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use locald_api::Exit;
use locald_config::{Backoff, Restart};
use tokio::time::Instant;

/// Restarts of one service: its policy, and how it has gone.
#[derive(Debug, Clone)]
pub(crate) struct Restarts {
    policy: Restart,
    backoff: Backoff,
    /// Makes the pauses of several services differ, so that they do not all come back in the same moment.
    seed: u64,
    /// Restarts without a stable run in between.
    in_a_row: u32,
    began: Option<Instant>,
}

/// What follows the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterEnd {
    Rest,
    Again { until: Instant },
    GiveUp { restarts: u32 },
}

impl Restarts {
    /// `seed`: any number that differs between services.
    pub(crate) fn new(policy: Restart, backoff: Backoff, seed: u64) -> Self {
        Self { policy, backoff, seed, in_a_row: 0, began: None }
    }

    /// The policy is another from now on.
    pub(crate) fn redefine(&mut self, policy: Restart, backoff: Backoff) {
        (self.policy, self.backoff) = (policy, backoff);
    }

    /// How many restarts there were in a row.
    pub(crate) fn in_a_row(&self) -> u32 {
        self.in_a_row
    }

    /// Goes on from what an earlier daemon counted.
    pub(crate) fn resume(&mut self, in_a_row: u32) {
        self.in_a_row = in_a_row;
    }

    /// Somebody asked for a start: what was before does not count.
    pub(crate) fn forget(&mut self) {
        self.in_a_row = 0;
    }

    /// A run began.
    pub(crate) fn began(&mut self, now: Instant) {
        self.began = Some(now);
    }

    /// A run ended by itself.
    pub(super) fn ended(&mut self, exit: Exit, now: Instant) -> AfterEnd {
        match self.policy {
            Restart::No => AfterEnd::Rest,
            Restart::OnFailure if exit == Exit::Code(0) => AfterEnd::Rest,
            Restart::OnFailure | Restart::Always => self.again(now),
        }
    }

    /// A run was ended because it was not well.
    pub(super) fn was_unhealthy(&mut self, now: Instant) -> AfterEnd {
        self.again(now)
    }

    fn again(&mut self, now: Instant) -> AfterEnd {
        let lasted = self.began.take().map_or(Duration::ZERO, |began| now.duration_since(began));
        if lasted >= self.backoff.reset {
            self.in_a_row = 0;
        }
        if self.backoff.limit.is_some_and(|limit| self.in_a_row >= limit) {
            return AfterEnd::GiveUp { restarts: self.in_a_row };
        }
        let pause = self.pause();
        self.in_a_row += 1;
        AfterEnd::Again { until: now + pause }
    }

    /// Twice as long each time up to the longest, then up to a quarter less, by the seed.
    fn pause(&self) -> Duration {
        let doubled = 2u32.checked_pow(self.in_a_row).and_then(|times| self.backoff.initial.checked_mul(times));
        let whole = doubled.unwrap_or(self.backoff.max).min(self.backoff.max);
        let mut hasher = DefaultHasher::new();
        (self.seed, self.in_a_row).hash(&mut hasher);
        let thousandths = u32::try_from(hasher.finish() % 251).unwrap_or(0);
        whole * (1000 - thousandths) / 1000
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FAILED: Exit = Exit::Code(1);

    fn restarts(policy: Restart, limit: Option<u32>) -> Restarts {
        let seconds = Duration::from_secs;
        Restarts::new(policy, Backoff { initial: seconds(1), max: seconds(8), reset: seconds(60), limit }, 7)
    }

    fn pause(restarts: &mut Restarts, now: Instant) -> Duration {
        match restarts.ended(FAILED, now) {
            AfterEnd::Again { until } => until - now,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_policy_says_which_ends_are_followed_by_a_start() {
        let now = Instant::now();
        let again = |policy, exit| restarts(policy, None).ended(exit, now) != AfterEnd::Rest;
        let cases = [
            (Restart::No, false, false, false),
            (Restart::OnFailure, false, true, true),
            (Restart::Always, true, true, true),
        ];
        for (policy, well, failed, killed) in cases {
            let found = [Exit::Code(0), FAILED, Exit::Signal(9)].map(|exit| again(policy, exit));
            assert_eq!(found, [well, failed, killed], "{policy:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_up_to_a_quarter_shorter() {
        let (mut restarts, now) = (restarts(Restart::Always, None), Instant::now());
        for whole in [1, 2, 4, 8, 8, 8].map(Duration::from_secs) {
            let pause = pause(&mut restarts, now);
            assert!(pause <= whole && pause >= whole * 3 / 4, "{pause:?} of {whole:?}");
        }
    }

    #[test]
    fn a_run_that_lasted_begins_the_pauses_anew() {
        let (mut restarts, now) = (restarts(Restart::Always, None), Instant::now());
        let first = pause(&mut restarts, now);
        let _ = pause(&mut restarts, now);
        restarts.began(now);
        assert_eq!(pause(&mut restarts, now + Duration::from_mins(1)), first);
        restarts.began(now);
        assert!(pause(&mut restarts, now + Duration::from_secs(59)) > first);
    }

    #[test]
    fn after_the_limit_it_is_given_up_until_somebody_asks_for_it() {
        let (mut restarts, now) = (restarts(Restart::OnFailure, Some(2)), Instant::now());
        let _ = (pause(&mut restarts, now), pause(&mut restarts, now));
        assert_eq!(restarts.ended(FAILED, now), AfterEnd::GiveUp { restarts: 2 });
        restarts.forget();
        let _ = pause(&mut restarts, now);
    }

    #[test]
    fn a_service_that_was_not_well_is_started_again_whatever_its_policy() {
        let mut restarts = restarts(Restart::No, Some(1));
        assert!(matches!(restarts.was_unhealthy(Instant::now()), AfterEnd::Again { .. }));
        assert_eq!(restarts.was_unhealthy(Instant::now()), AfterEnd::GiveUp { restarts: 1 });
    }

    proptest! {
        #[test]
        fn no_pause_is_longer_than_the_longest_however_many_there_were(in_a_row in any::<u32>(), seed in any::<u64>()) {
            let backoff = Backoff { limit: None, ..Backoff::default() };
            let mut restarts = Restarts::new(Restart::Always, backoff, seed);
            restarts.resume(in_a_row.min(u32::MAX - 1));
            prop_assert!(pause(&mut restarts, Instant::now()) <= backoff.max);
        }
    }
}
