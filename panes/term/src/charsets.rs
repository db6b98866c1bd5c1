//! The character sets G0 to G3 and which of them is in use: what makes `q` a horizontal line.

use serde::{Deserialize, Serialize};

/// A set of 94 characters in place of ASCII.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Charset {
    #[default]
    Ascii,
    /// "DEC Special Graphic" (VT100 User Guide, table 3-9).
    Graphics,
    /// As ASCII with a pound sign in place of the number sign.
    British,
}

/// From `_`, code 0x5f, on.
const GRAPHICS: [char; 32] = [
    ' ', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽', '├', '┤',
    '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

/// The designated sets, and those in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charsets {
    sets: [Charset; 4],
    locked: usize,
    /// The set of the next character only.
    single: Option<usize>,
}

impl Charsets {
    /// Takes an escape sequence that designates or selects a set; says whether it was one.
    pub(crate) fn escape(&mut self, intermediate: u8, last: u8) -> bool {
        match (intermediate, last) {
            (b'('..=b'+', _) => {
                self.sets[usize::from(intermediate - b'(')] = match last {
                    b'0' => Charset::Graphics,
                    b'A' => Charset::British,
                    _ => Charset::Ascii,
                };
            }
            (0, b'N') => self.single = Some(2),
            (0, b'O') => self.single = Some(3),
            (0, b'n') => self.locked = 2,
            (0, b'o') => self.locked = 3,
            _ => return false,
        }
        true
    }

    /// Whether the numbers of sets are such.
    pub(crate) fn is_possible(&self) -> bool {
        self.locked < self.sets.len() && self.single.is_none_or(|single| single < self.sets.len())
    }

    /// Shift out (`true`) selects G1, shift in selects G0.
    pub(crate) fn shift(&mut self, out: bool) {
        self.locked = usize::from(out);
    }

    /// Whether characters are what they seem.
    pub(crate) fn is_plain(&self) -> bool {
        self.single.is_none() && self.sets[self.locked] == Charset::Ascii
    }

    /// What is printed for `c`.
    pub(crate) fn map(&mut self, c: char) -> char {
        let set = self.single.take().unwrap_or(self.locked);
        match (self.sets[set], c) {
            (Charset::Graphics, '_'..='~') => GRAPHICS[c as usize - '_' as usize],
            (Charset::British, '#') => '£',
            _ => c,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_drawing_is_designated_shifted_to_and_left() {
        let mut sets = Charsets::default();
        assert!(sets.escape(b')', b'0') && sets.is_plain());
        sets.shift(true);
        assert!(!sets.is_plain());
        assert_eq!(
            ["l", "q", "k", "x", "~", "A"].map(|c| sets.map(c.chars().next().unwrap())),
            ['┌', '─', '┐', '│', '·', 'A']
        );
        sets.shift(false);
        assert_eq!(sets.map('q'), 'q');
    }

    #[test]
    fn a_single_shift_is_for_one_character() {
        let mut sets = Charsets::default();
        assert!(sets.escape(b'*', b'A') && sets.escape(0, b'N'));
        assert_eq!((sets.map('#'), sets.map('#')), ('£', '#'));
    }
}
