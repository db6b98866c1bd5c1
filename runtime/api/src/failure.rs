//! Why the daemon did not do what was asked, in a form a program can act on and a person can read.

use serde::{Deserialize, Serialize};

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What sort of failure it is; decides a command's exit code.
    pub kind: FailureKind,
    /// One sentence without a final period: what failed.
    pub message: String,
    /// What to do about it, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// More lines for a person, such as the faults of a configuration file drawn under their source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// The sorts of failure. New sorts may be added: an unknown one reads as [`FailureKind::Internal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The request itself makes no sense, such as a key name that does not exist.
    BadRequest,
    /// The project's configuration has faults, or there is none.
    Config,
    /// No service or project of that name, or the name is ambiguous.
    UnknownName,
    /// The service is not in a state in which this can be done, such as keys for one that does not run.
    NotRunning,
    /// At least one service could not be started.
    StartFailed,
    /// The daemon is shutting down or cannot reach its keeper.
    Unavailable,
    /// A fault of ours.
    #[serde(other)]
    Internal,
}

impl Failure {
    /// A failure with neither hint nor details.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, details: None }
    }

    /// The same failure with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with details.
    #[must_use]
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.details = Some(details.into());
        self
    }
}
