//! How cells look: colours, attributes and underlines, and their binary form.

use bytes::BufMut;
use serde::{Deserialize, Serialize};

use crate::frame::DecodeError;
use crate::varint::{Input, put};

/// How a cell looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Style {
    /// The text's colour.
    pub foreground: Color,
    /// The colour behind it.
    pub background: Color,
    /// A sum of the attribute constants.
    pub attributes: u16,
    /// What the line below looks like, where there is one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub underline: Underline,
    /// The colour of the line below; the default is that of the text.
    #[serde(default, skip_serializing_if = "is_default")]
    pub underline_color: Color,
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
    /// A line through the text.
    pub const STRIKETHROUGH: u16 = 32;
    /// Shown and not shown in turn.
    pub const BLINK: u16 = 64;
    /// Takes its place and is not shown.
    pub const HIDDEN: u16 = 128;
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

/// The looks of an underline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Underline {
    #[default]
    Single,
    Double,
    Curly,
    Dotted,
    Dashed,
}

impl Style {
    /// Whether the underline differs from a plain one in the text's colour, so that it must be told.
    pub(crate) fn has_own_underline(self) -> bool {
        !is_default(&self.underline) || !is_default(&self.underline_color)
    }

    pub(crate) fn encode(self, out: &mut impl BufMut) {
        self.foreground.encode(out);
        self.background.encode(out);
        put(out, u64::from(self.attributes));
        if self.has_own_underline() {
            out.put_u8(self.underline as u8);
            self.underline_color.encode(out);
        }
    }

    pub(crate) fn decode(input: &mut Input<'_>, own_underline: bool) -> Result<Self, DecodeError> {
        let (foreground, background) = (Color::decode(input)?, Color::decode(input)?);
        let plain = Self { foreground, background, attributes: input.short()?, ..Self::default() };
        if !own_underline {
            return Ok(plain);
        }
        let underline = Underline::from_byte(input.byte()?).ok_or(DecodeError::Number)?;
        Ok(Self { underline, underline_color: Color::decode(input)?, ..plain })
    }
}

impl Underline {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Single, Self::Double, Self::Curly, Self::Dotted, Self::Dashed].get(usize::from(byte)).copied()
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

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn color() -> impl Strategy<Value = Color> {
        prop_oneof![
            Just(Color::Default),
            any::<u8>().prop_map(Color::Indexed),
            any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b))
        ]
    }

    prop_compose! {
        pub(crate) fn style()(
            foreground in color(), background in color(), attributes in any::<u16>(), underline in 0u8..5,
            underline_color in color(),
        ) -> Style {
            let underline = Underline::from_byte(underline).unwrap();
            Style { foreground, background, attributes, underline, underline_color }
        }
    }

    proptest! {
        #[test]
        fn a_style_reads_back_from_json_as_it_was(style in style()) {
            let text = serde_json::to_string(&style).unwrap();
            prop_assert_eq!(serde_json::from_str::<Style>(&text).unwrap(), style);
        }
    }

    #[test]
    fn a_plain_style_says_nothing_of_underlines() {
        assert_eq!(
            serde_json::to_string(&Style::default()).unwrap(),
            r#"{"foreground":"Default","background":"Default","attributes":0}"#
        );
    }
}
