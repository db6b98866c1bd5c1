//! A search through a pane's past, line by line and around its ends, until something is found or everything was looked at.

use locald_api::Row;
use serde::{Deserialize, Serialize};

use crate::needle::Needle;
use crate::scrollback::{Place, Scrollback};

/// History is looked through in pieces of this many lines.
const PIECE: u64 = 1000;

/// What was searched for, and what came of it.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) needle: Needle,
    /// The match the user was led to last.
    pub(crate) found: Option<Place>,
    /// The search that waits for lines.
    pub(crate) hunt: Option<Hunt>,
}

/// Where to look next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Way {
    /// To older lines.
    Up,
    /// To younger lines.
    Down,
}

/// A search on its way.
#[derive(Debug, Clone)]
pub(crate) struct Hunt {
    pub(crate) way: Way,
    /// Whether it went past an end and on from the other.
    pub(crate) around: bool,
    /// The request it waits for, by its number.
    pub(crate) asked: u64,
    /// The first line it asked for.
    pub(crate) wanted: u64,
    /// A match must be before this on the way up, and not before it on the way down.
    at: Place,
    /// Lines still to be looked at. The one it began on counts twice: for what is before its beginning, and behind.
    left: u64,
}

/// Lines that came for a search.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The number of the first.
    pub(crate) first: u64,
    pub(crate) rows: Vec<Row>,
}

/// What came of looking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Found(Place),
    /// There is none anywhere.
    Nothing,
    /// These lines are needed to go on.
    Ask {
        first: u64,
        count: u32,
    },
}

enum Look<'a> {
    Row(&'a Row),
    /// It is no more.
    Gone,
    /// It is to be asked for, and the lines from this one on with it.
    Unknown {
        low: u64,
    },
}

impl Hunt {
    /// A search from `at` on through everything there is.
    pub(crate) fn new(way: Way, at: Place, scrollback: &Scrollback) -> Self {
        let (first, end) = scrollback.range();
        let at = Place { line: at.line.clamp(first, end.saturating_sub(1).max(first)), ..at };
        let left = if end > first { end - first + 1 } else { 0 };
        Self { way, at, left, around: false, asked: 0, wanted: 0 }
    }

    /// Looks as far as lines are known.
    pub(crate) fn step(&mut self, scrollback: &Scrollback, needle: &Needle, fetched: Option<&Fetched>) -> Step {
        while self.left > 0 {
            match self.look(scrollback, fetched) {
                Look::Row(row) => {
                    if let Some(column) = self.pick(needle, row) {
                        return Step::Found(Place { line: self.at.line, column });
                    }
                }
                Look::Gone => {}
                Look::Unknown { low } => return self.ask(scrollback, low),
            }
            self.advance(scrollback.range());
        }
        Step::Nothing
    }

    fn look<'a>(&self, scrollback: &'a Scrollback, fetched: Option<&'a Fetched>) -> Look<'a> {
        let line = self.at.line;
        if let Some(row) = scrollback.row(line) {
            return Look::Row(row);
        }
        let (first, _) = scrollback.range();
        if line < first {
            return Look::Gone;
        }
        let Some(fetched) = fetched else { return Look::Unknown { low: first } };
        let wanted = self.wanted..self.wanted.saturating_add(PIECE);
        if !wanted.contains(&line) {
            return Look::Unknown { low: first };
        }
        match line.checked_sub(fetched.first).map(usize::try_from) {
            Some(Ok(index)) if index < fetched.rows.len() => Look::Row(&fetched.rows[index]),
            // The answer was cut short.
            Some(_) if !fetched.rows.is_empty() => Look::Unknown { low: fetched.first + fetched.rows.len() as u64 },
            _ => Look::Gone,
        }
    }

    fn pick(&self, needle: &Needle, row: &Row) -> Option<u32> {
        let mut columns = needle.matches(row).into_iter().map(|range| range.start);
        match self.way {
            Way::Up => columns.rfind(|column| *column < self.at.column),
            Way::Down => columns.find(|column| *column >= self.at.column),
        }
    }

    fn ask(&mut self, scrollback: &Scrollback, low: u64) -> Step {
        let line = self.at.line;
        let (first, end) = match self.way {
            Way::Up => ((line + 1).saturating_sub(PIECE).max(low), line + 1),
            Way::Down => (line, line.saturating_add(PIECE).min(scrollback.history_end())),
        };
        self.wanted = first;
        // At most a piece.
        Step::Ask { first, count: (end - first) as u32 }
    }

    fn advance(&mut self, (first, end): (u64, u64)) {
        self.left -= 1;
        let (line, column) = match self.way {
            Way::Up => (self.at.line.checked_sub(1).filter(|line| *line >= first), u32::MAX),
            Way::Down => (Some(self.at.line + 1).filter(|line| *line < end), 0),
        };
        self.around |= line.is_none() && self.left > 0;
        let around = match self.way {
            Way::Up => end.saturating_sub(1),
            Way::Down => first,
        };
        self.at = Place { line: line.unwrap_or(around), column };
    }
}

#[cfg(test)]
mod tests {
    use locald_api::PaneFrame;
    use proptest::prelude::*;
    use ratatui::layout::Size;

    use super::*;
    use crate::screen::Screen;
    use crate::screen::tests::{frame, row};
    use crate::testing::id;

    /// A past of these lines, of which the last two are on the screen and no other is known.
    fn past(lines: &[String]) -> Scrollback {
        let history = lines.len() - 2;
        let rows: Vec<(u16, &str)> = (0..).zip(lines[history..].iter().map(String::as_str)).collect();
        let mut screen = Screen::default();
        screen.merge(PaneFrame { history_end: history as u64, ..frame(1, (9, 2), &rows) });
        Scrollback::new(id("shop", "web"), &screen, Size::new(9, 2))
    }

    /// Searches with a daemon that sends at most `most` lines at once, and has dropped those before `first`.
    fn search(lines: &[String], way: Way, at: Place, first: u64, most: u64) -> Option<(Place, bool)> {
        let (past, needle) = (past(lines), Needle::new("x").unwrap());
        let history = lines.len() as u64 - 2;
        let mut hunt = Hunt::new(way, at, &past);
        let mut fetched = None;
        // A daemon that sends a single line at a time is asked for each line and all before it, once and once more around.
        for _ in 0..=2 * lines.len() * lines.len() {
            match hunt.step(&past, &needle, fetched.as_ref()) {
                Step::Found(place) => return Some((place, hunt.around)),
                Step::Nothing => return None,
                Step::Ask { first: wanted, count } => {
                    assert!(count > 0 && wanted + u64::from(count) <= history, "{wanted} {count}");
                    let start = wanted.clamp(first, history);
                    let end = (start + u64::from(count).min(most)).min(history);
                    let rows = (start..end).map(|line| row(&lines[line as usize])).collect();
                    fetched = Some(Fetched { first: start, rows });
                }
            }
        }
        panic!("it asks on and on");
    }

    proptest! {
        #[test]
        fn a_search_finds_the_nearest_match_that_way_round_whatever_the_daemon_sends_at_once(
            lines in proptest::collection::vec("[ax]{0,3}|a{0,3}", 3..30), line in 0u64..30, column in 0u32..4, up in any::<bool>(),
            dropped in 0u64..6, most in 1u64..8,
        ) {
            let at = Place { line: line % lines.len() as u64, column };
            let first = dropped.min(lines.len() as u64 - 2);
            let way = if up { Way::Up } else { Way::Down };
            let mut all = Vec::new();
            for (line, text) in (0..).zip(&lines) {
                let columns = text.char_indices().filter(|(_, char)| line >= first && *char == 'x');
                all.extend(columns.map(|(column, _)| Place { line, column: column as u32 }));
            }
            let expected = match way {
                Way::Up => all.iter().rfind(|place| **place < at).or(all.last()),
                Way::Down => all.iter().find(|place| **place >= at).or(all.first()),
            };
            let found = search(&lines, way, at, first, most);
            prop_assert_eq!(found.map(|(place, _)| place), expected.copied());
            if let Some((place, around)) = found {
                prop_assert_eq!(around, if up { place >= at } else { place < at });
            }
        }
    }
}
