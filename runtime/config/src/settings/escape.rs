//! `escape`: what becomes of processes that a service started and that outlived it.

use std::str::FromStr;

use super::choice::choose;
use crate::fault::Invalid;

pub(crate) const WORDS: &[(&str, Escape)] = &[("kill", Escape::Kill), ("leave", Escape::Leave)];

/// What happens on stop to processes that left the service's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Escape {
    /// They end with the service.
    #[default]
    Kill,
    /// They are left alone, on purpose.
    Leave,
}

impl FromStr for Escape {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("escape", text, WORDS)
    }
}
