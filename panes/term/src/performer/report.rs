//! Answers to what a program asks by control sequence.

use super::Performer;
use crate::csi::Csi;

/// A cell in pixels, for programs that want to know. There are no pixels here; these are usual numbers.
const CELL: (u32, u32) = (8, 16);

impl Performer<'_> {
    pub(super) fn report(&mut self, csi: &Csi) {
        let first = csi.param(0);
        match (csi.marker, csi.intermediate, csi.last) {
            // A VT220 that knows ANSI colour.
            (0, 0, b'c') if first == 0 => self.reply("\x1b[?62;22c"),
            // An xterm of a patch level from which on vim turns to SGR mouse reports, and no patch level of another.
            (b'>', 0, b'c') if first == 0 => self.reply("\x1b[>1;277;0c"),
            (b'=', 0, b'c') if first == 0 => self.reply("\x1bP!|00000000\x1b\\"),
            (0, 0, b'n') if first == 5 => self.reply("\x1b[0n"),
            (0, 0, b'n') if first == 6 => self.report_cursor(""),
            (b'?', 0, b'n') if first == 6 => self.report_cursor("?"),
            (b'?', 0, b'n') if first == 996 => {
                let report = self.terminal.palette.scheme_report();
                self.terminal.listener().reply(report);
            }
            (b'?', b'$', b'p') => {
                let state = state(self.terminal.modes.is_set(first));
                self.reply(&format!("\x1b[?{first};{state}$y"));
            }
            (0, b'$', b'p') => {
                let state = state(self.terminal.modes.is_set_ansi(first));
                self.reply(&format!("\x1b[{first};{state}$y"));
            }
            (b'>', 0, b'q') if first == 0 => {
                self.reply(concat!("\x1bP>|locald(", env!("CARGO_PKG_VERSION"), ")\x1b\\"));
            }
            (b'?', 0, b'u') => {
                let flags = self.terminal.keyboard().current();
                self.reply(&format!("\x1b[?{flags}u"));
            }
            (b'?', 0, b'm') if first == 4 => {
                let level = self.terminal.modes.input.modify_other_keys;
                self.reply(&format!("\x1b[>4;{level}m"));
            }
            _ => {}
        }
    }

    /// The cursor's place (CPR), with an origin counted from there.
    fn report_cursor(&mut self, private: &str) {
        let (row, column) = self.place();
        let size = self.terminal.size;
        let top = if self.terminal.modes.origin { self.terminal.margins.map_or(0, |(top, _)| top) } else { 0 };
        let (row, column) = (row.min(size.rows() - 1).saturating_sub(top) + 1, column.min(size.columns() - 1) + 1);
        self.reply(&format!("\x1b[{private}{row};{column}R"));
    }

    /// Reports of sizes, and titles put aside.
    pub(super) fn window(&mut self, csi: &Csi) {
        let (rows, columns) = (u32::from(self.terminal.size.rows()), u32::from(self.terminal.size.columns()));
        let (width, height) = CELL;
        match (csi.param(0), csi.param(1)) {
            (14, _) => self.reply(&format!("\x1b[4;{};{}t", rows * height, columns * width)),
            (16, _) => self.reply(&format!("\x1b[6;{height};{width}t")),
            (18, _) => self.reply(&format!("\x1b[8;{rows};{columns}t")),
            (19, _) => self.reply(&format!("\x1b[9;{rows};{columns}t")),
            (22, 0 | 2) => self.terminal.titles.push(),
            (23, 0 | 2) if self.terminal.titles.pop() => self.event(crate::Event::TitleChanged),
            _ => {}
        }
    }
}

/// As DECRPM has it: not recognized, set, reset.
fn state(mode: Option<bool>) -> u8 {
    match mode {
        None => 0,
        Some(true) => 1,
        Some(false) => 2,
    }
}
