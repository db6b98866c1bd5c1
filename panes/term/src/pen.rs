//! How the next character will look: what a program's SGR sequences added up to.
//!
//! The emulator gets these sequences too, but only as it understands them; this is what counts.

use serde::{Deserialize, Serialize};

use crate::csi::Csi;
use crate::{Attributes, Color, LinkId, Style, Underline};

/// The look of the next character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pen {
    /// What the emulator knows of the look.
    pub(crate) style: Style,
    /// What it does not.
    pub(crate) extra: Extra,
}

/// The part of a look that an emulator's cell has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Extra {
    /// Struck through, blinking, hidden.
    pub(crate) attributes: Attributes,
    /// 0 and 1: as the attribute says; 2 double, 3 curly, 4 dotted, 5 dashed.
    pub(crate) underline: u8,
    pub(crate) underline_color: Color,
    /// A hyperlink's number in the table of links; 0 is none.
    pub(crate) link: u32,
}

impl Extra {
    /// The style together with this.
    pub(crate) fn on(self, style: Style) -> Style {
        let underline = match self.underline {
            2 => Underline::Double,
            3 => Underline::Curly,
            4 => Underline::Dotted,
            5 => Underline::Dashed,
            _ => Underline::Single,
        };
        let attributes = style.attributes | self.attributes;
        Style { attributes, underline, underline_color: self.underline_color, ..style }
    }

    /// Nothing beyond what an emulator's cell holds.
    pub(crate) const NONE: Self =
        Self { attributes: Attributes::NONE, underline: 0, underline_color: Color::Default, link: 0 };
}

impl Extra {
    /// The attributes that an emulator's cell has no room for.
    fn attributes() -> Attributes {
        Attributes::STRIKETHROUGH | Attributes::BLINK | Attributes::HIDDEN
    }

    /// Whether sequences can lead to this.
    pub(crate) fn is_possible(&self) -> bool {
        self.attributes.and(Self::attributes()) == self.attributes && self.underline <= 5
    }

    /// The hyperlink, if there is one.
    pub(crate) fn link(&self) -> Option<LinkId> {
        (self.link != 0).then_some(LinkId(self.link))
    }
}

impl Pen {
    /// The look that text of a style has.
    pub(crate) fn of(style: Style) -> Self {
        let beyond = Extra::attributes();
        let underline = if style.underline == Underline::Single { 0 } else { style.underline as u8 + 1 };
        let extra = Extra {
            attributes: style.attributes.and(beyond),
            underline,
            underline_color: style.underline_color,
            link: 0,
        };
        let attributes = style.attributes.with(beyond, false);
        Self {
            style: Style { attributes, underline: Underline::Single, underline_color: Color::Default, ..style },
            extra,
        }
    }

    /// Whether sequences can lead to this look.
    pub(crate) fn is_possible(&self) -> bool {
        Self::of(self.style).style == self.style && !(self.style.bold() && self.style.dim()) && self.extra.is_possible()
    }

    /// Applies an SGR sequence. Says whether the emulator would make of it what it does to the style here; if not, it
    /// must be told the style anew.
    pub(crate) fn apply(&mut self, csi: &Csi) -> bool {
        if csi.has_subs() {
            self.apply_groups(csi);
            return false;
        }
        let mut clean = !csi.long;
        let mut rest = csi.params();
        while let [code, more @ ..] = rest {
            rest = more;
            clean &= match code {
                38 | 48 | 58 => {
                    let (color, used) = extended_color(rest);
                    rest = &rest[used.min(rest.len())..];
                    if let Some(color) = color {
                        self.set_color(*code, color);
                    }
                    *code != 58 && color.is_some()
                }
                _ => self.apply_code(*code),
            };
        }
        clean
    }

    /// Parameters of which some have parameters of their own, divided by colons (ITU T.416).
    fn apply_groups(&mut self, csi: &Csi) {
        let mut groups = csi.groups();
        while let Some(group) = groups.next() {
            match group {
                [4, style] => {
                    let on = *style != 0;
                    self.style.attributes = self.style.attributes.with(Attributes::UNDERLINE, on);
                    self.extra.underline = if (2..=5).contains(style) { *style as u8 } else { 0 };
                }
                [code @ (38 | 48 | 58)] => {
                    let kind = groups.next().map_or(0, |group| group[0]);
                    let mut next = || groups.next().map_or(0, |group| group[0]);
                    let color = match kind {
                        5 => color(&[5, next()]),
                        2 => color(&[2, next(), next(), next()]),
                        _ => None,
                    };
                    if let Some(color) = color {
                        self.set_color(*code, color);
                    }
                }
                // Programs leave out the colour space, or name it between the 2 and the colour.
                [code @ (38 | 48 | 58), 2, _, rgb @ .., _] if rgb.len() >= 2 => {
                    let rgb = [2, group[3], group[4], group[5]];
                    if let Some(color) = color(&rgb) {
                        self.set_color(*code, color);
                    }
                }
                [code @ (38 | 48 | 58), named @ ..] => {
                    if let Some(color) = color(named) {
                        self.set_color(*code, color);
                    }
                }
                [code] => {
                    self.apply_code(*code);
                }
                _ => {}
            }
        }
    }

    fn set_color(&mut self, code: u16, color: Color) {
        match code {
            38 => self.style.foreground = color,
            48 => self.style.background = color,
            _ => self.extra.underline_color = color,
        }
    }

    /// Applies a code that stands for itself; says whether the emulator knows it.
    fn apply_code(&mut self, code: u16) -> bool {
        let attributes = &mut self.style.attributes;
        let set = |to: &mut Attributes, which, on| *to = to.with(which, on);
        match code {
            0 => *self = Self { style: Style::DEFAULT, extra: Extra { link: self.extra.link, ..Extra::NONE } },
            1 => *attributes = attributes.with(Attributes::DIM, false) | Attributes::BOLD,
            2 => *attributes = attributes.with(Attributes::BOLD, false) | Attributes::DIM,
            3 | 23 => set(attributes, Attributes::ITALIC, code == 3),
            4 | 24 => {
                set(attributes, Attributes::UNDERLINE, code == 4);
                self.extra.underline = 0;
            }
            7 | 27 => set(attributes, Attributes::INVERSE, code == 7),
            22 => set(attributes, Attributes::BOLD | Attributes::DIM, false),
            30..=37 => self.style.foreground = Color::Indexed(code as u8 - 30),
            39 => self.style.foreground = Color::Default,
            40..=47 => self.style.background = Color::Indexed(code as u8 - 40),
            49 => self.style.background = Color::Default,
            90..=97 => self.style.foreground = Color::Indexed(code as u8 - 82),
            100..=107 => self.style.background = Color::Indexed(code as u8 - 92),
            _ => {
                self.apply_extra(code);
                return false;
            }
        }
        true
    }

    fn apply_extra(&mut self, code: u16) {
        let attributes = &mut self.extra.attributes;
        match code {
            5 | 6 | 25 => *attributes = attributes.with(Attributes::BLINK, code != 25),
            8 | 28 => *attributes = attributes.with(Attributes::HIDDEN, code == 8),
            9 | 29 => *attributes = attributes.with(Attributes::STRIKETHROUGH, code == 9),
            21 => {
                self.style.attributes = self.style.attributes | Attributes::UNDERLINE;
                self.extra.underline = 2;
            }
            59 => self.extra.underline_color = Color::Default,
            _ => {}
        }
    }

    /// Writes the SGR parameters that stand for this look, as DECRQSS reports them.
    pub(crate) fn report(&self) -> String {
        let attributes = self.style.attributes | self.extra.attributes;
        let mut out = String::new();
        let written = Style { attributes, ..self.style }.write_sgr(&mut out);
        debug_assert!(written.is_ok(), "a string takes whatever is written");
        let params = out.trim_start_matches("\x1b[").trim_end_matches('m');
        if params.is_empty() { "0".to_owned() } else { params.to_owned() }
    }
}

/// The colour after 38, 48 or 58, if it is one, and how many parameters it takes.
fn extended_color(params: &[u16]) -> (Option<Color>, usize) {
    match params {
        [5, index, ..] => (color(&[5, *index]), 2),
        [2, red, green, blue, ..] => (color(&[2, *red, *green, *blue]), 4),
        // The emulator gives the whole sequence up.
        _ => (None, params.len()),
    }
}

fn color(params: &[u16]) -> Option<Color> {
    let byte = |param: &u16| u8::try_from(*param).ok();
    match params {
        [5, index] => Some(Color::Indexed(byte(index)?)),
        [2, red, green, blue] => Some(Color::Rgb(byte(red)?, byte(green)?, byte(blue)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(params: &str) -> (Pen, bool) {
        let mut pen = Pen::default();
        let clean = pen.apply(&Csi::parse(params.as_bytes(), b'm'));
        (pen, clean)
    }

    #[test]
    fn what_the_emulator_understands_is_left_to_it() {
        for params in ["", "0", "1;31", "38;5;200;48;2;1;2;3", "4;7;24;97;100"] {
            assert!(after(params).1, "{params}");
        }
        for params in ["9", "58;5;31", "38:2::1:2:3", "4:3", "38;5", "38;5;256", "21"] {
            assert!(!after(params).1, "{params}");
        }
    }

    #[test]
    fn colours_have_many_spellings() {
        let rgb = Color::Rgb(1, 2, 3);
        for params in ["38;2;1;2;3", "38:2:1:2:3", "38:2::1:2:3", "38:2:9:1:2:3:0:1", "0;38;2;1;2;3"] {
            assert_eq!(after(params).0.style.foreground, rgb, "{params}");
        }
        assert_eq!(after("48:5:9;1").0.style.background, Color::Indexed(9));
        assert_eq!(after("58:2::1:2:3;4:3").0.extra, Extra { underline: 3, underline_color: rgb, ..Extra::NONE });
        let (pen, _) = after("58;2;2;3;7");
        assert_eq!((pen.style, pen.extra.underline_color), (Style::DEFAULT, Color::Rgb(2, 3, 7)));
    }

    #[test]
    fn underlines_have_styles_and_an_end() {
        assert!(after("4:3").0.style.underline());
        assert_eq!(after("4:3;4:0").0, Pen::default());
        assert_eq!(after("21;24").0, Pen::default());
        assert_eq!(after("4:3;0").0, Pen::default());
    }

    #[test]
    fn a_report_names_everything_that_is_on() {
        assert_eq!(after("1;9;38;5;200").0.report(), "0;1;9;38;5;200");
        assert_eq!(after("").0.report(), "0");
    }
}
