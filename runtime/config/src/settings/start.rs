//! `start`: whether `locald up` starts a service that it was not asked for by name.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::choice::choose;
use crate::fault::Invalid;

pub(crate) const WORDS: &[(&str, Start)] =
    &[("auto", Start::Auto), ("on-request", Start::OnRequest), ("manual", Start::Manual)];

/// When a service starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Start {
    /// With its project.
    #[default]
    Auto,
    /// With the first request for it.
    OnRequest,
    /// When it is named, or when one that depends on it starts.
    Manual,
}

impl FromStr for Start {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("start", text, WORDS)
    }
}
