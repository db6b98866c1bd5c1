//! Another size of the screen: the lines of the primary screen are taken off it and written again as if the program did so
//! now, so that they wrap where the new width has them wrap.
//!
//! What no longer fits at the top goes into the history as it always does; what there is room for again comes back out of it,
//! under the number it had. The alternate screen is cut or extended, as its program draws it anew.

use crate::cell_text::{self, CellText};
use crate::known_rows::KnownRows;
use crate::listener::Listener;
use crate::page::{Line, Mark, Page};
use crate::pen::Pen;
use crate::performer::Performer;
use crate::terminal::{Terminal, emulated};
use crate::{Size, StyledText};

impl Terminal {
    /// Changes the size of both screens.
    pub(crate) fn resize(&mut self, size: Size) {
        let (rows, columns) = emulated(size);
        if (rows, columns) == self.screen().size() {
            self.size = size;
            return self.listener().rows.touch_all();
        }
        let alternate = self.show_primary();
        let mut page = self.page();
        // What is wiped here goes nowhere, as the cursor is in the first row when the screen shrinks. Growing, the emulator
        // would make up blank rows for all that ever scrolled off, if it did not forget them with its (empty) scrollback.
        self.parser.process(b"\x1b[m\x1b[?6l\x1b[r\x1b[2J\x1b[H");
        self.parser.screen_mut().clear_scrollback();
        self.parser.set_size(rows, columns);
        (self.size, self.margins, self.cursor) = (size, None, Some((0, 0)));
        self.credit = self.credit.min(self.most_credit());
        self.listener().rows = KnownRows::blank(size.rows());
        self.fetch(&mut page);
        Performer::new(self).write_page(&page);
        if alternate {
            self.parser.process(b"\x1b[?47h");
            self.modes.input.alternate_screen = true;
            self.cursor = None;
        }
    }

    /// Puts what the primary screen shows into the history, up to the last line that shows something, as finished lines.
    pub(crate) fn leave_to_history(&mut self) {
        self.show_primary();
        let lines = self.page().lines;
        let Listener { history, looks, .. } = self.listener();
        let mut blank_lines = 0;
        for line in &lines {
            let mut row = StyledText::default();
            line.pieces().for_each(|(text, pen)| row.push_linked(text, pen.extra.on(pen.style), pen.extra.link()));
            row.trim_end(true);
            if row.text().is_empty() {
                blank_lines += 1;
                continue;
            }
            (0..std::mem::take(&mut blank_lines)).for_each(|_| history.push_row(&StyledText::default(), false, looks));
            history.push_row(&row, false, looks);
        }
        history.finish_line();
    }

    /// Makes the primary screen the one that is shown; says whether it was not.
    fn show_primary(&mut self) -> bool {
        let alternate = std::mem::take(&mut self.modes.input.alternate_screen);
        if alternate {
            self.parser.process(b"\x1b[?47l");
        }
        alternate
    }

    /// Reads the lines off the screen that is shown, the primary one, down to the cursor or the last that shows something.
    fn page(&self) -> Page {
        let cursor = self.emulated_place();
        let places = [Some(cursor), self.saved_place()];
        let mut page = Page::default();
        let (mut last, mut goes_on) = (0, false);
        for row in 0..self.rows() {
            if !goes_on {
                page.lines.push(Line::default());
            }
            goes_on = self.screen().row_wrapped(row);
            let index = page.lines.len() - 1;
            let line = &mut page.lines[index];
            let starts = self.read_row(row, line);
            for (mark, place) in page.marks.iter_mut().zip(places) {
                if let Some((_, column)) = place.filter(|place| place.0 == row) {
                    let byte = starts.get(usize::from(column)).copied();
                    let beyond = usize::from(column).saturating_sub(starts.len()) as u16;
                    *mark = Some(Mark { line: index, byte: byte.unwrap_or(line.text().len()), beyond });
                }
            }
            if row <= cursor.0 || !line.is_blank() {
                (last, page.full) = (index, row + 1 == self.rows());
            }
        }
        page.lines.truncate(last + 1);
        page
    }

    /// Adds what a row shows to a line. Returns where in the line's text each column is, up to the last that has any.
    fn read_row(&self, row: u16, line: &mut Line) -> Vec<usize> {
        let looks = &self.parser.callbacks().looks;
        let cells: Vec<_> = (0..self.columns()).filter_map(|column| self.screen().cell(row, column)).collect();
        let shows = |cell: &&vt100::Cell| cell.has_contents() && cell.contents() != cell_text::PAD;
        let last = cells.iter().rposition(shows);
        let end = last.map_or(0, |last| last + if cells[last].is_wide() { 2 } else { 1 });
        let (mut starts, mut room) = (Vec::with_capacity(end), String::new());
        for cell in cells.iter().take(end) {
            if cell.is_wide_continuation() {
                starts.extend(starts.last().copied());
                continue;
            }
            starts.push(line.text().len());
            let CellText { text, tag } = cell_text::read(cell.contents(), &mut room);
            let extra = tag.map_or(Pen::default().extra, |tag| looks.get(tag));
            line.push(text, Pen { style: cell_text::style(cell), extra });
        }
        line.rest = cells.get(end).map_or(Pen::default().style, |cell| cell_text::style(cell));
        starts
    }

    /// Takes lines back out of the history: the beginning of the first one, and those before it for which there is room, unless
    /// there were blank rows below.
    fn fetch(&mut self, page: &mut Page) {
        let (rows, columns) = (usize::from(self.rows()), self.columns());
        let Listener { history, looks, .. } = self.listener();
        if history.goes_on()
            && let Some(start) = history.take_last()
        {
            page.begin_with(Line::from_history(&start, looks), true);
        }
        let mut height: usize = page.lines.iter().map(|line| line.height(columns)).sum();
        while page.full && height < rows {
            let goes_on = history.goes_on();
            let Some(line) = history.take_last() else { return };
            let line = Line::from_history(&line, looks);
            height += line.height(columns);
            page.begin_with(line, goes_on);
        }
    }
}
