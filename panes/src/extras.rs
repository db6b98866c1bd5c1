//! What a painted cell has no room for: links, and the looks of underlines.
//!
//! Each cell carries the number of its extra, in bits of its modifier that mean nothing to `ratatui`. So a cell whose link alone has
//! changed differs from what was painted last and is painted again, like any other.

use std::io::{self, Write};

use locald_api::Underline;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// The lowest of the bits that hold the number.
const SHIFT: u32 = 9;
/// Numbers that fit. What does not is painted without its extra.
const NUMBERS: usize = 1 << (u16::BITS - SHIFT);
/// The longest link that terminals take.
const LONGEST_LINK: usize = 2048;

/// What a cell is beyond its text and colours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Extra {
    /// Where the cell leads to; nowhere if empty.
    link: String,
    underline: Underline,
}

/// The extras of the painting that is being made and of the one before, by their numbers.
#[derive(Debug)]
pub(crate) struct Extras {
    /// Number 0 is that of nothing.
    numbered: Vec<Extra>,
    /// A bit for each number that stands for something in this painting.
    used: u128,
    /// The same of the painting before: such a number can mean nothing else yet, or the cells that have it would look unchanged.
    used_before: u128,
    /// Whether the outer terminal knows what a link is.
    links: bool,
}

impl Extras {
    /// For an outer terminal that knows links (OSC 8), or at least ignores them, or one that does not.
    pub(crate) fn new(links: bool) -> Self {
        Self { numbered: vec![Extra::default(); NUMBERS], used: 0, used_before: 0, links }
    }

    /// Begins a painting.
    pub(crate) fn begin(&mut self) {
        self.used_before = std::mem::take(&mut self.used);
    }

    /// Makes `area` lead to `link`.
    pub(crate) fn link(&mut self, link: &str, area: Rect, buffer: &mut Buffer) {
        let mark = self.mark(Some(link), Underline::Single);
        for position in area.intersection(buffer.area).positions() {
            buffer[position].modifier.insert(mark);
        }
    }

    /// What a cell's modifier is to have so that the cell leads to `link` and is underlined so.
    pub(crate) fn mark(&mut self, link: Option<&str>, underline: Underline) -> Modifier {
        let link = link.filter(|link| self.links && is_sound(link)).unwrap_or_default();
        let wanted = Extra { link: link.to_owned(), underline };
        if wanted == Extra::default() {
            return Modifier::empty();
        }
        let taken = |number: usize, used: u128| used & 1 << number != 0;
        let known = |number: &usize| taken(*number, self.used | self.used_before) && self.numbered[*number] == wanted;
        let free = |number: &usize| !taken(*number, self.used | self.used_before);
        let Some(number) = (1..NUMBERS).find(known).or_else(|| (1..NUMBERS).find(free)) else {
            return Modifier::empty();
        };
        self.numbered[number] = wanted;
        self.used |= 1 << number;
        // Less than 2⁷.
        Modifier::from_bits_retain((number as u16) << SHIFT)
    }

    /// The number of a cell's extra; 0 if it has none.
    pub(crate) fn number(cell: &Cell) -> usize {
        usize::from(cell.modifier.bits() >> SHIFT)
    }

    /// Writes what comes before cells with this extra. The looks of underlines are told as sub-parameters (ISO 8613-6), after a plain
    /// underline for terminals that do not know them.
    pub(crate) fn open(&self, number: usize, out: &mut impl Write) -> io::Result<()> {
        let Extra { link, underline } = &self.numbered[number];
        if !link.is_empty() {
            // By the same id, terminals know the rows of a link that goes on in the next as one.
            write!(out, "\x1b]8;id={number};{link}\x1b\\")?;
        }
        match underline {
            Underline::Single => Ok(()),
            Underline::Double => out.write_all(b"\x1b[4m\x1b[4:2m"),
            Underline::Curly => out.write_all(b"\x1b[4m\x1b[4:3m"),
            Underline::Dotted => out.write_all(b"\x1b[4m\x1b[4:4m"),
            Underline::Dashed => out.write_all(b"\x1b[4m\x1b[4:5m"),
        }
    }

    /// Writes what comes after them.
    pub(crate) fn close(&self, number: usize, out: &mut impl Write) -> io::Result<()> {
        if self.numbered[number].link.is_empty() { Ok(()) } else { out.write_all(b"\x1b]8;;\x1b\\") }
    }

    /// Whether cells with this extra have an underline of another look than the plain one.
    pub(crate) fn underlines(&self, number: usize) -> bool {
        self.numbered[number].underline != Underline::Single
    }
}

/// Whether a terminal takes the link for what it is: RFC 3986 has no blanks, no control characters, and ASCII alone.
fn is_sound(link: &str) -> bool {
    link.len() <= LONGEST_LINK && link.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(mark: Modifier) -> u16 {
        mark.bits() >> SHIFT
    }

    fn opened(extras: &Extras, mark: Modifier) -> String {
        let mut out = Vec::new();
        extras.open(number(mark).into(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_modifier_of_ratatui_is_in_the_bits_of_the_number() {
        assert_eq!(Modifier::all().bits() >> SHIFT, 0);
    }

    #[test]
    fn the_same_extra_keeps_its_number_from_painting_to_painting() {
        let mut extras = Extras::new(true);
        let first = extras.mark(Some("http://a/"), Underline::Single);
        assert_ne!(number(first), 0);
        assert_eq!(extras.mark(Some("http://a/"), Underline::Single), first);
        assert_ne!(extras.mark(Some("http://a/"), Underline::Curly), first);
        extras.begin();
        let other = extras.mark(Some("http://b/"), Underline::Single);
        assert_ne!(other, first, "cells of the painting before may have it");
        assert_eq!(extras.mark(Some("http://a/"), Underline::Single), first);
    }

    #[test]
    fn what_is_no_link_is_not_passed_on() {
        let mut extras = Extras::new(true);
        for wrong in ["http://a/\u{1b}]0;x", "http://a b", "http://ä/", &"x".repeat(3000)] {
            assert_eq!(number(extras.mark(Some(wrong), Underline::Single)), 0, "{wrong}");
        }
        let curly = extras.mark(Some("no\nlink"), Underline::Curly);
        assert_eq!(opened(&extras, curly), "\x1b[4m\x1b[4:3m");
        assert_eq!(number(Extras::new(false).mark(Some("http://a/"), Underline::Single)), 0);
    }

    proptest! {
        #[test]
        fn however_many_there_are_a_number_means_one_thing_in_two_paintings_in_a_row(
            paintings in proptest::collection::vec(proptest::collection::vec(0u16..300, 0..200), 1..6)
        ) {
            let mut extras = Extras::new(true);
            let mut before = std::collections::HashMap::new();
            for painting in paintings {
                extras.begin();
                let mut now = std::collections::HashMap::new();
                for link in painting {
                    let url = format!("http://{link}/");
                    let mark = extras.mark(Some(&url), Underline::Single);
                    if number(mark) == 0 { continue; }
                    prop_assert!(opened(&extras, mark).contains(&url));
                    prop_assert_eq!(*now.entry(number(mark)).or_insert(link), link);
                    prop_assert_eq!(*before.get(&number(mark)).unwrap_or(&link), link);
                }
                before = now;
            }
        }
    }
}
