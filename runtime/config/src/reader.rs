//! Reading TOML with its places: every value is asked for by type, every mistake becomes a fault and reading goes on.
//!
//! The reader knows TOML and nothing of services; which keys there are is said in `manifest`.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use toml::de::DeTable;

use crate::fault::{Invalid, quoted};
use crate::faults::{Faults, Report};
use crate::interpolate::{ProjectFacts, ServiceReference};
use crate::keys::Key;
use crate::nearest::nearest;
use crate::settings::time::{self, Times};
use crate::source::Source;
use crate::tree::{Entry, Node, Place, Table, Value, from_toml};

/// Keys that begin so belong to the user and mean nothing to us.
const FREE_PREFIX: &str = "x-";

/// What the parser says of a key that is set twice. The text is TOML all the same.
const DUPLICATE: &str = "duplicate key";

/// Reads values and collects what is wrong with them.
#[derive(Default)]
pub(crate) struct Reader {
    report: Report,
    /// Lines that are not TOML, each with its file. What the parser made of them is guesswork, so it is not judged a second
    /// time.
    broken_lines: BTreeSet<(usize, usize)>,
    /// What values can refer to already.
    pub(crate) project: ProjectFacts,
    /// What values asked of services since somebody took note of it.
    pub(crate) references: Vec<ServiceReference>,
}

impl Reader {
    /// Parses a file as far as it can be parsed.
    pub(crate) fn toml(&mut self, source: &Source) -> Node {
        let file = self.report.add_source(source);
        let (root, errors) = DeTable::parse_recoverable(source.text());
        for error in errors {
            let span = source.clamp(error.span().unwrap_or_default());
            if error.message() == DUPLICATE {
                let key = quoted(&source.text()[span.clone()]);
                let invalid = Invalid::new(format!("duplicate key {key}"), "already set before");
                self.report.add_at(Place::new(file, span), invalid);
                continue;
            }
            // A parser that has lost its way stumbles several times over one mistake; the first time says it best.
            let line = source.line(span.start);
            if !self.broken_lines.contains(&(file, line)) {
                let invalid = syntax(error.message(), span.is_empty());
                self.report.add_at(Place::new(file, span), invalid);
                self.broken_lines.extend(broken_by(source, line).map(|line| (file, line)));
            }
        }
        from_toml(file, &root)
    }

    /// Takes in a file that is no TOML; what comes back is its number.
    pub(crate) fn plain(&mut self, source: &Source) -> usize {
        self.report.add_source(source)
    }

    pub(crate) fn source_of(&self, file: usize) -> &Source {
        self.report.source_of(file)
    }

    /// Takes over the faults of a file that is read apart.
    pub(crate) fn absorb(&mut self, faults: Faults) {
        self.report.absorb(faults);
    }

    pub(crate) fn finish<T>(self, value: T) -> Result<T, Faults> {
        self.report.finish(value)
    }

    /// Reports a wrong thing.
    pub(crate) fn fault(&mut self, place: Place, invalid: Invalid) {
        let source = self.report.source_of(place.file);
        let span = source.clamp(place.span());
        if !self.broken_lines.contains(&(place.file, source.line(span.start))) {
            self.report.add_at(Place::new(place.file, span), invalid);
        }
    }

    /// Reports the absence of a thing, unless it may be hidden in a line that could not be read.
    pub(crate) fn missing(&mut self, place: Place, invalid: Invalid) {
        if self.broken_lines.is_empty() {
            self.fault(place, invalid);
        }
    }

    /// Reads the value of `key` where it is set, and what it replaced: that counts no more, and its faults do.
    pub(crate) fn setting<T>(
        &mut self,
        table: &Table,
        key: &str,
        read: impl FnMut(&mut Self, &Entry) -> Option<T>,
    ) -> Option<T> {
        self.value(table.get(key)?, read)
    }

    /// As [`Reader::setting`], of an entry at hand.
    pub(crate) fn value<T>(
        &mut self,
        entry: &Entry,
        mut read: impl FnMut(&mut Self, &Entry) -> Option<T>,
    ) -> Option<T> {
        let known = self.references.len();
        for node in &entry.node.replaced {
            let key_place = node.place;
            read(self, &Entry { key: entry.key.clone(), key_place, node: node.clone() });
        }
        self.references.truncate(known);
        read(self, entry)
    }

    /// Reports every key that is neither allowed nor free, and answers which allowed keys were probably meant.
    pub(crate) fn check_keys(&mut self, table: &Table, place: &str, allowed: &'static [Key]) -> Vec<&'static str> {
        let allowed: Vec<&'static str> = allowed.iter().map(|key| key.name).collect();
        let mut meant = Vec::new();
        for entry in table.iter() {
            let key = entry.key.as_str();
            if allowed.contains(&key) || key.starts_with(FREE_PREFIX) {
                continue;
            }
            let near = nearest(key, allowed.iter().copied());
            meant.extend(near);
            let invalid = Invalid::new(format!("unknown key {} in {place}", quoted(key)), "unknown key");
            self.fault(entry.key_place, invalid.with_choice(near, &allowed));
        }
        meant
    }

    pub(crate) fn table<'t>(&mut self, entry: &'t Entry) -> Option<&'t Table> {
        match &entry.node.value {
            Value::Table(table) => Some(table),
            _ => self.wrong_type(entry, "a table"),
        }
    }

    pub(crate) fn boolean(&mut self, entry: &Entry) -> Option<bool> {
        match &entry.node.value {
            Value::Boolean(value) => Some(*value),
            _ => self.wrong_type(entry, "true or false"),
        }
    }

    pub(crate) fn string<'t>(&mut self, entry: &'t Entry) -> Option<&'t str> {
        match &entry.node.value {
            Value::Text(value) => Some(value),
            _ => self.wrong_type(entry, "a string"),
        }
    }

    /// A string that is a `T`.
    pub(crate) fn parsed<T: FromStr<Err = Invalid>>(&mut self, entry: &Entry) -> Option<T> {
        let text = self.string(entry)?;
        self.accept(entry.node.place, text.parse())
    }

    /// A string that is a `T`, or an integer that can be made one.
    pub(crate) fn parsed_or_number<T: FromStr<Err = Invalid>>(
        &mut self,
        entry: &Entry,
        expected: &str,
        from_number: fn(i64) -> Result<T, Invalid>,
    ) -> Option<T> {
        let result = match &entry.node.value {
            Value::Text(text) => text.parse(),
            Value::Integer(number) => number.ok_or_else(too_large).and_then(from_number),
            _ => return self.wrong_type(entry, expected),
        };
        self.accept(entry.node.place, result)
    }

    /// An integer that is a `T`.
    pub(crate) fn number<T>(&mut self, entry: &Entry, from_number: fn(i64) -> Result<T, Invalid>) -> Option<T> {
        let Value::Integer(number) = entry.node.value else {
            return self.wrong_type(entry, "a whole number");
        };
        self.accept(entry.node.place, number.ok_or_else(too_large).and_then(from_number))
    }

    /// A time with its unit, or a number of seconds.
    pub(crate) fn time(&mut self, entry: &Entry, times: Times) -> Option<Duration> {
        let time = match &entry.node.value {
            Value::Text(text) => times.parse(text),
            Value::Integer(number) => number.ok_or_else(too_large).and_then(|it| times.of_seconds(it)),
            _ => return self.wrong_type(entry, time::EXPECTED),
        };
        self.accept(entry.node.place, time)
    }

    /// The strings of an array; what else is in it becomes a fault.
    pub(crate) fn strings<'t>(&mut self, key: &str, list: &'t [Node]) -> Vec<(&'t str, &'t Node)> {
        let mut strings = Vec::new();
        for item in list {
            if let Value::Text(text) = &item.value {
                strings.push((text.as_str(), item));
            } else {
                let found = type_of(&item.value);
                let message = format!("{}: expected an array of strings, found {found} in it", quoted(key));
                self.fault(item.place, Invalid::new(message, format!("this is {found}")));
            }
        }
        strings
    }

    /// The value, or a fault at `place`.
    pub(crate) fn accept<T>(&mut self, place: Place, result: Result<T, Invalid>) -> Option<T> {
        result.map_err(|invalid| self.fault(place, invalid)).ok()
    }

    /// Says what was found instead. Always `None`, so that it can end a function.
    pub(crate) fn wrong_type<T>(&mut self, entry: &Entry, expected: &str) -> Option<T> {
        let found = type_of(&entry.node.value);
        let message = format!("{}: expected {expected}, found {found}", quoted(&entry.key));
        self.fault(entry.node.place, Invalid::new(message, format!("this is {found}")));
        None
    }
}

/// A whole number that the file format allows but no setting can use.
pub(crate) fn too_large() -> Invalid {
    Invalid::new("the number is too large", "does not fit 64 bits")
}

/// The type of a value, with its article.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a float",
        Value::Boolean(_) => "a boolean",
        Value::Date(_) => "a date",
        Value::List(_) => "an array",
        Value::Table(_) => "a table",
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
