//! `backoff`: how long to wait before a service that ended is started again, and when to give up.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Times;
use crate::fault::Invalid;
use crate::keys::BACKOFF;
use crate::reader::Reader;
use crate::tree::Entry;

const PAUSE: Times = Times { what: "a pause", min: Duration::from_millis(10), max: Duration::from_hours(1) };
const STABLE: Times = Times { what: "a time to be stable", min: Duration::ZERO, max: Duration::from_hours(24) };

/// The largest `limit`.
pub(crate) const MAX_LIMIT: u32 = 1000;

/// The pauses between the starts of a service that keeps ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Backoff {
    /// The first pause; each further one is twice as long.
    pub initial: Duration,
    /// No pause is longer.
    pub max: Duration,
    /// A run that lasted so long begins the count and the pauses anew.
    pub reset: Duration,
    /// After so many restarts in a row it is given up; `None`: never.
    pub limit: Option<u32>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(500),
            max: Duration::from_secs(30),
            reset: Duration::from_mins(1),
            limit: Some(10),
        }
    }
}

impl Backoff {
    /// Reads the table.
    pub(crate) fn read(reader: &mut Reader, entry: &Entry) -> Option<Self> {
        let table = reader.table(entry)?;
        reader.check_keys(table, "`backoff`", BACKOFF);
        let plain = Self::default();
        let initial = reader.setting(table, "initial", |reader, entry| reader.time(entry, PAUSE));
        let max = reader.setting(table, "max", |reader, entry| reader.time(entry, PAUSE));
        let reset = reader.setting(table, "reset", |reader, entry| reader.time(entry, STABLE));
        let limit = reader.setting(table, "limit", |reader, entry| reader.number(entry, limit_from_number));
        let backoff = Self {
            initial: initial.unwrap_or(plain.initial),
            max: max.unwrap_or_else(|| plain.max.max(initial.unwrap_or_default())),
            reset: reset.unwrap_or(plain.reset),
            limit: limit.unwrap_or(plain.limit),
        };
        if backoff.max < backoff.initial {
            let at = table.get("max").unwrap_or(entry).node.place;
            reader.fault(at, Invalid::new("the longest pause is shorter than the first", "shorter than `initial`"));
        }
        Some(backoff)
    }
}

fn limit_from_number(number: i64) -> Result<Option<u32>, Invalid> {
    let fits = u32::try_from(number).ok().filter(|number| *number <= MAX_LIMIT);
    let fits = fits
        .ok_or_else(|| Invalid::new(format!("`limit` cannot be {number}"), format!("must be from 0 to {MAX_LIMIT}")))?;
    Ok(Some(fits).filter(|limit| *limit > 0))
}
