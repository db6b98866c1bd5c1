//! What the visible rows of the primary screen say, as far as it can be told from the output without asking the emulator.
//!
//! Most lines are written from left to right and then scroll away untouched. Their text is noted here as it is printed, and
//! goes into the history from here: reading a row's cells back costs ten times as much, and a row that comes and goes between
//! two looks at the screen is not even shown to the emulator. A row to which anything else happened is not known until it is
//! blank again, and is read from the emulator.

use std::collections::VecDeque;

use crate::looks::Looks;
use crate::terminal::Place;
use crate::{History, LinkId, Style, StyledText};

/// What the emulator must be spared to be worth the detour.
const LEAST_SKIPPED: u64 = 64;

/// The visible rows, from top to bottom, and what is known of those that the emulator is about to scroll off.
#[derive(Debug, Default)]
pub(crate) struct KnownRows {
    rows: VecDeque<KnownRow>,
    /// How many rows the emulator scrolls off next that are in the history already.
    noted: usize,
    /// How many it scrolls off after those, to be read from it.
    unnoted: usize,
    /// Whether the line of the last of those goes on. On a screen of one row the emulator does not note that.
    unnoted_wrapped: bool,
    /// Whether any row may look different from what it was when [`Self::note_look`] was called.
    all_touched: bool,
    /// What the history says of each noted row, to be compared; `None` where that cannot be.
    #[cfg(debug_assertions)]
    expected: VecDeque<Option<(StyledText, bool)>>,
}

/// Where a row came in, blank, at the bottom of the screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The place in what the emulator reads.
    pub(crate) at: u64,
    /// The column of the cursor then.
    pub(crate) column: u16,
    /// How the emulator was to print the next character then.
    pub(crate) style: Style,
}

/// A row that left the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It is in the history already.
    Noted,
    /// It is to be read from the emulator. `wrapped`: its line goes on, whether or not the emulator says so.
    Unnoted { wrapped: bool },
}

/// A row as far as it is known.
#[derive(Debug, Default)]
struct KnownRow {
    /// The text up to the last column written to, and its styles.
    text: StyledText,
    /// Whether its line goes on in the next row.
    wrapped: bool,
    columns: u16,
    unknown: bool,
    /// Whether it may look different from what it was when [`KnownRows::note_look`] was called.
    touched: bool,
    /// Where it came in, as long as nothing but its own text has come into it since.
    entry: Option<Entry>,
}

impl KnownRows {
    /// A blank screen of so many rows.
    pub(crate) fn blank(rows: u16) -> Self {
        let mut blank = Self { all_touched: true, ..Self::default() };
        blank.rows.resize_with(usize::from(rows), KnownRow::default);
        blank
    }

    /// Notes that text was printed at a place. Unless it stands to the right of all text, its row is not known any more.
    pub(crate) fn print(&mut self, (row, column): Place, text: &str, columns: u16, style: Style, link: Option<LinkId>) {
        let Some(row) = self.touch(row) else { return };
        if row.unknown || row.wrapped || column < row.columns {
            row.unknown = true;
            return;
        }
        for _ in row.columns..column {
            row.text.push(" ", Style::DEFAULT);
        }
        row.text.push_linked(text, style, link);
        row.columns = column + columns;
    }

    /// Notes that a row's text goes on in the next, after so many columns.
    pub(crate) fn wrap(&mut self, row: u16, columns: u16) {
        if let Some(row) = self.touch(row) {
            row.unknown |= row.columns != columns;
            row.wrapped = true;
        }
    }

    /// Notes that everything from a column on was erased and has no colour.
    pub(crate) fn erase_right(&mut self, row: u16, column: u16) {
        if let Some(row) = self.touch(row) {
            row.unknown |= column < row.columns || row.wrapped;
        }
    }

    /// Notes that every row is blank now.
    pub(crate) fn erase_all(&mut self) {
        self.all_touched = true;
        self.rows.iter_mut().for_each(KnownRow::clear);
    }

    /// Notes that something happened to a row that is not followed here.
    pub(crate) fn forget(&mut self, row: u16) {
        if let Some(row) = self.touch(row) {
            row.unknown = true;
        }
    }

    /// Notes that something happened to any of the rows: they may even have changed places.
    pub(crate) fn forget_all(&mut self) {
        self.all_touched = true;
        self.rows.iter_mut().for_each(|row| (row.unknown, row.entry) = (true, None));
    }

    /// Notes that the top row will have left, and a blank one come in at the bottom, once the emulator has read on. What is
    /// known of the one that leaves goes into the history at once.
    pub(crate) fn scroll(&mut self, entry: Entry, history: &mut History, looks: &Looks) {
        self.all_touched = true;
        let Some(mut row) = self.rows.pop_front() else { return };
        if row.unknown {
            self.unnoted += 1;
            self.unnoted_wrapped = row.wrapped && self.rows.is_empty();
        } else {
            if !row.wrapped {
                row.text.trim_end(true);
            }
            history.push_row(&row.text, row.wrapped, looks);
            self.noted += 1;
            // On a screen of one row the emulator does not note wraps.
            #[cfg(debug_assertions)]
            self.expected.push_back((!self.rows.is_empty()).then(|| (row.text.clone(), row.wrapped)));
        }
        row.clear();
        row.entry = Some(entry);
        self.rows.push_back(row);
    }

    /// Whether the emulator is to be asked for a row, which it must be before others leave.
    pub(crate) fn lags(&self) -> bool {
        self.unnoted > 0
    }

    /// What is known of the row that the emulator scrolls off now.
    pub(crate) fn leave(&mut self) -> Left {
        if self.noted > 0 {
            self.noted -= 1;
            return Left::Noted;
        }
        self.unnoted = self.unnoted.saturating_sub(1);
        Left::Unnoted { wrapped: std::mem::take(&mut self.unnoted_wrapped) }
    }

    /// What the history says of the row that [left](Self::leave) last, unless the emulator had another in its place.
    #[cfg(debug_assertions)]
    pub(crate) fn expected(&mut self) -> Option<(StyledText, bool)> {
        self.expected.pop_front().flatten()
    }

    /// Where the top row came in, if that is a good way past `start`, so far has the emulator read, and all rows above it
    /// are noted. The emulator is then to read from there on only.
    pub(crate) fn skip_unseen(&mut self, start: u64) -> Option<Entry> {
        let entry = self.rows.front()?.entry?;
        if self.unnoted > 0 || entry.at < start + LEAST_SKIPPED {
            return None;
        }
        debug_assert!(self.noted >= self.rows.len(), "every row from the bottom to the top scrolled");
        self.noted = self.rows.len() - 1;
        #[cfg(debug_assertions)]
        {
            self.expected.clear();
            self.expected.resize(self.noted, None);
        }
        Some(entry)
    }

    /// Whether a row may have changed since the last [look](Self::note_look).
    pub(crate) fn is_touched(&self, row: u16) -> bool {
        self.all_touched || self.rows.get(usize::from(row)).is_none_or(|row| row.touched)
    }

    /// Notes that somebody has looked at all rows.
    pub(crate) fn note_look(&mut self) {
        self.all_touched = false;
        self.rows.iter_mut().for_each(|row| row.touched = false);
    }

    /// Notes that any row may look different now.
    pub(crate) fn touch_all(&mut self) {
        self.all_touched = true;
    }

    fn touch(&mut self, row: u16) -> Option<&mut KnownRow> {
        let row = self.rows.get_mut(usize::from(row))?;
        row.touched = true;
        Some(row)
    }

    /// The emulator has read everything: rows that were to scroll off have. Says whether that is so.
    pub(crate) fn settle(&mut self) -> bool {
        let settled = self.noted == 0 && self.unnoted == 0;
        if !settled {
            (self.noted, self.unnoted) = (0, 0);
            self.forget_all();
        }
        settled
    }
}

impl KnownRow {
    /// Makes the row blank, and keeps its memory if it is a usual amount.
    fn clear(&mut self) {
        if self.text.text().len() <= 1024 && self.text.spans().len() <= 32 {
            self.text.clear();
        } else {
            self.text = StyledText::default();
        }
        (self.wrapped, self.columns, self.unknown) = (false, 0, false);
    }
}
