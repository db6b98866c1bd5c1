//! Tables that fit the terminal: columns shrink, then go, and no line ever wraps.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::paint::{self, Paint, Tone};

/// The gap between two columns.
pub(crate) const GAP: usize = 2;

/// A column. Those with nothing in any row are left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) title: &'static str,
    /// How far it may be truncated; `None`: whole or not at all.
    pub(crate) shrink: Option<Shrink>,
    /// When columns must go, the lowest rank goes first; `None` stays.
    pub(crate) rank: Option<u8>,
    /// Numbers stand to the right.
    pub(crate) right: bool,
}

/// How far a column may be truncated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shrink {
    /// Narrower than this it says nothing, and another column had better go.
    pub(crate) least: usize,
    /// Wide enough for what it usually holds; what is spare goes here first.
    pub(crate) good: usize,
}

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// Its text, made harmless when it is shown.
    pub(crate) text: String,
    /// Its colour.
    pub(crate) tone: Tone,
    /// Where it leads to.
    pub(crate) link: Option<String>,
}

impl Cell {
    /// A cell without colour.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::toned(Tone::Plain, text)
    }

    /// A cell in the colour of `tone`.
    pub(crate) fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone, link: None }
    }

    /// The cell, leading to `url`.
    pub(crate) fn leading_to(self, url: Option<String>) -> Self {
        Self { link: url, ..self }
    }
}

/// The table as lines, none wider than `columns` (`None`: as wide as it is).
pub(crate) fn render(layout: &[Column], rows: &[Vec<Cell>], columns: Option<usize>, paint: Paint) -> String {
    let widths = fit(layout, rows, columns.unwrap_or(usize::MAX));
    let mut text = String::new();
    let titles: Vec<Cell> = layout.iter().map(|column| Cell::new(column.title)).collect();
    let head = line(layout, &titles, &widths, Paint::new(false));
    text.push_str(&paint.bold(&head));
    text.push('\n');
    for row in rows {
        text.push_str(&line(layout, row, &widths, paint));
        text.push('\n');
    }
    text
}

/// The width of each column; `None` for one that is left out.
fn fit(layout: &[Column], rows: &[Vec<Cell>], columns: usize) -> Vec<Option<usize>> {
    let width = |index: usize| rows.iter().map(|row| paint::plain(&row[index].text).width()).max().unwrap_or(0);
    let whole: Vec<usize> = (0..layout.len()).map(width).collect();
    let natural = |index: usize| whole[index].max(layout[index].title.width());
    let shrunk = |index: usize, to: fn(Shrink) -> usize| {
        layout[index].shrink.map_or(natural(index), |shrink| to(shrink).min(natural(index)))
    };
    let mut kept: Vec<usize> =
        (0..layout.len()).filter(|index| whole[*index] > 0 || layout[*index].rank.is_none()).collect();
    let needed = |kept: &[usize], to: fn(Shrink) -> usize| {
        let gaps = GAP * kept.len().saturating_sub(1);
        kept.iter().map(|index| shrunk(*index, to)).sum::<usize>() + gaps
    };
    let first_to_go = |kept: &[usize]| kept.iter().filter_map(|index| Some((layout[*index].rank?, *index))).min();
    while let Some((_, gone)) = first_to_go(&kept) {
        // A whole column goes before one of higher rank is cut so short that little is left of it.
        let is_shrinkable = layout[gone].shrink.is_some();
        let enough = needed(&kept, if is_shrinkable { |shrink| shrink.least } else { |shrink| shrink.good });
        if enough <= columns {
            break;
        }
        kept.retain(|index| *index != gone);
    }
    let mut spare = columns.saturating_sub(needed(&kept, |shrink| shrink.least));
    let mut widths = vec![None; layout.len()];
    for &index in kept.iter().rev() {
        let least = shrunk(index, |shrink| shrink.least);
        let more = (shrunk(index, |shrink| shrink.good) - least).min(spare);
        spare -= more;
        widths[index] = Some((least + more).min(columns));
    }
    for &index in &kept {
        let now = widths[index].unwrap_or(0);
        let more = natural(index).saturating_sub(now).min(spare);
        spare -= more;
        widths[index] = Some(now + more);
    }
    widths
}

fn line(layout: &[Column], cells: &[Cell], widths: &[Option<usize>], paint: Paint) -> String {
    let mut text = String::new();
    let mut owed = 0;
    for ((column, cell), width) in layout.iter().zip(cells).zip(widths) {
        let Some(width) = *width else { continue };
        let shown = truncate(&paint::plain(&cell.text), width);
        let blank = width - shown.width();
        let before = if column.right { blank } else { 0 };
        owed += before;
        if !shown.is_empty() {
            // Blanks are paid only when something follows, so that no line ends in them.
            text.extend(std::iter::repeat_n(' ', owed));
            let shown = paint.tone(cell.tone, &shown);
            text.push_str(&cell.link.as_ref().map_or_else(|| shown.clone(), |url| paint.link(url, &shown)));
            owed = 0;
        }
        owed += blank - before + GAP;
    }
    text
}

/// `text` cut to `width` columns, with an ellipsis where something is missing.
pub(crate) fn truncate(text: &str, width: usize) -> String {
    let text = text.replace('\t', " ");
    if text.width() <= width {
        return text;
    }
    let mut used = 0;
    let mut cut: String = text
        .chars()
        .take_while(|char| {
            used += char.width().unwrap_or(0);
            used < width
        })
        .collect();
    if width > 0 {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: [Column; 4] = [
        Column { title: "NAME", shrink: Some(Shrink { least: 4, good: 8 }), rank: None, right: false },
        Column { title: "PID", shrink: None, rank: Some(1), right: true },
        Column { title: "EXIT", shrink: None, rank: Some(2), right: false },
        Column { title: "REASON", shrink: Some(Shrink { least: 8, good: 8 }), rank: Some(3), right: false },
    ];

    fn rows() -> Vec<Vec<Cell>> {
        let row = |name: &str, pid: &str, reason: &str| {
            vec![Cell::new(name), Cell::new(pid), Cell::new(""), Cell::new(reason)]
        };
        vec![
            row("web", "7", ""),
            row("worker-long", "1234", "port 20000 is taken by 漢字 (pid 9)"),
            row("x", "", "gone"),
        ]
    }

    fn at(columns: Option<usize>) -> String {
        render(&LAYOUT, &rows(), columns, Paint::new(false))
    }

    #[test]
    fn without_a_terminal_everything_is_shown_and_an_empty_column_is_not() {
        insta::assert_snapshot!(at(None), @r"
        NAME          PID  REASON
        web             7
        worker-long  1234  port 20000 is taken by 漢字 (pid 9)
        x                  gone
        ");
    }

    #[test]
    fn a_narrow_terminal_truncates_before_it_drops_columns() {
        insta::assert_snapshot!(at(Some(30)), @r"
        NAME          PID  REASON
        web             7
        worker-long  1234  port 20000…
        x                  gone
        ");
        insta::assert_snapshot!(at(Some(16)), @r"
        NAME    REASON
        web
        worke…  port 20…
        x       gone
        ");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_at_any_width() {
        for columns in 1..120 {
            for line in at(Some(columns)).lines() {
                assert!(line.width() <= columns, "{columns}: {line:?}");
                assert!(!line.ends_with(' '), "{columns}: {line:?}");
            }
        }
    }

    #[test]
    fn a_wide_character_that_fits_half_is_left_out() {
        assert_eq!(truncate("漢字漢字", 4), "漢…");
        assert_eq!(truncate("漢字", 4), "漢字");
        assert_eq!(truncate("abc", 0), "");
        assert_eq!(truncate("abc", 1), "…");
    }

    #[test]
    fn colours_do_not_count_as_width() {
        let rows = vec![vec![Cell::toned(Tone::Bad, "failed")]];
        let layout = [Column { title: "STATE", shrink: Some(Shrink { least: 4, good: 4 }), rank: None, right: false }];
        assert_eq!(render(&layout, &rows, Some(5), Paint::new(true)), "\x1b[1mSTATE\x1b[0m\n\x1b[31mfail…\x1b[0m\n");
    }
}
