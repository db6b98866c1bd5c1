//! Looking for a regular expression in everything a service has shown: its history and the screen below it.

use serde::{Deserialize, Serialize};

use crate::ServiceId;

/// The longest pattern, in bytes.
pub const MAX_PATTERN: usize = 1024;
/// The most hits of one page; a client that asks for more gets as many.
pub const MAX_HITS: u32 = 1000;

/// Asks for a page of hits. The first page is asked for with `from: None`; each page says where the next goes on. Whoever has
/// enough asks no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchQuery {
    /// Whose history and screen.
    pub service: ServiceId,
    /// A regular expression of at most [`MAX_PATTERN`] bytes. Rows that only wrapped are one text to it; it never matches
    /// nothing.
    pub pattern: String,
    /// Whether upper and lower case are the same.
    #[serde(default)]
    pub case: Case,
    /// Which hits come first.
    #[serde(default)]
    pub order: Order,
    /// Newest first: only hits that begin before this. Oldest first: only hits that begin here or later.
    #[serde(default)]
    pub from: Option<Place>,
    /// How many hits at most.
    pub limit: u32,
}

/// Hits, in the order that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPage {
    /// The hits. There may be none though there are more pages: a page looks through so much and no more.
    pub hits: Vec<Hit>,
    /// The `from` of the next page; `None` when everything was looked through.
    pub next: Option<Place>,
}

/// A stretch of text that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hit {
    /// Its first cell.
    pub start: Place,
    /// Behind its last cell; on a later line where the text wraps in between.
    pub end: Place,
}

/// A column of a line. Lines are counted as those of history, and on from there down the rows of the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The absolute number of the line.
    pub line: u64,
    /// The column in it, from 0.
    pub column: u32,
}

/// Which hits come first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// From the screen upwards.
    #[default]
    NewestFirst,
    /// From the oldest line downwards.
    OldestFirst,
}

/// Whether upper and lower case are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// They are, unless the pattern has an upper case letter of its own.
    #[default]
    Smart,
    /// They are.
    Ignored,
    /// They are not.
    Kept,
}

impl Case {
    /// Whether upper and lower case are the same to this pattern. Letters that only name a class, as in `\W` and `\p{Greek}`,
    /// are not the pattern's own.
    pub fn is_ignored_by(self, pattern: &str) -> bool {
        match self {
            Self::Ignored => true,
            Self::Kept => false,
            Self::Smart => !has_upper_case(pattern),
        }
    }
}

fn has_upper_case(pattern: &str) -> bool {
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c.is_uppercase() {
            return true;
        }
        if c == '\\' && matches!(chars.next(), Some('p' | 'P')) && chars.next() == Some('{') {
            chars.by_ref().find(|&c| c == '}');
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_letters_of_the_patterns_own_make_case_matter() {
        for pattern in ["error", r"\W+\S", r"\p{Greek}x", r"\PL", "é", r"a\\b", r"\"] {
            assert!(Case::Smart.is_ignored_by(pattern), "{pattern}");
        }
        for pattern in ["Error", r"\\W", r"\p{Greek}X", "É", "[A-Z]"] {
            assert!(!Case::Smart.is_ignored_by(pattern), "{pattern}");
        }
        assert!(Case::Ignored.is_ignored_by("A") && !Case::Kept.is_ignored_by("a"));
    }
}
