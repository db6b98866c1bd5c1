//! `depends_on`: which services come first, and how far they must be.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::choice::choose;
use super::time::Times;
use crate::fault::{Invalid, quoted};
use crate::keys::DEPENDENCY;
use crate::name::ServiceName;
use crate::reader::Reader;
use crate::tree::{Entry, Place, Value};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    pub(crate) at: Place,
    pub(crate) why: Why,
    pub(crate) condition: Option<Condition>,
    pub(crate) timeout: Option<Duration>,
}

/// Why a service may depend on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is listed.
    Listed,
    /// A value refers to it.
    Referred,
    /// It does not, although a value refers to it (`depends_on.api = false`).
    Declined,
}

impl Wanted {
    /// What a reference to a service asks for.
    pub(crate) fn referred(on: &str, at: Place) -> Self {
        Self { on: on.to_owned(), at, why: Why::Referred, condition: None, timeout: None }
    }
}

impl FromStr for Condition {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("condition", text, CONDITIONS)
    }
}

/// Reads a list of names, or a table from names to conditions.
pub(crate) fn read(reader: &mut Reader, entry: &Entry) -> Option<Vec<Wanted>> {
    match &entry.node.value {
        Value::List(names) => {
            let (mut wanted, mut listed) = (Vec::new(), BTreeSet::new());
            for (on, node) in reader.strings(&entry.key, names) {
                let at = node.place;
                if listed.insert(on) {
                    wanted.push(Wanted { why: Why::Listed, ..Wanted::referred(on, at) });
                } else {
                    let message = format!("{} is listed twice", quoted(on));
                    reader.fault(at, Invalid::new(message, "already listed before"));
                }
            }
            Some(wanted)
        }
        Value::Table(table) => Some(table.iter().filter_map(|entry| reader.value(entry, one)).collect()),
        _ => reader.wrong_type(entry, "an array of names, or a table of them"),
    }
}

fn one(reader: &mut Reader, entry: &Entry) -> Option<Wanted> {
    let plain = Wanted::referred(&entry.key, entry.key_place);
    if entry.node.value == Value::Boolean(false) {
        return Some(Wanted { why: Why::Declined, ..plain });
    }
    let table = reader.table(entry)?;
    reader.check_keys(table, &format!("the dependency on {}", quoted(&entry.key)), DEPENDENCY);
    let condition = reader.setting(table, "condition", Reader::parsed);
    let timeout = reader.setting(table, "timeout", |reader, entry| reader.time(entry, WAIT));
    Some(Wanted { why: Why::Listed, condition, timeout, ..plain })
}
