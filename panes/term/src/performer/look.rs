//! Looks beyond what the emulator's cells hold: each character printed with one is followed by a tag.

use super::Performer;
use super::print::emulated_width;
use crate::cell_text;
use crate::looks::{Looks, Used};
use crate::pen::Extra;
use crate::{LinkId, Style};

impl Performer<'_> {
    /// What follows every character now; `None` if there is nothing to say, or no way.
    pub(super) fn tag(&mut self) -> Option<char> {
        let extra = self.terminal.pen.extra;
        if extra == self.terminal.tagged.0 {
            return self.terminal.tagged.1;
        }
        let mut tag = None;
        if extra != Extra::NONE {
            tag = self.terminal.listener().looks.tag(extra);
            if tag.is_none() && self.sweep() {
                tag = self.terminal.listener().looks.tag(extra);
            }
        }
        self.terminal.tagged = (extra, tag);
        tag
    }

    /// How text is seen that is printed now, and of which hyperlink it is part.
    pub(super) fn style(&self) -> (Style, Option<LinkId>) {
        let (extra, tag) = self.terminal.tagged;
        let style = self.terminal.pen.style;
        if tag.is_some() { (extra.on(style), extra.link()) } else { (style, None) }
    }

    /// Prints text, each character with a tag.
    pub(super) fn print_tagged(&mut self, text: &str, tag: char) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (one, after) = rest.split_at(c.len_utf8());
            rest = after;
            self.print_special(c, one);
            // What has no column of its own belongs to a character that has its tag.
            if emulated_width(c).is_some_and(|width| width > 0) {
                self.pass(tag.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }

    /// The character and the tag in the narrow cell before a column, if nothing else is there.
    pub(super) fn tagged_base(&self, row: u16, column: u16) -> Option<(char, char)> {
        let cell = self.terminal.screen().cell(row, column.checked_sub(1)?)?;
        let mut chars = cell.contents().chars();
        match (chars.next(), chars.next(), chars.next()) {
            (Some(base), Some(tag), None) if cell_text::is_tag(tag) && !cell.is_wide() => Some((base, tag)),
            _ => None,
        }
    }

    /// Begins or ends a hyperlink (OSC 8).
    pub(super) fn open_link(&mut self, string: &[u8]) {
        let (id, url) = super::strings::split(string);
        let mut link = self.terminal.listener().looks.link(id, url);
        if link.is_none() && self.sweep() {
            link = self.terminal.listener().looks.link(id, url);
        }
        self.terminal.pen.extra.link = link.unwrap_or(0);
    }

    /// Finds out which looks and links are on neither screen, and forgets them. That is some work, so its price is as many cells as
    /// it reads.
    fn sweep(&mut self) -> bool {
        let (rows, columns) = (self.terminal.rows(), self.terminal.columns());
        if !self.afford(2 * u32::from(rows) * u32::from(columns)) {
            return false;
        }
        self.terminal.settle();
        let mut used: Used = [false; 240];
        let alternate = self.terminal.alternate();
        let switches: [&[u8]; 2] = if alternate { [b"\x1b[?47l", b"\x1b[?47h"] } else { [b"\x1b[?47h", b"\x1b[?47l"] };
        for switch in switches {
            self.terminal.parser.process(switch);
            let screen = self.terminal.screen();
            let cells = (0..rows).flat_map(|row| (0..columns).filter_map(move |column| screen.cell(row, column)));
            for tag in cells.filter(|cell| cell.has_contents()).flat_map(|cell| cell.contents().chars().skip(1)) {
                Looks::note(&mut used, tag);
            }
        }
        if let Some(tag) = self.terminal.tagged.1 {
            Looks::note(&mut used, tag);
        }
        let links = self.terminal.open_links();
        self.terminal.listener().looks.retain(&used, &links);
        true
    }
}
