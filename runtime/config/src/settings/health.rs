//! `health`: how it is known that a service is well, and how often it is asked.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::choice::choose;
use super::probe::{KINDS, Probe};
use super::time::Times;
use crate::fault::{Invalid, list};
use crate::keys::HEALTH;
use crate::reader::Reader;
use crate::tree::{Entry, Table, Value};

const PAUSE: Times = Times { what: "a pause", min: Duration::from_millis(10), max: Duration::from_hours(24) };
const WAIT: Times = Times { what: "a time to wait", min: Duration::from_millis(10), max: Duration::from_hours(1) };
const GRACE: Times = Times { what: "a time to start", min: Duration::ZERO, max: Duration::from_hours(24) };

/// The largest `retries`.
pub(crate) const MAX_RETRIES: u32 = 1000;

pub(crate) const ON_UNHEALTHY: &[(&str, OnUnhealthy)] =
    &[("nothing", OnUnhealthy::Nothing), ("restart", OnUnhealthy::Restart)];

/// What is said of a service's health.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Health {
    /// Nothing: a service with a port is well once the port accepts connections, any other while it runs.
    #[default]
    Unsaid,
    /// It is well while it runs (`health = false`).
    Runs,
    /// It is asked.
    Asked(HealthCheck),
}

/// How a service is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// What is asked.
    pub probe: Probe,
    /// The pause between two probes of a service that is up.
    pub interval: Duration,
    /// A probe that takes longer has failed.
    pub timeout: Duration,
    /// So many failures in a row make it unhealthy. At least 1.
    pub retries: u32,
    /// Failures count only after this time, or after the first success.
    pub start_period: Duration,
    /// The pause between two probes until the first success.
    pub start_interval: Duration,
    /// What follows when it becomes unhealthy.
    pub on_unhealthy: OnUnhealthy,
}

/// What follows when a service becomes unhealthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum OnUnhealthy {
    /// It is shown as unhealthy and goes on.
    #[default]
    Nothing,
    /// It is stopped and started again, within the limits of its `backoff`.
    Restart,
}

impl FromStr for OnUnhealthy {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("on_unhealthy", text, ON_UNHEALTHY)
    }
}

impl HealthCheck {
    /// This probe with the times that count where nothing is said.
    pub fn new(probe: Probe) -> Self {
        Self {
            probe,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            retries: 3,
            start_period: Duration::from_mins(1),
            start_interval: Duration::from_millis(200),
            on_unhealthy: OnUnhealthy::default(),
        }
    }
}

impl Health {
    /// Reads the table, or `false`.
    pub(crate) fn read(reader: &mut Reader, entry: &Entry) -> Option<Self> {
        match &entry.node.value {
            Value::Boolean(false) => Some(Self::Runs),
            Value::Table(table) => check(reader, entry, table).map(Self::Asked),
            _ => reader.wrong_type(entry, "a table or false"),
        }
    }
}

fn check(reader: &mut Reader, entry: &Entry, table: &Table) -> Option<HealthCheck> {
    let meant = reader.check_keys(table, "`health`", HEALTH);
    let probe = probe(reader, entry, table, &meant);
    let interval = reader.setting(table, "interval", |reader, entry| reader.time(entry, PAUSE));
    let timeout = reader.setting(table, "timeout", |reader, entry| reader.time(entry, WAIT));
    let retries = reader.setting(table, "retries", |reader, entry| reader.number(entry, retries_from_number));
    let start_period = reader.setting(table, "start_period", |reader, entry| reader.time(entry, GRACE));
    let start_interval = reader.setting(table, "start_interval", |reader, entry| reader.time(entry, PAUSE));
    let on_unhealthy = reader.setting(table, "on_unhealthy", Reader::parsed);
    let plain = HealthCheck::new(probe?);
    Some(HealthCheck {
        interval: interval.unwrap_or(plain.interval),
        timeout: timeout.unwrap_or(plain.timeout),
        retries: retries.unwrap_or(plain.retries),
        start_period: start_period.unwrap_or(plain.start_period),
        start_interval: start_interval.unwrap_or(plain.start_interval),
        on_unhealthy: on_unhealthy.unwrap_or(plain.on_unhealthy),
        ..plain
    })
}

/// Exactly one way to ask.
fn probe(reader: &mut Reader, entry: &Entry, table: &Table, meant: &[&str]) -> Option<Probe> {
    let mut found: Vec<&Entry> = KINDS.iter().filter_map(|kind| table.get(kind)).collect();
    // An upper file that asks in another way means it instead.
    let uppermost = found.iter().map(|entry| entry.node.place.file).max();
    found.retain(|entry| Some(entry.node.place.file) == uppermost);
    found.sort_by_key(|entry| entry.key_place);
    let Some((first, rest)) = found.split_first() else {
        if !meant.iter().any(|key| KINDS.contains(key)) {
            let invalid = Invalid::new("`health` does not say what to ask", "needs a probe");
            reader.missing(entry.key_place, invalid.with_help(format!("one of {}", list(&KINDS))));
        }
        return None;
    };
    for more in rest {
        let message = format!("`health` asks by `{}` and by `{}`", first.key, more.key);
        let invalid = Invalid::new(message, "one too many");
        reader.fault(more.key_place, invalid.with_help(format!("exactly one of {}", list(&KINDS))));
    }
    if first.key != "http" {
        for key in ["status", "headers"] {
            if let Some(entry) = table.get(key).filter(|entry| Some(entry.node.place.file) == uppermost) {
                let invalid = Invalid::new(format!("`{key}` goes with `http` alone"), "not asked by `http`");
                reader.fault(entry.key_place, invalid);
            }
        }
    }
    reader.setting(table, &first.key, |reader, entry| Probe::read(reader, entry, table))
}

fn retries_from_number(number: i64) -> Result<u32, Invalid> {
    let fits = u32::try_from(number).ok().filter(|number| (1..=MAX_RETRIES).contains(number));
    fits.ok_or_else(|| {
        Invalid::new(format!("`retries` cannot be {number}"), format!("must be from 1 to {MAX_RETRIES}"))
    })
}
