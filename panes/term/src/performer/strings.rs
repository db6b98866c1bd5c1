//! Operating system commands (OSC) and device control strings (DCS).

use super::Performer;
use crate::titles::clean;
use crate::{CommandMark, Event, Progress};

/// The longest notification and working directory, in bytes.
const MAX_TEXT: usize = 4096;

impl Performer<'_> {
    pub(super) fn operating_system_command(&mut self, string: &[u8]) {
        let (code, rest) = split(string);
        match code {
            b"0" | b"2" if self.terminal.titles.set(rest) => self.event(Event::TitleChanged),
            b"4" => self.report_indexed(rest),
            b"7" => {
                self.terminal.working_directory = clean(rest, MAX_TEXT);
                self.event(Event::DirectoryChanged);
            }
            b"8" => self.open_link(rest),
            b"9" => self.notify_or_progress(rest),
            b"10" | b"11" | b"12" => self.report_colors(code, rest),
            b"52" => self.set_clipboard(rest),
            b"133" => self.mark(rest),
            b"777" => {
                let (verb, rest) = split(rest);
                let (title, body) = split(rest);
                if verb == b"notify" {
                    self.notify(title, body);
                }
            }
            _ => {}
        }
    }

    fn notify(&mut self, title: &[u8], body: &[u8]) {
        let (title, body) = (clean(title, MAX_TEXT), clean(body, MAX_TEXT));
        self.event(Event::Notification { title, body });
    }

    /// OSC 9 is a notification, except where ConEmu gave numbers to other things; 4 is the progress of a task.
    fn notify_or_progress(&mut self, string: &[u8]) {
        let (first, rest) = split(string);
        if first != b"4" {
            return self.notify(b"", string);
        }
        let (state, percent) = split(rest);
        let percent = std::str::from_utf8(percent).ok().and_then(|text| text.parse().ok()).unwrap_or(0).min(100);
        let progress = match state {
            b"0" => Progress::None,
            b"1" => Progress::Percent(percent),
            b"2" => Progress::Failed(percent),
            b"3" => Progress::Unknown,
            b"4" => Progress::Paused(percent),
            _ => return,
        };
        self.event(Event::Progress(progress));
    }

    /// Takes the clipboard's new text. Nobody is told what is in it.
    fn set_clipboard(&mut self, string: &[u8]) {
        let (_selection, data) = split(string);
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        if data != b"?" && data.iter().all(is_base64) {
            let base64 = String::from_utf8_lossy(data).into_owned();
            self.event(Event::ClipboardSet { base64 });
        }
    }

    /// Where a shell's prompts and commands begin and end (FinalTerm).
    fn mark(&mut self, string: &[u8]) {
        let (kind, rest) = split(string);
        let mark = match kind {
            b"A" => CommandMark::Prompt,
            b"B" => CommandMark::Input,
            b"C" => CommandMark::Output,
            b"D" => {
                let code = std::str::from_utf8(split(rest).0).ok().and_then(|text| text.parse().ok());
                CommandMark::Ended { code }
            }
            _ => return,
        };
        self.event(Event::Command(mark));
    }

    /// Each color from `code` on, as far as the string asks for them.
    fn report_colors(&mut self, code: &[u8], string: &[u8]) {
        let palette = self.terminal.palette;
        let colors = [("10", palette.foreground), ("11", palette.background), ("12", palette.cursor)];
        let from = colors.iter().position(|(known, _)| known.as_bytes() == code).unwrap_or(0);
        for ((code, color), asked) in colors[from..].iter().zip(string.split(|&byte| byte == b';')) {
            if asked == b"?" {
                self.reply(&format!("\x1b]{code};{}\x1b\\", spelled(*color)));
            }
        }
    }

    fn report_indexed(&mut self, string: &[u8]) {
        let mut parts = string.split(|&byte| byte == b';');
        while let (Some(index), Some(asked)) = (parts.next(), parts.next()) {
            let index = std::str::from_utf8(index).ok().and_then(|text| text.parse::<u8>().ok());
            if let Some(index) = index
                && asked == b"?"
            {
                let color = spelled(self.terminal.palette.indexed(index));
                self.reply(&format!("\x1b]4;{index};{color}\x1b\\"));
            }
        }
    }

    pub(super) fn device_control(&mut self, string: &[u8]) {
        match string {
            [b'$', b'q', setting @ ..] => self.report_setting(setting),
            [b'+', b'q', names @ ..] => self.report_capabilities(names),
            _ => {}
        }
    }

    /// DECRQSS.
    fn report_setting(&mut self, setting: &[u8]) {
        let value = match setting {
            b"m" => Some(format!("{}m", self.terminal.pen.report())),
            b"r" => {
                let (top, bottom) = self.terminal.margins.unwrap_or((0, self.terminal.rows() - 1));
                Some(format!("{};{}r", top + 1, bottom + 1))
            }
            b" q" => {
                self.terminal.settle();
                Some(format!("{} q", self.terminal.screen().cursor_style() as u8))
            }
            _ => None,
        };
        match value {
            Some(value) => self.reply(&format!("\x1bP1$r{value}\x1b\\")),
            None => self.reply("\x1bP0$r\x1b\\"),
        }
    }

    /// XTGETTCAP: names and values in hexadecimal digits.
    fn report_capabilities(&mut self, names: &[u8]) {
        for name in names.split(|&byte| byte == b';').take(32) {
            let value = match decoded(name).as_deref() {
                Some(b"TN" | b"name") => Some("xterm-256color"),
                Some(b"Co" | b"colors") => Some("256"),
                Some(b"RGB") => Some("8"),
                _ => None,
            };
            let asked = String::from_utf8_lossy(&name[..name.len().min(64)]).into_owned();
            let asked: String = asked.chars().filter(char::is_ascii_hexdigit).collect();
            match value {
                Some(value) => {
                    let value = encoded(value);
                    self.reply(&format!("\x1bP1+r{asked}={value}\x1b\\"));
                }
                None => self.reply(&format!("\x1bP0+r{asked}\x1b\\")),
            }
        }
    }
}

/// What is before the first semicolon, and what is after it.
pub(super) fn split(string: &[u8]) -> (&[u8], &[u8]) {
    match string.iter().position(|&byte| byte == b';') {
        Some(at) => (&string[..at], &string[at + 1..]),
        None => (string, b""),
    }
}

fn spelled([red, green, blue]: [u8; 3]) -> String {
    format!("rgb:{red:02x}{red:02x}/{green:02x}{green:02x}/{blue:02x}{blue:02x}")
}

fn decoded(hex: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = hex.get(..hex.len().min(64))?.chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
