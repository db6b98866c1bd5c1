//! The lines that scrolled off the top of the primary screen, within a budget of bytes.
//!
//! A line is what the program wrote up to its newline: rows that only wrapped are joined again. Lines live in chunks
//! of some thousand bytes, each with one buffer for text, one for styles and one for positions, so that a line of 77
//! plain characters costs 85 bytes; when the budget is used up, the oldest chunk goes. This file knows nothing of
//! screens, and leaves showing lines at another width to whoever reads them.

mod chunk;
mod linked_text;

use std::collections::VecDeque;

use self::chunk::Chunk;
pub use self::chunk::Line;
pub(crate) use self::chunk::MAX_URLS;
pub(crate) use self::linked_text::{LinkedText, Urls};
use crate::StyledText;

/// Lines with numbers: after the oldest lines are dropped the others keep theirs. No number is given to another line, except
/// that one which a resize brought back to the screen may be changed there before it scrolls off again.
#[derive(Debug)]
pub struct History {
    /// Never empty; the last one is being filled.
    chunks: VecDeque<Chunk>,
    budget: usize,
    /// What all chunks but the last hold.
    sealed_bytes: usize,
    /// The number of the line with which this history began.
    began: u64,
}

impl Default for History {
    fn default() -> Self {
        Self::new(Self::DEFAULT_BUDGET)
    }
}

impl History {
    /// What a pane may use unless told otherwise: 1.5 MiB.
    pub const DEFAULT_BUDGET: usize = 3 * 512 * 1024;

    /// The longest line within that, in bytes; what is longer is split.
    pub(crate) const LONGEST_LINE: usize = 24 * 1024;

    const SMALLEST_BUDGET: usize = 64 * 1024;

    /// An empty history that holds at most `budget` bytes, all told; at least 64 KiB.
    pub fn new(budget: usize) -> Self {
        Self::starting_at(0, budget)
    }

    /// A history of the usual budget whose lines up to `end` are not there, except perhaps the last, to which more may come.
    pub(crate) fn resumed(end: u64, unfinished: Option<&LinkedText>) -> Self {
        let Some(line) = unfinished else { return Self::starting_at(end, Self::DEFAULT_BUDGET) };
        let mut history = Self::starting_at(end.saturating_sub(1), Self::DEFAULT_BUDGET);
        history.push_row(&line.text, true, line);
        history
    }

    fn starting_at(began: u64, budget: usize) -> Self {
        let budget = budget.max(Self::SMALLEST_BUDGET);
        Self { chunks: VecDeque::from([Chunk::starting_at(began)]), budget, sealed_bytes: 0, began }
    }

    /// The number of the oldest line still held; equal to [`end`](Self::end) when there is none.
    pub fn first(&self) -> u64 {
        self.chunks.front().map_or(0, Chunk::first)
    }

    /// One more than the number of the newest line.
    pub fn end(&self) -> u64 {
        self.chunks.back().map_or(0, Chunk::end)
    }

    /// The memory in use.
    pub fn bytes(&self) -> usize {
        self.sealed_bytes + self.chunks.back().map_or(0, Chunk::bytes)
    }

    /// The line of that number, unless it is dropped or not yet written.
    pub fn line(&self, number: u64) -> Option<Line<'_>> {
        let chunk = self.chunks.partition_point(|chunk| chunk.end() <= number);
        self.chunks.get(chunk)?.line(number)
    }

    /// Up to `count` lines from number `from` on, beginning later when the first of them are dropped already.
    pub fn lines(&self, from: u64, count: usize) -> impl DoubleEndedIterator<Item = Line<'_>> {
        let start = from.clamp(self.first(), self.end());
        let end = from.saturating_add(count as u64).clamp(start, self.end());
        (start..end).filter_map(|number| self.line(number))
    }

    /// Forgets all lines. Numbers go on from where they were.
    pub fn clear(&mut self) {
        self.chunks = VecDeque::from([Chunk::starting_at(self.end())]);
        // What is forgotten is not to come back from an older history either.
        (self.sealed_bytes, self.began) = (0, u64::MAX);
    }

    /// Adds a row that left the screen. `continues`: the next row belongs to the same line. `urls`: where its links lead.
    pub(crate) fn push_row(&mut self, row: &StyledText, continues: bool, urls: &dyn Urls) {
        let mut room = self.begin_row(row.text().len());
        if row.text().len() <= room {
            self.last().append_row(row, urls);
            return self.end_row(continues);
        }
        let mut pieces = row.linked_pieces();
        let Some(mut current) = pieces.next() else {
            return self.end_row(continues);
        };
        loop {
            let (text, style, link) = current;
            let fits = text.floor_char_boundary(room);
            self.last().append(&text[..fits], style, link, urls);
            room -= fits;
            if fits < text.len() {
                self.end_row(true);
                room = self.begin_line();
                current = (&text[fits..], style, link);
                continue;
            }
            match pieces.next() {
                Some(next) => current = next,
                None => return self.end_row(continues),
            }
        }
    }

    /// Whether the last line's text goes on with the next row that leaves the screen.
    pub(crate) fn goes_on(&self) -> bool {
        self.line(self.end().wrapping_sub(1)).is_some_and(|line| line.continues())
    }

    /// Takes the last line back, which is to be on the screen again; its number is that of the next line.
    pub(crate) fn take_last(&mut self) -> Option<LinkedText> {
        if self.last().is_empty() && self.chunks.len() > 1 {
            self.chunks.pop_back();
            self.sealed_bytes -= self.last().bytes();
        }
        self.last().take_last()
    }

    /// Ends a line whose continuation will never come.
    pub(crate) fn finish_line(&mut self) {
        self.last().end_row(false);
    }

    /// The newest line, if more may come to it.
    pub(crate) fn unfinished(&self) -> Option<LinkedText> {
        self.line(self.end().checked_sub(1)?).filter(Line::continues).map(LinkedText::from)
    }

    /// Whether no line was dropped or cleared since it began, so that older ones can come before them.
    pub(crate) fn lacks_older(&self) -> bool {
        self.first() == self.began && self.began > 0
    }

    /// Puts older lines before these. They get the numbers that lead up to the line with which this history began; if that is
    /// gone, they are dropped. An unfinished line at their end is the one that is here.
    pub(crate) fn adopt(&mut self, mut older: Self) {
        if !self.lacks_older() {
            return;
        }
        if older.goes_on() {
            older.take_last();
        }
        while older.end() - older.first() > self.began {
            if older.chunks.pop_front().is_none() {
                return;
            }
        }
        let end = older.end();
        older.last().shrink();
        for mut chunk in older.chunks.into_iter().rev().filter(|chunk| !chunk.is_empty()) {
            chunk.renumber(chunk.first() + self.began - end);
            self.sealed_bytes += chunk.bytes();
            self.chunks.push_front(chunk);
        }
        self.keep_to_budget();
    }

    /// Joins the row to an unfinished line if that has room for it, else begins a line; returns the room there is.
    fn begin_row(&mut self, bytes: usize) -> usize {
        let longest = self.longest_line();
        match self.last().unfinished() {
            Some(length) if length + bytes <= longest => longest - length,
            _ => self.begin_line(),
        }
    }

    fn begin_line(&mut self) -> usize {
        if self.last().bytes() >= self.chunk_size() {
            self.seal();
        }
        self.last().begin_line();
        self.longest_line()
    }

    fn end_row(&mut self, continues: bool) {
        self.last().end_row(continues);
        self.keep_to_budget();
    }

    fn keep_to_budget(&mut self) {
        while self.bytes() > self.budget && self.chunks.len() > 1 {
            self.sealed_bytes -= self.chunks.pop_front().map_or(0, |chunk| chunk.bytes());
        }
    }

    fn seal(&mut self) {
        let last = self.last();
        last.shrink();
        let (bytes, end) = (last.bytes(), last.end());
        self.sealed_bytes += bytes;
        self.chunks.push_back(Chunk::starting_at(end));
    }

    fn last(&mut self) -> &mut Chunk {
        if self.chunks.is_empty() {
            self.chunks.push_back(Chunk::starting_at(0));
        }
        let last = self.chunks.len() - 1;
        &mut self.chunks[last]
    }

    fn chunk_size(&self) -> usize {
        (self.budget / 32).min(32 * 1024)
    }

    /// A line of this length stays within the budget even if each byte has a style of its own.
    fn longest_line(&self) -> usize {
        (self.budget / 64).min(Self::LONGEST_LINE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Color, Style};

    fn plain(text: &str) -> StyledText {
        let mut row = StyledText::default();
        row.push(text, Style::DEFAULT);
        row
    }

    fn push(history: &mut History, row: &StyledText, continues: bool) {
        history.push_row(row, continues, &LinkedText::default());
    }

    fn texts(history: &History) -> Vec<String> {
        history.lines(0, usize::MAX).map(|line| line.text().to_owned()).collect()
    }

    #[test]
    fn wrapped_rows_are_one_line() {
        let mut history = History::default();
        push(&mut history, &plain("ab"), true);
        assert!(history.line(0).unwrap().continues());
        push(&mut history, &plain("cd"), false);
        push(&mut history, &plain(""), false);
        push(&mut history, &plain("e"), false);
        assert_eq!(texts(&history), ["abcd", "", "e"]);
        assert!(!history.line(0).unwrap().continues());
        assert_eq!((history.first(), history.end()), (0, 3));
    }

    #[test]
    fn ten_thousand_lines_of_77_columns_fit_in_the_default_budget() {
        let mut history = History::default();
        (0..10_000).for_each(|number| push(&mut history, &plain(&format!("{number:077}")), false));
        assert_eq!(history.first(), 0);
        assert!(history.bytes() < 1024 * 1024, "{} bytes", history.bytes());
        assert_eq!(history.line(9_999).unwrap().text(), format!("{:077}", 9_999));
    }

    #[test]
    fn numbers_stay_when_old_lines_are_dropped_or_all_are_cleared() {
        let mut history = History::new(0);
        (0..5_000).for_each(|number| push(&mut history, &plain(&format!("line {number}")), false));
        let first = history.first();
        assert!(first > 0 && history.bytes() <= History::SMALLEST_BUDGET);
        assert!(history.line(first - 1).is_none() && history.line(5_000).is_none());
        assert_eq!(history.line(first).unwrap().text(), format!("line {first}"));
        assert_eq!(history.lines(0, usize::MAX).next().unwrap().number(), first);
        history.clear();
        assert_eq!((history.first(), history.end()), (5_000, 5_000));
        push(&mut history, &plain("next"), false);
        assert_eq!(history.line(5_000).unwrap().text(), "next");
    }

    #[test]
    fn a_line_without_an_end_is_split_and_stays_within_the_budget() {
        let mut history = History::new(0);
        (0..20_000).for_each(|_| push(&mut history, &plain("é1234567"), true));
        assert!(history.bytes() <= History::SMALLEST_BUDGET);
        assert!(history.end() - history.first() > 1);
        assert!(history.lines(0, usize::MAX).all(|line| line.continues() && line.text().len() <= 1024));
    }

    #[test]
    fn a_row_longer_than_a_line_may_be_loses_nothing() {
        let mut history = History::new(0);
        let mut row = plain(&"x".repeat(1023));
        row.push(&"é".repeat(700), Style { foreground: Color::Indexed(1), ..Style::DEFAULT });
        push(&mut history, &row, false);
        let joined: String = history.lines(0, 9).flat_map(|line| line.text().chars().collect::<Vec<_>>()).collect();
        assert_eq!(joined, row.text());
        assert!(!history.lines(0, 9).last().unwrap().continues());
    }

    #[test]
    fn a_style_for_every_byte_stays_within_the_budget() {
        let mut history = History::new(0);
        for number in 0..2_000_u32 {
            let mut row = StyledText::default();
            for column in 0..1_000_u32 {
                let [_, red, green, blue] = (number * 1_000 + column).to_be_bytes();
                row.push("x", Style { foreground: Color::Rgb(red, green, blue), ..Style::DEFAULT });
            }
            push(&mut history, &row, number % 3 == 0);
            assert!(history.bytes() <= History::SMALLEST_BUDGET, "{}", history.bytes());
        }
        assert!(history.end() > history.first());
    }

    #[test]
    fn older_lines_lead_up_to_those_that_are_there_and_the_unfinished_one_is_there_once() {
        let mut whole = History::default();
        (0..3_000).for_each(|number| push(&mut whole, &plain(&format!("line {number}")), false));
        push(&mut whole, &plain("begun "), true);
        let mut resumed = History::resumed(whole.end(), whole.unfinished().as_ref());
        for history in [&mut whole, &mut resumed] {
            push(history, &plain("ended"), false);
            push(history, &plain("next"), false);
        }
        assert_eq!((resumed.first(), resumed.end()), (3_000, 3_002));
        let mut older = History::default();
        (1_000..3_000).for_each(|number| push(&mut older, &plain(&format!("line {number}")), false));
        push(&mut older, &plain("begun "), true);
        resumed.adopt(older);
        assert_eq!((resumed.first(), resumed.end()), (1_000, 3_002));
        assert!(resumed.lines(0, usize::MAX).all(|line| whole.line(line.number()).unwrap().text() == line.text()));
        assert_eq!(resumed.lines(0, usize::MAX).count(), 2_002);
        assert_eq!(resumed.bytes(), resumed.chunks.iter().map(Chunk::bytes).sum::<usize>());
    }

    #[test]
    fn older_lines_stay_away_once_there_would_be_a_gap_or_too_many() {
        let older = || {
            let mut older = History::default();
            (0..50_000).for_each(|number| push(&mut older, &plain(&format!("line {number}")), false));
            older
        };
        let mut cleared = History::resumed(60_000, None);
        cleared.clear();
        cleared.adopt(older());
        assert_eq!((cleared.first(), cleared.end()), (60_000, 60_000));
        let mut young = History::resumed(10, None);
        young.adopt(older());
        assert!(young.first() <= young.end() && young.end() == 10);
        let mut full = History::resumed(60_000, None);
        (0..100_000).for_each(|number| push(&mut full, &plain(&format!("{number:077}")), false));
        let first = full.first();
        full.adopt(older());
        assert_eq!(full.first(), first);
    }
}
