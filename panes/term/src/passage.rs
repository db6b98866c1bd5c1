//! The text of history and screen as a search reads it: rows that only wrapped are put together again, and every byte of
//! the text knows the line and column it stands in.

use std::ops::Range;

use crate::{Engine, clusters};

/// The longest passage, in bytes; a line that goes on beyond is read in parts.
const LONGEST: usize = 64 * 1024;

/// What a program wrote up to its newline, or a part of that if it is very long.
#[derive(Clone, Debug, Default)]
pub struct Passage {
    text: String,
    /// Never empty.
    parts: Vec<Part>,
}

/// What one line of history, or one row of the screen, adds to a passage.
#[derive(Clone, Debug)]
struct Part {
    /// Where its text begins.
    start: usize,
    line: u64,
    /// A row's cells: where the text of each begins, and its columns. Lines of history have none, but clusters.
    cells: Vec<(usize, Range<u32>)>,
}

/// Lines are numbered on from history down the screen.
struct Lines<'a> {
    engine: &'a dyn Engine,
    first: u64,
    history_end: u64,
    end: u64,
}

impl Passage {
    /// The text without its styles.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of its first line.
    pub fn first_line(&self) -> u64 {
        self.parts.first().map_or(0, |part| part.line)
    }

    /// One more than the number of its last line.
    pub fn end_line(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.line + 1)
    }

    /// The line and the columns of the cell in which the byte at `at` stands.
    pub fn place(&self, at: usize) -> (u64, Range<u32>) {
        let index = self.parts.partition_point(|part| part.start <= at).saturating_sub(1);
        let Some(part) = self.parts.get(index) else { return (0, 0..0) };
        if let Some(cell) = part.cells.partition_point(|(start, _)| *start <= at).checked_sub(1) {
            return (part.line, part.cells[cell].1.clone());
        }
        let end = self.parts.get(index + 1).map_or(self.text.len(), |next| next.start);
        let (mut start, mut column) = (part.start, 0);
        for (cluster, width) in clusters(&self.text[part.start..end]) {
            let columns = column..column + u32::from(width);
            start += cluster.len();
            if at < start {
                return (part.line, columns);
            }
            column = columns.end;
        }
        (part.line, column..column)
    }
}

/// Neighbouring passages.
#[derive(Clone, Debug, Default)]
pub struct Passages {
    /// In the order that was asked for.
    pub passages: Vec<Passage>,
    /// The line to go on from; `None` if there are no more.
    pub next: Option<u64>,
}

/// The passages from the one with line `from` on, downwards, or upwards if `up`; as many as hold `budget` bytes, and at
/// least one. A number beyond either end means the line at that end.
pub fn passages(engine: &dyn Engine, from: u64, up: bool, budget: usize) -> Passages {
    let lines = Lines::of(engine);
    let (mut passages, mut bytes) = (Vec::new(), 0);
    let mut next = Some(from.clamp(lines.first, lines.end - 1));
    while let Some(line) = next
        && (bytes < budget || passages.is_empty())
    {
        let passage = lines.passage(lines.start_of(line));
        // An empty line is some work too.
        bytes += passage.text.len() + 16;
        next = if up {
            passage.first_line().checked_sub(1).filter(|line| *line >= lines.first)
        } else {
            Some(passage.end_line()).filter(|line| *line < lines.end)
        };
        passages.push(passage);
    }
    Passages { passages, next }
}

impl<'a> Lines<'a> {
    fn of(engine: &'a dyn Engine) -> Self {
        let history = engine.history();
        let (first, history_end) = (history.first(), history.end());
        Self { engine, first, history_end, end: history_end + u64::from(engine.size().rows()) }
    }

    /// The line's row on the screen, if it is one.
    fn row(&self, line: u64) -> Option<u16> {
        line.checked_sub(self.history_end).and_then(|row| u16::try_from(row).ok())
    }

    /// Whether the next line is a part of the same passage.
    fn continues(&self, line: u64) -> bool {
        if line + 1 >= self.end {
            return false;
        }
        if let Some(row) = self.row(line) {
            return self.engine.row_wrapped(row);
        }
        // What is above the alternate screen goes on below it, out of sight.
        let last = line + 1 == self.history_end;
        let hidden = last && self.engine.modes().alternate_screen;
        !hidden && self.engine.history().line(line).is_some_and(|line| line.continues())
    }

    /// At least the bytes of the line's text.
    fn length(&self, line: u64) -> usize {
        match self.row(line) {
            Some(_) => usize::from(self.engine.size().columns()),
            None => self.engine.history().line(line).map_or(0, |line| line.text().len()),
        }
    }

    /// The first line of the passage to which this one belongs.
    fn start_of(&self, line: u64) -> u64 {
        let (mut start, mut length) = (line, self.length(line));
        while start > self.first && self.continues(start - 1) {
            length += self.length(start - 1);
            if length > LONGEST {
                break;
            }
            start -= 1;
        }
        start
    }

    fn passage(&self, start: u64) -> Passage {
        let mut passage = Passage::default();
        let mut length = 0;
        for line in start..self.end {
            length += self.length(line);
            if length > LONGEST && line > start {
                break;
            }
            self.append(line, &mut passage);
            if !self.continues(line) {
                break;
            }
        }
        passage
    }

    fn append(&self, line: u64, passage: &mut Passage) {
        let mut part = Part { start: passage.text.len(), line, cells: Vec::new() };
        if let Some(row) = self.row(line) {
            let mut column = 0;
            self.engine.row(row, &mut |cell| {
                let end = column + u32::from(cell.width);
                part.cells.push((passage.text.len(), column..end));
                passage.text.push_str(cell.text);
                column = end;
            });
            if !self.continues(line) {
                let kept = passage.text[part.start..].trim_end_matches(' ').len();
                passage.text.truncate(part.start + kept);
            }
        } else if let Some(line) = self.engine.history().line(line) {
            passage.text.push_str(line.text());
        }
        passage.parts.push(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Size, VtEngine};

    fn engine(rows: u16, columns: u16, bytes: &str) -> VtEngine {
        let mut engine = VtEngine::new(Size::new(rows, columns));
        engine.feed(bytes.as_bytes());
        engine
    }

    fn texts(engine: &VtEngine, from: u64, up: bool) -> Vec<String> {
        passages(engine, from, up, usize::MAX).passages.iter().map(|passage| passage.text.clone()).collect()
    }

    #[test]
    fn rows_that_only_wrapped_are_one_text_also_from_history_into_the_screen() {
        let engine = engine(2, 4, "one\r\nabcdefghij\r\nend");
        assert_eq!((engine.history().end(), engine.history().line(1).unwrap().continues()), (2, true));
        assert_eq!(texts(&engine, 0, false), ["one", "abcdefghij", "end"]);
        assert_eq!(texts(&engine, u64::MAX, true), ["end", "abcdefghij", "one"]);
        assert_eq!(texts(&engine, 2, true), ["abcdefghij", "one"]);
        let passage = &passages(&engine, 1, false, 1).passages[0];
        assert_eq!((passage.first_line(), passage.end_line()), (1, 3));
        assert_eq!((passage.place(0), passage.place(7), passage.place(9)), ((1, 0..1), (1, 7..8), (2, 1..2)));
    }

    #[test]
    fn places_are_columns_whatever_the_text_takes() {
        let engine = engine(1, 10, "日e\u{301}x\r\n日e\u{301}x");
        for passage in passages(&engine, 0, false, usize::MAX).passages {
            let line = passage.first_line();
            let columns: Vec<_> = passage.text().char_indices().map(|(at, _)| passage.place(at)).collect();
            assert_eq!(columns, [(line, 0..2), (line, 2..3), (line, 2..3), (line, 3..4)]);
        }
    }

    #[test]
    fn history_does_not_go_on_in_the_alternate_screen() {
        let engine = engine(1, 4, "abcdef\x1b[?1049h\x1b[Hvim");
        assert_eq!(texts(&engine, 0, false), ["abcd", "vim"]);
    }

    #[test]
    fn a_line_without_an_end_is_read_in_parts_that_miss_nothing() {
        let engine = engine(2, 100, &"x".repeat(300_000));
        for (from, up) in [(0, false), (u64::MAX, true)] {
            let all = passages(&engine, from, up, usize::MAX).passages;
            assert!(all.len() > 3 && all.iter().all(|passage| passage.text.len() <= LONGEST + 100));
            let mut lines: Vec<u64> = all.iter().flat_map(|it| it.first_line()..it.end_line()).collect();
            lines.sort_unstable();
            lines.dedup();
            assert_eq!(lines, (0..engine.history().end() + 2).collect::<Vec<_>>());
        }
    }
}
