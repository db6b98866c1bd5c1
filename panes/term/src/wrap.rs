//! Where a line of history is broken to be shown at a width: decided when it is looked at, for whoever looks.

use std::ops::Range;

use crate::clusters;

/// The parts of `text` that stand in one row each when shown in so many columns, as places in its bytes. Rows are filled
/// as a terminal fills them: a character of two columns that does not fit begins the next row, and one wider than the whole
/// row has it for itself. At least one row, also of no text.
pub fn wrap(text: &str, columns: u16) -> impl Iterator<Item = Range<usize>> {
    let mut rest = Some(0);
    std::iter::from_fn(move || {
        let start = rest?;
        let length = row_length(&text[start..], usize::from(columns));
        let end = start + length;
        rest = (end < text.len()).then_some(end);
        Some(start..end)
    })
}

/// How many bytes of the text fit in a row.
fn row_length(text: &str, columns: usize) -> usize {
    let head = &text.as_bytes()[..text.len().min(columns + 1)];
    if !head.is_empty() && head.is_ascii() {
        return text.len().min(columns.max(1));
    }
    let (mut used, mut length) = (0, 0);
    for (cluster, width) in clusters(text) {
        used += usize::from(width);
        if used > columns && length > 0 {
            break;
        }
        length += cluster.len();
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str, columns: u16) -> Vec<&str> {
        wrap(text, columns).map(|row| &text[row]).collect()
    }

    #[test]
    fn lines_are_broken_where_a_terminal_breaks_them() {
        assert_eq!(rows("", 5), [""]);
        assert_eq!(rows("abcde", 5), ["abcde"]);
        assert_eq!(rows("abcdefg", 3), ["abc", "def", "g"]);
        assert_eq!(rows("ab日本語", 5), ["ab日", "本語"]);
        assert_eq!(rows("abcde\u{301}fg", 5), ["abcde\u{301}", "fg"]);
        assert_eq!(rows("日本", 1), ["日", "本"]);
        assert_eq!(rows("ab", 0), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn rows_are_the_text_and_none_is_too_wide(text in "([a-z ]|é|日|e\u{301}){0,40}", columns in 2..12_u16) {
            let rows = rows(&text, columns);
            prop_assert_eq!(rows.concat(), text.as_str());
            for row in rows {
                prop_assert!(clusters(row).map(|(_, width)| u16::from(width)).sum::<u16>() <= columns);
            }
        }
    }
}
