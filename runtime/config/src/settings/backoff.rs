//! `backoff`: how long to wait before a service that ended is started again, and when to give up.

use std::time::Duration;

use super::time::Times;
use crate::fault::Invalid;
use crate::keys::BACKOFF;
use crate::reader::{Entry, Reader, find};

const PAUSE: Times = Times { what: "a pause", min: Duration::from_millis(10), max: Duration::from_hours(1) };
const STABLE: Times = Times { what: "a time to be stable", min: Duration::ZERO, max: Duration::from_hours(24) };

/// The largest `limit`.
pub(crate) const MAX_LIMIT: u32 = 1000;

/// The pauses between the starts of a service that keeps ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    pub(crate) fn read(reader: &mut Reader, entry: Entry<'_>) -> Option<Self> {
        let table = reader.table(entry)?;
        reader.check_keys(table, "`backoff`", BACKOFF);
        let plain = Self::default();
        let initial = find(table, "initial").and_then(|entry| reader.time(entry, PAUSE));
        let max = find(table, "max").and_then(|entry| reader.time(entry, PAUSE));
        let reset = find(table, "reset").and_then(|entry| reader.time(entry, STABLE));
        let limit = find(table, "limit").and_then(|entry| reader.number(entry, limit_from_number));
        let backoff = Self {
            initial: initial.unwrap_or(plain.initial),
            max: max.unwrap_or_else(|| plain.max.max(initial.unwrap_or_default())),
            reset: reset.unwrap_or(plain.reset),
            limit: limit.unwrap_or(plain.limit),
        };
        if backoff.max < backoff.initial {
            let at = find(table, "max").unwrap_or(entry).value_span();
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
