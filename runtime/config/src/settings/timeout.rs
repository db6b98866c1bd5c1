//! `stop_timeout`: how long a service may take to end after its stop signal.

use std::time::Duration;

use super::time::Times;

/// Ten seconds where nothing is said.
pub(crate) const DEFAULT: Duration = Duration::from_secs(10);

/// At most an hour; none at all is allowed.
pub(crate) const TIMES: Times = Times { what: "a stop timeout", min: Duration::ZERO, max: Duration::from_hours(1) };
