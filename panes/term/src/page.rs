//! Lines of text between two widths of a screen: not wrapped, with everything that is to be seen of them, and with the places
//! in them that are to be found again.

use crate::history::{LinkedText, Urls};
use crate::looks::Looks;
use crate::pen::Pen;
use crate::{Style, wrap};

/// The lines of a screen.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Line>,
    /// The cursor, and the saved cursor.
    pub(crate) marks: [Option<Mark>; 2],
    /// Whether the text or the cursor reaches the last row of the screen.
    pub(crate) full: bool,
}

/// A line, which may take several rows.
#[derive(Debug, Default)]
pub(crate) struct Line {
    text: String,
    /// The looks of the text, each with how many bytes have it.
    runs: Vec<(usize, Pen)>,
    /// How the blank rest of its last row looks.
    pub(crate) rest: Style,
}

/// A place in lines: a character, or a blank column to the right of the last one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) line: usize,
    pub(crate) byte: usize,
    /// How many columns it is beyond the end of the text.
    pub(crate) beyond: u16,
}

impl Page {
    /// Puts a line before all others, or, if that `goes_on`, before the text of the first.
    pub(crate) fn begin_with(&mut self, mut line: Line, goes_on: bool) {
        let marks = self.marks.iter_mut().flatten();
        if goes_on && let Some(first) = self.lines.first_mut() {
            marks.filter(|mark| mark.line == 0).for_each(|mark| mark.byte += line.text.len());
            std::mem::swap(first, &mut line);
            line.pieces().for_each(|(text, pen)| first.push(text, pen));
            first.rest = line.rest;
        } else {
            marks.for_each(|mark| mark.line += 1);
            self.lines.insert(0, line);
        }
    }
}

impl Line {
    /// A line that had scrolled off.
    pub(crate) fn from_history(taken: &LinkedText, looks: &mut Looks) -> Self {
        let mut line = Self::default();
        for (text, style, link) in taken.text.linked_pieces() {
            let mut pen = Pen::of(style);
            pen.extra.link = link.and_then(|link| looks.recall(link, taken.url(link)?)).unwrap_or_default();
            line.push(text, pen);
        }
        line
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is seen of the line.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.is_empty() && self.rest == Style::DEFAULT
    }

    pub(crate) fn push(&mut self, text: &str, pen: Pen) {
        self.text.push_str(text);
        match self.runs.last_mut() {
            Some((bytes, last)) if *last == pen => *bytes += text.len(),
            _ => self.runs.push((text.len(), pen)),
        }
    }

    /// The parts of the text with their looks.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (&str, Pen)> {
        let mut rest = self.text.as_str();
        self.runs.iter().map(move |&(bytes, pen)| {
            let (piece, after) = rest.split_at(bytes);
            rest = after;
            (piece, pen)
        })
    }

    /// How many rows the line takes on a screen of so many columns.
    pub(crate) fn height(&self, columns: u16) -> usize {
        wrap(&self.text, columns).count()
    }
}
