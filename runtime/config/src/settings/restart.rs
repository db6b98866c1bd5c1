//! `restart`: whether a service that ended by itself is started again.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::choice::choose;
use crate::fault::Invalid;

pub(crate) const WORDS: &[(&str, Restart)] =
    &[("no", Restart::No), ("on-failure", Restart::OnFailure), ("always", Restart::Always)];

/// What follows when a service ends and nobody asked it to.
///
/// Nothing, unless it is said: whoever works on a program wants to see how it failed, and not how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Restart {
    /// It stays as it ended.
    #[default]
    No,
    /// It is started again unless it exited with 0.
    OnFailure,
    /// It is started again.
    Always,
}

impl FromStr for Restart {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("restart", text, WORDS)
    }
}
