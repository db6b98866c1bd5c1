//! What was searched for in a service's past, and what the daemon has found of it so far.
//!
//! Hits come in pages, the newest first, and are kept in that order: everything down to where the last page ended is known, and
//! nothing of what is older. A step to a match either has its answer in that, or needs another page.

use std::ops::Range;

use locald_api::{Case, Hit, Order, SearchPage, SearchQuery, ServiceId};
use serde::{Deserialize, Serialize};

use crate::scrollback::Place;

/// So many hits are counted without being asked for.
const COUNTED: usize = 1000;
/// No more hits than this are kept; what is older is then not found.
const MOST: usize = 100_000;

/// A pattern being typed, and why the one before could not be searched for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) text: String,
    pub(crate) fault: Option<String>,
}

/// What was searched for, and what came of it.
#[derive(Debug)]
pub(crate) struct Search {
    /// A regular expression, as it was typed.
    pub(crate) pattern: String,
    /// Where the match begins that the user was led to last.
    pub(crate) found: Option<Place>,
    /// Where the user is to be led.
    pub(crate) goal: Option<Goal>,
    /// The request that is not answered yet, by its number.
    pub(crate) asked: Option<u64>,
    /// The newest first.
    hits: Vec<Hit>,
    /// How far it was looked through.
    reached: Reached,
}

/// To the next match in a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Goal {
    pub(crate) way: Way,
    /// The match must begin before this on the way up, and not before it on the way down.
    pub(crate) at: Place,
}

/// Where to look next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// To older lines.
    Up,
    /// To younger lines.
    Down,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// Nothing of what there is now. Hits from before are shown until there are new ones.
    Nothing,
    /// Everything from here on.
    Down(locald_api::Place),
    Everything,
}

/// What is known of a goal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There it is, perhaps past an end and on from the other.
    Found { place: Place, around: bool },
    /// There is none anywhere.
    Nothing,
    /// Another page is needed.
    More,
}

impl Search {
    pub(crate) fn new(pattern: String) -> Self {
        Self { pattern, found: None, goal: None, asked: None, hits: Vec::new(), reached: Reached::Nothing }
    }

    /// What there is has changed: all of it is to be looked through again.
    pub(crate) fn begin_anew(&mut self) {
        (self.asked, self.reached) = (None, Reached::Nothing);
    }

    /// Whether another page should be asked for: the goal needs it, or not enough hits are counted yet.
    pub(crate) fn wants_more(&self) -> bool {
        let counting = self.reached == Reached::Nothing || self.hits.len() < COUNTED;
        self.asked.is_none() && self.reached != Reached::Everything && (self.goal.is_some() || counting)
    }

    /// Asks for the next page.
    pub(crate) fn query(&self, service: ServiceId) -> SearchQuery {
        let from = match self.reached {
            Reached::Down(place) => Some(place),
            Reached::Nothing | Reached::Everything => None,
        };
        let (case, order) = (Case::Smart, Order::NewestFirst);
        SearchQuery { service, pattern: self.pattern.clone(), case, order, from, limit: COUNTED as u32 }
    }

    /// Takes the next page in.
    pub(crate) fn take(&mut self, page: SearchPage) {
        if self.reached == Reached::Nothing {
            self.hits.clear();
        }
        for hit in page.hits {
            // Whatever a daemon sends, the order holds.
            if self.hits.last().is_none_or(|last| hit.start < last.start) && hit.start < hit.end {
                self.hits.push(hit);
            }
        }
        self.reached = match page.next {
            Some(next) if self.hits.len() < MOST => Reached::Down(next),
            _ => Reached::Everything,
        };
    }

    /// Where the goal leads, as far as that is known.
    pub(crate) fn step(&self, goal: Goal) -> Step {
        let starts = || self.hits.iter().map(|hit| place(hit.start));
        let direct = match goal.way {
            Way::Up => starts().find(|start| *start < goal.at),
            Way::Down => starts().take_while(|start| *start >= goal.at).last(),
        };
        let is_known = match (goal.way, self.reached) {
            (_, Reached::Everything) => true,
            (_, Reached::Nothing) => false,
            (Way::Up, Reached::Down(_)) => direct.is_some(),
            (Way::Down, Reached::Down(reached)) => direct.is_some() && place(reached) <= goal.at,
        };
        let other_end = || match goal.way {
            Way::Up => starts().next(),
            Way::Down => starts().next_back(),
        };
        match (is_known, direct) {
            (false, _) => Step::More,
            (true, Some(place)) => Step::Found { place, around: false },
            (true, None) => other_end().map_or(Step::Nothing, |place| Step::Found { place, around: true }),
        }
    }

    /// The columns of this line that match, and whether the user was led there, from the right.
    pub(crate) fn on(&self, line: u64) -> impl Iterator<Item = (Range<u32>, bool)> {
        let first = self.hits.partition_point(|hit| hit.start.line > line);
        self.hits[first..].iter().take_while(move |hit| hit.end.line >= line).map(move |hit| {
            let from = if hit.start.line == line { hit.start.column } else { 0 };
            let to = if hit.end.line == line { hit.end.column } else { u32::MAX };
            (from..to, self.found == Some(place(hit.start)))
        })
    }

    /// Which match the user was led to, counted from the newest, and how many there are, such as `3 of 27` or `3 of 1000+`.
    pub(crate) fn count(&self) -> Option<String> {
        let all = self.hits.len();
        let more = if self.reached == Reached::Everything { "" } else { "+" };
        let found = self.found?;
        let index = self.hits.iter().position(|hit| place(hit.start) == found)?;
        Some(format!("{} of {all}{more}", index + 1))
    }

    /// How much of `lines` was looked through, in percent.
    pub(crate) fn progress(&self, lines: Range<u64>) -> u64 {
        let Reached::Down(reached) = self.reached else { return 0 };
        let done = lines.end.saturating_sub(reached.line.max(lines.start));
        (100 * done).checked_div(lines.end.saturating_sub(lines.start)).unwrap_or(0).min(99)
    }
}

fn place(place: locald_api::Place) -> Place {
    Place { line: place.line, column: place.column }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::id;

    fn hit(line: u64, column: u32) -> Hit {
        let start = locald_api::Place { line, column };
        Hit { start, end: locald_api::Place { column: column + 1, ..start } }
    }

    /// Answers as the daemon does, at most `most` hits at once.
    fn page(all: &[Hit], query: &SearchQuery, most: usize) -> SearchPage {
        let before = all.iter().filter(|hit| query.from.is_none_or(|from| hit.start < from));
        let hits: Vec<Hit> = before.copied().take(most).collect();
        let more = hits.len() == most;
        SearchPage { next: hits.last().map(|hit| hit.start).filter(|_| more), hits }
    }

    proptest! {
        #[test]
        fn a_goal_leads_to_the_nearest_match_that_way_round_however_small_the_pages_are(
            mut places in proptest::collection::btree_set((0u64..20, 0u32..5), 0..20), at in (0u64..21, 0u32..6), up in any::<bool>(),
            most in 1usize..5,
        ) {
            let mut all: Vec<Hit> = std::mem::take(&mut places).into_iter().map(|(line, column)| hit(line, column)).collect();
            all.reverse();
            let at = Place { line: at.0, column: at.1 };
            let goal = Goal { way: if up { Way::Up } else { Way::Down }, at };
            let mut search = Search::new("x".into());
            search.goal = Some(goal);
            let mut asked = 0;
            let found = loop {
                match search.step(goal) {
                    Step::More => {
                        prop_assert!(search.wants_more());
                        let answer = page(&all, &search.query(id("shop", "web")), most);
                        search.take(answer);
                        asked += 1;
                        prop_assert!(asked <= all.len() + 1);
                    }
                    Step::Found { place, around } => break Some((place, around)),
                    Step::Nothing => break None,
                }
            };
            let starts: Vec<Place> = all.iter().map(|hit| place(hit.start)).collect();
            let direct = match goal.way {
                Way::Up => starts.iter().find(|start| **start < at),
                Way::Down => starts.iter().rev().find(|start| **start >= at),
            };
            let other_end = if up { starts.first() } else { starts.last() };
            let expected = direct.map(|place| (*place, false)).or(other_end.map(|place| (*place, true)));
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn every_line_has_its_matches_marked(lines in proptest::collection::btree_set((0u64..8, 0u32..5, 0u64..3), 0..10), line in 0u64..12) {
            let mut all: Vec<Hit> = Vec::new();
            for (start, column, more) in lines {
                let start = locald_api::Place { line: start, column };
                if all.last().is_none_or(|last| last.end <= start) {
                    all.push(Hit { start, end: locald_api::Place { line: start.line + more, column: column + 1 } });
                }
            }
            let expected = all.iter().filter(|hit| (hit.start.line..=hit.end.line).contains(&line)).count();
            all.reverse();
            let mut search = Search::new("x".into());
            search.take(SearchPage { hits: all, next: None });
            prop_assert_eq!(search.on(line).count(), expected);
        }
    }

    #[test]
    fn matches_are_counted_from_the_newest_and_not_without_end() {
        let all: Vec<Hit> = (0..3000).rev().map(|line| hit(line, 0)).collect();
        let mut search = Search::new("x".into());
        search.take(page(&all, &search.query(id("shop", "web")), COUNTED));
        search.found = Some(Place { line: 2998, column: 0 });
        assert_eq!(search.count().as_deref(), Some("2 of 1000+"));
        assert!(!search.wants_more());
        assert_eq!(search.progress(0..3000), 33);
        search.take(SearchPage::default());
        assert_eq!(search.count().as_deref(), Some("2 of 1000"));
    }

    #[test]
    fn what_was_found_stays_marked_until_it_is_looked_for_again() {
        let mut search = Search::new("x".into());
        search.take(SearchPage { hits: vec![hit(3, 1)], next: None });
        search.begin_anew();
        assert_eq!(search.on(3).count(), 1);
        assert!(search.wants_more());
        search.take(SearchPage { hits: vec![hit(4, 1)], next: None });
        assert_eq!((search.on(3).count(), search.on(4).count()), (0, 1));
    }
}
