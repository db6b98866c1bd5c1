//! Reads a row that leaves the screen. The emulator shows such a row only as text with SGR sequences, written piece
//! by piece; this takes the pieces apart again without an intermediate string.

use std::fmt::{self, Write};

use vt100::capture::{BasicFormattedCaptureState, RowContents};

use crate::cell_text::{self, CellText};
use crate::looks::Looks;
use crate::pen::Extra;
use crate::{Attributes, Color, Style, StyledText};

/// A row that left the screen; used again for each row, so that none needs memory of its own.
#[derive(Debug, Default)]
pub(crate) struct ScrolledRow {
    text: StyledText,
    style: Style,
    /// Whether cell contents followed the last change of style.
    written: bool,
    /// Blank cells after contents, of which is not yet known whether they have the style of those.
    blanks: usize,
    sgr: Option<Sgr>,
    /// What of the look of the last cell is not in its style.
    last: Extra,
    room: String,
}

/// A row on its way in.
struct Reader<'a> {
    row: &'a mut ScrolledRow,
    looks: &'a Looks,
}

/// The parameters of an unfinished SGR sequence. A style of ours needs 14 at most.
#[derive(Debug, Default)]
struct Sgr {
    params: [u16; 16],
    last: usize,
}

impl ScrolledRow {
    /// Reads a row, and tells whether its text goes on in the next one, which it does in any case if it `wrapped`. Trailing blanks
    /// are gone otherwise, unless they show.
    pub(crate) fn read(&mut self, row: &RowContents<'_>, looks: &Looks, wrapped: bool) -> bool {
        self.text.clear();
        (self.style, self.written, self.blanks, self.sgr) = (Style::DEFAULT, false, 0, None);
        self.last = Extra::NONE;
        let mut state = BasicFormattedCaptureState::new();
        let complete = row.write_formatted_basic(&mut Reader { row: self, looks }, &mut state);
        debug_assert!(complete.is_ok(), "a row writes into memory");
        self.flush_blanks(self.style);
        let wrapped = wrapped || is_wrapped(row, &mut state);
        if !wrapped {
            self.text.trim_end(true);
        }
        wrapped
    }

    /// The row read last.
    pub(crate) fn text(&self) -> &StyledText {
        &self.text
    }

    fn flush_blanks(&mut self, style: Style) {
        for _ in 0..std::mem::take(&mut self.blanks) {
            self.text.push(" ", style);
        }
    }

    fn contents(&mut self, text: &str, looks: &Looks) {
        let mut room = std::mem::take(&mut self.room);
        let CellText { text, tag } = cell_text::read(text, &mut room);
        let extra = tag.map_or(Extra::NONE, |tag| looks.get(tag));
        if self.written && self.blanks == 0 && extra == self.last {
            self.text.push_same(text);
        } else {
            self.flush_blanks(Style::DEFAULT);
            self.text.push_linked(text, extra.on(self.style), extra.link());
            self.written = true;
        }
        self.last = extra;
        self.room = room;
    }

    /// A blank cell: either one never written to, which has no style but is written without saying so, or an erased
    /// one, which has the current style. Right after a change of style, and at the end of a row, it is an erased one;
    /// else it is taken as never written to, which is wrong only for a colour erased to the right of text when more
    /// text follows in the row.
    fn blank(&mut self) {
        if self.written {
            self.blanks += 1;
        } else {
            self.text.push(" ", self.style);
        }
    }

    fn sgr_byte(&mut self, byte: u8) {
        let Some(sgr) = &mut self.sgr else { return };
        match byte {
            b'0'..=b'9' => {
                let param = &mut sgr.params[sgr.last];
                *param = param.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
            }
            b';' => sgr.last = (sgr.last + 1).min(sgr.params.len() - 1),
            b'm' => {
                self.flush_blanks(Style::DEFAULT);
                if let Some(sgr) = self.sgr.take() {
                    apply(&mut self.style, &sgr.params[..=sgr.last]);
                }
                self.written = false;
            }
            _ => {}
        }
    }
}

impl Write for Reader<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        if s.as_bytes().first() == Some(&0x1b) {
            self.row.sgr = Some(Sgr::default());
        }
        if self.row.sgr.is_some() {
            s.bytes().for_each(|byte| self.row.sgr_byte(byte));
        } else if s == cell_text::PAD {
            self.row.flush_blanks(Style::DEFAULT);
        } else {
            self.row.contents(s, self.looks);
        }
        Ok(())
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        if self.row.sgr.is_none() && c == ' ' {
            self.row.blank();
            return Ok(());
        }
        self.write_str(c.encode_utf8(&mut [0; 4]))
    }
}

/// Applies the parameters of an SGR sequence as the emulator writes them.
fn apply(style: &mut Style, params: &[u16]) {
    let mut params = params.iter().copied();
    while let Some(param) = params.next() {
        let attributes = style.attributes;
        match param {
            0 => *style = Style::DEFAULT,
            1 => style.attributes = attributes.with(Attributes::DIM, false).with(Attributes::BOLD, true),
            2 => style.attributes = attributes.with(Attributes::BOLD, false).with(Attributes::DIM, true),
            3 | 23 => style.attributes = attributes.with(Attributes::ITALIC, param == 3),
            4 | 24 => style.attributes = attributes.with(Attributes::UNDERLINE, param == 4),
            7 | 27 => style.attributes = attributes.with(Attributes::INVERSE, param == 7),
            22 => style.attributes = attributes.with(Attributes::BOLD | Attributes::DIM, false),
            30..=39 | 90..=97 => style.foreground = color(param % 10, param >= 90, &mut params),
            40..=49 | 100..=107 => style.background = color(param % 10, param >= 90, &mut params),
            _ => {}
        }
    }
}

fn color(digit: u16, bright: bool, params: &mut impl Iterator<Item = u16>) -> Color {
    // The emulator only writes components that were bytes before.
    let mut byte = || params.next().unwrap_or(0) as u8;
    match digit {
        8 if byte() == 5 => Color::Indexed(byte()),
        8 => Color::Rgb(byte(), byte(), byte()),
        9 => Color::Default,
        _ => Color::Indexed(digit as u8 + if bright { 8 } else { 0 }),
    }
}

/// A row whose line ends with it would next write a newline.
fn is_wrapped(row: &RowContents<'_>, state: &mut BasicFormattedCaptureState) -> bool {
    let mut probe = Probe { newline: false };
    // The probe refuses whatever is written first, which is all it wants to know.
    let _refused = row.write_formatted_basic(&mut probe, state);
    !probe.newline
}

struct Probe {
    newline: bool,
}

impl Write for Probe {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.newline = s == "\n";
        Err(fmt::Error)
    }
}
