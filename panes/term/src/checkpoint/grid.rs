//! One of the emulator's two screens cell by cell, as a checkpoint keeps it and as it is painted again.
//!
//! The emulator can be given nothing but output, so it is told each cell by output that has exactly that effect. What was
//! read from a checkpoint is checked before: it may have been written by anybody.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use vt100::{Cell, Screen};

use crate::Style;
use crate::cell_text::style;
use crate::terminal::Place;

/// Makes some characters wide: variation selector 16.
const SELECTOR: char = '\u{fe0f}';

/// The longest text of a cell, in bytes.
const LONGEST: usize = 22;

/// A screen's cells, its cursor and the one it has saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grid {
    rows: Vec<Row>,
    cursor: Place,
    saved: Place,
}

/// What of a row is not blank, from its left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    /// Whether its line goes on in the next row.
    wrapped: bool,
    runs: Vec<Run>,
}

/// Neighbouring cells of one look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    style: Style,
    cells: Cells,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Cells {
    /// So many without contents.
    Blank(u16),
    /// A character in each.
    Text(String),
    /// Several characters in one.
    Cluster(String),
}

/// The grid is none that could have been captured.
pub(super) struct Impossible;

impl Grid {
    /// What `screen` shows.
    pub(super) fn capture(screen: &Screen, cursor: Place, saved: Place) -> Self {
        let (rows, columns) = screen.size();
        let row = |row| {
            let mut runs = Runs::default();
            let cells = (0..columns.get()).filter_map(|column| screen.cell(row, column));
            cells.filter(|cell| !cell.is_wide_continuation()).for_each(|cell| runs.push(cell));
            Row { wrapped: screen.row_wrapped(row), runs: runs.runs }
        };
        let mut rows: Vec<Row> = (0..rows.get()).map(row).collect();
        while rows.last().is_some_and(|row| row.runs.is_empty() && !row.wrapped) {
            rows.pop();
        }
        Self { rows, cursor, saved }
    }

    /// Whether this is what a screen has that was never shown.
    pub(super) fn is_untouched(&self) -> bool {
        self.rows.is_empty() && self.cursor == (0, 0) && self.saved == (0, 0)
    }

    /// Whether a screen of that size can have come to this.
    pub(super) fn check(&self, rows: u16, columns: u16) -> Result<(), Impossible> {
        let on_screen = |(row, column)| row < rows && column <= columns;
        let fits = self.rows.len() <= usize::from(rows) && on_screen(self.cursor) && on_screen(self.saved);
        let last_row = self.rows.get(usize::from(rows) - 1);
        if !fits || last_row.is_some_and(|row| row.wrapped) {
            return Err(Impossible);
        }
        self.rows.iter().try_for_each(|row| row.check(columns))
    }

    /// Writes what turns a blank screen without margins into this one, whose cursor is anywhere then. `origin`: whether
    /// rows were counted from the margin when the cursor was saved.
    pub(super) fn paint(&self, columns: u16, origin: bool, out: &mut String) {
        save(self.saved, columns, origin, out);
        let mut pen = Pen::default();
        for (number, row) in (0..).zip(&self.rows) {
            row.paint(number, &mut pen, out);
            if row.wrapped {
                row.paint_last(number, columns, &mut pen, out);
                // This leads the line on to the next row, whose first cell must not show it.
                out.push(' ');
                go_to((number + 1, 0), out);
                pen.change(Style::DEFAULT, out);
                out.push_str("\x1b[X");
            }
        }
        pen.change(Style::DEFAULT, out);
    }

    /// Writes what brings the cursor of the painted screen to its place, whatever margins there are.
    pub(super) fn place_cursor(&self, columns: u16, out: &mut String) {
        let (row, column) = self.cursor;
        if column < columns {
            return go_to(self.cursor, out);
        }
        // It is behind a character in the last column, or was restored to where one has been.
        let mut pen = Pen::default();
        match self.rows.get(usize::from(row)).filter(|it| it.ends_with_text(columns)) {
            Some(last) => last.paint_last(row, columns, &mut pen, out),
            None if self.cursor == self.saved => out.push_str("\x1b8"),
            None => go_to((row, columns - 1), out),
        }
        pen.change(Style::DEFAULT, out);
    }
}

/// Has the emulator save a cursor, on a blank screen that is blank again then.
fn save(place: Place, columns: u16, origin: bool, out: &mut String) {
    if origin {
        out.push_str("\x1b[?6h");
    }
    let (row, column) = place;
    go_to((row, column.min(columns - 1)), out);
    if column >= columns {
        out.push(' ');
    }
    out.push_str("\x1b7\x1b[?6l\x1b[2J");
}

/// Goes to a place wherever margins and origin are.
fn go_to((row, column): Place, out: &mut String) {
    let written = write!(out, "\x1b[{}d\x1b[{}G", row + 1, column + 1);
    debug_assert!(written.is_ok(), "a string takes whatever is written");
}

impl Row {
    fn check(&self, columns: u16) -> Result<(), Impossible> {
        let mut column = 0;
        for run in &self.runs {
            for (text, width) in run.cells.iter() {
                column += u32::from(width);
                if column > u32::from(columns) || text.is_some_and(|text| !is_cell(text)) {
                    return Err(Impossible);
                }
            }
        }
        let may_wrap = column == u32::from(columns) && self.ends_with_text(columns);
        if self.wrapped && !may_wrap { Err(Impossible) } else { Ok(()) }
    }

    fn width(&self) -> u16 {
        self.runs.iter().map(|run| run.cells.iter().map(|(_, width)| width).sum::<u16>()).sum()
    }

    fn ends_with_text(&self, columns: u16) -> bool {
        let blank = self.runs.last().is_none_or(|run| matches!(run.cells, Cells::Blank(_)));
        !blank && self.width() == columns
    }

    fn paint(&self, number: u16, pen: &mut Pen, out: &mut String) {
        let mut column = 0;
        for run in &self.runs {
            let width: u16 = run.cells.iter().map(|(_, width)| width).sum();
            match &run.cells {
                Cells::Blank(_) if run.style == Style::DEFAULT => {}
                Cells::Blank(count) => {
                    go_to((number, column), out);
                    pen.change(run.style, out);
                    let written = write!(out, "\x1b[{count}X");
                    debug_assert!(written.is_ok(), "a string takes whatever is written");
                }
                Cells::Text(text) | Cells::Cluster(text) => {
                    go_to((number, column), out);
                    pen.change(run.style, out);
                    out.push_str(text);
                }
            }
            column += width;
        }
    }

    /// Paints the last cell once more, so that the cursor is behind it.
    fn paint_last(&self, number: u16, columns: u16, pen: &mut Pen, out: &mut String) {
        let Some(run) = self.runs.last() else { return };
        let Some((Some(text), width)) = run.cells.iter().last() else { return };
        go_to((number, columns.saturating_sub(width)), out);
        pen.change(run.style, out);
        out.push_str(text);
    }
}

impl Cells {
    /// The text of each cell, if it has one, and the columns it takes.
    fn iter(&self) -> impl Iterator<Item = (Option<&str>, u16)> {
        let (blank, mut rest, whole) = match self {
            Self::Blank(count) => (*count, "", false),
            Self::Text(text) => (0, text.as_str(), false),
            Self::Cluster(text) => (0, text.as_str(), true),
        };
        let blanks = (0..blank).map(|_| (None, 1));
        blanks.chain(std::iter::from_fn(move || {
            let length = if whole { rest.len() } else { rest.chars().next()?.len_utf8() };
            let (text, more) = rest.split_at(length);
            rest = more;
            (!text.is_empty()).then(|| (Some(text), if is_wide(text) { 2 } else { 1 }))
        }))
    }
}

/// Whether the emulator gives the cell two columns: a selector that makes emoji wide has it look at all of the text.
fn is_wide(text: &str) -> bool {
    match text.rfind(SELECTOR) {
        Some(at) => text[..at + SELECTOR.len_utf8()].width() > 1,
        None => text.chars().next().and_then(UnicodeWidthChar::width).unwrap_or(1) > 1,
    }
}

/// Whether the emulator puts all of the text into one cell, and does nothing else with it on the way.
fn is_cell(text: &str) -> bool {
    let drawn = |c: char| !c.is_control() && c != '\u{fffd}';
    let mut chars = text.chars();
    let begins = chars.next().is_some_and(|c| drawn(c) && c.width() != Some(0));
    let goes_on = chars.all(|c| drawn(c) && c.width() == Some(0));
    let wide = is_wide(text);
    let selectors = text.match_indices(SELECTOR).map(|(at, _)| at + SELECTOR.len_utf8());
    let changes_width = selectors.map(|end| text[..end].width() > 1).any(|then| then != wide)
        || (!wide && text.chars().next().and_then(UnicodeWidthChar::width) == Some(2));
    begins && goes_on && !changes_width && text.len() <= LONGEST
}

/// The style that the next character would have.
#[derive(Default)]
struct Pen(Style);

impl Pen {
    fn change(&mut self, style: Style, out: &mut String) {
        if style != self.0 {
            let written = style.write_sgr(out);
            debug_assert!(written.is_ok(), "a string takes whatever is written");
            self.0 = style;
        }
    }
}

/// Gathers the cells of a row, and leaves out the blank ones at its end.
#[derive(Default)]
struct Runs {
    runs: Vec<Run>,
    blanks: u16,
}

impl Runs {
    fn push(&mut self, cell: &Cell) {
        let (style, text) = (style(cell), cell.contents());
        if text.is_empty() && style == Style::DEFAULT {
            self.blanks += 1;
            return;
        }
        match std::mem::take(&mut self.blanks) {
            0 => {}
            count => self.runs.push(Run { style: Style::DEFAULT, cells: Cells::Blank(count) }),
        }
        let cluster = text.chars().nth(1).is_some();
        match self.runs.last_mut().filter(|last| last.style == style).map(|last| &mut last.cells) {
            Some(Cells::Blank(count)) if text.is_empty() => *count += 1,
            Some(Cells::Text(run)) if !text.is_empty() && !cluster => run.push_str(text),
            _ => {
                let cells = match text {
                    "" => Cells::Blank(1),
                    text if cluster => Cells::Cluster(text.to_owned()),
                    text => Cells::Text(text.to_owned()),
                };
                self.runs.push(Run { style, cells });
            }
        }
    }
}
