//! Making text fit: cutting, breaking and cleaning it by columns, not characters.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The columns `text` takes.
pub(crate) fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// `text` if it fits `columns`, else as much of it as fits with a mark that something is missing.
pub(crate) fn fit(text: &str, columns: u16) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let (mut cut, _) = split(text, room);
    cut.push('…');
    cut
}

/// `text` cut or filled up with blanks to exactly `columns`.
pub(crate) fn pad(text: &str, columns: u16) -> String {
    let mut padded = fit(text, columns);
    padded.extend(std::iter::repeat_n(' ', usize::from(columns - width(&padded))));
    padded
}

/// Breaks one line into several of at most `columns`, anywhere: what is drawn below it in columns stays legible.
pub(crate) fn break_line(line: &str, columns: u16) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = line;
    while width(rest) > columns.max(2) {
        let (part, length) = split(rest, columns.max(2));
        if length == 0 {
            break;
        }
        lines.push(part);
        rest = &rest[length..];
    }
    lines.push(rest.to_owned());
    lines
}

/// Breaks `text` between words into lines of at most `columns`; a longer word is broken too.
pub(crate) fn wrap(text: &str, columns: u16) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(break_line(word, columns)),
        }
    }
    lines
}

/// `line` without anything that a terminal would act on.
pub(crate) fn printable(line: &str) -> String {
    line.replace('\t', "    ").chars().filter(|char| !char.is_control()).collect()
}

/// As much of the front of `text` as fits `columns`, and its length in bytes.
fn split(text: &str, columns: u16) -> (String, usize) {
    let mut taken = String::new();
    let mut used = 0;
    for cluster in text.graphemes(true) {
        used += cluster.width();
        if used > usize::from(columns) {
            break;
        }
        taken.push_str(cluster);
    }
    let length = taken.len();
    (taken, length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_cut_by_columns_with_a_mark() {
        assert_eq!(fit("postgres", 8), "postgres");
        assert_eq!(fit("postgres", 5), "post…");
        assert_eq!(fit("世界", 3), "世…");
        assert_eq!(fit("web", 0), "");
        assert_eq!(pad("世界世", 4), "世… ");
    }

    #[test]
    fn sentences_break_between_words_and_words_only_if_they_must() {
        assert_eq!(wrap("the port is taken", 8), ["the port", "is taken"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
    }

    proptest! {
        #[test]
        fn whatever_the_text_no_line_is_too_long_and_nothing_is_lost(text in ".{0,40}", columns in 2u16..20) {
            let text = printable(&text);
            prop_assert!(width(&fit(&text, columns)) <= columns);
            let lines = break_line(&text, columns);
            prop_assert_eq!(lines.concat(), text.clone());
            prop_assert!(lines.iter().all(|line| width(line) <= columns), "{:?}", lines);
            prop_assert!(wrap(&text, columns).iter().all(|line| width(line) <= columns));
        }
    }
}
