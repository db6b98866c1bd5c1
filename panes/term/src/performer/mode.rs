//! Setting modes, and changing between the two screens.

use super::Performer;
use crate::charsets::Charsets;
use crate::csi::Csi;
use crate::pen::Pen;
use crate::terminal::Saved;

impl Performer<'_> {
    pub(super) fn set_ansi_modes(&mut self, csi: &Csi) {
        for &mode in csi.params() {
            self.terminal.modes.set_ansi(mode, csi.last == b'h');
        }
    }

    pub(super) fn set_modes(&mut self, csi: &Csi) {
        let on = csi.last == b'h';
        for &mode in csi.params() {
            match mode {
                3 => self.begin_page(),
                6 => {
                    self.terminal.cursor = None;
                    self.terminal.modes.origin = on;
                    self.inject(if on { b"\x1b[?6h" } else { b"\x1b[?6l" });
                }
                7 => {
                    if on && !self.terminal.modes.wrap {
                        self.cancel_wrap();
                    }
                    self.terminal.modes.wrap = on;
                }
                47 | 1047 | 1049 => self.show_screen(mode, on),
                1048 if on => self.save_cursor(),
                1048 => self.restore_cursor(),
                _ => self.terminal.modes.set(mode, on),
            }
        }
    }

    /// What comes with another number of columns (DECCOLM), which a program does not choose here: the screen is erased, the margins
    /// are its edges, and the cursor is in the first row and column.
    fn begin_page(&mut self) {
        self.terminal.margins = None;
        self.inject_margins();
        self.inject(b"\x1b[H");
        self.erase_display(&Csi::parse(b"2", b'J'), None);
    }

    /// Shows the alternate screen or the primary one. The cursor stays where it is, unless the mode says more.
    fn show_screen(&mut self, mode: u16, alternate: bool) {
        if alternate && mode == 1049 {
            self.save_cursor();
        }
        if alternate != self.terminal.alternate() {
            let (row, column) = self.cancel_wrap();
            self.terminal.cursor = None;
            match (alternate, mode) {
                (true, 1049) => {
                    self.inject(b"\x1b[?47h\x1b[m\x1b[2J");
                    self.inject_pen();
                }
                (true, _) => self.inject(b"\x1b[?47h"),
                (false, 1047) => {
                    self.inject(b"\x1b[m\x1b[2J\x1b[?47l");
                    self.inject_pen();
                }
                (false, _) => self.inject(b"\x1b[?47l"),
            }
            self.terminal.modes.input.alternate_screen = alternate;
            // The emulator has margins, an origin and a cursor for each screen, other terminals have one for both.
            self.inject(b"\x1b[?6l");
            self.inject_margins();
            if self.terminal.modes.origin {
                self.inject(b"\x1b[?6h");
            }
            self.go_to(row, column);
        }
        if !alternate && mode == 1049 {
            self.restore_cursor();
        }
    }

    /// The soft reset (DECSTR): modes, margins and looks are as at the start, the screen is not touched.
    pub(super) fn soft_reset(&mut self) {
        let (row, column) = self.cancel_wrap();
        let modes = &mut self.terminal.modes;
        (modes.insert, modes.origin, modes.wrap, modes.show_cursor) = (false, false, true, true);
        (modes.input.application_cursor, modes.input.application_keypad) = (false, false);
        self.terminal.margins = None;
        self.terminal.charsets = Charsets::default();
        self.terminal.pen = Pen::default();
        self.terminal.cursor = None;
        self.inject(b"\x1b[m\x1b[?6l\x1b[r\x1b[H\x1b7");
        *self.terminal.saved() = Saved::default();
        self.go_to(row, column);
    }

    pub(super) fn set_keyboard_flags(&mut self, csi: &Csi) {
        let stack = self.terminal.keyboard();
        match csi.marker {
            b'>' => stack.push(csi.param(0)),
            b'<' => stack.pop(csi.param(0)),
            _ => stack.set(csi.param(0), csi.param(1)),
        }
        self.terminal.modes.input.keyboard = self.terminal.keyboard().current();
    }

    pub(super) fn set_modify_other_keys(&mut self, csi: &Csi) {
        let input = &mut self.terminal.modes.input;
        match (csi.last, csi.param(0)) {
            (b'm', 4) => input.modify_other_keys = csi.param(1).min(2) as u8,
            (b'n', 4) | (b'm', 0) => input.modify_other_keys = 0,
            _ => {}
        }
    }
}
