//! One thing that is wrong with a file: where it stands and what is wrong with it.
//!
//! A setting's own parser knows no place and answers [`Invalid`]; whoever knows the place makes a [`Fault`] of it.
//! Lists of faults and their drawing live in `faults`.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use crate::source::Source;

/// How much of a text that a user wrote is repeated in a message, in characters.
const QUOTED: usize = 60;

/// Why a text is not a value of a setting, before it is known where the text stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// What is wrong, as one line.
    pub message: String,
    /// A few words to put under the text itself; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Something wrong at one place of one file. Displays as one line: `path:line:column: message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The place in bytes; inside the text and on character boundaries.
    pub span: Range<usize>,
    /// What is wrong, as one line.
    pub message: String,
    /// A few words to put under the place; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Invalid {
    pub(crate) fn new(message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { message: message.into(), label: label.into(), help: None }
    }

    pub(crate) fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Offers the nearest of the allowed words or, where none is near, all of them.
    pub(crate) fn with_choice(self, nearest: Option<&str>, allowed: &[&str]) -> Self {
        match nearest {
            Some(name) => self.with_help(format!("did you mean `{name}`?")),
            None => self.with_help(format!("allowed: {}", list(allowed))),
        }
    }
}

impl Fault {
    pub(crate) fn new(source: &Source, span: Range<usize>, invalid: Invalid) -> Self {
        let span = source.clamp(span);
        Self {
            path: source.path().to_path_buf(),
            line: source.line(span.start),
            column: source.column(span.start),
            span,
            message: invalid.message,
            label: invalid.label,
            help: invalid.help,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", printable(&self.path.to_string_lossy()), self.line, self.column, self.message)
    }
}

/// A user's text inside a message: in backticks, on one line, cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown = String::from("`");
    shown.extend(text.chars().take(QUOTED).map(printable_char).map(|it| it.to_string()));
    if text.chars().nth(QUOTED).is_some() {
        shown.push('…');
    }
    shown.push('`');
    shown
}

/// A text in which nothing can move a terminal's cursor or colour its screen.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(printable_char).map(|it| it.to_string()).collect()
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn printable_char(ch: char) -> Shown {
    // Bidirectional controls reorder what a reader sees without being control characters themselves.
    let reorders = matches!(ch, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if ch.is_control() || reorders || matches!(ch, '\u{2028}' | '\u{2029}') {
        Shown::Escaped(ch)
    } else {
        Shown::Plain(ch)
    }
}

enum Shown {
    Plain(char),
    Escaped(char),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(ch) => write!(f, "{ch}"),
            Self::Escaped(ch) => write!(f, "{}", ch.escape_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_fault_displays_as_one_line_with_its_place() {
        let source = Source::new(Path::new("my\nproject/locald.toml"), "[services]\nweb = 1\n");
        let fault = Fault::new(&source, 17..18, Invalid::new("expected a table", ""));
        assert_eq!(fault.to_string(), r"my\nproject/locald.toml:2:7: expected a table");
    }

    #[test]
    fn a_quoted_text_cannot_break_out_of_its_line() {
        assert_eq!(quoted("a\n\u{1b}[31mb\u{202e}"), r"`a\n\u{1b}[31mb\u{202e}`");
        assert_eq!(quoted(&"x".repeat(1000)).chars().count(), QUOTED + 3);
    }

    #[test]
    fn a_list_reads_as_a_sentence_does() {
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
