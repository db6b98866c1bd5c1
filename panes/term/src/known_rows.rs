//! What the visible rows of the primary screen say, as far as it can be told from the output without asking the emulator.
//!
//! Most lines are written from left to right and then scroll away untouched. Their text is noted here as it is printed, and
//! goes into the history from here: reading a row's cells back costs ten times as much. A row to which anything else
//! happened is not known until it is blank again, and is read from the emulator.

use std::collections::VecDeque;

use crate::{Style, StyledText};

/// The most rows kept for their memory: about as many as scroll by in one piece of output.
const MAX_SPARE: usize = 64;

/// The visible rows, from top to bottom, and those that the emulator is about to scroll off.
#[derive(Debug, Default)]
pub(crate) struct KnownRows {
    rows: VecDeque<KnownRow>,
    leaving: VecDeque<KnownRow>,
    spare: Vec<KnownRow>,
}

/// A row as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct KnownRow {
    /// The text up to the last column written to, and its styles.
    pub(crate) text: StyledText,
    /// Whether its line goes on in the next row.
    pub(crate) wrapped: bool,
    columns: u16,
    unknown: bool,
}

impl KnownRows {
    /// A blank screen of so many rows.
    pub(crate) fn blank(rows: u16) -> Self {
        let mut blank = Self::default();
        blank.rows.resize_with(usize::from(rows), KnownRow::default);
        blank
    }

    /// Notes that text was printed at a place. Unless it stands to the right of all text, its row is not known any more.
    pub(crate) fn print(&mut self, row: u16, column: u16, text: &str, columns: u16, style: Style) {
        let Some(row) = self.rows.get_mut(usize::from(row)) else { return };
        if row.unknown || row.wrapped || column < row.columns {
            row.unknown = true;
            return;
        }
        for _ in row.columns..column {
            row.text.push(" ", Style::DEFAULT);
        }
        row.text.push(text, style);
        row.columns = column + columns;
    }

    /// Notes that a row's text goes on in the next, after it was printed to its end.
    pub(crate) fn wrap(&mut self, row: u16, columns: u16) {
        if let Some(row) = self.rows.get_mut(usize::from(row)) {
            row.unknown |= row.columns != columns;
            row.wrapped = true;
        }
    }

    /// Notes that everything from a column on was erased and has no colour.
    pub(crate) fn erase_right(&mut self, row: u16, column: u16) {
        if let Some(row) = self.rows.get_mut(usize::from(row)) {
            row.unknown |= column < row.columns || row.wrapped;
        }
    }

    /// Notes that every row is blank now.
    pub(crate) fn erase_all(&mut self) {
        self.rows.iter_mut().for_each(KnownRow::clear);
    }

    /// Notes that something happened to a row that is not followed here.
    pub(crate) fn forget(&mut self, row: u16) {
        if let Some(row) = self.rows.get_mut(usize::from(row)) {
            row.unknown = true;
        }
    }

    /// Notes that something happened to any of the rows.
    pub(crate) fn forget_all(&mut self) {
        self.rows.iter_mut().for_each(|row| row.unknown = true);
    }

    /// Notes that the top row will have left, and a blank one come in at the bottom, once the emulator has read on.
    pub(crate) fn scroll(&mut self) {
        if let Some(top) = self.rows.pop_front() {
            self.leaving.push_back(top);
            self.rows.push_back(self.spare.pop().unwrap_or_default());
        }
    }

    /// The row that the emulator scrolls off now, if its scrolling was foreseen.
    pub(crate) fn leave(&mut self) -> Option<KnownRow> {
        self.leaving.pop_front()
    }

    /// Takes a row back for its memory.
    pub(crate) fn recycle(&mut self, mut row: KnownRow) {
        let usual = row.text.text().len() <= 1024 && row.text.spans().len() <= 32;
        if usual && self.spare.len() < MAX_SPARE {
            row.clear();
            self.spare.push(row);
        }
    }

    /// The emulator has read everything: rows that were to scroll off have. Says whether that is so.
    pub(crate) fn settle(&mut self) -> bool {
        let settled = self.leaving.is_empty();
        if !settled {
            self.leaving.clear();
            self.forget_all();
        }
        settled
    }
}

impl KnownRow {
    /// Whether the text is all there is to the row.
    pub(crate) fn is_known(&self) -> bool {
        !self.unknown
    }

    fn clear(&mut self) {
        self.text.clear();
        (self.wrapped, self.columns, self.unknown) = (false, 0, false);
    }
}
