//! `host_header`: by what name the proxy addresses a service that answers to no other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::hosts;
use crate::fault::{Invalid, quoted};

/// What a `Host` header says (RFC 9110 §7.2): a name in lower case and in A-labels, or an address of IPv4, and a port, if one is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HostHeader(String);

impl HostHeader {
    /// It as it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostHeader {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.contains('/') {
            let invalid = Invalid::new(format!("{} is not a host name", quoted(text)), "this is a URL, or has a path");
            return Err(invalid.with_help("write the name alone, with a port if need be: `localhost:3000`"));
        }
        let Some((name, port)) = text.rsplit_once(':') else { return Ok(Self(hosts::plain(text)?)) };
        let number = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        match number.and_then(|port| port.parse::<u16>().ok()) {
            Some(port) if port > 0 => Ok(Self(format!("{}:{port}", hosts::plain(name)?))),
            _ => Err(Invalid::new(format!("{} is not a port", quoted(port)), "a port is a number from 1 to 65535")),
        }
    }
}

impl fmt::Display for HostHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_may_have_a_port_and_is_written_as_clients_would() {
        for (text, sent) in [
            ("localhost", "localhost"),
            ("LocalHost:3000", "localhost:3000"),
            ("shop.example.com.", "shop.example.com"),
            ("127.0.0.1:080", "127.0.0.1:80"),
            ("Bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(text.parse::<HostHeader>().as_ref().map(HostHeader::as_str), Ok(sent), "{text}");
        }
    }

    #[test]
    fn what_no_client_would_send_is_refused() {
        for bad in [
            "",
            ":80",
            "localhost:",
            "localhost:0",
            "localhost:65536",
            "localhost:+1",
            "localhost:http",
            "a b",
            "a\r\nb",
            "http://localhost",
            "localhost/",
            "[::1]:80",
            "::1",
            "*.localhost",
            "me@localhost",
            "a..b",
            "a:1:2",
        ] {
            assert!(bad.parse::<HostHeader>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_reads_as_itself(text in "[a-zA-Z0-9.:-]{0,40}|.{0,40}") {
            if let Ok(read) = text.parse::<HostHeader>() {
                prop_assert_eq!(read.as_str().parse::<HostHeader>(), Ok(read.clone()));
            }
        }
    }
}
