//! One cell of a screen, as a reader sees it.

use serde::{Deserialize, Serialize};

use crate::Style;

/// What stands in one or two columns of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// One character with its combining marks, never empty: a blank cell holds a space.
    pub text: &'a str,
    /// How many columns the text takes: 1 or 2.
    pub width: u8,
    /// How the text is shown.
    pub style: Style,
    /// The hyperlink the text is part of; see [`Engine::link`](crate::Engine::link).
    pub link: Option<LinkId>,
}

/// A hyperlink of a screen. Cells of one link have the same, and no other link ever gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LinkId(pub(crate) u32);

impl LinkId {
    /// The link as a number, never 0.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl Cell<'_> {
    /// A cell nothing was written to.
    pub const BLANK: Cell<'static> = Cell { text: " ", width: 1, style: Style::DEFAULT, link: None };
}
