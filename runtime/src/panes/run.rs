//! What is known of a service's latest run. News of it comes on two ways, from the keeper's messages and from the journal, in no
//! fixed order; so each piece says how far it reaches, and older news never replaces newer.

use locald_keeper::{Ending, JournalReader, LaunchFailure, Outcome, What, entries};

/// The latest run of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RunState {
    /// Its number; 0 before the first.
    pub(crate) run: u64,
    pub(crate) phase: RunPhase,
}

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum RunPhase {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It lives.
    Alive {
        pid: u32,
        /// When it began, in nanoseconds since the Unix epoch.
        since: u64,
    },
    /// It could not begin.
    Failed(LaunchFailure),
    /// It has ended.
    Ended {
        /// When it began, in nanoseconds since the Unix epoch; 0 if unknown.
        since: u64,
        ending: Ending,
    },
}

impl RunState {
    /// A run that seems alive though nobody holds it has ended unseen; says whether it was so.
    pub(crate) fn lose(&mut self) -> bool {
        let RunPhase::Alive { since, .. } = self.phase else { return false };
        let ending = Ending { outcome: Outcome::Unknown, killed: Vec::new(), left: Vec::new() };
        self.phase = RunPhase::Ended { since, ending };
        true
    }

    /// Whether this says more than `known`.
    pub(crate) fn is_after(&self, known: &Self) -> bool {
        (self.run, self.phase.rank()) > (known.run, known.phase.rank())
    }
}

impl RunPhase {
    fn rank(&self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Alive { .. } => 1,
            Self::Failed(_) | Self::Ended { .. } => 2,
        }
    }

    /// When the run began, if that is known.
    pub(crate) fn since(&self) -> u64 {
        match self {
            Self::Alive { since, .. } | Self::Ended { since, .. } => *since,
            Self::Unknown | Self::Failed(_) => 0,
        }
    }
}

/// Brings `known` forward to what the journal tells from offset `at` on, without taking anything from it.
pub(super) fn follow(known: &mut RunState, journal: &JournalReader, mut at: u64) {
    let mut buffer = Vec::new();
    while at < journal.head() && journal.read(at, usize::MAX / 2, &mut buffer).is_ok() && !buffer.is_empty() {
        for entry in entries(&buffer, at) {
            at = entry.end;
            match entry.what {
                What::Started { run, pid, .. } => {
                    *known = RunState { run, phase: RunPhase::Alive { pid, since: entry.time } };
                }
                What::Ended { run, ending } => {
                    let since = known.phase.since();
                    *known = RunState { run, phase: RunPhase::Ended { since, ending } };
                }
                What::Output(..) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_nobody_holds_is_lost_once() {
        let mut run = RunState { run: 3, phase: RunPhase::Alive { pid: 1, since: 5 } };
        assert!(run.lose());
        assert!(matches!(&run.phase, RunPhase::Ended { since: 5, ending } if ending.outcome == Outcome::Unknown));
        assert!(!run.lose());
        assert!(!RunState::default().lose());
    }

    #[test]
    fn news_replaces_only_what_is_older() {
        let alive = |run, since| RunState { run, phase: RunPhase::Alive { pid: 1, since } };
        let ending = Ending { outcome: Outcome::Code(0), killed: vec![], left: vec![] };
        let ended = RunState { run: 1, phase: RunPhase::Ended { since: 5, ending } };
        assert!(alive(1, 5).is_after(&RunState::default()));
        assert!(!alive(1, 6).is_after(&alive(1, 5)));
        assert!(ended.is_after(&alive(1, 5)));
        assert!(!alive(1, 5).is_after(&ended));
        assert!(alive(2, 9).is_after(&ended));
    }
}
