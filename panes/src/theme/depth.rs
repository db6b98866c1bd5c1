//! How many colours the outer terminal has, and what becomes of a colour that it does not have.

use std::ffi::OsString;

use ratatui::style::Color;

/// How many colours the outer terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// None are wanted: what they say is also said by icons and words.
    Plain,
    /// Sixteen.
    Sixteen,
    /// 256.
    Indexed,
    /// All of 24 bits.
    True,
}

/// The six steps of each part of a colour in the cube of 256 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The sixteen colours as xterm has them, which is what others come near to.
const SIXTEEN: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

impl Depth {
    /// What the environment says.
    pub(crate) fn from_env() -> Self {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default();
        let term = text("TERM");
        if !text("NO_COLOR").is_empty() || term == "dumb" {
            Self::Plain
        } else if matches!(text("COLORTERM").as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }

    /// A program's colour, as the outer terminal can show it. That no colours are wanted of us says nothing about programs.
    pub(crate) fn fit(self, color: Color) -> Color {
        match (self, color) {
            (Self::Indexed, Color::Rgb(red, green, blue)) => Color::Indexed(nearest(red, green, blue)),
            (Self::Sixteen, Color::Rgb(red, green, blue)) => nearest_of_sixteen((red, green, blue)),
            (Self::Sixteen, Color::Indexed(index @ 16..)) => nearest_of_sixteen(of_index(index)),
            (_, color) => color,
        }
    }
}

/// The nearest of the 240 colours that are the same everywhere.
pub(super) fn nearest(red: u8, green: u8, blue: u8) -> u8 {
    let color = (red, green, blue);
    // At most 255.
    (16..=255).min_by_key(|index| distance(of_index(*index), color)).unwrap_or(16)
}

fn nearest_of_sixteen(color: (u8, u8, u8)) -> Color {
    let nearest = (0u8..).zip(SIXTEEN).min_by_key(|(_, known)| distance(*known, color));
    Color::Indexed(nearest.map_or(7, |(index, _)| index))
}

/// What a colour from the 17th on is made of.
fn of_index(index: u8) -> (u8, u8, u8) {
    match index.saturating_sub(16) {
        cube @ 0..216 => {
            let step = |part: u8| STEPS[usize::from(part % 6)];
            (step(cube / 36), step(cube / 6), step(cube))
        }
        grey => {
            let level = 8 + 10 * (grey - 216);
            (level, level, level)
        }
    }
}

/// How far apart two colours look, roughly: the eye sees green best and blue least.
fn distance(one: (u8, u8, u8), other: (u8, u8, u8)) -> u32 {
    let square = |one: u8, other: u8| u32::from(one.abs_diff(other)).pow(2);
    3 * square(one.0, other.0) + 6 * square(one.1, other.1) + square(one.2, other.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(variables: &[(&str, &str)]) -> Depth {
        Depth::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("TERM", "xterm-direct")]), Depth::True);
        assert_eq!(depth(&[("TERM", "tmux-256color"), ("COLORTERM", "")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "linux")]), Depth::Sixteen);
        assert_eq!(depth(&[]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "dumb")]), Depth::Plain);
        assert_eq!(depth(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Depth::Plain);
        assert_eq!(depth(&[("COLORTERM", "truecolor"), ("NO_COLOR", "")]), Depth::True);
    }

    #[test]
    fn a_colour_that_is_not_there_becomes_the_nearest_that_is() {
        assert_eq!(Depth::Indexed.fit(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(Depth::Indexed.fit(Color::Rgb(128, 128, 128)), Color::Indexed(244));
        assert_eq!(Depth::Sixteen.fit(Color::Rgb(250, 10, 10)), Color::Indexed(9));
        assert_eq!(Depth::Sixteen.fit(Color::Indexed(196)), Color::Indexed(9));
        assert_eq!(Depth::Sixteen.fit(Color::Indexed(3)), Color::Indexed(3));
        for depth in [Depth::True, Depth::Plain] {
            assert_eq!(depth.fit(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
        }
        assert_eq!(Depth::Sixteen.fit(Color::Reset), Color::Reset);
    }

    #[test]
    fn every_colour_of_the_cube_is_nearest_to_itself() {
        for index in 16..=231 {
            let (red, green, blue) = of_index(index);
            assert_eq!(of_index(nearest(red, green, blue)), (red, green, blue), "{index}");
        }
    }
}
