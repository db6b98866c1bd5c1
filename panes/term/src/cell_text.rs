//! An emulator's cell as a reader is to see it: its text, and what the emulator knows of its look.

use crate::{Attributes, Color, Style};

/// Stands in the emulator for U+FFFD, which it does not draw: the last character that will never mean anything.
pub(crate) const REPLACEMENT: &str = "\u{10fffd}";

/// Stands in the emulator in the last column of a row, before a wide character that did not fit there.
pub(crate) const PAD: &str = "\u{10fffc}";

/// The first byte of every character that stands for a look.
const TAG_BYTE: u8 = 0xf3;

/// Whether the character is one of those that stand for a look, and are not the program's to use.
pub(crate) fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0100}'..='\u{e01ef}')
}

/// What stands in a cell; `text` is never empty.
#[derive(Clone, Copy)]
pub(crate) struct CellText<'a> {
    pub(crate) text: &'a str,
    pub(crate) tag: Option<char>,
}

/// Reads what stands in a cell. `room` is used where the text is not in one piece.
pub(crate) fn read<'a>(contents: &'a str, room: &'a mut String) -> CellText<'a> {
    let tag = if contents.len() > 4 && contents.as_bytes().contains(&TAG_BYTE) {
        contents.chars().find(|c| is_tag(*c))
    } else {
        None
    };
    let Some(tag) = tag else { return CellText { text: shown(contents), tag: None } };
    room.clear();
    room.extend(contents.chars().filter(|c| !is_tag(*c)));
    CellText { text: shown(room), tag: Some(tag) }
}

/// What a cell without a tag shows.
pub(crate) fn shown(contents: &str) -> &str {
    if contents.starts_with(REPLACEMENT) {
        return "\u{fffd}";
    }
    if contents == PAD {
        return " ";
    }
    // A joiner at the end joins nothing here, but would join this cell and the next in the outer terminal.
    match contents.trim_end_matches('\u{200d}') {
        "" => " ",
        text => text,
    }
}

/// How the cell looks, as far as the emulator knows.
pub(crate) fn style(cell: &vt100::Cell) -> Style {
    let attributes = Attributes::NONE
        .with(Attributes::BOLD, cell.bold())
        .with(Attributes::DIM, cell.dim())
        .with(Attributes::ITALIC, cell.italic())
        .with(Attributes::UNDERLINE, cell.underline())
        .with(Attributes::INVERSE, cell.inverse());
    let (foreground, background) = (color(cell.fgcolor()), color(cell.bgcolor()));
    Style { foreground, background, attributes, ..Style::DEFAULT }
}

fn color(color: vt100::Color) -> Color {
    match color {
        vt100::Color::Default => Color::Default,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}
