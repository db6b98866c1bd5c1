//! The modes a program can set, and what it is told of them (DECRQM).

use serde::{Deserialize, Serialize};

use crate::{Modes, MouseEncoding, MouseMode};

/// The modes followed here, whether or not the emulator follows them as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent mode of the terminal")]
pub(crate) struct Tracked {
    pub(crate) input: Modes,
    pub(crate) insert: bool,
    pub(crate) newline: bool,
    pub(crate) wrap: bool,
    pub(crate) origin: bool,
    pub(crate) show_cursor: bool,
    pub(crate) synchronized: bool,
    reverse: bool,
    blink: bool,
    theme_reports: bool,
}

impl Default for Tracked {
    fn default() -> Self {
        Self {
            // On from the start in most terminals, so programs count on it.
            input: Modes { alternate_scroll: true, ..Modes::default() },
            insert: false,
            newline: false,
            wrap: true,
            origin: false,
            show_cursor: true,
            synchronized: false,
            reverse: false,
            blink: false,
            theme_reports: false,
        }
    }
}

impl Tracked {
    /// Takes a private mode (DECSET and DECRST). What else follows from it is left to the caller.
    pub(crate) fn set(&mut self, mode: u16, on: bool) {
        let mouse = |mode| if on { mode } else { MouseMode::Off };
        let encoding = |encoding| if on { encoding } else { MouseEncoding::Default };
        let input = &mut self.input;
        match mode {
            1 => input.application_cursor = on,
            5 => self.reverse = on,
            6 => self.origin = on,
            7 => self.wrap = on,
            9 => input.mouse = mouse(MouseMode::Press),
            12 => self.blink = on,
            25 => self.show_cursor = on,
            66 => input.application_keypad = on,
            1000 => input.mouse = mouse(MouseMode::PressRelease),
            1002 => input.mouse = mouse(MouseMode::ButtonMotion),
            1003 => input.mouse = mouse(MouseMode::AnyMotion),
            1004 => input.focus = on,
            1005 => input.mouse_encoding = encoding(MouseEncoding::Utf8),
            1006 => input.mouse_encoding = encoding(MouseEncoding::Sgr),
            1007 => input.alternate_scroll = on,
            2004 => input.bracketed_paste = on,
            2026 => self.synchronized = on,
            2031 => self.theme_reports = on,
            _ => {}
        }
    }

    /// Takes an ANSI mode (SM and RM).
    pub(crate) fn set_ansi(&mut self, mode: u16, on: bool) {
        match mode {
            4 => self.insert = on,
            20 => self.newline = on,
            _ => {}
        }
    }

    /// Whether a private mode is on; `None` if there is no such mode here.
    pub(crate) fn is_set(&self, mode: u16) -> Option<bool> {
        let input = &self.input;
        Some(match mode {
            1 => input.application_cursor,
            5 => self.reverse,
            6 => self.origin,
            7 => self.wrap,
            9 => input.mouse == MouseMode::Press,
            12 => self.blink,
            25 => self.show_cursor,
            47 | 1047 | 1049 => input.alternate_screen,
            66 => input.application_keypad,
            1000 => input.mouse == MouseMode::PressRelease,
            1002 => input.mouse == MouseMode::ButtonMotion,
            1003 => input.mouse == MouseMode::AnyMotion,
            1004 => input.focus,
            1005 => input.mouse_encoding == MouseEncoding::Utf8,
            1006 => input.mouse_encoding == MouseEncoding::Sgr,
            1007 => input.alternate_scroll,
            2004 => input.bracketed_paste,
            2026 => self.synchronized,
            2031 => self.theme_reports,
            _ => return None,
        })
    }

    /// Whether an ANSI mode is on; `None` if there is no such mode here.
    pub(crate) fn is_set_ansi(&self, mode: u16) -> Option<bool> {
        match mode {
            4 => Some(self.insert),
            20 => Some(self.newline),
            _ => None,
        }
    }
}
