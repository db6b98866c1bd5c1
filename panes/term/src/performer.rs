//! Carries out what the scanner finds: most of it by handing the emulator the very bytes that came, the rest by telling
//! it in words it understands, or by keeping what it does not.
//!
//! What the families of sequences do is in the files below: printing, moving, modes, and reports; and writing lines again.

mod cursor;
mod look;
mod mode;
mod page;
mod print;
mod report;
mod strings;

use crate::Event;
use crate::csi::Csi;
use crate::scanner::Sink;
use crate::tabs::Tabs;
use crate::terminal::{Place, Terminal};

/// How many cells a byte of output may fill in passing, by a repeat or the like.
const CREDIT_PER_BYTE: u32 = 4;

/// Feeds a terminal with one piece of output.
pub(crate) struct Performer<'a> {
    terminal: &'a mut Terminal,
}

impl<'a> Performer<'a> {
    pub(crate) fn new(terminal: &'a mut Terminal) -> Self {
        Self { terminal }
    }

    /// Has the emulator read something that also concerns what is not followed here: it is never left out.
    fn inject(&mut self, bytes: &[u8]) {
        self.terminal.settle();
        self.terminal.parser.process(bytes);
    }

    /// Has the emulator read something in its turn. It concerns nothing but cells, the cursor and how the next character
    /// looks, and is left out if no row that it concerns is seen afterwards.
    fn pass(&mut self, bytes: &[u8]) {
        self.terminal.unread.push(bytes);
    }

    fn pass_csi(&mut self, csi: &Csi, whole: Option<&[u8]>) {
        match whole {
            Some(bytes) => self.pass(bytes),
            None => self.terminal.unread.push_csi(csi),
        }
    }

    /// Where the cursor is.
    fn place(&mut self) -> Place {
        if let Some(place) = self.terminal.cursor {
            return place;
        }
        self.terminal.settle();
        let place = self.terminal.emulated_place();
        self.terminal.cursor = Some(place);
        place
    }

    /// Something happened to the screen of which only the emulator knows.
    fn lose_track(&mut self) {
        self.terminal.cursor = None;
        if let Some(rows) = self.terminal.known_rows() {
            rows.forget_all();
        }
    }

    /// Takes back that the next character wraps: it is to go where the last one is.
    fn cancel_wrap(&mut self) -> Place {
        let (row, column) = self.place();
        if column < self.terminal.columns() {
            return (row, column);
        }
        let place = (row, self.terminal.columns() - 1);
        self.terminal.cursor = Some(place);
        self.pass(b"\x1b[C");
        place
    }

    fn shape_cursor(&mut self, csi: &Csi) {
        self.inject(format!("\x1b[{} q", csi.param(0)).as_bytes());
    }

    fn reply(&mut self, bytes: &str) {
        self.terminal.listener().reply(bytes.as_bytes());
    }

    fn event(&mut self, event: Event) {
        self.terminal.listener().event(event);
    }

    /// Whether so many cells may be filled now.
    fn afford(&mut self, cells: u32) -> bool {
        let credit = self.terminal.credit.checked_sub(cells);
        self.terminal.credit = credit.unwrap_or(self.terminal.credit);
        credit.is_some()
    }

    fn earn(&mut self, bytes: usize) {
        let most = self.terminal.most_credit();
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = bytes.saturating_mul(CREDIT_PER_BYTE);
        self.terminal.credit = self.terminal.credit.saturating_add(earned).min(most);
    }

    fn sgr(&mut self, csi: &Csi, whole: Option<&[u8]>) {
        let before = self.terminal.pen.style;
        if self.terminal.pen.apply(csi) {
            self.pass_csi(csi, whole);
        } else if before != self.terminal.pen.style {
            self.inject_pen();
        }
    }

    /// Tells the emulator how the next character looks.
    fn inject_pen(&mut self) {
        let mut sgr = String::new();
        let written = self.terminal.pen.style.write_sgr(&mut sgr);
        debug_assert!(written.is_ok(), "a string takes whatever is written");
        self.pass(sgr.as_bytes());
    }
}

impl Sink for Performer<'_> {
    fn text(&mut self, text: &str) {
        self.print(text);
        self.earn(text.len());
    }

    fn replacement(&mut self) {
        self.print(crate::cell_text::REPLACEMENT);
    }

    fn control(&mut self, byte: u8) {
        match byte {
            b'\n' | 0x0b | 0x0c => self.line_feed(byte),
            b'\r' => {
                if let Some((_, column)) = &mut self.terminal.cursor {
                    *column = 0;
                }
                self.pass(b"\r");
            }
            b'\t' => self.tab(),
            0x08 => self.backspace(),
            0x07 => self.event(Event::Bell),
            0x0e | 0x0f => self.terminal.charsets.shift(byte == 0x0e),
            _ => {}
        }
    }

    fn escape(&mut self, intermediate: u8, last: u8) {
        self.earn(2);
        match (intermediate, last) {
            (0, b'7') => self.save_cursor(),
            (0, b'8') => self.restore_cursor(),
            (0, b'=' | b'>') => self.terminal.modes.input.application_keypad = last == b'=',
            (0, b'D') => self.line_feed(b'\n'),
            (0, b'E') => {
                self.control(b'\r');
                self.index();
            }
            (0, b'H') => {
                let (_, column) = self.place();
                self.terminal.tabs.set(column.min(self.terminal.columns() - 1), true);
            }
            (0, b'M') => self.reverse_index(),
            (0, b'c') => {
                self.terminal.settle();
                self.terminal.reset();
            }
            (0, b'g') => self.event(Event::Bell),
            (b'#', b'8') => self.fill_with_e(),
            _ => {
                self.terminal.charsets.escape(intermediate, last);
            }
        }
    }

    fn csi(&mut self, csi: &Csi, whole: Option<&[u8]>) {
        if csi.invalid {
            return;
        }
        match (csi.marker, csi.intermediate, csi.last) {
            (0, 0, b'm') => self.sgr(csi, whole),
            (0, 0, b'b') => self.repeat(csi.count(0)),
            (0 | b'?', 0, b'J') => self.erase_display(csi, whole),
            (0 | b'?', 0, b'K') => self.erase_line(csi, whole),
            (0, 0, b'X' | b'@' | b'P' | b'L' | b'M' | b'S' | b'T') => self.edit(csi, whole),
            (
                0,
                0,
                b'A'..=b'H' | b'f' | b'`' | b'a' | b'd' | b'e' | b'j' | b'k' | b'I' | b'Z' | b'g' | b'r' | b's' | b'u',
            ) => {
                self.move_cursor(csi, whole);
            }
            (0, b' ', b'q') => self.shape_cursor(csi),
            (0, 0, b'h' | b'l') => self.set_ansi_modes(csi),
            (b'?', 0, b'h' | b'l') => self.set_modes(csi),
            (0, b'!', b'p') => self.soft_reset(),
            (b'?', 0, b'W') if csi.param(0) == 5 => self.terminal.tabs = Tabs::default(),
            (b'>' | b'<' | b'=', 0, b'u') => self.set_keyboard_flags(csi),
            (b'>', 0, b'm' | b'n') => self.set_modify_other_keys(csi),
            (0, 0, b't') => self.window(csi),
            _ => self.report(csi),
        }
        let length = csi.params().len() + 3;
        self.earn(length);
    }

    fn osc(&mut self, string: &[u8]) {
        self.operating_system_command(string);
    }

    fn dcs(&mut self, string: &[u8]) {
        self.device_control(string);
    }
}
