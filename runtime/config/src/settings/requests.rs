//! `hold` and `idle_stop`: how long requests wait for a service that starts, and after how long without any it is stopped.

use std::time::Duration;

use super::time::Times;

/// How long requests wait where nothing is said.
pub const HOLD: Duration = Duration::from_secs(30);

/// None at all is allowed: whoever asks too early is told so.
pub(crate) const HOLDS: Times =
    Times { what: "a time for requests to wait", min: Duration::ZERO, max: Duration::from_hours(1) };

/// Less than a second would stop a service between two requests of one page.
pub(crate) const IDLE_STOPS: Times =
    Times { what: "a time without requests", min: Duration::from_secs(1), max: Duration::from_hours(24 * 7) };
