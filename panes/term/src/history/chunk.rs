//! Some lines in three buffers. The history decides when a chunk is full and when it goes.

use crate::{Color, Style, StyledText};

/// How many styles are looked for at a time.
const SLOTS: usize = 32;

/// Neighbouring lines of a history.
#[derive(Debug)]
pub(super) struct Chunk {
    first: u64,
    text: String,
    lines: Vec<LineEnd>,
    runs: Vec<Run>,
    styles: Vec<Style>,
    /// Where a style may be stored already; when it is not there, it is stored again.
    slots: [u16; SLOTS],
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

/// A part of a line in one style of the chunk. What no run describes has the default style.
#[derive(Clone, Copy, Debug)]
struct Run {
    bytes: u16,
    style: u16,
}

/// A line of a history: its text with styles, and whether it is finished.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    number: u64,
    text: &'a str,
    runs: &'a [Run],
    styles: &'a [Style],
    continues: bool,
}

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
        let (styles, mut rest) = (self.styles, self.text);
        let mut runs = self.runs.iter();
        std::iter::from_fn(move || {
            let (bytes, style) = match runs.next() {
                Some(run) => (usize::from(run.bytes), styles.get(usize::from(run.style)).copied()),
                None => (rest.len(), None),
            };
            let (piece, after) = rest.split_at(bytes);
            rest = after;
            (bytes > 0).then(|| (piece, style.unwrap_or_default()))
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
            styles: Vec::new(),
            slots: [0; SLOTS],
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
            + self.styles.capacity() * size_of::<Style>()
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
        self.styles.shrink_to_fit();
    }

    pub(super) fn line(&self, number: u64) -> Option<Line<'_>> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let end = *self.lines.get(index)?;
        let start = self.end_before(index);
        Some(Line {
            number,
            text: &self.text[start.text as usize..end.text as usize],
            runs: &self.runs[start.run_index()..end.run_index()],
            styles: &self.styles,
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
    pub(super) fn append(&mut self, text: &str, style: Style) {
        if style != Style::DEFAULT && !text.is_empty() {
            let gap = self.last_line_length() - self.described;
            if gap > 0 {
                self.push_run(gap, Style::DEFAULT);
            }
            self.push_run(text.len(), style);
        }
        self.text.push_str(text);
        self.note_end();
    }

    /// Adds a whole row to the last line.
    pub(super) fn append_row(&mut self, row: &StyledText) {
        let mut length = self.last_line_length();
        for span in row.spans() {
            if span.style != Style::DEFAULT {
                if length > self.described {
                    self.push_run(length - self.described, Style::DEFAULT);
                }
                self.push_run(span.bytes, span.style);
            }
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
    pub(super) fn take_last(&mut self) -> Option<StyledText> {
        let mut taken = StyledText::default();
        self.line(self.end().checked_sub(1)?)?.pieces().for_each(|(text, style)| taken.push(text, style));
        self.lines.pop();
        let end = self.lines.last().copied().unwrap_or_default();
        self.text.truncate(end.text as usize);
        self.runs.truncate(end.run_index());
        let start = self.lines.len().checked_sub(1).map_or(LineEnd::default(), |last| self.end_before(last));
        self.described = self.runs[start.run_index()..].iter().map(|run| usize::from(run.bytes)).sum();
        Some(taken)
    }

    fn push_run(&mut self, bytes: usize, style: Style) {
        let slot = &mut self.slots[slot(style)];
        let index = usize::from(*slot);
        let index = if self.styles.get(index) == Some(&style) { index } else { self.styles.len() };
        if index == self.styles.len() {
            self.styles.push(style);
            *slot = index as u16;
        }
        self.described += bytes;
        // The history keeps lines below 64 KiB, and begins no line in a chunk of 32 KiB: both numbers fit.
        self.runs.push(Run { bytes: bytes as u16, style: index as u16 });
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
        chunk.append("ab", Style::DEFAULT);
        chunk.append("cd", RED);
        chunk.append("ef", Style::DEFAULT);
        chunk.end_row(true);
        chunk.append("gh", RED);
        chunk.end_row(false);
        chunk.begin_line();
        chunk.append("next", Style::DEFAULT);
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
            chunk.append("a", RED);
            chunk.append("b", Style { background: Color::Indexed(2), ..Style::DEFAULT });
        }
        assert_eq!(chunk.styles.len(), 2);
    }
}
