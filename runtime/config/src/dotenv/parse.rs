//! The syntax of `.env`: lines, names, quotes, escapes and references.
//!
//! A fault ends its line only, so that all faults of a file are found at once.

use std::ops::Range;

use crate::fault::{Invalid, quoted};
use crate::faults::Report;
use crate::source::Source;

use super::Entry;
use crate::template::{Operator, Part, Reference, Rule, Template};

/// What names with a dot begin with.
const DOTTED: [&str; 2] = ["services", "project"];

/// How deep defaults may stand in defaults.
const MAX_DEPTH: usize = 32;

/// Reads one file from its beginning to its end.
pub(crate) struct Parser<'a> {
    text: &'a str,
    at: usize,
    report: Report,
}

/// What ends a piece of text that may hold references.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// The end of the line or a comment.
    None,
    /// The closing quote, which stands lines later perhaps.
    Double,
    /// The end of the text, which is a value of another file. `$NAME` without braces is text.
    Whole,
    /// The end of the text, which is a line for the shell: only what no shell knows, names with a dot, are references.
    Shell,
}

/// A fault was reported; the line cannot be read on.
struct Broken;

impl<'a> Parser<'a> {
    pub(crate) fn new(source: &'a Source) -> Self {
        Self { text: source.text(), at: source.start(), report: Report::new(source) }
    }

    pub(crate) fn file(mut self) -> (Vec<Entry>, Report) {
        let mut entries = Vec::new();
        if let Some(at) = self.text.find('\0') {
            self.report.add(at..at + 1, Invalid::new("no variable can hold a NUL character", "a NUL"));
        }
        while self.peek().is_some() {
            let start = self.at;
            match self.line() {
                Ok(entry) => entries.extend(entry),
                Err(Broken) => self.at = self.at.max(start),
            }
            self.skip_line();
        }
        (entries, self.report)
    }

    /// The whole text as one value. `quotes` is what kind of value.
    pub(crate) fn value(mut self, quotes: Quotes) -> (Template, Report) {
        let template = self.template(quotes, None, 0).unwrap_or_default();
        (template, self.report)
    }

    fn line(&mut self) -> Result<Option<Entry>, Broken> {
        self.skip_blanks();
        if matches!(self.peek(), None | Some('\n' | '#')) {
            return Ok(None);
        }
        let at = self.at;
        self.skip_export();
        let name = self.name()?;
        self.skip_blanks();
        match self.peek() {
            None | Some('\n' | '#') => return Ok(Some(Entry { name, at, value: None })),
            Some('=' | ':') => self.bump(),
            Some(_) => {
                let rest = self.rest_of_line();
                let label = Invalid::new(format!("expected `=` after {}", quoted(&name)), "expected `=`");
                return Err(self.broken(rest, label));
            }
        }
        self.skip_blanks();
        let value = match self.peek() {
            Some('\'') => self.single_quoted()?,
            Some('"') => self.double_quoted()?,
            _ => self.unquoted()?,
        };
        Ok(Some(Entry { name, at, value: Some(value) }))
    }

    /// `export ` before a name means nothing here, unless `export` is the name.
    fn skip_export(&mut self) {
        let before = self.at;
        if !self.text[self.at..].starts_with("export") {
            return;
        }
        self.at += "export".len();
        let after_word = self.at;
        self.skip_blanks();
        let stands_alone = self.at > after_word && !matches!(self.peek(), None | Some('\n' | '#' | '=' | ':'));
        if !stands_alone {
            self.at = before;
        }
    }

    fn name(&mut self) -> Result<String, Broken> {
        let start = self.at;
        while let Some(ch) = self.peek().filter(|ch| !is_blank(*ch) && !matches!(ch, '=' | ':' | '\n' | '#')) {
            if !(ch.is_alphanumeric() || matches!(ch, '_' | '.' | '-' | '[' | ']')) {
                let at = self.at..self.at + ch.len_utf8();
                let message = format!("{} cannot stand in the name of a variable", quoted(&ch.to_string()));
                return Err(self.broken(at, Invalid::new(message, "not allowed here")));
            }
            self.bump();
        }
        if start == self.at {
            let rest = self.rest_of_line();
            return Err(self.broken(rest, Invalid::new("a line without a name", "expected `NAME=value`")));
        }
        Ok(self.text[start..self.at].to_owned())
    }

    /// Nothing is special but the quote, which a backslash spares.
    fn single_quoted(&mut self) -> Result<Template, Broken> {
        let open = self.at;
        let mut value = String::new();
        self.bump();
        loop {
            match self.next() {
                None => return Err(self.unclosed(open)),
                Some('\'') => break,
                Some('\\') => match self.next() {
                    Some('\'') => value.push('\''),
                    Some(other) => value.extend(['\\', other]),
                    None => return Err(self.unclosed(open)),
                },
                Some(ch) => value.push(ch),
            }
        }
        self.nothing_more(open)?;
        Ok(Template(vec![Part::Text(value)]))
    }

    fn double_quoted(&mut self) -> Result<Template, Broken> {
        let open = self.at;
        self.bump();
        let value = self.template(Quotes::Double, None, 0)?;
        if self.peek().is_none() {
            return Err(self.unclosed(open));
        }
        self.bump();
        self.nothing_more(open)?;
        Ok(value)
    }

    fn unquoted(&mut self) -> Result<Template, Broken> {
        let mut value = self.template(Quotes::None, None, 0)?;
        // Blanks at the end of a line are not seen, so they are not meant; those of a reference's value stay.
        if let Some(Part::Text(text)) = value.0.last_mut() {
            text.truncate(text.trim_end_matches(is_blank).len());
        }
        Ok(value)
    }

    /// Text and references up to the end of the value or, inside the reference that begins at `brace`, up to its `}`.
    fn template(&mut self, quotes: Quotes, brace: Option<usize>, depth: usize) -> Result<Template, Broken> {
        let mut parts = Vec::new();
        let mut text = String::new();
        // Braces of the text itself, such as those of JSON in a default.
        let mut open_braces = 0_usize;
        while let Some(ch) = self.peek() {
            let ends = match ch {
                '\n' => quotes == Quotes::None,
                '"' => quotes == Quotes::Double,
                '#' => quotes == Quotes::None && brace.is_none() && self.after_blank(),
                '}' => brace.is_some() && open_braces == 0,
                _ => false,
            };
            if ends {
                break;
            }
            match ch {
                '\\' if quotes == Quotes::Double => self.escape(&mut text),
                '$' => match self.dollar(quotes, depth)? {
                    None => text.push('$'),
                    Some(reference) => {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                        parts.push(Part::Reference(reference));
                    }
                },
                _ => {
                    open_braces = match ch {
                        '{' => open_braces + 1,
                        '}' => open_braces.saturating_sub(1),
                        _ => open_braces,
                    };
                    let before = self.at;
                    match quotes {
                        // A line break is meant as it is written.
                        Quotes::Whole | Quotes::Shell => {
                            self.bump();
                            text.push_str(&self.text[before..self.at]);
                        }
                        Quotes::None | Quotes::Double => text.extend(self.next()),
                    }
                }
            }
        }
        parts.push(Part::Text(text));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        match brace {
            Some(open) if self.peek() != Some('}') => {
                let invalid =
                    Invalid::new("`${` without its `}`", "never closed").with_help("write `$$` for a plain `$`");
                Err(self.broken(open..open + 2, invalid))
            }
            _ => Ok(Template(parts)),
        }
    }

    /// What a backslash and the character after it stand for; an unknown pair stands for itself.
    fn escape(&mut self, text: &mut String) {
        self.bump();
        let plain = match self.peek() {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('v') => '\u{b}',
            Some(same @ ('"' | '\\' | '$')) => same,
            _ => return text.push('\\'),
        };
        self.bump();
        text.push(plain);
    }

    /// After a `$`: a reference, or `None` where the dollar is only a dollar.
    fn dollar(&mut self, quotes: Quotes, depth: usize) -> Result<Option<Reference>, Broken> {
        let start = self.at;
        self.bump();
        if quotes == Quotes::Shell && !self.begins_dotted() {
            return Ok(None);
        }
        match self.peek() {
            Some('$') => {
                self.bump();
                Ok(None)
            }
            Some('{') => self.braced(start, quotes, depth).map(Some),
            Some(ch) if begins_reference(ch) && quotes != Quotes::Whole => {
                let name = self.reference_name();
                Ok(Some(Reference { name, span: start..self.at, rule: None }))
            }
            _ => Ok(None),
        }
    }

    fn braced(&mut self, start: usize, quotes: Quotes, depth: usize) -> Result<Reference, Broken> {
        self.bump();
        if depth == MAX_DEPTH {
            let message = format!("references stand more than {MAX_DEPTH} deep in each other");
            return Err(self.broken(start..self.at, Invalid::new(message, "too deep")));
        }
        if !self.peek().is_some_and(begins_reference) {
            let invalid = Invalid::new("`${` without a name", "expected a name after `${`");
            return Err(self.broken(start..self.at, invalid.with_help("write `$$` for a plain `$`")));
        }
        let name = if matches!(quotes, Quotes::Whole | Quotes::Shell) && self.begins_dotted() {
            self.dotted_name()
        } else {
            self.reference_name()
        };
        let rule = self.rule(start, quotes, depth)?;
        self.bump();
        Ok(Reference { name, span: start..self.at, rule })
    }

    /// What stands between the name and the `}`, which is left to be read.
    fn rule(&mut self, start: usize, quotes: Quotes, depth: usize) -> Result<Option<Rule>, Broken> {
        if self.peek() == Some('}') {
            return Ok(None);
        }
        let operator_at = self.at;
        let empty_is_unset = self.peek() == Some(':');
        if empty_is_unset {
            self.bump();
        }
        let operator = match self.peek() {
            Some('-') => Operator::Default,
            Some('?') => Operator::Required,
            Some('+') => Operator::Alternative,
            None | Some('\n') => {
                return Err(self.broken(start..start + 2, Invalid::new("`${` without its `}`", "never closed")));
            }
            Some(ch) => {
                let invalid = Invalid::new("an unknown operator in `${…}`", "unknown operator");
                let span = operator_at..self.at + ch.len_utf8();
                return Err(self.broken(span, invalid.with_help("allowed: `:-`, `-`, `:?`, `?`, `:+` and `+`")));
            }
        };
        self.bump();
        let words = self.template(quotes, Some(start), depth + 1)?;
        Ok(Some(Rule { operator, empty_is_unset, words }))
    }

    fn reference_name(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|ch| ch.is_ascii_alphanumeric() || ch == '_') {
            self.bump();
        }
        self.text[start..self.at].to_owned()
    }

    /// Whether a name of ours comes next, such as that of a service's port: no variable of a shell holds a dot.
    fn begins_dotted(&self) -> bool {
        let rest = &self.text[self.at..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        DOTTED.iter().any(|root| rest.strip_prefix(root).is_some_and(|rest| rest.starts_with('.')))
    }

    fn dotted_name(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '.')) {
            self.bump();
        }
        self.text[start..self.at].to_owned()
    }

    /// After a closing quote only a comment may follow.
    fn nothing_more(&mut self, open: usize) -> Result<(), Broken> {
        self.skip_blanks();
        if matches!(self.peek(), None | Some('\n' | '#')) {
            return Ok(());
        }
        let opened = self.report.source().line(open);
        let invalid = Invalid::new("text after the closing quote", "expected the end of the line");
        let invalid = if opened == self.report.source().line(self.at) {
            invalid
        } else {
            invalid.with_help(format!("the quote was opened on line {opened}"))
        };
        let rest = self.rest_of_line();
        Err(self.broken(rest, invalid))
    }

    /// Reading goes on after the line of the quote: it is likelier that the rest of the file is well than that it is
    /// one long value.
    fn unclosed(&mut self, open: usize) -> Broken {
        self.at = open;
        self.broken(open..open + 1, Invalid::new("a quote without its end", "never closed"))
    }

    fn broken(&mut self, span: Range<usize>, invalid: Invalid) -> Broken {
        self.report.add(span, invalid);
        Broken
    }

    fn rest_of_line(&self) -> Range<usize> {
        let rest = self.text[self.at..].split('\n').next().unwrap_or_default();
        self.at..self.at + rest.trim_end().len()
    }

    fn skip_line(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.bump();
        }
    }

    fn after_blank(&self) -> bool {
        self.text[..self.at].ends_with(is_blank)
    }

    /// The next character, where a line break is `\n` however it is written.
    fn peek(&self) -> Option<char> {
        let rest = &self.text[self.at..];
        if rest.starts_with("\r\n") { Some('\n') } else { rest.chars().next() }
    }

    fn bump(&mut self) {
        let rest = &self.text[self.at..];
        self.at += if rest.starts_with("\r\n") { 2 } else { rest.chars().next().map_or(0, char::len_utf8) };
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.bump();
        next
    }
}

/// White space within a line.
fn is_blank(ch: char) -> bool {
    matches!(ch, ' ' | '\t' | '\r' | '\u{b}' | '\u{c}')
}

fn begins_reference(ch: char) -> bool {
    ch.is_ascii_alphabetic() || ch == '_'
}
