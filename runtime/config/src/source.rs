//! The text of one file and where its lines begin, so that a range of bytes can be named as line and column.
//!
//! Ranges come from parsers we did not write; here they are forced into the text and onto character boundaries. What is
//! wrong at a place is said by `fault`.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// One file's text. Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    path: PathBuf,
    text: Arc<str>,
    /// Byte offsets; the first line begins after a byte order mark.
    line_starts: Arc<[usize]>,
}

impl Source {
    pub(crate) fn new(path: &Path, text: &str) -> Self {
        let after_mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        let line_starts = std::iter::once(after_mark).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path: path.to_path_buf(), text: text.into(), line_starts }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn set_path(&mut self, path: PathBuf) {
        self.path = path;
    }

    /// Where the text begins: after the byte order mark, if there is one.
    pub(crate) fn start(&self) -> usize {
        self.line_starts[0]
    }

    /// The range, moved inside the text, outward to character boundaries.
    pub(crate) fn clamp(&self, span: Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start.clamp(self.start(), self.text.len()));
        let end = self.text.ceil_char_boundary(span.end.clamp(start, self.text.len()));
        start..end
    }

    /// The 1-based line on which a byte stands.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).max(1)
    }

    pub(crate) fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// The 1-based column of a byte, in characters.
    pub(crate) fn column(&self, offset: usize) -> usize {
        let line_start = self.line_starts[self.line(offset) - 1];
        self.text[line_start..offset.max(line_start)].chars().count() + 1
    }

    /// The bytes of a 1-based line, without its line break.
    pub(crate) fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.line_starts[line - 1];
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| next - 1);
        let bare = self.text[start..end].trim_end_matches('\r');
        start..start + bare.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new(Path::new("locald.toml"), text)
    }

    #[test]
    fn lines_and_columns_start_at_one_and_count_characters() {
        let source = source("ä = 1\nöö = 2\n");
        assert_eq!((source.line(0), source.column(0)), (1, 1));
        assert_eq!((source.line(2), source.column(2)), (1, 2));
        assert_eq!((source.line(7), source.column(11)), (2, 3));
        assert_eq!(source.line(source.text().len()), 3);
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let source = source("\u{feff}a\n");
        assert_eq!(source.clamp(0..0), 3..3);
        assert_eq!((source.line(3), source.column(3)), (1, 1));
        assert_eq!((source.line(0), source.column(0)), (1, 1));
    }

    #[test]
    fn a_range_is_forced_into_the_text() {
        let source = source("aä");
        assert_eq!(source.clamp(2..2), 1..3);
        assert_eq!(source.clamp(9..99), 3..3);
    }

    #[test]
    fn a_line_does_not_include_its_break() {
        let source = source("one\r\ntwo");
        assert_eq!(source.line_range(1), 0..3);
        assert_eq!(source.line_range(2), 5..8);
    }
}
