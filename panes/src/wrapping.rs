//! A line as cells, and where it is broken to fit a pane. History holds lines of any length; screens only rows.

use locald_api::{Cells, Row};

/// The cells of `row` from the left: what each holds, and the columns it takes.
pub(crate) fn cells(row: &Row) -> impl Iterator<Item = (&str, u32)> {
    row.runs.iter().flat_map(|run| {
        let (text, width, whole) = match &run.cells {
            Cells::Narrow(text) => (text, 1, false),
            Cells::Wide(text) => (text, 2, false),
            Cells::Cluster { width, text } => (text, u32::from(*width).clamp(1, 2), true),
        };
        let mut rest = Some(text.as_str()).filter(|text| whole || !text.is_empty());
        std::iter::from_fn(move || {
            let text = rest.take()?;
            let length = if whole { text.len() } else { text.chars().next().map_or(0, char::len_utf8) };
            let (cell, more) = text.split_at(length);
            rest = Some(more).filter(|more| !more.is_empty());
            Some((cell, width))
        })
    })
}

/// The columns `row` takes when nothing breaks it.
pub(crate) fn width(row: &Row) -> u32 {
    cells(row).map(|(_, width)| width).fold(0, u32::saturating_add)
}

/// The columns of `row` at which its parts begin when it is broken into parts of at most `columns`; at least the first, 0.
/// A wide cell is never cut: it begins the next part.
pub(crate) fn starts(row: &Row, columns: u16) -> Vec<u32> {
    let columns = u32::from(columns.max(1));
    let (mut starts, mut start, mut at) = (vec![0], 0, 0_u32);
    for (_, width) in cells(row) {
        if at > start && at - start + width > columns {
            start = at;
            starts.push(start);
        }
        at = at.saturating_add(width);
    }
    starts
}

#[cfg(test)]
mod tests {
    use locald_api::{Run, Style};
    use proptest::prelude::*;

    use super::*;
    use crate::screen::tests::row;

    #[test]
    fn a_line_is_broken_at_the_panes_width_and_never_within_a_cell() {
        assert_eq!(starts(&row("abcdefg"), 3), [0, 3, 6]);
        assert_eq!(starts(&row("abc"), 3), [0]);
        assert_eq!(starts(&Row::default(), 3), [0]);
        let cells = [Cells::Narrow("ab".into()), Cells::Wide("世界".into()), Cells::Narrow("c".into())];
        let mixed =
            Row { runs: cells.into_iter().map(|cells| Run::new(Style::default(), cells)).collect(), ..Row::default() };
        assert_eq!((starts(&mixed, 3), width(&mixed)), (vec![0, 2, 4], 7));
        assert_eq!(starts(&mixed, 1), [0, 1, 2, 4, 6], "what fits nowhere has a part of its own");
    }

    proptest! {
        #[test]
        fn the_parts_of_any_line_are_in_order_and_fit(text in "[a世]{0,40}", columns in 2u16..20) {
            let wide = |char: &char| *char == '世';
            let runs = text.chars().map(|char| {
                let cells = if wide(&char) { Cells::Wide(char.into()) } else { Cells::Narrow(char.into()) };
                Run::new(Style::default(), cells)
            });
            let row = Row { runs: runs.collect(), ..Row::default() };
            let mut starts = starts(&row, columns);
            starts.push(width(&row));
            let (one, rest) = (starts[0], &starts[1..]);
            prop_assert_eq!(one, 0);
            let mut last = one;
            for start in rest {
                prop_assert!(*start >= last && start - last <= u32::from(columns));
                last = *start;
            }
        }
    }
}
