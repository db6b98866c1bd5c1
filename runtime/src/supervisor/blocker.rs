//! Why a service waits: another one, how far that has to be, and how far it is.

use std::fmt;
use std::time::Duration;

use locald_config::Condition;
use tokio::time::Instant;

use super::state::in_words;

/// A service that another waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blocker {
    /// The one that is waited for.
    pub(crate) service: String,
    pub(crate) condition: Condition,
    /// How it is, in words.
    pub(crate) found: String,
    pub(crate) outlook: Outlook,
    /// How long it is waited for.
    pub(crate) patience: Option<Duration>,
}

/// Whether what is waited for will come by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outlook {
    /// It is on its way.
    Open,
    /// It is not on its way, but may still come, as one that is unhealthy may recover.
    Poor,
    /// Not unless somebody does something.
    Hopeless,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wish = match self.condition {
            Condition::Started | Condition::Healthy => "",
            Condition::Completed => " to end",
            Condition::CompletedOk => " to complete",
        };
        write!(f, "{}{wish} ({})", self.service, self.found)
    }
}

/// All of them in a sentence.
pub(crate) fn sentence(blockers: &[Blocker]) -> String {
    let each: Vec<String> = blockers.iter().map(ToString::to_string).collect();
    format!("waiting for {}", each.join(", "))
}

/// Whether all of them will come by themselves.
pub(super) fn outlook(blockers: &[Blocker]) -> Outlook {
    blockers.iter().map(|blocker| blocker.outlook).max().unwrap_or(Outlook::Open)
}

/// The time after which the first of them has been waited for long enough.
pub(super) fn shortest_patience(blockers: &[Blocker]) -> Option<Duration> {
    blockers.iter().filter_map(|blocker| blocker.patience).min()
}

/// Why nobody waits any longer at `now`, if so.
pub(super) fn out_of_patience(blockers: &[Blocker], since: Instant, now: Instant) -> Option<String> {
    let over = |blocker: &&Blocker| blocker.patience.is_some_and(|patience| since + patience <= now);
    let blocker = blockers.iter().find(over)?;
    Some(format!("waited {} for {blocker}", in_words(blocker.patience.unwrap_or_default())))
}
