//! Everything there is to say of one service: why it is as it is, and what comes next.

use serde::{Deserialize, Serialize};

use crate::{Exit, ServiceStatus};

/// A service, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// How it is.
    pub status: ServiceStatus,
    /// What it depends on.
    pub needs: Vec<Need>,
    /// What depends on it.
    pub needed_by: Vec<String>,
    /// What was found when it was last asked how it is.
    pub probe: Option<Probe>,
    /// When something happens by itself, and what.
    pub next: Option<Next>,
    /// The ports on which it was seen listening.
    pub listens: Vec<u16>,
    /// The control group of its processes, while it runs in one.
    #[serde(default)]
    pub control_group: Option<String>,
    /// Runs that have ended, the latest last.
    pub runs: Vec<EndedRun>,
}

/// That a service depends on another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The other one.
    pub service: String,
    /// How far that has to be before this one starts, as the configuration has it.
    pub condition: String,
    /// Whether it is so far.
    pub met: bool,
    /// How it is, in words.
    pub found: String,
}

/// A question to a service, and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// How it was asked, such as `http`.
    pub source: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Why it was found not to be well; absent when it was.
    pub fault: Option<String>,
}

/// Something that happens by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// What.
    pub what: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
}

/// A run that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedRun {
    /// Its number.
    pub run: u64,
    /// When it began, RFC 3339 in UTC, if that is known.
    pub began_at: Option<String>,
    /// When it ended.
    pub ended_at: String,
    /// How.
    pub exit: Exit,
    /// What it printed last.
    pub last_lines: Vec<String>,
}
