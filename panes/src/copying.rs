//! A copy on its way: the text of a region, collected line by line, with lines asked for that are not known.

use crate::scrollback::{Fetched, Scrollback};
use crate::selection::Region;

/// Lines are asked for in pieces of this many.
const PIECE: u64 = 1000;
/// The most that is copied, in bytes. Terminals that take longer texts for their clipboard are rare.
pub(crate) const MOST: usize = 512 << 10;

/// A copy that goes on until all lines are there.
#[derive(Debug)]
pub(crate) struct Copying {
    /// The request it waits for, by its number.
    pub(crate) asked: u64,
    /// Whether to go back to the live screen afterwards.
    pub(crate) leaves: bool,
    region: Region,
    /// The next line.
    next: u64,
    text: String,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// This is the text.
    Done(String),
    /// It is more than [`MOST`].
    TooLong,
    /// These lines are needed to go on.
    Ask { first: u64, count: u32 },
}

impl Copying {
    pub(crate) fn new(region: Region, leaves: bool) -> Self {
        Self { asked: 0, leaves, next: *region.lines().start(), region, text: String::new() }
    }

    /// Collects as far as lines are known. `fetched` is the answer to what the last step asked for.
    pub(crate) fn step(&mut self, scrollback: &Scrollback, fetched: Option<&Fetched>) -> Step {
        let (first, end) = scrollback.range();
        let last = (*self.region.lines().end()).min(end.saturating_sub(1));
        // What is older is no more.
        self.next = self.next.max(first).max(fetched.map_or(0, |fetched| fetched.first.min(scrollback.history_end())));
        while self.next <= last {
            let from_answer = || {
                let index = usize::try_from(self.next.checked_sub(fetched?.first)?).ok()?;
                fetched?.rows.get(index)
            };
            let Some(row) = scrollback.row(self.next).or_else(from_answer) else {
                if fetched.is_some_and(|fetched| fetched.rows.is_empty()) {
                    // The daemon has no more of them, whatever the numbers say.
                    self.next = scrollback.history_end();
                    continue;
                }
                let count = (last + 1 - self.next).min(PIECE).min(scrollback.history_end().saturating_sub(self.next));
                return Step::Ask { first: self.next, count: count as u32 };
            };
            self.text += &self.region.text(self.next, row);
            if self.next < last && !self.region.is_joined(self.next, row) {
                self.text.push('\n');
            }
            if self.text.len() > MOST {
                return Step::TooLong;
            }
            self.next += 1;
        }
        Step::Done(std::mem::take(&mut self.text))
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
    use crate::scrollback::Place;
    use crate::testing::id;

    /// Copies lines `from..=to` of this many, of which the last two are on the screen, from a daemon that has dropped those before
    /// `first` and sends at most `most` at once.
    fn copied(lines: u64, from: u64, to: u64, first: u64, most: u64) -> String {
        let text = |line: u64| format!("line {line}");
        let history = lines - 2;
        let mut screen = Screen::default();
        let rows = [text(history), text(history + 1)];
        screen.merge(PaneFrame { history_end: history, ..frame(1, (9, 2), &[(0, &rows[0]), (1, &rows[1])]) });
        let scrollback = Scrollback::new(id("shop", "web"), &screen, Size::new(9, 2));
        let region =
            Region::Stream { start: Place { line: from, column: 0 }, end: Place { line: to, column: u32::MAX } };
        let (mut copying, mut fetched) = (Copying::new(region, false), None);
        for _ in 0..lines + 2 {
            match copying.step(&scrollback, fetched.as_ref()) {
                Step::Done(text) => return text,
                Step::TooLong => panic!("it is short"),
                Step::Ask { first: wanted, count } => {
                    assert!(count > 0 && wanted + u64::from(count) <= history, "{wanted} {count}");
                    let start = wanted.clamp(first, history);
                    let end = (start + u64::from(count).min(most)).min(history);
                    fetched = Some(Fetched { first: start, rows: (start..end).map(|line| row(&text(line))).collect() });
                }
            }
        }
        panic!("it asks on and on");
    }

    proptest! {
        #[test]
        fn all_lines_that_there_still_are_are_copied_whatever_the_daemon_sends_at_once(
            lines in 3u64..40, from in 0u64..40, count in 0u64..40, first in 0u64..20, most in 1u64..8,
        ) {
            let (from, first) = (from % lines, first.min(lines - 2));
            let to = (from + count).min(lines - 1);
            let expected: Vec<_> = (from.max(first)..=to).map(|line| format!("line {line}")).collect();
            prop_assert_eq!(copied(lines, from, to, first, most), expected.join("\n"));
        }
    }
}
