//! Text with its styles as runs: a row on its way into the history or out to a capture.

use serde::{Deserialize, Serialize};

use crate::{Cell, LinkId, Style};

/// Text together with the styles of its parts. The spans cover the text exactly, from its start to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StyledText {
    text: String,
    spans: Vec<Span>,
}

/// A piece of text in one style, and of one hyperlink if it is of any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// How long the piece is.
    pub bytes: usize,
    /// How it is shown.
    pub style: Style,
    /// The hyperlink that it is part of.
    pub link: Option<LinkId>,
}

impl StyledText {
    /// The text without its styles.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The styles and links of the text, one after the other; neighbours differ.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The pieces of the text with their styles.
    pub fn pieces(&self) -> impl Iterator<Item = (&str, Style)> {
        self.linked_pieces().map(|(text, style, _)| (text, style))
    }

    /// As [`pieces`](Self::pieces), with their links.
    pub fn linked_pieces(&self) -> impl Iterator<Item = (&str, Style, Option<LinkId>)> {
        let mut rest = self.text.as_str();
        self.spans.iter().map(move |span| {
            let (piece, after) = rest.split_at(span.bytes);
            rest = after;
            (piece, span.style, span.link)
        })
    }

    /// Appends text in one style.
    pub fn push(&mut self, text: &str, style: Style) {
        self.push_linked(text, style, None);
    }

    /// Appends text in one style that is part of a hyperlink, if it is of any.
    pub fn push_linked(&mut self, text: &str, style: Style, link: Option<LinkId>) {
        if text.is_empty() {
            return;
        }
        self.text.push_str(text);
        match self.spans.last_mut() {
            Some(last) if last.style == style && last.link == link => last.bytes += text.len(),
            _ => self.spans.push(Span { bytes: text.len(), style, link }),
        }
    }

    /// Appends text in the style of the text before it; the cheap way for a row, which comes character by character.
    pub(crate) fn push_same(&mut self, text: &str) {
        if let Some(last) = self.spans.last_mut() {
            self.text.push_str(text);
            last.bytes += text.len();
        }
    }

    /// Appends what a cell shows.
    pub fn push_cell(&mut self, cell: Cell<'_>) {
        self.push_linked(cell.text, cell.style, cell.link);
    }

    /// Removes trailing spaces; with `keep_visible`, only those whose style does not show on them.
    pub fn trim_end(&mut self, keep_visible: bool) {
        while let Some(last) = self.spans.last_mut() {
            if keep_visible && last.style.shows_on_blanks() {
                return;
            }
            let start = self.text.len() - last.bytes;
            let kept = self.text[start..].trim_end_matches(' ').len();
            self.text.truncate(start + kept);
            last.bytes = kept;
            if kept > 0 {
                return;
            }
            self.spans.pop();
        }
    }

    /// Whether the spans cover the text exactly, each whole characters of it.
    pub(crate) fn is_whole(&self) -> bool {
        let mut end = 0_usize;
        let whole = self.spans.iter().all(|span| {
            end = end.saturating_add(span.bytes);
            span.bytes > 0 && self.text.is_char_boundary(end)
        });
        whole && end == self.text.len()
    }

    /// Empties the text and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Color;

    const RED: Style = Style { background: Color::Indexed(1), ..Style::DEFAULT };
    const BOLD: Style = Style { attributes: crate::Attributes::BOLD, ..Style::DEFAULT };

    #[test]
    fn neighbours_of_one_style_are_one_span() {
        let mut text = StyledText::default();
        text.push("a", RED);
        text.push("b", RED);
        text.push("", BOLD);
        text.push("c", BOLD);
        assert_eq!(text.pieces().collect::<Vec<_>>(), [("ab", RED), ("c", BOLD)]);
    }

    #[test]
    fn trailing_spaces_go_across_styles_but_not_where_they_show() {
        let mut text = StyledText::default();
        text.push("a ", RED);
        text.push("  ", BOLD);
        let mut plain = text.clone();
        text.trim_end(true);
        plain.trim_end(false);
        assert_eq!((text.text(), plain.text()), ("a ", "a"));
        assert_eq!(plain.spans(), [Span { bytes: 1, style: RED, link: None }]);
    }

    #[test]
    fn a_blank_text_trims_to_nothing() {
        let mut text = StyledText::default();
        text.push("   ", BOLD);
        text.trim_end(true);
        assert_eq!(text, StyledText::default());
    }
}
