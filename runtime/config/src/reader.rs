//! Reading TOML with its places: every value is asked for by type, every mistake becomes a fault and reading goes on.
//!
//! The reader knows TOML and nothing of services; which keys there are is said in `manifest`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use crate::fault::{Invalid, quoted};
use crate::faults::{Faults, Report};
use crate::keys::Key;
use crate::nearest::nearest;
use crate::settings::time::{self, Times};
use crate::source::Source;

/// Keys that begin so belong to the user and mean nothing to us.
const FREE_PREFIX: &str = "x-";

/// What the parser says of a key that is set twice. The text is TOML all the same.
const DUPLICATE: &str = "duplicate key";

/// One key with its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'t> {
    key: &'t Spanned<std::borrow::Cow<'t, str>>,
    value: &'t Spanned<DeValue<'t>>,
}

/// Reads values and collects what is wrong with them.
pub(crate) struct Reader {
    report: Report,
    /// Lines that are not TOML. What the parser made of them is guesswork, so it is not judged a second time.
    broken_lines: BTreeSet<usize>,
}

impl<'t> Entry<'t> {
    pub(crate) fn key(&self) -> &'t str {
        self.key.get_ref()
    }

    pub(crate) fn key_span(&self) -> Range<usize> {
        self.key.span()
    }

    pub(crate) fn value(&self) -> &'t DeValue<'t> {
        self.value.get_ref()
    }

    pub(crate) fn value_span(&self) -> Range<usize> {
        self.value.span()
    }
}

/// The entry of that key.
pub(crate) fn find<'t>(table: &'t DeTable<'t>, key: &str) -> Option<Entry<'t>> {
    let (key, value) = table.get_key_value(key)?;
    Some(Entry { key, value })
}

/// All entries, in the order of the file.
pub(crate) fn entries<'t>(table: &'t DeTable<'t>) -> Vec<Entry<'t>> {
    let mut entries: Vec<Entry<'t>> = table.iter().map(|(key, value)| Entry { key, value }).collect();
    entries.sort_by_key(|entry| entry.key.span().start);
    entries
}

/// The number, where it fits the 64 bits that TOML promises.
pub(crate) fn integer(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

impl Reader {
    /// Parses the source as far as it can be parsed.
    pub(crate) fn new(source: &Source) -> (Self, Spanned<DeTable<'_>>) {
        let (root, errors) = DeTable::parse_recoverable(source.text());
        let mut reader = Self { report: Report::new(source), broken_lines: BTreeSet::new() };
        for error in errors {
            let span = source.clamp(error.span().unwrap_or_default());
            if error.message() == DUPLICATE {
                let key = quoted(&source.text()[span.clone()]);
                reader.report.add(span, Invalid::new(format!("duplicate key {key}"), "already set before"));
                continue;
            }
            // A parser that has lost its way stumbles several times over one mistake; the first time says it best.
            let line = source.line(span.start);
            if !reader.broken_lines.contains(&line) {
                let invalid = syntax(error.message(), span.is_empty());
                reader.report.add(span, invalid);
                reader.broken_lines.extend(broken_by(source, line));
            }
        }
        (reader, root)
    }

    pub(crate) fn finish<T>(self, value: T) -> Result<T, Faults> {
        self.report.finish(value)
    }

    /// Reports a wrong thing.
    pub(crate) fn fault(&mut self, span: Range<usize>, invalid: Invalid) {
        let span = self.report.source().clamp(span);
        if !self.broken_lines.contains(&self.report.source().line(span.start)) {
            self.report.add(span, invalid);
        }
    }

    /// Reports the absence of a thing, unless it may be hidden in a line that could not be read.
    pub(crate) fn missing(&mut self, span: Range<usize>, invalid: Invalid) {
        if self.broken_lines.is_empty() {
            self.fault(span, invalid);
        }
    }

    /// Reports every key that is neither allowed nor free, and answers which allowed keys were probably meant.
    pub(crate) fn check_keys(
        &mut self,
        table: &DeTable<'_>,
        place: &str,
        allowed: &'static [Key],
    ) -> Vec<&'static str> {
        let allowed: Vec<&'static str> = allowed.iter().map(|key| key.name).collect();
        let mut meant = Vec::new();
        for entry in entries(table) {
            let key = entry.key();
            if allowed.contains(&key) || key.starts_with(FREE_PREFIX) {
                continue;
            }
            let near = nearest(key, allowed.iter().copied());
            meant.extend(near);
            let invalid = Invalid::new(format!("unknown key {} in {place}", quoted(key)), "unknown key");
            self.fault(entry.key_span(), invalid.with_choice(near, &allowed));
        }
        meant
    }

    pub(crate) fn table<'t>(&mut self, entry: Entry<'t>) -> Option<&'t DeTable<'t>> {
        match entry.value() {
            DeValue::Table(table) => Some(table),
            _ => self.wrong_type(entry, "a table"),
        }
    }

    pub(crate) fn boolean(&mut self, entry: Entry<'_>) -> Option<bool> {
        match entry.value() {
            DeValue::Boolean(value) => Some(*value),
            _ => self.wrong_type(entry, "true or false"),
        }
    }

    pub(crate) fn string<'t>(&mut self, entry: Entry<'t>) -> Option<&'t str> {
        match entry.value() {
            DeValue::String(value) => Some(value),
            _ => self.wrong_type(entry, "a string"),
        }
    }

    /// A string that is a `T`.
    pub(crate) fn parsed<T: FromStr<Err = Invalid>>(&mut self, entry: Entry<'_>) -> Option<T> {
        let text = self.string(entry)?;
        self.accept(entry.value_span(), text.parse())
    }

    /// A string that is a `T`, or an integer that can be made one.
    pub(crate) fn parsed_or_number<T: FromStr<Err = Invalid>>(
        &mut self,
        entry: Entry<'_>,
        expected: &str,
        from_number: fn(i64) -> Result<T, Invalid>,
    ) -> Option<T> {
        let result = match entry.value() {
            DeValue::String(text) => text.parse(),
            DeValue::Integer(number) => integer(number).ok_or_else(too_large).and_then(from_number),
            _ => return self.wrong_type(entry, expected),
        };
        self.accept(entry.value_span(), result)
    }

    /// An integer that is a `T`.
    pub(crate) fn number<T>(&mut self, entry: Entry<'_>, from_number: fn(i64) -> Result<T, Invalid>) -> Option<T> {
        let DeValue::Integer(number) = entry.value() else {
            return self.wrong_type(entry, "a whole number");
        };
        self.accept(entry.value_span(), integer(number).ok_or_else(too_large).and_then(from_number))
    }

    /// A time with its unit, or a number of seconds.
    pub(crate) fn time(&mut self, entry: Entry<'_>, times: Times) -> Option<Duration> {
        let time = match entry.value() {
            DeValue::String(text) => times.parse(text),
            DeValue::Integer(number) => integer(number).ok_or_else(too_large).and_then(|it| times.of_seconds(it)),
            _ => return self.wrong_type(entry, time::EXPECTED),
        };
        self.accept(entry.value_span(), time)
    }

    /// The value, or a fault at `span`.
    pub(crate) fn accept<T>(&mut self, span: Range<usize>, result: Result<T, Invalid>) -> Option<T> {
        result.map_err(|invalid| self.fault(span, invalid)).ok()
    }

    /// Says what was found instead. Always `None`, so that it can end a function.
    pub(crate) fn wrong_type<T>(&mut self, entry: Entry<'_>, expected: &str) -> Option<T> {
        let found = type_of(entry.value());
        let message = format!("{}: expected {expected}, found {found}", quoted(entry.key()));
        self.fault(entry.value_span(), Invalid::new(message, format!("this is {found}")));
        None
    }
}

/// A whole number that the file format allows but no setting can use.
pub(crate) fn too_large() -> Invalid {
    Invalid::new("the number is too large", "does not fit 64 bits")
}

/// The type of a value, with its article.
pub(crate) fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// The lines about which nothing can be said when one is not TOML: itself and, where it is the head of a table, all that
/// was meant to stand in that table and now seems to stand in another.
fn broken_by(source: &Source, line: usize) -> std::ops::RangeInclusive<usize> {
    let is_head = |line: usize| source.text()[source.line_range(line)].trim_start().starts_with('[');
    let mut last = line;
    if is_head(line) {
        last = (line + 1..=source.line_count()).find(|next| is_head(*next)).unwrap_or(source.line_count() + 1) - 1;
    }
    line..=last
}

/// The parser's words: what is wrong goes above the line, what was expected under it.
fn syntax(message: &str, nothing_found: bool) -> Invalid {
    match message.split_once(", expected ") {
        Some((_, "literal string")) if nothing_found => Invalid::new("a key without a value", "expected a value"),
        Some((what, "literal string")) => Invalid::new(what, "expected a string in quotes"),
        Some((what, expected)) => Invalid::new(what, format!("expected {expected}")),
        None => Invalid::new(message, "not valid TOML"),
    }
}
