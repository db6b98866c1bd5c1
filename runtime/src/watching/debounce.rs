//! When a change is over: an editor that saves often, or a branch that is switched, is one change. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// A change is over once nothing more has happened for so long.
const QUIET: Duration = Duration::from_millis(150);
/// A change that does not end is taken up after so long, and again and again.
const LONGEST: Duration = Duration::from_secs(2);

/// Whose files have changed.
#[derive(Debug)]
pub(super) struct Debounce<K>(BTreeMap<K, Change>);

#[derive(Debug, Clone, Copy)]
struct Change {
    first: Instant,
    last: Instant,
}

impl<K> Default for Debounce<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Clone + Ord> Debounce<K> {
    /// A file has changed now.
    pub(super) fn note(&mut self, key: &K, now: Instant) {
        let change = self.0.entry(key.clone()).or_insert(Change { first: now, last: now });
        change.last = now;
    }

    /// When the first change is over, as far as can be said now.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.values().map(Change::over).min()
    }

    /// Takes those out whose change is over.
    pub(super) fn take(&mut self, now: Instant) -> Vec<K> {
        let over: Vec<K> =
            self.0.iter().filter(|(_, change)| change.over() <= now).map(|(key, _)| key.clone()).collect();
        self.0.retain(|key, _| !over.contains(key));
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
        let start = Instant::now();
        let (mut debounce, mut seen) = (Debounce::default(), 0);
        for save in saves {
            let now = start + Duration::from_millis(save);
            while debounce.deadline().is_some_and(|deadline| deadline <= now) {
                seen += debounce.take(debounce.deadline().unwrap_or(now)).len();
            }
            debounce.note(&(), now);
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
        let mut debounce = Debounce::<()>::default();
        assert_eq!(debounce.deadline(), None);
        assert!(debounce.take(Instant::now()).is_empty());
    }
}
