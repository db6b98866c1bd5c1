//! Words in a line: what a double click takes, and where the keys for words go.
//!
//! What belongs together in a log is one word: a path, an address, an option. Blanks and other signs part them.

use std::ops::Range;

use locald_api::Row;

use crate::wrapping::cells;

/// Signs that are part of a word.
const INNER: &str = "_-./~:@%#?&=+$\\";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Blank,
    Word,
    /// Other signs, which are a word together.
    Sign,
}

/// The columns of the word that holds this column, or of the blanks.
pub(crate) fn around(row: &Row, column: u32) -> Range<u32> {
    let found = pieces(row).into_iter().find(|(_, columns)| columns.contains(&column));
    found.map_or(column..column.saturating_add(1), |(_, columns)| columns)
}

/// Where the next word begins behind this column.
pub(crate) fn next_start(row: &Row, column: u32) -> Option<u32> {
    words(row).map(|columns| columns.start).find(|start| *start > column)
}

/// Where the last word begins before this column.
pub(crate) fn previous_start(row: &Row, column: u32) -> Option<u32> {
    words(row).map(|columns| columns.start).take_while(|start| *start < column).last()
}

/// The last column of the next word that ends behind this column.
pub(crate) fn next_end(row: &Row, column: u32) -> Option<u32> {
    words(row).map(|columns| columns.end - 1).find(|end| *end > column)
}

/// The last column of the first word.
pub(crate) fn first_end(row: &Row) -> Option<u32> {
    words(row).map(|columns| columns.end - 1).next()
}

/// Whether there is a blank in this column.
pub(crate) fn is_blank(row: &Row, column: u32) -> bool {
    pieces(row).iter().any(|(kind, columns)| *kind == Kind::Blank && columns.contains(&column))
}

fn words(row: &Row) -> impl Iterator<Item = Range<u32>> {
    pieces(row).into_iter().filter(|(kind, _)| *kind != Kind::Blank).map(|(_, columns)| columns)
}

/// Cells of one kind side by side.
fn pieces(row: &Row) -> Vec<(Kind, Range<u32>)> {
    let mut pieces: Vec<(Kind, Range<u32>)> = Vec::new();
    let mut column = 0_u32;
    for (cell, width) in cells(row) {
        let (kind, end) = (kind(cell), column.saturating_add(width));
        match pieces.last_mut() {
            Some((same, columns)) if *same == kind => columns.end = end,
            _ => pieces.push((kind, column..end)),
        }
        column = end;
    }
    pieces
}

fn kind(cell: &str) -> Kind {
    match cell.chars().next() {
        None => Kind::Blank,
        Some(char) if char.is_whitespace() => Kind::Blank,
        Some(char) if char.is_alphanumeric() || INNER.contains(char) => Kind::Word,
        Some(char) if char.is_ascii() => Kind::Sign,
        // Symbols and emoji belong to what they stand in.
        Some(_) => Kind::Word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::tests::row;

    #[test]
    fn what_belongs_together_is_one_word() {
        let line = row("at (https://localhost:80/a?b=c) <main>  end");
        let text = "at (https://localhost:80/a?b=c) <main>  end";
        let word = |column: u32| {
            let columns = around(&line, column);
            &text[columns.start as usize..columns.end as usize]
        };
        let found = [0, 2, 3, 10, 30, 35, 39].map(word);
        assert_eq!(found, ["at", " ", "(", "https://localhost:80/a?b=c", ")", "main", "  "]);
        assert_eq!(around(&line, 60), 60..61, "behind the text there is nothing but cells");
    }

    #[test]
    fn words_are_found_in_both_directions() {
        let line = row("  one, two  x");
        assert_eq!([next_start(&line, 0), next_start(&line, 2), next_start(&line, 12)], [Some(2), Some(5), None]);
        assert_eq!(
            [previous_start(&line, 12), previous_start(&line, 8), previous_start(&line, 2)],
            [Some(7), Some(7), None]
        );
        assert_eq!([next_end(&line, 2), next_end(&line, 4), next_end(&line, 12)], [Some(4), Some(5), None]);
    }
}
