//! A pane's screen as rows of styled runs, and the binary form in which changed rows travel.

use bytes::BufMut;
use serde::{Deserialize, Serialize};

use crate::PaneId;
use crate::varint::{Input, put, put_text};

/// The rows of one screen that changed since the client's last frame of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaneFrame {
    /// The client's number for the pane.
    pub pane: PaneId,
    /// Rises by one with each frame of the pane; acknowledged by this number.
    pub sequence: u64,
    /// The screen's columns.
    pub columns: u16,
    /// The screen's rows.
    pub rows: u16,
    /// Where the cursor is.
    pub cursor: Cursor,
    /// What the program has switched on.
    pub modes: Modes,
    /// The title the program set.
    pub title: String,
    /// The oldest absolute line that history still holds.
    pub history_first: u64,
    /// One past the youngest absolute line of history; the screen's first row follows it.
    pub history_end: u64,
    /// Whole rows, by number from 0; a row not named is as before.
    pub changed: Vec<(u16, Row)>,
}

/// Where a cursor is and what it looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// From 0.
    pub row: u16,
    /// From 0.
    pub column: u16,
    /// Whether it is to be seen.
    pub visible: bool,
    /// What it looks like.
    pub shape: CursorShape,
}

/// What a cursor looks like (DECSCUSR).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CursorShape {
    /// As the outer terminal has it.
    #[default]
    Default,
    /// A block; `true` blinks.
    Block(bool),
    /// A line below the character; `true` blinks.
    Underline(bool),
    /// A line before the character; `true` blinks.
    Bar(bool),
}

/// What the program has switched on, as far as a client must know it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modes(pub u16);

impl Modes {
    /// The alternate screen is shown, which has no history.
    pub const ALTERNATE_SCREEN: Self = Self(1);
    /// Pasted text is bracketed.
    pub const BRACKETED_PASTE: Self = Self(2);
    /// The program wants the mouse.
    pub const MOUSE: Self = Self(4);

    /// Whether all modes of `other` are on.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These modes, and `other` if `on`.
    #[must_use]
    pub fn with(self, other: Self, on: bool) -> Self {
        if on { Self(self.0 | other.0) } else { self }
    }
}

/// One row of cells, from the left; what is missing at its end is blank in the default style.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The runs, side by side.
    pub runs: Vec<Run>,
}

/// Neighbouring cells of one style.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// How they look.
    pub style: Style,
    /// What they hold.
    pub cells: Cells,
}

/// What cells hold. The daemon's emulator alone decides how wide a cell is, so that all clients agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cells {
    /// Each `char` is a cell one column wide.
    Narrow(String),
    /// Each `char` is a cell two columns wide.
    Wide(String),
    /// One cell of several `char`s.
    Cluster {
        /// Columns: 1 or 2.
        width: u8,
        /// Its text.
        text: String,
    },
}

/// How a cell looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Style {
    /// The text's colour.
    pub foreground: Color,
    /// The colour behind it.
    pub background: Color,
    /// A sum of the attribute constants.
    pub attributes: u16,
}

impl Style {
    /// Bold.
    pub const BOLD: u16 = 1;
    /// Faint.
    pub const DIM: u16 = 2;
    /// Italic.
    pub const ITALIC: u16 = 4;
    /// Underlined.
    pub const UNDERLINE: u16 = 8;
    /// Foreground and background exchanged.
    pub const INVERSE: u16 = 16;
}

/// A colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Color {
    /// The terminal's own.
    #[default]
    Default,
    /// One of the palette of 256.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// A pane frame that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It ends too early.
    #[error("it breaks off")]
    Short,
    /// A number does not fit.
    #[error("a number is out of range")]
    Number,
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Text,
    /// Bytes are left over.
    #[error("it goes on after its end")]
    Long,
}

impl Row {
    /// The row's text, with trailing blanks.
    pub fn text(&self) -> String {
        self.runs.iter().map(|run| run.cells.text()).collect()
    }
}

impl Cells {
    /// The cells' text.
    pub fn text(&self) -> &str {
        match self {
            Self::Narrow(text) | Self::Wide(text) | Self::Cluster { text, .. } => text,
        }
    }
}

impl PaneFrame {
    /// Appends the binary form to `out`.
    pub fn encode(&self, out: &mut impl BufMut) {
        put(out, u64::from(self.pane.0));
        put(out, self.sequence);
        for short in [self.columns, self.rows, self.cursor.row, self.cursor.column, self.modes.0] {
            put(out, u64::from(short));
        }
        out.put_u8(u8::from(self.cursor.visible));
        out.put_u8(self.cursor.shape.to_byte());
        put_text(out, &self.title);
        put(out, self.history_first);
        put(out, self.history_end);
        put(out, self.changed.len() as u64);
        for (number, row) in &self.changed {
            put(out, u64::from(*number));
            put(out, row.runs.len() as u64);
            for run in &row.runs {
                run.encode(out);
            }
        }
    }

    /// Reads the binary form; `bytes` must hold exactly one frame.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Input(bytes);
        let pane = PaneId(u32::try_from(input.number()?).map_err(|_| DecodeError::Number)?);
        let sequence = input.number()?;
        let (columns, rows) = (input.short()?, input.short()?);
        let (row, column) = (input.short()?, input.short()?);
        let modes = Modes(input.short()?);
        let visible = input.byte()? != 0;
        let shape = CursorShape::from_byte(input.byte()?);
        let title = input.text()?.to_owned();
        let (history_first, history_end) = (input.number()?, input.number()?);
        let mut changed = Vec::new();
        for _ in 0..input.number()? {
            let number = input.short()?;
            let mut runs = Vec::new();
            for _ in 0..input.number()? {
                runs.push(Run::decode(&mut input)?);
            }
            changed.push((number, Row { runs }));
        }
        if !input.0.is_empty() {
            return Err(DecodeError::Long);
        }
        let cursor = Cursor { row, column, visible, shape };
        Ok(Self { pane, sequence, columns, rows, cursor, modes, title, history_first, history_end, changed })
    }
}

impl Run {
    fn encode(&self, out: &mut impl BufMut) {
        let (kind, text) = match &self.cells {
            Cells::Narrow(text) => (0, text),
            Cells::Wide(text) => (1, text),
            Cells::Cluster { width, text } => (2 + u64::from(*width), text),
        };
        put(out, kind);
        self.style.foreground.encode(out);
        self.style.background.encode(out);
        put(out, u64::from(self.style.attributes));
        put_text(out, text);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        let kind = input.number()?;
        let (foreground, background) = (Color::decode(input)?, Color::decode(input)?);
        let style = Style { foreground, background, attributes: input.short()? };
        let text = input.text()?.to_owned();
        let cells = match kind {
            0 => Cells::Narrow(text),
            1 => Cells::Wide(text),
            3 | 4 => Cells::Cluster { width: kind as u8 - 2, text },
            _ => return Err(DecodeError::Number),
        };
        Ok(Self { style, cells })
    }
}

impl Color {
    fn encode(self, out: &mut impl BufMut) {
        match self {
            Self::Default => out.put_u8(0),
            Self::Indexed(index) => out.put_slice(&[1, index]),
            Self::Rgb(red, green, blue) => out.put_slice(&[2, red, green, blue]),
        }
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        match input.byte()? {
            0 => Ok(Self::Default),
            1 => Ok(Self::Indexed(input.byte()?)),
            2 => Ok(Self::Rgb(input.byte()?, input.byte()?, input.byte()?)),
            _ => Err(DecodeError::Number),
        }
    }
}

impl CursorShape {
    fn to_byte(self) -> u8 {
        match self {
            Self::Default => 0,
            Self::Block(blinks) => 2 - u8::from(blinks),
            Self::Underline(blinks) => 4 - u8::from(blinks),
            Self::Bar(blinks) => 6 - u8::from(blinks),
        }
    }

    /// Reads DECSCUSR's parameter; an unknown one is the default shape.
    pub fn from_byte(byte: u8) -> Self {
        match byte {
            1 | 2 => Self::Block(byte == 1),
            3 | 4 => Self::Underline(byte == 3),
            5 | 6 => Self::Bar(byte == 5),
            _ => Self::Default,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn color() -> impl Strategy<Value = Color> {
        prop_oneof![
            Just(Color::Default),
            any::<u8>().prop_map(Color::Indexed),
            any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b))
        ]
    }

    fn run() -> impl Strategy<Value = Run> {
        let cells = prop_oneof![
            ".{0,12}".prop_map(Cells::Narrow),
            ".{0,12}".prop_map(Cells::Wide),
            (1u8..=2, ".{1,4}").prop_map(|(width, text)| Cells::Cluster { width, text })
        ];
        (color(), color(), any::<u16>(), cells).prop_map(|(foreground, background, attributes, cells)| Run {
            style: Style { foreground, background, attributes },
            cells,
        })
    }

    prop_compose! {
        fn frame()(
            pane in any::<u32>(), sequence in any::<u64>(), size in any::<(u16, u16)>(), place in any::<(u16, u16)>(),
            visible in any::<bool>(), shape in 0u8..=6, modes in any::<u16>(), title in ".{0,20}", history in any::<(u64, u64)>(),
            changed in proptest::collection::vec((any::<u16>(), proptest::collection::vec(run(), 0..4)), 0..4),
        ) -> PaneFrame {
            PaneFrame {
                pane: PaneId(pane), sequence, columns: size.0, rows: size.1,
                cursor: Cursor { row: place.0, column: place.1, visible, shape: CursorShape::from_byte(shape) },
                modes: Modes(modes), title, history_first: history.0, history_end: history.1,
                changed: changed.into_iter().map(|(number, runs)| (number, Row { runs })).collect(),
            }
        }
    }

    proptest! {
        #[test]
        fn a_frame_that_was_encoded_reads_back_as_it_was(frame in frame()) {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes);
            prop_assert_eq!(PaneFrame::decode(&bytes), Ok(frame));
        }

        #[test]
        fn a_frame_cut_short_is_an_error(frame in frame(), cut in any::<prop::sample::Index>()) {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes);
            bytes.truncate(cut.index(bytes.len()));
            prop_assert!(PaneFrame::decode(&bytes).is_err());
        }

        #[test]
        fn arbitrary_bytes_never_panic_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = PaneFrame::decode(&bytes);
        }
    }
}
