//! What is searched for, and where a line has it. Upper and lower case are the same.

use std::ops::Range;

use locald_api::Row;

use crate::wrapping::cells;

/// A text to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needle {
    /// As it was typed.
    pub(crate) text: String,
    /// In lower case.
    folded: String,
}

impl Needle {
    /// `None`: there is nothing to look for.
    pub(crate) fn new(text: &str) -> Option<Self> {
        (!text.is_empty())
            .then(|| Self { text: text.to_owned(), folded: text.chars().flat_map(char::to_lowercase).collect() })
    }

    /// The columns of `row` that hold it, from the left and without overlap.
    pub(crate) fn matches(&self, row: &Row) -> Vec<Range<u32>> {
        let mut folded = String::new();
        // The columns of the cell that each byte belongs to.
        let mut columns = Vec::new();
        let mut column = 0_u32;
        for (cell, width) in cells(row) {
            let end = column.saturating_add(width);
            // A blank cell of a cluster's width may have no text.
            folded.extend(if cell.is_empty() { " " } else { cell }.chars().flat_map(char::to_lowercase));
            columns.resize(folded.len(), column..end);
            column = end;
        }
        let found = folded.match_indices(&self.folded);
        found.map(|(at, text)| columns[at].start..columns[at + text.len() - 1].end).collect()
    }
}

#[cfg(test)]
mod tests {
    use locald_api::{Cells, Run, Style};

    use super::*;
    use crate::screen::tests::row;

    fn matches(needle: &str, row: &Row) -> Vec<(u32, u32)> {
        Needle::new(needle).unwrap().matches(row).into_iter().map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn case_does_not_matter_and_matches_do_not_overlap() {
        assert_eq!(matches("ERR", &row("err Error")), [(0, 3), (4, 7)]);
        assert_eq!(matches("é", &row("É")), [(0, 1)]);
        assert_eq!(matches("aa", &row("aaaa")), [(0, 2), (2, 4)]);
        assert_eq!(matches("x", &row("")), []);
        assert_eq!(Needle::new(""), None);
    }

    #[test]
    fn matches_are_told_in_columns_across_runs_of_any_width() {
        let cells = [
            Cells::Wide("世".into()),
            Cells::Narrow("ab".into()),
            Cells::Cluster { width: 2, text: "👩\u{200d}👩".into() },
            Cells::Narrow("c".into()),
        ];
        let row =
            Row { runs: cells.into_iter().map(|cells| Run::new(Style::default(), cells)).collect(), ..Row::default() };
        assert_eq!(matches("世a", &row), [(0, 3)]);
        assert_eq!(matches("b👩", &row), [(3, 6)]);
        assert_eq!(matches("c", &row), [(6, 7)]);
    }
}
