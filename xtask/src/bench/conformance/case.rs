//! Some output, and what is to be seen after it.

use super::own;

/// A piece of a suite.
pub(super) struct Case {
    pub(super) says: String,
    pub(super) columns: u16,
    pub(super) rows: u16,
    pub(super) output: Vec<u8>,
    pub(super) expected: Vec<Expected>,
}

/// One thing that is to be seen. Rows count without the blanks at their ends.
pub(super) enum Expected {
    Row(usize, String),
    /// All rows, without blank ones at the end.
    Screen(Vec<String>),
    /// The cursor's row and column, from 0 on.
    Cursor(u64, u64),
    /// The screen and the cursor's report as our own checks have them.
    Check {
        screen: String,
        cursor: &'static str,
    },
}

/// What was seen after some output.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) rows: Vec<String>,
    pub(super) cursor: (u64, u64),
    /// Row and column as they were reported to the program, with a semicolon between.
    pub(super) report: String,
}

impl Case {
    pub(super) fn missed(&self, seen: &Seen) -> impl Iterator<Item = &Expected> {
        self.expected.iter().filter(|expected| !expected.is_kept(seen))
    }
}

impl Seen {
    fn row(&self, number: usize) -> &str {
        self.rows.get(number).map_or("", String::as_str)
    }
}

impl Expected {
    fn is_kept(&self, seen: &Seen) -> bool {
        match self {
            Self::Row(number, text) => seen.row(*number) == text.trim_end(),
            Self::Screen(rows) => seen.rows == *rows,
            Self::Cursor(row, column) => seen.cursor == (*row, *column),
            Self::Check { screen, cursor } => seen.report == *cursor && own::compact(&seen.rows) == *screen,
        }
    }

    /// What was expected and what was seen.
    pub(super) fn against(&self, seen: &Seen) -> String {
        match self {
            Self::Row(number, text) => format!("row {number} is {:?} and not {text:?}", seen.row(*number)),
            Self::Screen(rows) => {
                let other = (0..rows.len().max(seen.rows.len()))
                    .find(|number| rows.get(*number).map_or("", String::as_str) != seen.row(*number));
                let number = other.unwrap_or_default();
                Self::Row(number, rows.get(number).cloned().unwrap_or_default()).against(seen)
            }
            Self::Check { screen, cursor } => {
                format!("{:?} and not {:?}", (own::compact(&seen.rows), &seen.report), (screen, cursor))
            }
            Self::Cursor(row, column) => format!("the cursor is at {:?} and not at {:?}", seen.cursor, (row, column)),
        }
    }
}

/// The rows of a screen without blanks at their ends, and without blank ones at the end.
pub(super) fn rows(screen: &str) -> Vec<String> {
    let mut rows: Vec<String> = screen.lines().map(|row| row.trim_end().to_owned()).collect();
    rows.truncate(rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1));
    rows
}
