//! How text is shown: colours and attributes, and the SGR sequence that asks a terminal for them.

use std::fmt::{self, Write};
use std::ops::BitOr;

use serde::{Deserialize, Serialize};

/// The colours and attributes of a piece of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Style {
    /// The colour of the text.
    pub foreground: Color,
    /// The colour behind the text.
    pub background: Color,
    /// Bold, italic and the like.
    pub attributes: Attributes,
    /// What the line below looks like, where there is one.
    pub underline: Underline,
    /// The colour of the line below; the default is that of the text.
    pub underline_color: Color,
}

/// The looks of an underline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Underline {
    #[default]
    Single,
    Double,
    Curly,
    Dotted,
    Dashed,
}

/// A colour as a program names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Color {
    /// Whatever the terminal uses.
    #[default]
    Default,
    /// One of the terminal's 256 colours.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// A set of attributes of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "u8")]
pub struct Attributes(u8);

/// As it was written down. Text is bold or dim (ECMA-48 §8.3.117 has one intensity): where damage says both, the later of the two in
/// [`Style::write_sgr`] holds, as it does for a terminal.
impl From<u8> for Attributes {
    fn from(bits: u8) -> Self {
        let both = Self::BOLD | Self::DIM;
        Self(bits).with(Self::BOLD, Self(bits).contains(Self::BOLD) && !Self(bits).contains(both))
    }
}

impl Attributes {
    /// No attribute.
    pub const NONE: Self = Self(0);
    /// Heavier strokes.
    pub const BOLD: Self = Self(1);
    /// Fainter than usual.
    pub const DIM: Self = Self(2);
    /// Slanted.
    pub const ITALIC: Self = Self(4);
    /// A line below.
    pub const UNDERLINE: Self = Self(8);
    /// Foreground and background exchanged.
    pub const INVERSE: Self = Self(16);
    /// A line through the text.
    pub const STRIKETHROUGH: Self = Self(32);
    /// Shown and not shown in turn.
    pub const BLINK: Self = Self(64);
    /// Takes its place and is not shown.
    pub const HIDDEN: Self = Self(128);

    /// The set as bits, for hashing.
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `others` are in this set.
    pub fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// What this set and `others` have in common.
    pub(crate) fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// This set with `others` put in or taken out.
    #[must_use]
    pub fn with(self, others: Self, on: bool) -> Self {
        if on { Self(self.0 | others.0) } else { Self(self.0 & !others.0) }
    }
}

impl BitOr for Attributes {
    type Output = Self;

    fn bitor(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl Style {
    /// Plain text in the terminal's own colours.
    pub const DEFAULT: Self = Self {
        foreground: Color::Default,
        background: Color::Default,
        attributes: Attributes::NONE,
        underline: Underline::Single,
        underline_color: Color::Default,
    };

    /// Whether the text is bold.
    pub fn bold(self) -> bool {
        self.attributes.contains(Attributes::BOLD)
    }

    /// Whether the text is dim.
    pub fn dim(self) -> bool {
        self.attributes.contains(Attributes::DIM)
    }

    /// Whether the text is italic.
    pub fn italic(self) -> bool {
        self.attributes.contains(Attributes::ITALIC)
    }

    /// Whether the text is underlined.
    pub fn underline(self) -> bool {
        self.attributes.contains(Attributes::UNDERLINE)
    }

    /// Whether foreground and background are exchanged.
    pub fn inverse(self) -> bool {
        self.attributes.contains(Attributes::INVERSE)
    }

    /// Whether a line goes through the text.
    pub fn strikethrough(self) -> bool {
        self.attributes.contains(Attributes::STRIKETHROUGH)
    }

    /// Whether the text blinks.
    pub fn blink(self) -> bool {
        self.attributes.contains(Attributes::BLINK)
    }

    /// Whether the text is not shown.
    pub fn hidden(self) -> bool {
        self.attributes.contains(Attributes::HIDDEN)
    }

    /// Whether a space in this style can be told from a blank cell.
    pub fn shows_on_blanks(self) -> bool {
        self.background != Color::Default || self.underline() || self.inverse() || self.strikethrough()
    }

    /// Writes the SGR sequence that leads from any style to this one.
    pub fn write_sgr(self, out: &mut impl Write) -> fmt::Result {
        if self == Self::DEFAULT {
            return out.write_str("\x1b[m");
        }
        out.write_str("\x1b[0")?;
        let codes = [
            (Attributes::BOLD, ";1"),
            (Attributes::DIM, ";2"),
            (Attributes::ITALIC, ";3"),
            (Attributes::UNDERLINE, ";4"),
            (Attributes::BLINK, ";5"),
            (Attributes::INVERSE, ";7"),
            (Attributes::HIDDEN, ";8"),
            (Attributes::STRIKETHROUGH, ";9"),
        ];
        for (attribute, code) in codes {
            if self.attributes.contains(attribute) {
                out.write_str(code)?;
            }
        }
        if self.underline() && self.underline != Underline::Single {
            write!(out, ";4:{}", self.underline as u8 + 1)?;
        }
        self.foreground.write_sgr(out, 30)?;
        self.background.write_sgr(out, 40)?;
        match self.underline_color {
            Color::Default => {}
            Color::Indexed(index) => write!(out, ";58:5:{index}")?,
            Color::Rgb(red, green, blue) => write!(out, ";58:2::{red}:{green}:{blue}")?,
        }
        out.write_char('m')
    }
}

impl Color {
    /// `base` is the code of the first colour: 30 for a foreground, 40 for a background.
    fn write_sgr(self, out: &mut impl Write, base: u16) -> fmt::Result {
        match self {
            Self::Default => Ok(()),
            Self::Indexed(index @ 0..8) => write!(out, ";{}", base + u16::from(index)),
            Self::Indexed(index @ 8..16) => write!(out, ";{}", base + 60 + u16::from(index - 8)),
            Self::Indexed(index) => write!(out, ";{};5;{index}", base + 8),
            Self::Rgb(red, green, blue) => write!(out, ";{};2;{red};{green};{blue}", base + 8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sgr(style: Style) -> String {
        let mut out = String::new();
        style.write_sgr(&mut out).unwrap();
        out
    }

    #[test]
    fn a_style_is_small() {
        assert!(size_of::<Style>() <= 14);
    }

    #[test]
    fn each_kind_of_colour_has_its_code() {
        let style = Style { foreground: Color::Indexed(1), background: Color::Indexed(9), ..Style::DEFAULT };
        assert_eq!(sgr(style), "\x1b[0;31;101m");
        let style = Style { foreground: Color::Indexed(200), background: Color::Rgb(1, 2, 3), ..Style::DEFAULT };
        assert_eq!(sgr(style), "\x1b[0;38;5;200;48;2;1;2;3m");
        assert_eq!(sgr(Style::DEFAULT), "\x1b[m");
    }

    #[test]
    fn each_attribute_has_its_code() {
        let all = Attributes::BOLD | Attributes::DIM | Attributes::ITALIC | Attributes::UNDERLINE | Attributes::INVERSE;
        assert_eq!(sgr(Style { attributes: all, ..Style::DEFAULT }), "\x1b[0;1;2;3;4;7m");
    }
}
