//! The frame of a pane: what of its screen changed, and the binary form in which that travels.

use bytes::BufMut;
use serde::{Deserialize, Serialize};

use crate::row::Links;
use crate::varint::{Input, put, put_text};
use crate::{Modes, PaneId, Row};

/// The rows of one screen that changed since the client's last frame of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        let links = Links::of(self.changed.iter().map(|(_, row)| row));
        links.encode(out);
        put(out, self.changed.len() as u64);
        for (number, row) in &self.changed {
            put(out, u64::from(*number));
            row.encode(&links, out);
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
        let links = Links::decode(&mut input)?;
        let mut changed = Vec::new();
        for _ in 0..input.number()? {
            changed.push((input.short()?, Row::decode(&mut input, &links)?));
        }
        if !input.0.is_empty() {
            return Err(DecodeError::Long);
        }
        let cursor = Cursor { row, column, visible, shape };
        Ok(Self { pane, sequence, columns, rows, cursor, modes, title, history_first, history_end, changed })
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
    use crate::row::tests::row;

    prop_compose! {
        fn frame()(
            pane in any::<u32>(), sequence in any::<u64>(), size in any::<(u16, u16)>(), place in any::<(u16, u16)>(),
            visible in any::<bool>(), shape in 0u8..=6, modes in any::<u16>(), title in ".{0,20}", history in any::<(u64, u64)>(),
            changed in proptest::collection::vec((any::<u16>(), row()), 0..4),
        ) -> PaneFrame {
            PaneFrame {
                pane: PaneId(pane), sequence, columns: size.0, rows: size.1,
                cursor: Cursor { row: place.0, column: place.1, visible, shape: CursorShape::from_byte(shape) },
                modes: Modes(modes), title, history_first: history.0, history_end: history.1, changed,
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
