//! Text cut into what stands in one cell each, for text that is no longer in a grid: lines of history.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The grapheme clusters of `text` (UAX #29), each with its width in columns, 1 or 2.
pub fn clusters(text: &str) -> impl Iterator<Item = (&str, u8)> {
    text.graphemes(true).map(|cluster| (cluster, if cluster.width() > 1 { 2 } else { 1 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combining_marks_stay_with_their_character_and_wide_ones_are_wide() {
        assert_eq!(clusters("ae\u{301}日").collect::<Vec<_>>(), [("a", 1), ("e\u{301}", 1), ("日", 2)]);
    }
}
