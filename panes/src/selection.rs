//! What of a service's past is selected to be copied, and the text it holds.

use std::ops::{Range, RangeInclusive};

use locald_api::Row;
use serde::{Deserialize, Serialize};

use crate::scrollback::Place;
use crate::words;
use crate::wrapping::cells;

/// A selection from where it was begun to where the user has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) shape: Shape,
    /// The cell it was begun on.
    pub(crate) anchor: Place,
    /// The cell the user has come to; it is selected too.
    pub(crate) cursor: Place,
}

/// What a selection takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// All cells from the one end to the other, as text is read.
    Cells,
    /// The same, with the words at its ends whole.
    Words,
    /// Whole lines.
    Lines,
    /// The same columns of each line.
    Block,
}

/// The cells that a selection takes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Region {
    /// From here to before there.
    Stream { start: Place, end: Place },
    /// These columns of these lines.
    Block { lines: RangeInclusive<u64>, columns: Range<u32> },
}

impl Selection {
    /// What it takes in, where `row` knows lines. What is not known has no words and no wide cells.
    pub(crate) fn region<'a>(&self, row: impl Fn(u64) -> Option<&'a Row>) -> Region {
        let (first, last) = (self.anchor.min(self.cursor), self.anchor.max(self.cursor));
        let whole = |place: Place, range: fn(&Row, u32) -> Range<u32>| {
            row(place.line).map_or(place.column..place.column + 1, |row| range(row, place.column))
        };
        let at = |place: Place, column| Place { column, ..place };
        match self.shape {
            Shape::Cells => {
                let end = whole(last, cell_at).end;
                Region::Stream { start: at(first, whole(first, cell_at).start), end: at(last, end) }
            }
            Shape::Words => {
                let end = whole(last, words::around).end;
                Region::Stream { start: at(first, whole(first, words::around).start), end: at(last, end) }
            }
            Shape::Lines => Region::Stream { start: at(first, 0), end: at(last, u32::MAX) },
            Shape::Block => {
                let (one, other) = (whole(first, cell_at), whole(last, cell_at));
                let columns = one.start.min(other.start)..one.end.max(other.end);
                Region::Block { lines: first.line..=last.line, columns }
            }
        }
    }
}

impl Region {
    /// The lines it has part in.
    pub(crate) fn lines(&self) -> RangeInclusive<u64> {
        match self {
            Self::Stream { start, end } => start.line..=end.line,
            Self::Block { lines, .. } => lines.clone(),
        }
    }

    /// The columns of this line that it takes in.
    pub(crate) fn columns(&self, line: u64) -> Range<u32> {
        match self {
            _ if !self.lines().contains(&line) => 0..0,
            Self::Stream { start, end } => {
                let from = if line == start.line { start.column } else { 0 };
                from..if line == end.line { end.column } else { u32::MAX }
            }
            Self::Block { columns, .. } => columns.clone(),
        }
    }

    /// The text it has in `row`, which is the line of this number. Blanks at a line's end are nobody's text, unless the
    /// line goes on in the next.
    pub(crate) fn text(&self, line: u64, row: &Row) -> String {
        let (columns, mut column, mut text) = (self.columns(line), 0_u32, String::new());
        for (cell, width) in cells(row) {
            let end = column.saturating_add(width);
            if column < columns.end && end > columns.start {
                text.push_str(if cell.is_empty() { " " } else { cell });
            }
            column = end;
        }
        if !self.is_joined(line, row) {
            text.truncate(text.trim_end().len());
        }
        text
    }

    /// Whether the text of this line goes on in the next without a break.
    pub(crate) fn is_joined(&self, line: u64, row: &Row) -> bool {
        matches!(self, Self::Stream { end, .. } if line < end.line) && row.wrapped
    }
}

/// The columns of the cell that holds this column; of the last one where there is none.
pub(crate) fn cell_at(row: &Row, column: u32) -> Range<u32> {
    let mut start = 0_u32;
    let mut last = 0..1;
    for (_, width) in cells(row) {
        last = start..start.saturating_add(width);
        if last.contains(&column) {
            return last;
        }
        start = last.end;
    }
    // Behind the text every column is a blank cell.
    column.max(start)..column.max(start).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use locald_api::{Cells, Run, Style};
    use proptest::prelude::*;

    use super::*;
    use crate::screen::tests::row;

    /// The text of a selection in these lines.
    fn text(lines: &[Row], shape: Shape, anchor: (u64, u32), cursor: (u64, u32)) -> String {
        let place = |(line, column)| Place { line, column };
        let selection = Selection { shape, anchor: place(anchor), cursor: place(cursor) };
        let region = selection.region(|line| lines.get(line as usize));
        let mut text = String::new();
        for line in region.lines() {
            let row = &lines[line as usize];
            text += &region.text(line, row);
            if line != *region.lines().end() && !region.is_joined(line, row) {
                text.push('\n');
            }
        }
        text
    }

    fn wide(text: &str) -> Row {
        Row { runs: vec![Run::new(Style::default(), Cells::Wide(text.into()))], ..Row::default() }
    }

    #[test]
    fn both_ends_are_selected_whichever_came_first() {
        let lines = [row("one two"), row("three  "), row("four")];
        assert_eq!(text(&lines, Shape::Cells, (0, 4), (2, 1)), "two\nthree\nfo");
        assert_eq!(text(&lines, Shape::Cells, (2, 1), (0, 4)), "two\nthree\nfo");
        assert_eq!(text(&lines, Shape::Cells, (0, 0), (0, 0)), "o");
        assert_eq!(text(&lines, Shape::Cells, (0, 50), (1, 2)), "\nthr");
    }

    #[test]
    fn words_and_lines_are_selected_whole() {
        let lines = [row("GET /a/b.js 200"), row("done")];
        assert_eq!(text(&lines, Shape::Words, (0, 6), (0, 6)), "/a/b.js");
        assert_eq!(text(&lines, Shape::Words, (1, 1), (0, 12)), "200\ndone");
        assert_eq!(text(&lines, Shape::Lines, (1, 2), (0, 3)), "GET /a/b.js 200\ndone");
    }

    #[test]
    fn a_block_takes_the_same_columns_of_each_line() {
        let lines = [row("abcdef"), row("a"), row("ABCDEF")];
        assert_eq!(text(&lines, Shape::Block, (0, 3), (2, 1)), "bcd\n\nBCD");
    }

    #[test]
    fn half_a_wide_character_is_all_of_it() {
        let lines = [wide("世界人")];
        assert_eq!(text(&lines, Shape::Cells, (0, 1), (0, 2)), "世界");
        assert_eq!(text(&lines, Shape::Cells, (0, 5), (0, 3)), "界人");
    }

    #[test]
    fn rows_that_only_wrapped_are_one_line_with_the_blanks_between() {
        let wrapped = Row { wrapped: true, ..row("a long ") };
        let lines = [wrapped, row("line  "), row("next")];
        assert_eq!(text(&lines, Shape::Cells, (0, 0), (2, 3)), "a long line\nnext");
        assert_eq!(text(&lines, Shape::Lines, (0, 0), (0, 0)), "a long");
        assert_eq!(text(&lines, Shape::Block, (0, 0), (1, 3)), "a lo\nline");
    }

    proptest! {
        #[test]
        fn the_text_of_any_selection_is_part_of_the_lines(
            lines in proptest::collection::vec("[ab 世]{0,8}", 1..4), anchor in (0u64..4, 0u32..12), cursor in (0u64..4, 0u32..12),
            shape in prop_oneof![Just(Shape::Cells), Just(Shape::Words), Just(Shape::Lines), Just(Shape::Block)],
        ) {
            let rows: Vec<Row> = lines.iter().map(|line| {
                let runs = line.chars().map(|char| {
                    let cells = if char == '世' { Cells::Wide(char.into()) } else { Cells::Narrow(char.into()) };
                    Run::new(Style::default(), cells)
                });
                Row { runs: runs.collect(), ..Row::default() }
            }).collect();
            let last = lines.len() as u64 - 1;
            let selected = text(&rows, shape, (anchor.0.min(last), anchor.1), (cursor.0.min(last), cursor.1));
            let all = lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>();
            for part in selected.split('\n') {
                prop_assert!(all.iter().any(|line| line.contains(part)), "{part:?} in {all:?}");
            }
        }
    }
}
