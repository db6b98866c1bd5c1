//! What a client sees of a pane's past: history above, and below it the screen as it was at the user's last key.
//!
//! The lines of both are counted on from each other by the absolute numbers of history, so a place stays the same line however
//! much output comes. History is known in pieces; what is not known counts as one row until it comes. Whoever asks for the pieces
//! is told here which are missing.

use std::collections::BTreeMap;

use locald_api::{Row, ServiceId};
use ratatui::layout::Size;

use crate::copying::Copying;
use crate::screen::Screen;
use crate::search::{Prompt, Search};
use crate::selection::{Region, Selection, Shape};
use crate::wrapping::{starts, width};

/// History is asked for in pieces that begin at a multiple of this.
const PIECE: u64 = 256;
/// How far from what is shown lines are kept.
const KEPT: u64 = 1024;

/// A column of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u32,
}

/// A row of the pane: these columns of this line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) line: u64,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// Lines of history that came.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The number of the first.
    pub(crate) first: u64,
    pub(crate) rows: Vec<Row>,
}

/// The cursor in a pane's past, and the selection from where it was begun up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pick {
    pub(crate) cursor: Place,
    /// Where the selection was begun, and what it takes in.
    pub(crate) begun: Option<(Place, Shape)>,
}

/// A client's view of one pane's past.
#[derive(Debug)]
pub(crate) struct Scrollback {
    /// Whose past.
    pub(crate) service: ServiceId,
    /// Whether there was output since the user's last key.
    pub(crate) news: bool,
    /// The request for lines that is not answered yet: its number, and the first line asked for.
    pub(crate) asked: Option<(u64, u64)>,
    /// What is being typed to be searched for.
    pub(crate) prompt: Option<Prompt>,
    /// What was searched for last.
    pub(crate) search: Option<Search>,
    /// The cursor, and what is selected.
    pub(crate) pick: Option<Pick>,
    /// What is being copied.
    pub(crate) copying: Option<Copying>,
    /// The pane's size.
    size: Size,
    /// The oldest line of history.
    first: u64,
    /// One past the youngest line of history; the screen's first row.
    end: u64,
    /// The screen below history.
    screen: Vec<Row>,
    /// What is known of history.
    lines: BTreeMap<u64, Row>,
    /// What the pane's first row shows.
    top: Place,
}

impl Scrollback {
    /// The past of `service`, seen from its screen.
    pub(crate) fn new(service: ServiceId, screen: &Screen, size: Size) -> Self {
        let mut new = Self {
            service,
            news: false,
            asked: None,
            prompt: None,
            search: None,
            pick: None,
            copying: None,
            size,
            // A full-screen program has nothing above it.
            first: if screen.alternate { screen.history_end } else { screen.history_first },
            end: screen.history_end,
            screen: screen.rows.clone(),
            lines: BTreeMap::new(),
            top: Place::default(),
        };
        new.newest();
        new
    }

    /// Takes in what the screen became. What is shown stays: it moves into history under the same numbers. Says whether there was
    /// anything new.
    pub(crate) fn refresh(&mut self, screen: &Screen) -> bool {
        if screen.alternate || !std::mem::take(&mut self.news) {
            return false;
        }
        let youngest = self.end.saturating_sub(1);
        let full = |row: &Row| width(row) + 1 >= u32::from(screen.columns);
        if self.lines.get(&youngest).is_some_and(full) {
            // What wrapped onto the screen has been added to it since.
            self.lines.remove(&youngest);
        }
        self.first = screen.history_first;
        self.end = screen.history_end.max(self.first);
        // A larger screen takes lines back, and may change them.
        self.lines.split_off(&self.end);
        self.screen.clone_from(&screen.rows);
        self.settle();
        true
    }

    /// Takes notice of what the screen became. Only another size of it is taken in at once.
    pub(crate) fn notice(&mut self, screen: &Screen) {
        if screen.alternate {
            return;
        }
        self.news |= screen.history_end != self.end || screen.rows != self.screen;
        if screen.rows.len() != self.screen.len() {
            self.refresh(screen);
        }
    }

    /// Forgets all lines, because another daemon may number them otherwise.
    pub(crate) fn forget(&mut self) {
        self.lines.clear();
        self.asked = None;
        self.news = true;
    }

    /// The pane has this size now.
    pub(crate) fn resize(&mut self, size: Size) {
        self.size = size;
        self.settle();
    }

    /// The lines there are: the oldest, and one past the youngest, which is on the screen.
    pub(crate) fn range(&self) -> (u64, u64) {
        (self.first, self.end + self.screen.len() as u64)
    }

    /// Where history ends and the screen begins.
    pub(crate) fn history_end(&self) -> u64 {
        self.end
    }

    /// A line, if it is known.
    pub(crate) fn row(&self, line: u64) -> Option<&Row> {
        match line.checked_sub(self.end) {
            None => self.lines.get(&line),
            Some(row) => self.screen.get(usize::try_from(row).ok()?),
        }
    }

    /// How many lines are below what is shown, and how many there can be.
    pub(crate) fn scrolled(&self) -> (u64, u64) {
        let bottom = self.bottom().line;
        (bottom.saturating_sub(self.top.line), bottom.saturating_sub(self.first))
    }

    /// Whether there is nothing below what is shown.
    pub(crate) fn is_at_end(&self) -> bool {
        self.top >= self.bottom()
    }

    /// What the pane's rows show, from its top.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let height = usize::from(self.size.height);
        let mut parts = Vec::with_capacity(height);
        for line in self.top.line..self.range().1 {
            let starts = self.starts(line);
            let ends = starts.iter().skip(1).copied().chain([u32::MAX]);
            let all = starts.iter().zip(ends).map(|(&from, to)| Part { line, from, to });
            let skipped = if line == self.top.line { index(&starts, self.top.column) } else { 0 };
            parts.extend(all.skip(skipped).take(height - parts.len()));
            if parts.len() == height {
                break;
            }
        }
        parts
    }

    /// Moves by rows of the pane, down if positive.
    pub(crate) fn scroll(&mut self, rows: isize) {
        let by = rows.unsigned_abs();
        self.top = if rows < 0 { self.above(self.top, by) } else { self.below(self.top, by) };
        self.settle();
    }

    /// Moves to the oldest line.
    pub(crate) fn oldest(&mut self) {
        self.top = Place { line: self.first, column: 0 };
        self.settle();
    }

    /// Moves to the screen.
    pub(crate) fn newest(&mut self) {
        self.top = self.bottom();
    }

    /// Moves, if need be, so that `place` is to be seen.
    pub(crate) fn show(&mut self, place: Place) {
        let seen = |part: &Part| part.line == place.line && (part.from..part.to).contains(&place.column);
        if !self.parts().iter().any(seen) {
            self.top = self.above(place, usize::from(self.size.height / 3));
            self.settle();
        }
    }

    /// Moves, by as little as need be, so that `place` is to be seen.
    pub(crate) fn follow(&mut self, place: Place) {
        let start = self.row_start(place);
        let last = usize::from(self.size.height.saturating_sub(1));
        if start < self.top {
            self.top = start;
        } else if self.below(self.top, last) < start {
            self.top = self.above(start, last);
        }
        self.settle();
    }

    /// The place so many rows below, or above if negative, in the same column of the pane if there is text.
    pub(crate) fn rows_from(&self, place: Place, rows: isize) -> Place {
        let start = self.row_start(place);
        let by = rows.unsigned_abs();
        let to = if rows < 0 { self.above(start, by) } else { self.below(start, by) };
        let starts = self.starts(to.line);
        let end = starts.iter().copied().find(|start| *start > to.column);
        let end = end.unwrap_or_else(|| self.row(to.line).map_or(0, width)).saturating_sub(1);
        Place { column: (to.column + (place.column - start.column)).min(end).max(to.column), ..to }
    }

    /// The place of the first cell of the row of the pane that holds this one.
    fn row_start(&self, place: Place) -> Place {
        let starts = self.starts(place.line);
        Place { column: starts[index(&starts, place.column)], ..place }
    }

    /// What is shown in this row and column of the pane.
    pub(crate) fn place_at(&self, row: u16, column: u16) -> Place {
        let parts = self.parts();
        let Some(part) = parts.get(usize::from(row)).or(parts.last()) else { return self.top };
        let column = part.from.saturating_add(column.into()).min(part.to.saturating_sub(1));
        Place { line: part.line, column }
    }

    /// The cells that are selected.
    pub(crate) fn selected(&self) -> Option<Region> {
        let Pick { cursor, begun } = self.pick?;
        let (anchor, shape) = begun?;
        Some(Selection { shape, anchor, cursor }.region(|line| self.row(line)))
    }

    /// The lines of history to ask for next, the nearest first: from which number on, and how many.
    pub(crate) fn missing(&self) -> Option<(u64, u32)> {
        let height = u64::from(self.size.height);
        let low = self.top.line.saturating_sub(2 * height).max(self.first);
        let high = self.top.line.saturating_add(3 * height).min(self.end);
        let unknown = |line: &u64| !self.lines.contains_key(line);
        let nearest =
            (self.top.line..high).find(unknown).or_else(|| (low..self.top.line.min(high)).rev().find(unknown))?;
        let first = (nearest / PIECE * PIECE).max(self.first);
        let end = (nearest / PIECE * PIECE + PIECE).min(self.end);
        // At most a piece.
        Some((first, (end - first) as u32))
    }

    /// Takes in the answer to a request for lines from `wanted` on. Says whether more is known now.
    pub(crate) fn learn(&mut self, wanted: u64, first: u64, rows: Vec<Row>) -> bool {
        let dropped = first > wanted && first > self.first;
        if dropped {
            // Older lines are gone.
            self.first = first.min(self.end);
        }
        let known = self.lines.len();
        self.lines.extend((first..self.end).zip(rows));
        let learnt = dropped || self.lines.len() > known;
        self.settle();
        learnt
    }

    /// Keeps what is shown within what there is, and no more lines than may soon be shown.
    fn settle(&mut self) {
        self.top = self.top.clamp(Place { line: self.first, column: 0 }, self.bottom());
        let kept = KEPT.max(4 * u64::from(self.size.height));
        let (low, high) = (self.top.line.saturating_sub(kept), self.top.line.saturating_add(kept));
        self.lines.retain(|line, _| (low..high).contains(line));
    }

    /// The place of the pane's first row when its last row is the last there is.
    fn bottom(&self) -> Place {
        let end = Place { line: self.range().1, column: 0 };
        self.above(end, usize::from(self.size.height))
    }

    /// The place so many rows above, or the very first.
    fn above(&self, place: Place, mut rows: usize) -> Place {
        let Place { mut line, mut column } = place;
        loop {
            let starts = self.starts(line);
            let at = index(&starts, column);
            if let Some(index) = at.checked_sub(rows) {
                return Place { line, column: starts[index] };
            }
            if line <= self.first {
                return Place { line: self.first, column: 0 };
            }
            rows -= at + 1;
            (line, column) = (line - 1, u32::MAX);
        }
    }

    /// The place so many rows below, or as far down as there is a line.
    fn below(&self, place: Place, mut rows: usize) -> Place {
        let Place { mut line, mut column } = place;
        loop {
            let starts = self.starts(line);
            let at = index(&starts, column);
            if let Some(start) = starts.get(at.saturating_add(rows)) {
                return Place { line, column: *start };
            }
            if line + 1 >= self.range().1 {
                return Place { line, column };
            }
            rows -= starts.len() - at;
            (line, column) = (line + 1, 0);
        }
    }

    fn starts(&self, line: u64) -> Vec<u32> {
        self.row(line).map_or_else(|| vec![0], |row| starts(row, self.size.width))
    }
}

/// Which of the parts that begin at `starts` has this column.
fn index(starts: &[u32], column: u32) -> usize {
    starts.partition_point(|start| *start <= column).saturating_sub(1)
}

#[cfg(test)]
mod tests;
