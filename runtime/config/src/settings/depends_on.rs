//! `depends_on`: which services come first, and how far they must be.

use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use toml::de::DeValue;

use super::choice::choose;
use super::time::Times;
use crate::fault::{Invalid, quoted};
use crate::keys::DEPENDENCY;
use crate::name::ServiceName;
use crate::reader::{Entry, Reader, entries, find, type_of};

const WAIT: Times = Times { what: "a time to wait", min: Duration::from_millis(1), max: Duration::from_hours(24) };

pub(crate) const CONDITIONS: &[(&str, Condition)] = &[
    ("started", Condition::Started),
    ("healthy", Condition::Healthy),
    ("completed", Condition::Completed),
    ("completed_ok", Condition::CompletedOk),
];

/// A service that must be so far before another may start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Another service of the project.
    pub on: ServiceName,
    /// How far.
    pub condition: Condition,
    /// How long to wait for it before the start has failed; `None`: as long as it takes.
    pub timeout: Option<Duration>,
}

/// How far a service must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// It runs.
    Started,
    /// It is well.
    Healthy,
    /// It ran and ended, however it did.
    Completed,
    /// It ran and exited with 0.
    CompletedOk,
}

/// A dependency as it is written. What is left out depends on the other service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) on: String,
    pub(crate) at: Range<usize>,
    pub(crate) condition: Option<Condition>,
    pub(crate) timeout: Option<Duration>,
}

impl FromStr for Condition {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("condition", text, CONDITIONS)
    }
}

/// Reads a list of names, or a table from names to conditions.
pub(crate) fn read(reader: &mut Reader, entry: Entry<'_>) -> Vec<Wanted> {
    match entry.value() {
        DeValue::Array(names) => {
            let mut wanted: Vec<Wanted> = Vec::new();
            for name in names {
                let DeValue::String(on) = name.get_ref() else {
                    let found = type_of(name.get_ref());
                    let message = format!("`depends_on`: expected an array of strings, found {found} in it");
                    reader.fault(name.span(), Invalid::new(message, format!("this is {found}")));
                    continue;
                };
                if wanted.iter().any(|wanted| wanted.on == *on) {
                    let message = format!("{} is listed twice", quoted(on));
                    reader.fault(name.span(), Invalid::new(message, "already listed before"));
                    continue;
                }
                wanted.push(Wanted { on: on.to_string(), at: name.span(), condition: None, timeout: None });
            }
            wanted
        }
        DeValue::Table(table) => entries(table).into_iter().filter_map(|entry| one(reader, entry)).collect(),
        _ => reader.wrong_type(entry, "an array of names, or a table of them").unwrap_or_default(),
    }
}

fn one(reader: &mut Reader, entry: Entry<'_>) -> Option<Wanted> {
    let table = reader.table(entry)?;
    reader.check_keys(table, &format!("the dependency on {}", quoted(entry.key())), DEPENDENCY);
    let condition = find(table, "condition").and_then(|entry| reader.parsed(entry));
    let timeout = find(table, "timeout").and_then(|entry| reader.time(entry, WAIT));
    Some(Wanted { on: entry.key().to_owned(), at: entry.key_span(), condition, timeout })
}
