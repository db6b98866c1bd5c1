//! Printing: text as it is, translated, inserted, or kept to the last column, and the same character again and again.

use unicode_width::UnicodeWidthChar;

use super::Performer;
use crate::cell_text;

/// Makes some characters wide: variation selector 16.
const SELECTOR: char = '\u{fe0f}';

impl Performer<'_> {
    pub(super) fn print(&mut self, text: &str) {
        if self.terminal.prints_plainly() || self.fits_without_wrapping(text) {
            self.print_plain(text);
        } else if self.terminal.modes.insert || !self.terminal.modes.wrap {
            for c in text.chars() {
                let c = self.terminal.charsets.map(c);
                self.print_one(c);
            }
        } else {
            let charsets = &mut self.terminal.charsets;
            let text: String = text.chars().map(|c| charsets.map(c)).collect();
            self.print_plain(&text);
        }
    }

    /// Whether text that would not wrap does not come to where that matters.
    fn fits_without_wrapping(&mut self, text: &str) -> bool {
        if self.terminal.modes.insert || !self.terminal.charsets.is_plain() || !text.is_ascii() {
            return false;
        }
        let (_, column) = self.place();
        usize::from(column) + text.len() <= usize::from(self.terminal.columns())
    }

    /// Prints text where the emulator puts it of its own.
    fn print_plain(&mut self, text: &str) {
        self.place();
        if let Some(tag) = self.tag() {
            self.print_tagged(text, tag);
        } else if text.is_ascii() {
            self.put_ascii(text);
            self.terminal.last_char = text.chars().next_back();
        } else if !text.bytes().any(|byte| matches!(byte, 0xef | 0xf3 | 0xf4)) {
            // Special characters begin with one of these bytes.
            self.put_text(text);
        } else {
            let mut rest = text;
            while let Some(c) = rest.chars().next() {
                let (one, after) = rest.split_at(c.len_utf8());
                self.print_special(c, one);
                rest = after;
            }
        }
    }

    /// Prints one character, which may be one of those that the emulator does not take as it is.
    pub(super) fn print_special(&mut self, c: char, one: &str) {
        match c {
            SELECTOR => {
                self.select_emoji();
                self.place();
            }
            '\u{fffd}' => self.put(c, cell_text::REPLACEMENT),
            c if cell_text::is_tag(c) => {}
            _ => self.put(c, one),
        }
    }

    /// Makes the last character an emoji. The emulator corrupts its screen, and panics later, when the last character of
    /// a row becomes wide, so that one stays as it is.
    pub(super) fn select_emoji(&mut self) {
        let (row, column) = self.place();
        if column >= self.terminal.columns() {
            return;
        }
        if let Some(rows) = self.terminal.known_rows() {
            rows.forget(row);
        }
        self.terminal.cursor = None;
        // The emulator finds the emoji only while nothing stands between.
        self.terminal.settle();
        if let Some((base, tag)) = self.tagged_base(row, column) {
            return self.inject(format!("\x08{base}{SELECTOR}{tag}").as_bytes());
        }
        self.inject(SELECTOR.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// Puts text of one column per character where it goes.
    fn put_ascii(&mut self, mut text: &str) {
        let columns = self.terminal.columns();
        while !text.is_empty() {
            let Some((_, column)) = self.next_place(1) else { return self.pass(text.as_bytes()) };
            let (now, later) = text.split_at(text.len().min(usize::from(columns - column)));
            self.put_run(now, now.len() as u16);
            text = later;
        }
    }

    /// As [`put_ascii`](Self::put_ascii) for any text, in runs of what is printed side by side.
    fn put_text(&mut self, text: &str) {
        let columns = self.terminal.columns();
        let (mut start, mut width) = (0, 0);
        for (index, c) in text.char_indices() {
            let more = emulated_width(c).unwrap_or(0);
            let room = self.terminal.cursor.map_or(0, |(_, column)| columns.saturating_sub(column));
            if more > 0 && width + more <= room {
                width += more;
                continue;
            }
            self.put_run(&text[start..index], width);
            let end = index + c.len_utf8();
            self.put(c, &text[index..end]);
            (start, width) = (end, 0);
        }
        self.put_run(&text[start..], width);
        if let Some(c) = text.chars().rev().find(|c| emulated_width(*c).is_some_and(|width| width > 0)) {
            self.terminal.last_char = Some(c);
        }
    }

    /// Puts a run of text for which there is room in its row.
    fn put_run(&mut self, text: &str, width: u16) {
        let (style, link) = self.style();
        if let Some((row, column)) = self.terminal.cursor.filter(|_| width > 0) {
            if let Some(rows) = self.terminal.known_rows() {
                rows.print((row, column), text, width, style, link);
            }
            self.terminal.cursor = Some((row, column + width));
        }
        self.pass(text.as_bytes());
    }

    /// Puts one character, which the emulator knows as `text`, where it goes. One that it does not draw goes nowhere.
    fn put(&mut self, c: char, text: &str) {
        let Some(width) = emulated_width(c) else { return };
        if width == 0 {
            if let Some((row, _)) = self.terminal.cursor
                && let Some(rows) = self.terminal.known_rows()
            {
                rows.forget(row);
            }
            return self.pass(text.as_bytes());
        }
        self.terminal.last_char = Some(c);
        if let Some((row, column)) = self.next_place(width) {
            let (style, link) = self.style();
            if let Some(rows) = self.terminal.known_rows() {
                rows.print((row, column), cell_text::shown(text), width, style, link);
            }
            self.terminal.cursor = Some((row, column + width));
        }
        self.pass(text.as_bytes());
    }

    /// Where a character of that width will go; `None` if only the emulator can tell. Wraps and scrolls for it.
    fn next_place(&mut self, width: u16) -> Option<(u16, u16)> {
        let (row, column) = self.terminal.cursor?;
        let columns = self.terminal.columns();
        if column + width <= columns {
            return Some((row, column));
        }
        if column < columns {
            // Only a row whose last column is not blank goes on in the next, to the emulator.
            self.pass(cell_text::PAD.as_bytes());
        }
        if let Some(rows) = self.terminal.known_rows() {
            rows.wrap(row, column);
        }
        let place = (self.next_row(row, 0, 0), 0);
        self.terminal.cursor = Some(place);
        Some(place)
    }

    /// Prints a character in insert mode, or without wrapping.
    fn print_one(&mut self, c: char) {
        let mut buffer = [0; 4];
        let text = c.encode_utf8(&mut buffer);
        let width = c.width().unwrap_or(1).min(2) as u16;
        if width == 0 {
            return self.print_plain(text);
        }
        let (_, column) = self.place();
        let columns = self.terminal.columns();
        let full = column + width > columns;
        self.lose_track();
        if full && !self.terminal.modes.wrap {
            self.inject(format!("\x1b[{}G", columns - width + 1).as_bytes());
        } else if full {
            self.inject(b"\r\n");
        }
        if self.terminal.modes.insert {
            self.inject(format!("\x1b[{width}@").as_bytes());
        }
        self.print_plain(text);
    }

    /// Prints the last character again (REP), at most a screen full of it.
    pub(super) fn repeat(&mut self, count: u16) {
        let cells = u32::from(self.terminal.rows()) * u32::from(self.terminal.columns());
        let count = u32::from(count).min(cells).min(self.terminal.credit);
        let Some(c) = self.terminal.last_char else { return };
        self.terminal.credit = self.terminal.credit.saturating_sub(count);
        if self.terminal.modes.insert || !self.terminal.modes.wrap {
            return (0..count).for_each(|_| self.print_one(c));
        }
        let mut rest = count as usize;
        while rest > 0 {
            let now = rest.min(1024);
            let text: String = std::iter::repeat_n(c, now).collect();
            self.print_plain(&text);
            rest -= now;
        }
    }
}

/// How many columns the emulator gives a character; `None` if it draws none. What has no width is drawn in one column,
/// if it is no control character.
pub(super) fn emulated_width(c: char) -> Option<u16> {
    match c {
        ' '..='~' => Some(1),
        _ => match c.width() {
            None if u32::from(c) < 256 => None,
            width => Some(width.unwrap_or(1).min(2) as u16),
        },
    }
}
