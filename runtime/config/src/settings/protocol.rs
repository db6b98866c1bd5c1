//! `protocol`: what the proxy speaks to a service.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::choice::choose;
use crate::fault::Invalid;

pub(crate) const WORDS: &[(&str, Protocol)] = &[("http1", Protocol::Http1), ("h2c", Protocol::Http2)];

/// What the proxy speaks to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// HTTP/1.1; HTTP/2 with clients of gRPC, if the service turns out to speak that.
    #[default]
    Http1,
    /// HTTP/2 without TLS (RFC 9113 §3.3).
    Http2,
}

impl FromStr for Protocol {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        choose("protocol", text, WORDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_are_spoken_and_others_are_told_apart_from_them() {
        assert_eq!("h2c".parse::<Protocol>().ok(), Some(Protocol::Http2));
        assert_eq!("http1".parse::<Protocol>().ok(), Some(Protocol::default()));
        assert!("h2".parse::<Protocol>().is_err());
    }
}
