//! Some lines in three buffers. The history decides when a chunk is full and when it goes.

use super::linked_text::{LinkedText, Urls};
use crate::{Color, LinkId, Style, StyledText};

/// How many styles are looked for at a time.
const SLOTS: usize = 32;

/// How much is kept of where the hyperlinks of a chunk lead, in bytes. Text whose link is not kept is no link.
pub(crate) const MAX_URLS: usize = 32 * 1024;

/// Neighbouring lines of a history.
#[derive(Debug)]
pub(super) struct Chunk {
    first: u64,
    text: String,
    lines: Vec<LineEnd>,
    runs: Vec<Run>,
    looks: Vec<Look>,
    /// Where a look may be stored already; when it is not there, it is stored again.
    slots: [u16; SLOTS],
    urls: Vec<(LinkId, Box<str>)>,
    /// How long all of those are.
    url_bytes: usize,
    /// How many bytes of the last line its runs describe.
    described: usize,
}

/// Where a line ends in the buffers; it begins where the one before ends.
#[derive(Clone, Copy, Debug, Default)]
struct LineEnd {
    text: u32,
    /// The highest bit tells that the line continues.
    runs: u32,
}

const CONTINUES: u32 = 1 << 31;

/// A part of a line in one look of the chunk. What no run describes has the default style and is no link.
#[derive(Clone, Copy, Debug)]
struct Run {
    bytes: u16,
    look: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Look {
    style: Style,
    link: Option<LinkId>,
}

/// A line of a history: its text with styles, and whether it is finished.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    number: u64,
    text: &'a str,
    runs: &'a [Run],
    looks: &'a [Look],
    urls: &'a [(LinkId, Box<str>)],
    continues: bool,
}

/// A piece of a line with its style, and the hyperlink that it is part of with where that leads.
type LinkedPiece<'a> = (&'a str, Style, Option<(LinkId, &'a str)>);

impl<'a> Line<'a> {
    /// The number of the line in its history.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The text without its styles.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Whether this is not all of the line: the rest is in the next line, or still on the screen.
    pub fn continues(&self) -> bool {
        self.continues
    }

    /// The pieces of the text with their styles, from left to right.
    pub fn pieces(&self) -> impl Iterator<Item = (&'a str, Style)> + use<'a> {
        self.linked_pieces().map(|(text, style, _)| (text, style))
    }

    /// As [`pieces`](Self::pieces), with their hyperlinks and where those lead.
    pub fn linked_pieces(&self) -> impl Iterator<Item = LinkedPiece<'a>> + use<'a> {
        let (looks, urls, mut rest) = (self.looks, self.urls, self.text);
        let mut runs = self.runs.iter();
        std::iter::from_fn(move || {
            let (bytes, look) = match runs.next() {
                Some(run) => (usize::from(run.bytes), looks.get(usize::from(run.look)).copied()),
                None => (rest.len(), None),
            };
            let (piece, after) = rest.split_at(bytes);
            rest = after;
            let Look { style, link } = look.unwrap_or_default();
            let link = link.and_then(|link| urls.iter().rfind(|(known, _)| *known == link));
            (bytes > 0).then(|| (piece, style, link.map(|(link, url)| (*link, &**url))))
        })
    }
}

impl Chunk {
    pub(super) fn starting_at(first: u64) -> Self {
        Self {
            first,
            text: String::new(),
            lines: Vec::new(),
            runs: Vec::new(),
            looks: Vec::new(),
            slots: [0; SLOTS],
            urls: Vec::new(),
            url_bytes: 0,
            described: 0,
        }
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.text.capacity()
            + self.lines.capacity() * size_of::<LineEnd>()
            + self.runs.capacity() * size_of::<Run>()
            + self.looks.capacity() * size_of::<Look>()
            + self.urls.capacity() * size_of::<(LinkId, Box<str>)>()
            + self.url_bytes
    }

    /// Gives its lines other numbers.
    pub(super) fn renumber(&mut self, first: u64) {
        self.first = first;
    }

    /// Gives back what the buffers have over.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.lines.shrink_to_fit();
        self.runs.shrink_to_fit();
        self.looks.shrink_to_fit();
        self.urls.shrink_to_fit();
    }

    pub(super) fn line(&self, number: u64) -> Option<Line<'_>> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let end = *self.lines.get(index)?;
        let start = self.end_before(index);
        Some(Line {
            number,
            text: &self.text[start.text as usize..end.text as usize],
            runs: &self.runs[start.run_index()..end.run_index()],
            looks: &self.looks,
            urls: &self.urls,
            continues: end.runs & CONTINUES != 0,
        })
    }

    /// The length of the last line if it continues.
    pub(super) fn unfinished(&self) -> Option<usize> {
        let last = self.lines.last()?;
        (last.runs & CONTINUES != 0).then(|| self.last_line_length())
    }

    pub(super) fn begin_line(&mut self) {
        let end = LineEnd { text: self.text.len() as u32, runs: self.runs.len() as u32 };
        self.lines.push(end);
        self.described = 0;
    }

    /// Adds text to the last line.
    pub(super) fn append(&mut self, text: &str, style: Style, link: Option<LinkId>, urls: &dyn Urls) {
        self.describe(self.last_line_length(), text.len(), style, link, urls);
        self.text.push_str(text);
        self.note_end();
    }

    /// Adds a whole row to the last line.
    pub(super) fn append_row(&mut self, row: &StyledText, urls: &dyn Urls) {
        let mut length = self.last_line_length();
        for span in row.spans() {
            self.describe(length, span.bytes, span.style, span.link, urls);
            length += span.bytes;
        }
        self.text.push_str(row.text());
        self.note_end();
    }

    pub(super) fn end_row(&mut self, continues: bool) {
        if let Some(last) = self.lines.last_mut() {
            last.runs = last.runs & !CONTINUES | if continues { CONTINUES } else { 0 };
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Takes the last line away.
    pub(super) fn take_last(&mut self) -> Option<LinkedText> {
        let taken = LinkedText::from(self.line(self.end().checked_sub(1)?)?);
        self.lines.pop();
        let end = self.lines.last().copied().unwrap_or_default();
        self.text.truncate(end.text as usize);
        self.runs.truncate(end.run_index());
        let start = self.lines.len().checked_sub(1).map_or(LineEnd::default(), |last| self.end_before(last));
        self.described = self.runs[start.run_index()..].iter().map(|run| usize::from(run.bytes)).sum();
        Some(taken)
    }

    /// Notes how so many bytes look that come behind the first `length` of the last line.
    fn describe(&mut self, length: usize, bytes: usize, style: Style, link: Option<LinkId>, urls: &dyn Urls) {
        if bytes == 0 || style == Style::DEFAULT && link.is_none() {
            return;
        }
        let link = link.filter(|link| self.keeps_link(*link, urls));
        if length > self.described {
            self.push_run(length - self.described, Look::default());
        }
        self.push_run(bytes, Look { style, link });
    }

    /// Whether it is known where a link leads, as there is room for it.
    fn keeps_link(&mut self, link: LinkId, urls: &dyn Urls) -> bool {
        if self.urls.iter().any(|(known, _)| *known == link) {
            return true;
        }
        let Some(url) = urls.url(link).filter(|url| self.url_bytes + url.len() <= MAX_URLS) else { return false };
        self.url_bytes += url.len();
        self.urls.push((link, url.into()));
        true
    }

    fn push_run(&mut self, bytes: usize, look: Look) {
        let slot = &mut self.slots[slot(look.style)];
        let index = usize::from(*slot);
        let index = if self.looks.get(index) == Some(&look) { index } else { self.looks.len() };
        if index == self.looks.len() {
            self.looks.push(look);
            *slot = index as u16;
        }
        self.described += bytes;
        // The history keeps lines below 64 KiB, and begins no line in a chunk of 32 KiB: both numbers fit.
        self.runs.push(Run { bytes: bytes as u16, look: index as u16 });
    }

    fn note_end(&mut self) {
        let (text, runs) = (self.text.len() as u32, self.runs.len() as u32);
        if let Some(last) = self.lines.last_mut() {
            *last = LineEnd { text, runs };
        }
    }

    fn last_line_length(&self) -> usize {
        let Some(last) = self.lines.len().checked_sub(1) else { return 0 };
        self.text.len() - self.end_before(last).text as usize
    }

    fn end_before(&self, index: usize) -> LineEnd {
        index.checked_sub(1).and_then(|before| self.lines.get(before)).copied().unwrap_or_default()
    }
}

/// Where a style is looked for.
fn slot(style: Style) -> usize {
    let number = |color| match color {
        Color::Default => 0,
        Color::Indexed(index) => 0x100 | u32::from(index),
        Color::Rgb(red, green, blue) => u32::from_be_bytes([1, red, green, blue]),
    };
    let mixed = number(style.foreground)
        ^ number(style.background).rotate_left(11)
        ^ u32::from(style.attributes.bits()).rotate_left(23);
    (mixed.wrapping_mul(0x9e37_79b9) >> 27) as usize
}

impl LineEnd {
    fn run_index(self) -> usize {
        (self.runs & !CONTINUES) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Style = Style { foreground: Color::Indexed(1), ..Style::DEFAULT };

    #[test]
    fn plain_text_before_and_after_a_style_stays_plain() {
        let mut chunk = Chunk::starting_at(7);
        chunk.begin_line();
        chunk.append("ab", Style::DEFAULT, None, &LinkedText::default());
        chunk.append("cd", RED, None, &LinkedText::default());
        chunk.append("ef", Style::DEFAULT, None, &LinkedText::default());
        chunk.end_row(true);
        chunk.append("gh", RED, None, &LinkedText::default());
        chunk.end_row(false);
        chunk.begin_line();
        chunk.append("next", Style::DEFAULT, None, &LinkedText::default());
        let pieces: Vec<_> = chunk.line(7).unwrap().pieces().collect();
        assert_eq!(pieces, [("ab", Style::DEFAULT), ("cd", RED), ("ef", Style::DEFAULT), ("gh", RED)]);
        assert_eq!(chunk.line(8).unwrap().pieces().collect::<Vec<_>>(), [("next", Style::DEFAULT)]);
        assert!(chunk.line(6).is_none() && chunk.line(9).is_none());
    }

    #[test]
    fn a_style_used_again_is_stored_once() {
        let mut chunk = Chunk::starting_at(0);
        for _ in 0..100 {
            chunk.begin_line();
            chunk.append("a", RED, None, &LinkedText::default());
            chunk.append("b", Style { background: Color::Indexed(2), ..Style::DEFAULT }, None, &LinkedText::default());
        }
        assert_eq!(chunk.looks.len(), 2);
    }

    #[test]
    fn where_links_lead_is_kept_once_and_up_to_a_bound() {
        let mut chunk = Chunk::starting_at(0);
        let urls = (1..=64).map(|number| (LinkId(number), "x".repeat(1024))).collect();
        let known = LinkedText { urls, ..LinkedText::default() };
        for number in 0..65 {
            chunk.begin_line();
            chunk.append("a", Style::DEFAULT, Some(LinkId(number)), &known);
            chunk.append("b", Style::DEFAULT, Some(LinkId(number)), &known);
        }
        let links = |line| chunk.line(line).unwrap().linked_pieces().filter_map(|(.., link)| link).count();
        assert_eq!([links(0), links(1), links(32), links(33)], [0, 2, 2, 0], "of the first nothing is known");
        assert_eq!((chunk.urls.len(), chunk.url_bytes), (32, MAX_URLS));
    }
}
