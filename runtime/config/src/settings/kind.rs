//! `type`: what kind of thing a service is.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::choice::choose;
use crate::fault::Invalid;

pub(crate) const WORDS: &[(&str, Kind)] = &[("exec", Kind::Exec), ("worker", Kind::Worker)];

/// The kind of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A command that may listen on a port.
    #[default]
    Exec,
    /// A command that listens on nothing: it has no port, no address and no probe of one.
    Worker,
}

impl FromStr for Kind {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("type", text, WORDS)
    }
}
