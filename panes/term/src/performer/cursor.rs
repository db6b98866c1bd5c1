//! Moving the cursor, and erasing and moving what is there.

use super::Performer;
use crate::Style;
use crate::csi::Csi;
use crate::scanner::Sink;
use crate::terminal::Saved;

impl Performer<'_> {
    pub(super) fn line_feed(&mut self, byte: u8) {
        let (row, column) = self.cancel_wrap();
        let row = self.next_row(row, column, 1);
        self.terminal.cursor = Some((row, column));
        self.pass(&[byte]);
        if self.terminal.modes.newline {
            self.control(b'\r');
        }
    }

    /// The row below a row. Notes what scrolls for that once the emulator has read so many bytes more, with the cursor in that
    /// column.
    pub(super) fn next_row(&mut self, row: u16, column: u16, bytes: u64) -> u16 {
        let last = self.terminal.rows() - 1;
        match self.terminal.margins {
            None if row < last => row + 1,
            None => {
                self.terminal.scroll(column, bytes);
                row
            }
            Some((_, bottom)) => {
                if let Some(rows) = self.terminal.known_rows() {
                    rows.forget_all();
                }
                if row == bottom { row } else { (row + 1).min(last) }
            }
        }
    }

    /// A line feed that nothing turns into more.
    pub(super) fn index(&mut self) {
        let newline = std::mem::take(&mut self.terminal.modes.newline);
        self.line_feed(b'\n');
        self.terminal.modes.newline = newline;
    }

    pub(super) fn reverse_index(&mut self) {
        let (row, column) = self.cancel_wrap();
        let top = self.terminal.margins.map_or(0, |(top, _)| top);
        if row == top {
            self.part_from_history();
            self.lose_track();
            self.inject(b"\x1bM");
        } else {
            self.go_to(row.saturating_sub(1), column);
        }
    }

    pub(super) fn tab(&mut self) {
        let (row, column) = self.place();
        let last = self.terminal.columns() - 1;
        // There is nowhere to go, and the next character still wraps.
        if column > last {
            return;
        }
        let next = self.terminal.tabs.forward(column, 1, last);
        self.terminal.cursor = Some((row, next));
        if self.terminal.tabs.are_usual() {
            self.pass(b"\t");
        } else {
            self.go_to_column(next);
        }
    }

    pub(super) fn backspace(&mut self) {
        let (row, column) = self.cancel_wrap();
        self.terminal.cursor = Some((row, column.saturating_sub(1)));
        self.pass(b"\x08");
    }

    fn go_to_column(&mut self, column: u16) {
        self.pass(format!("\x1b[{}G", column + 1).as_bytes());
    }

    /// Moves to a place on the screen, wherever the origin is.
    pub(super) fn go_to(&mut self, row: u16, column: u16) {
        self.terminal.cursor = None;
        let top = if self.terminal.modes.origin { self.terminal.margins.map_or(0, |(top, _)| top) } else { 0 };
        let row = row.saturating_sub(top) + 1;
        self.inject(format!("\x1b[{row};{}H", column + 1).as_bytes());
    }

    pub(super) fn move_cursor(&mut self, csi: &Csi, whole: Option<&[u8]>) {
        let (last_row, last_column) = (self.terminal.rows() - 1, self.terminal.columns() - 1);
        let free = self.terminal.margins.is_none() && !self.terminal.modes.origin;
        let count = csi.count(0);
        match csi.last {
            b'H' | b'f' => {
                let place = ((count - 1).min(last_row), (csi.count(1) - 1).min(last_column));
                self.terminal.cursor = free.then_some(place);
                self.pass_csi(csi, whole);
            }
            b'G' | b'`' => {
                if let Some((_, column)) = &mut self.terminal.cursor {
                    *column = (count - 1).min(last_column);
                }
                self.pass_csi(csi, whole);
            }
            b'A' | b'B' | b'C' | b'D' | b'E' | b'F' => {
                let (row, column) = self.cancel_wrap();
                let (top, bottom) = self.terminal.margins.unwrap_or((0, last_row));
                let (highest, lowest) = (if row < top { 0 } else { top }, if row > bottom { last_row } else { bottom });
                let (up, down) = (row.saturating_sub(count).max(highest), row.saturating_add(count).min(lowest));
                let place = match csi.last {
                    b'A' => (up, column),
                    b'B' => (down, column),
                    b'C' => (row, column.saturating_add(count).min(last_column)),
                    b'D' => (row, column.saturating_sub(count)),
                    b'E' => (down, 0),
                    _ => (up, 0),
                };
                // The emulator stops at a margin only if it was between both.
                if self.terminal.margins.is_some() && place.0 != row {
                    self.go_to(place.0, place.1);
                } else {
                    self.pass_csi(csi, whole);
                }
                self.terminal.cursor = Some(place);
            }
            b'a' => {
                let (row, column) = self.cancel_wrap();
                self.go_to(row, column.saturating_add(count).min(last_column));
            }
            b'd' => {
                let (_, column) = self.cancel_wrap();
                if self.terminal.modes.origin {
                    self.terminal.cursor = None;
                    self.inject(format!("\x1b[{count};{}H", column + 1).as_bytes());
                } else {
                    self.terminal.cursor = Some(((count - 1).min(last_row), column));
                    self.pass_csi(csi, whole);
                }
            }
            b'e' => {
                let (row, column) = self.cancel_wrap();
                self.go_to(row.saturating_add(count).min(last_row), column);
            }
            b'j' => {
                let (row, column) = self.cancel_wrap();
                self.go_to(row, column.saturating_sub(count));
            }
            b'k' => {
                let (row, column) = self.cancel_wrap();
                self.go_to(row.saturating_sub(count), column);
            }
            b'I' | b'Z' => {
                let (row, column) = self.place();
                let column = match csi.last {
                    b'I' if column > last_column => return,
                    b'I' => self.terminal.tabs.forward(column, count, last_column),
                    _ => self.terminal.tabs.backward(column.min(last_column), count),
                };
                self.terminal.cursor = Some((row, column));
                self.go_to_column(column);
            }
            b'g' => self.clear_tabs(csi.param(0)),
            b'r' => self.set_margins(csi),
            b's' if csi.param(0) == 0 => self.save_cursor(),
            b'u' => self.restore_cursor(),
            _ => {}
        }
    }

    fn clear_tabs(&mut self, which: u16) {
        match which {
            0 => {
                let (_, column) = self.place();
                self.terminal.tabs.set(column, false);
            }
            3 => self.terminal.tabs.clear(),
            _ => {}
        }
    }

    fn set_margins(&mut self, csi: &Csi) {
        let last = self.terminal.rows() - 1;
        let top = csi.count(0) - 1;
        let bottom = if csi.param(1) == 0 { last } else { (csi.param(1) - 1).min(last) };
        if top >= bottom {
            return;
        }
        self.terminal.margins = ((top, bottom) != (0, last)).then_some((top, bottom));
        self.inject_margins();
        self.inject(b"\x1b[H");
    }

    /// Tells the emulator the margins; the cursor is anywhere then.
    pub(super) fn inject_margins(&mut self) {
        self.terminal.cursor = None;
        match self.terminal.margins {
            Some((top, bottom)) => self.inject(format!("\x1b[{};{}r", top + 1, bottom + 1).as_bytes()),
            None => self.inject(b"\x1b[r"),
        }
    }

    pub(super) fn save_cursor(&mut self) {
        let place = Some(self.place());
        self.inject(b"\x1b7");
        let (pen, charsets, origin) = (self.terminal.pen, self.terminal.charsets, self.terminal.modes.origin);
        *self.terminal.saved() = Saved { place, pen, charsets, origin };
    }

    pub(super) fn restore_cursor(&mut self) {
        self.terminal.cursor = None;
        self.inject(b"\x1b8");
        let saved = *self.terminal.saved();
        (self.terminal.pen, self.terminal.charsets) = (saved.pen, saved.charsets);
        self.terminal.modes.origin = saved.origin;
        self.inject_pen();
    }

    pub(super) fn erase_display(&mut self, csi: &Csi, whole: Option<&[u8]>) {
        if csi.param(0) == 3 {
            self.terminal.settle();
            return self.terminal.listener().history.clear();
        }
        let (row, column) = self.cancel_wrap();
        if csi.param(0) != 0 || (row, column) == (0, 0) {
            self.part_from_history();
        }
        let plain = self.terminal.pen.style == Style::DEFAULT;
        let last = self.terminal.rows();
        if let Some(rows) = self.terminal.known_rows() {
            match csi.param(0) {
                2 if plain => rows.erase_all(),
                0 if plain && (row, column) == (0, 0) => rows.erase_all(),
                0 if plain => {
                    rows.erase_right(row, column);
                    (row + 1..last).for_each(|row| rows.erase_right(row, 0));
                }
                _ => rows.forget_all(),
            }
        }
        self.pass_csi(csi, whole);
    }

    pub(super) fn erase_line(&mut self, csi: &Csi, whole: Option<&[u8]>) {
        let (row, column) = self.cancel_wrap();
        if row == 0 && (column == 0 || csi.param(0) != 0) {
            self.part_from_history();
        }
        let plain = self.terminal.pen.style == Style::DEFAULT;
        if let Some(rows) = self.terminal.known_rows() {
            if csi.param(0) == 0 && plain { rows.erase_right(row, column) } else { rows.forget(row) }
        }
        self.pass_csi(csi, whole);
    }

    /// What the first row shows does not go on from the line that scrolled off last.
    pub(super) fn part_from_history(&mut self) {
        if !self.terminal.alternate() {
            self.terminal.settle();
            self.terminal.listener().history.finish_line();
        }
    }

    /// Inserts, deletes and erases characters and lines, and scrolls.
    pub(super) fn edit(&mut self, csi: &Csi, whole: Option<&[u8]>) {
        // With more parameters it is about the mouse.
        if csi.last == b'T' && csi.params().len() > 1 {
            return;
        }
        let (row, _) = self.cancel_wrap();
        if csi.last == b'T' || row == 0 && matches!(csi.last, b'L' | b'M') {
            self.part_from_history();
        }
        if let Some(rows) = self.terminal.known_rows() {
            if matches!(csi.last, b'X' | b'@' | b'P') { rows.forget(row) } else { rows.forget_all() }
        }
        self.pass_csi(csi, whole);
        // The next row that is expected to scroll off must not be taken for one of these.
        if csi.last == b'S' {
            self.terminal.cursor = None;
        }
    }

    /// Fills the screen with the letter E (DECALN).
    pub(super) fn fill_with_e(&mut self) {
        let (rows, columns) = (self.terminal.rows(), self.terminal.columns());
        self.part_from_history();
        self.lose_track();
        self.terminal.margins = None;
        self.terminal.modes.origin = false;
        self.inject(b"\x1b[?6l\x1b[r");
        if self.afford(u32::from(rows) * u32::from(columns)) {
            self.inject(b"\x1b[m");
            let line = "E".repeat(usize::from(columns));
            (1..=rows).for_each(|row| self.inject(format!("\x1b[{row}H{line}").as_bytes()));
            self.inject_pen();
        }
        self.inject(b"\x1b[H");
    }
}
