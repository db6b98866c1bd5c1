//! How a run ends: ask once, wait, then kill until nothing is left. Pure: processes and time come in, signals go out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::outcome::{self, MAX_NAMES, Outcome};
use crate::process::{Identity, Process};

/// How soon to look again at first. Most services are gone within a few milliseconds of being asked.
const SOON: Duration = Duration::from_millis(10);
/// How soon to look again at one that takes its time.
const LATER: Duration = Duration::from_millis(50);

/// An ending under way. The first process has been asked already, together with its group.
#[derive(Debug)]
pub(crate) struct Ending {
    deadline: Instant,
    looks: u32,
    /// The process group that was asked as a whole.
    asked: Option<i32>,
    /// Processes that were asked one by one.
    asked_alone: BTreeSet<Identity>,
    /// Names of processes other than the first that had to be ended, as many as are told.
    ended: BTreeMap<Identity, String>,
}

impl Ending {
    /// An ending that kills at `deadline` what has not gone by then.
    pub(crate) fn of_orphans(deadline: Instant) -> Self {
        Self { deadline, looks: 0, asked: None, asked_alone: BTreeSet::new(), ended: BTreeMap::new() }
    }

    /// The whole process group was asked already, so its members need not be asked one by one.
    pub(crate) fn note_asked(&mut self, group: i32) {
        self.asked = Some(group);
    }

    /// Whether what is left now is to be killed.
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        now >= self.deadline
    }

    /// Brings the deadline forward; it never moves back.
    pub(crate) fn hasten(&mut self, deadline: Instant) {
        self.deadline = self.deadline.min(deadline);
    }

    /// The signals to send now, given the processes that still have to go; `first` is the first process while it lives.
    ///
    /// While the first process lives the others are its business. Once it is gone each of them is asked to go; after the deadline
    /// all are killed, again at every look, because a process may have been born since the last one.
    pub(crate) fn step(
        &mut self,
        doomed: &[&Process],
        first: Option<Identity>,
        now: Instant,
    ) -> Vec<(Identity, Signal)> {
        self.looks = self.looks.saturating_add(1);
        let overdue = self.is_overdue(now);
        let mut signals = Vec::new();
        for process in doomed {
            let identity = process.identity;
            let is_first = Some(identity) == first;
            let asked = self.asked == Some(process.group);
            if !is_first && (overdue || first.is_none() && !asked) && self.ended.len() < MAX_NAMES {
                self.ended.insert(identity, process.name.clone());
            }
            if overdue {
                signals.push((identity, Signal::KILL));
            } else if first.is_none() && !asked && self.asked_alone.insert(identity) {
                signals.extend([(identity, Signal::TERM), (identity, Signal::CONT)]);
            }
        }
        signals
    }

    /// How long to wait before the next look.
    pub(crate) fn pause(&self, now: Instant) -> Duration {
        let pause = if self.looks < 20 { SOON } else { LATER };
        let left = self.deadline.saturating_duration_since(now);
        if left.is_zero() { pause } else { pause.min(left) }
    }

    /// What came of it.
    pub(crate) fn result(&self, outcome: Outcome, left: impl Iterator<Item = String>) -> outcome::Ending {
        let killed = self.ended.values().cloned().collect();
        outcome::Ending { outcome, killed, left: left.take(MAX_NAMES).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32) -> Process {
        let identity = Identity { pid, started: 0 };
        Process { identity, parent: 1, group: 10, session: 10, name: format!("p{pid}"), zombie: false }
    }

    const GRACE: Duration = Duration::from_secs(10);

    #[test]
    fn while_the_first_process_lives_nothing_else_is_touched_before_the_deadline() {
        let (now, first, other) = (Instant::now(), process(10), process(11));
        let mut ending = Ending::of_orphans(now + GRACE);
        assert_eq!(ending.step(&[&first, &other], Some(first.identity), now), []);
    }

    #[test]
    fn once_the_first_process_is_gone_each_other_is_asked_once() {
        let (now, other) = (Instant::now(), process(11));
        let mut ending = Ending::of_orphans(now + GRACE);
        assert_eq!(ending.step(&[&other], None, now), [(other.identity, Signal::TERM), (other.identity, Signal::CONT)]);
        assert_eq!(ending.step(&[&other], None, now), []);
        assert_eq!(ending.result(Outcome::Code(0), std::iter::empty()).killed, ["p11"]);
    }

    #[test]
    fn members_of_a_group_that_was_asked_as_a_whole_are_waited_for_and_not_asked_again() {
        let (now, member, stranger) = (Instant::now(), process(11), Process { group: 12, ..process(12) });
        let mut ending = Ending::of_orphans(now + GRACE);
        ending.note_asked(10);
        let signals = ending.step(&[&member, &stranger], None, now);
        assert_eq!(signals, [(stranger.identity, Signal::TERM), (stranger.identity, Signal::CONT)]);
        assert_eq!(ending.step(&[&member], None, now + GRACE), [(member.identity, Signal::KILL)]);
        assert_eq!(ending.result(Outcome::Code(0), std::iter::empty()).killed, ["p11", "p12"]);
    }

    #[test]
    fn after_the_deadline_everything_is_killed_at_every_look() {
        let (now, first, other) = (Instant::now(), process(10), process(11));
        let mut ending = Ending::of_orphans(now + GRACE);
        let late = now + GRACE;
        for _ in 0..2 {
            let signals = ending.step(&[&first, &other], Some(first.identity), late);
            assert_eq!(signals, [(first.identity, Signal::KILL), (other.identity, Signal::KILL)]);
        }
        assert_eq!(ending.result(Outcome::Signal(9), std::iter::empty()).killed, ["p11"]);
    }

    #[test]
    fn a_second_request_can_only_bring_the_end_forward() {
        let (now, other) = (Instant::now(), process(11));
        let mut ending = Ending::of_orphans(now + GRACE);
        ending.hasten(now + GRACE * 2);
        ending.hasten(now);
        assert_eq!(ending.step(&[&other], None, now), [(other.identity, Signal::KILL)]);
    }

    #[test]
    fn a_fork_bomb_is_killed_whole_and_named_in_part() {
        let now = Instant::now();
        let bomb: Vec<Process> = (100..400).map(process).collect();
        let doomed: Vec<&Process> = bomb.iter().collect();
        let mut ending = Ending::of_orphans(now);
        assert_eq!(ending.step(&doomed, None, now).len(), 300);
        assert_eq!(ending.result(Outcome::Code(0), std::iter::empty()).killed.len(), MAX_NAMES);
    }

    #[test]
    fn waiting_for_a_deadline_never_oversleeps_it() {
        let now = Instant::now();
        let ending = Ending::of_orphans(now + Duration::from_millis(3));
        assert_eq!(ending.pause(now), Duration::from_millis(3));
    }
}
