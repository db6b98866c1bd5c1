//! When a change is over: an editor that saves often, or a branch that is switched, is one change. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use locald_api::ProjectId;
use tokio::time::Instant;

/// A change is over once nothing more has happened for so long.
const QUIET: Duration = Duration::from_millis(150);
/// A change that does not end is taken up after so long, and again and again.
const LONGEST: Duration = Duration::from_secs(2);

/// The projects whose files have changed.
#[derive(Debug, Default)]
pub(super) struct Debounce(BTreeMap<ProjectId, Change>);

#[derive(Debug, Clone, Copy)]
struct Change {
    first: Instant,
    last: Instant,
}

impl Debounce {
    /// A file of the project has changed now.
    pub(super) fn note(&mut self, project: &ProjectId, now: Instant) {
        let change = self.0.entry(project.clone()).or_insert(Change { first: now, last: now });
        change.last = now;
    }

    /// When the first change is over, as far as can be said now.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.values().map(Change::over).min()
    }

    /// Takes the projects out whose change is over.
    pub(super) fn take(&mut self, now: Instant) -> Vec<ProjectId> {
        let over: Vec<ProjectId> =
            self.0.iter().filter(|(_, change)| change.over() <= now).map(|(id, _)| id.clone()).collect();
        self.0.retain(|id, _| !over.contains(id));
        over
    }
}

impl Change {
    fn over(&self) -> Instant {
        (self.last + QUIET).min(self.first + LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many changes are seen when a file is saved at these times.
    fn changes(saves: impl IntoIterator<Item = u64>) -> usize {
        let (start, project) = (Instant::now(), ProjectId("shop-1a2b".to_owned()));
        let (mut debounce, mut seen) = (Debounce::default(), 0);
        for save in saves {
            let now = start + Duration::from_millis(save);
            while debounce.deadline().is_some_and(|deadline| deadline <= now) {
                seen += debounce.take(debounce.deadline().unwrap_or(now)).len();
            }
            debounce.note(&project, now);
        }
        seen + debounce.deadline().map_or(0, |deadline| debounce.take(deadline).len())
    }

    #[test]
    fn twenty_saves_in_a_second_are_one_change() {
        assert_eq!(changes((0..20).map(|save| save * 50)), 1);
    }

    #[test]
    fn saves_with_a_pause_between_them_are_changes_of_their_own() {
        assert_eq!(changes([0, 1000, 2000]), 3);
    }

    #[test]
    fn a_file_that_is_written_all_the_time_is_read_now_and_then() {
        assert_eq!(changes((0..100).map(|save| save * 100)), 5);
    }

    #[test]
    fn nothing_is_due_while_nothing_changes() {
        let mut debounce = Debounce::default();
        assert_eq!(debounce.deadline(), None);
        assert!(debounce.take(Instant::now()).is_empty());
    }
}
