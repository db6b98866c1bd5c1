//! A text laid over the screen: the help, or a failure too long for one line. What its lines are, and how far it scrolls.

use ratatui::layout::{Rect, Size};

use crate::help;
use crate::keymap::Keymap;
use crate::layout::Areas;
use crate::text;

/// A text laid over the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overlay {
    pub(crate) content: Content,
    /// The first line shown.
    pub(crate) top: usize,
}

/// What an overlay shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// All keys, and what else is good to know.
    Help,
    /// A failure.
    Details {
        /// What failed.
        title: String,
        /// Its lines.
        lines: Vec<String>,
    },
}

/// One line of an overlay, by what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OverlayLine {
    Heading(String),
    Keys(String, &'static str),
    Text(String),
}

/// What an overlay's border and its margin take from its width, and its border from its height.
const BORDER: Size = Size::new(4, 2);
/// The columns of the keys in the help.
pub(crate) const KEYS: u16 = 14;

impl Overlay {
    pub(crate) fn help() -> Self {
        Self { content: Content::Help, top: 0 }
    }

    /// `details` may hold anything, terminal escapes included; only what can be printed is kept.
    pub(crate) fn details(title: String, details: &str) -> Self {
        let lines = details.lines().map(text::printable).collect();
        Self { content: Content::Details { title, lines }, top: 0 }
    }

    pub(crate) fn title(&self) -> &str {
        match &self.content {
            Content::Help => "Keys",
            Content::Details { title, .. } => title,
        }
    }

    /// Its lines and where they are laid, on a screen of `size`. `troubles` are what the help of `keymap` has to add.
    pub(crate) fn lay(&self, size: Size, keymap: &Keymap, troubles: &[String]) -> (Rect, Vec<OverlayLine>) {
        let lines = match &self.content {
            Content::Help => help(keymap, troubles),
            Content::Details { lines, .. } => lines.iter().cloned().map(OverlayLine::Text).collect(),
        };
        let widest = lines.iter().map(OverlayLine::width).max().unwrap_or(0).max(text::width(self.title()) + 2);
        let width = widest.saturating_add(BORDER.width).min(size.width);
        let room = width.saturating_sub(BORDER.width);
        let lines: Vec<_> = lines.into_iter().flat_map(|line| line.broken(room)).collect();
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(BORDER.height);
        (Areas::overlay(size, Size::new(width, height)), lines)
    }

    /// How many lines are shown at once.
    pub(crate) fn visible_lines(area: Rect) -> usize {
        usize::from(area.height.saturating_sub(BORDER.height))
    }
}

fn help(keymap: &Keymap, troubles: &[String]) -> Vec<OverlayLine> {
    let gap = || OverlayLine::Text(String::new());
    let mut lines = Vec::new();
    if !troubles.is_empty() {
        lines.push(OverlayLine::Heading("What is wrong now".into()));
        lines.extend(troubles.iter().map(|reason| OverlayLine::Text(text::printable(reason))));
        lines.push(gap());
    }
    for (index, section) in help::sections(keymap).into_iter().enumerate() {
        if index > 0 {
            lines.push(gap());
        }
        lines.push(OverlayLine::Heading(section.heading));
        let bound = section.entries.into_iter().filter(|entry| !entry.keys.is_empty());
        lines.extend(bound.map(|entry| OverlayLine::Keys(entry.keys.join(" "), entry.does)));
    }
    lines
}

impl OverlayLine {
    fn width(&self) -> u16 {
        match self {
            Self::Heading(text) | Self::Text(text) => text::width(text),
            Self::Keys(_, does) => KEYS + text::width(does),
        }
    }

    fn broken(self, columns: u16) -> Vec<Self> {
        match self {
            Self::Text(line) => text::break_line(&line, columns).into_iter().map(Self::Text).collect(),
            other => vec![other],
        }
    }
}
