//! `http` of a project: what becomes of requests without TLS.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::choice::choose;
use crate::fault::Invalid;

pub(crate) const WORDS: &[(&str, PlainHttp)] = &[("serve", PlainHttp::Serve), ("redirect", PlainHttp::Redirect)];

/// What becomes of a request without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum PlainHttp {
    /// It is passed on.
    #[default]
    Serve,
    /// It is sent to the same URL with TLS.
    Redirect,
}

impl FromStr for PlainHttp {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("http", text, WORDS)
    }
}
