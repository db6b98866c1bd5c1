//! Writing lines that were on a screen of another size.

use super::Performer;
use super::print::emulated_width;
use crate::Style;
use crate::cell_text;
use crate::csi::Csi;
use crate::page::{Line, Mark, Page};
use crate::pen::Pen;
use crate::scanner::Sink;
use crate::terminal::Place;

/// A place on a screen that scrolls: its row is counted from the first one there ever was.
type FarPlace = (u64, u16);

impl Performer<'_> {
    /// Writes lines onto the blank screen, and puts the cursor and the saved one where they were in them. Whatever else the
    /// program had set stays as it was.
    pub(crate) fn write_page(&mut self, page: &Page) {
        let (pen, modes, last) = (self.terminal.pen, self.terminal.modes, self.terminal.last_char);
        let charsets = std::mem::take(&mut self.terminal.charsets);
        let now = &mut self.terminal.modes;
        (now.insert, now.newline, now.wrap, now.origin) = (false, false, true, false);
        let mut places = [None; 2];
        for (index, line) in page.lines.iter().enumerate() {
            if index > 0 {
                self.control(b'\r');
                self.control(b'\n');
            }
            self.write_line(line, page.marks.map(|mark| mark.filter(|mark| mark.line == index)), &mut places);
        }
        self.terminal.settle();
        let [cursor, saved] = places.map(|place| place.map(|place| self.near(place)));
        self.put_saved_cursor(saved);
        self.terminal.modes = modes;
        self.put_cursor(cursor.unwrap_or_default());
        (self.terminal.pen, self.terminal.charsets, self.terminal.last_char) = (pen, charsets, last);
        self.inject_pen();
        self.terminal.settle();
    }

    fn write_line(&mut self, line: &Line, marks: [Option<Mark>; 2], places: &mut [Option<FarPlace>; 2]) {
        let (mut at, end) = (0, line.text().len());
        for (mut piece, pen) in line.pieces() {
            self.terminal.pen = pen;
            self.inject_pen();
            while let Some(next) = piece.chars().next() {
                let mut stop = at + piece.len();
                for (mark, place) in marks.iter().zip(&mut *places) {
                    match mark.map(|mark| mark.byte) {
                        Some(byte) if byte == at => *place = Some(self.place_of(next)),
                        Some(byte) if byte > at => stop = stop.min(byte),
                        _ => {}
                    }
                }
                let (now, later) = piece.split_at(stop - at);
                self.print(now);
                (at, piece) = (stop, later);
            }
        }
        for (mark, place) in marks.iter().zip(places) {
            if let Some(mark) = mark.filter(|mark| mark.byte >= end) {
                *place = Some(self.place_beyond(mark.beyond));
            }
        }
        let (_, column) = self.place();
        if line.rest != Style::DEFAULT && column < self.terminal.columns() {
            self.terminal.pen = Pen { style: line.rest, ..Pen::default() };
            self.inject_pen();
            self.erase_line(&Csi::parse(b"", b'K'), None);
        }
    }

    /// Where a character goes that is printed next.
    fn place_of(&mut self, next: char) -> FarPlace {
        let (row, column) = self.place();
        let row = self.terminal.scrolled + u64::from(row);
        let fits = column + emulated_width(next).unwrap_or(0) <= self.terminal.columns();
        if fits { (row, column) } else { (row + 1, 0) }
    }

    /// So many columns to the right of what was printed last.
    fn place_beyond(&mut self, columns: u16) -> FarPlace {
        let (row, column) = self.place();
        let last = self.terminal.columns() - 1;
        let column = if columns == 0 { column } else { column.saturating_add(columns).min(last) };
        (self.terminal.scrolled + u64::from(row), column)
    }

    /// A place on the screen as it is now; in its first row if it has scrolled off.
    fn near(&self, (row, column): FarPlace) -> Place {
        (row.saturating_sub(self.terminal.scrolled) as u16, column)
    }

    fn put_saved_cursor(&mut self, place: Option<Place>) {
        let Some((row, column)) = place else { return };
        let place = (row, column.min(self.terminal.columns() - 1));
        let saved = self.terminal.saved();
        saved.place = Some(place);
        if saved.origin {
            self.inject(b"\x1b[?6h");
        }
        self.go_to(place.0, place.1);
        self.inject(b"\x1b7\x1b[?6l");
    }

    /// Puts the cursor into a place. To the right of the last column it only comes by printing there.
    fn put_cursor(&mut self, (row, column): Place) {
        if self.terminal.modes.origin {
            self.inject(b"\x1b[?6h");
        }
        let last = self.terminal.columns() - 1;
        self.go_to(row, column.min(last));
        self.terminal.cursor = Some((row, column.min(last)));
        if column <= last {
            return;
        }
        let ends = |column, cell: &vt100::Cell| cell.has_contents() && (column == last || cell.is_wide());
        let cell = |column| self.terminal.screen().cell(row, column).filter(|cell| ends(column, cell));
        if let Some((start, cell)) = [last, last - 1].into_iter().find_map(|column| Some((column, cell(column)?))) {
            let (text, pen) = (cell.contents().to_owned(), Pen { style: cell_text::style(cell), ..Pen::default() });
            self.go_to(row, start);
            self.terminal.pen = pen;
            self.inject_pen();
            self.pass(text.as_bytes());
            self.terminal.cursor = Some((row, column));
        }
    }
}
