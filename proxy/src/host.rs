//! Host names as requests carry them and routes have them: in lower case, without a port or a trailing dot.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// The longest name and the longest label, in octets (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A name of one or more labels, each of `a-z`, `0-9`, `-` and `_`, with no hyphen at either end. Names beyond ASCII come in their
/// encoded form (`xn--…`), as browsers send them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(Box<str>);

/// Which names a route answers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// This name alone.
    Exact(HostName),
    /// Every name below this one, written `*.name`.
    Below(HostName),
}

/// Why a text is no host name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Nothing is there.
    #[error("the host name is empty")]
    Empty,
    /// More than 253 octets.
    #[error("the host name has {0} octets, at most {MAX_NAME} are allowed")]
    TooLong(usize),
    /// A label is empty, too long, or begins or ends with a hyphen.
    #[error("`{0}` is not a label of a host name")]
    Label(String),
    /// An address in brackets, or a port that is none.
    #[error("the host is not a name")]
    NotAName,
}

impl HostName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads what a `Host` header or an `:authority` says (RFC 9110 §7.2): a name, and a port, which is left to the caller.
    pub fn of_authority(text: &str) -> Result<(Self, Option<u16>), HostError> {
        let (name, port) = match text.split_once(':') {
            None => (text, None),
            // RFC 3986 §3.2.3 allows a port that is empty.
            Some((name, "")) => (name, None),
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                (name, Some(port.parse().map_err(|_| HostError::NotAName)?))
            }
            Some(_) => return Err(HostError::NotAName),
        };
        Ok((name.parse()?, port))
    }

    /// Whether it can be no other machine's: `localhost`, or a name below it (RFC 6761 §6.3).
    pub(crate) fn is_local(&self) -> bool {
        self.0.rsplit('.').next() == Some("localhost")
    }

    /// Whether it is `suffix`, or ends with it in whole labels.
    pub(crate) fn is_at_or_below(&self, suffix: &str) -> bool {
        self.as_str() == suffix || self.above().any(|above| above == suffix)
    }

    /// The names above this one, the nearest first.
    fn above(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.as_str();
        std::iter::from_fn(move || {
            rest = rest.split_once('.')?.1;
            Some(rest)
        })
    }

    /// Whether this name is `other`, or one label below it: what a certificate for `other` and `*.other` covers (RFC 9525 §6.3).
    pub fn is_covered_by(&self, other: &Self) -> bool {
        self == other || self.above().next() == Some(other.as_str())
    }
}

impl FromStr for HostName {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(HostError::Empty);
        }
        if name.len() > MAX_NAME {
            return Err(HostError::TooLong(name.len()));
        }
        match name.split('.').find(|label| !is_label(label.as_bytes())) {
            // What is shown of it is bounded by the name's own length.
            Some(label) => Err(HostError::Label(label.to_owned())),
            None => Ok(Self(name.to_ascii_lowercase().into())),
        }
    }
}

fn is_label(label: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_';
    (1..=MAX_LABEL).contains(&label.len())
        && label.iter().all(is_allowed)
        && !label.starts_with(b"-")
        && !label.ends_with(b"-")
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Borrow<str> for HostName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Pattern {
    /// Whether this is a pattern of `host`.
    pub fn matches(&self, host: &HostName) -> bool {
        match self {
            Self::Exact(name) => name == host,
            Self::Below(name) => host.above().any(|above| above == name.as_str()),
        }
    }
}

impl FromStr for Pattern {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        match text.strip_prefix("*.") {
            Some(name) => Ok(Self::Below(name.parse()?)),
            None => Ok(Self::Exact(text.parse()?)),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => name.fmt(f),
            Self::Below(name) => write!(f, "*.{name}"),
        }
    }
}

/// The names above `host`, for those who look one up.
pub(crate) fn above(host: &HostName) -> impl Iterator<Item = &str> {
    host.above()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(text: &str) -> HostName {
        text.parse().unwrap()
    }

    #[test]
    fn case_port_and_trailing_dot_do_not_count() {
        for text in
            ["Shop.LocalHost", "shop.localhost.", "shop.localhost:8080", "SHOP.localhost.:443", "shop.localhost:"]
        {
            assert_eq!(HostName::of_authority(text).unwrap().0, host("shop.localhost"), "{text}");
        }
        let encoded = HostName::of_authority("XN--BCHER-KVA.LocalHost.:8080").unwrap();
        assert_eq!(encoded, (host("xn--bcher-kva.localhost"), Some(8080)));
        assert_eq!(HostName::of_authority("x:8443").unwrap().1, Some(8443));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = ["a"; 64].concat();
        let deep = ["a."; 127].concat();
        for text in
            ["", ".", "a..b", "-a", "a-", ".a", "a b", "a/b", "ä.localhost", "a@b", "a:b", "[::1]:80", "a:70000", &long]
        {
            assert!(HostName::of_authority(text).is_err(), "{text}");
        }
        assert!(deep.parse::<HostName>().is_ok(), "253 octets and a trailing dot");
        assert_eq!(format!("{deep}aa").parse::<HostName>(), Err(HostError::TooLong(256)));
    }

    #[test]
    fn a_certificate_covers_its_name_and_one_label_below() {
        let shop = host("shop.localhost");
        assert!(host("shop.localhost").is_covered_by(&shop) && host("api.shop.localhost").is_covered_by(&shop));
        for other in ["a.b.shop.localhost", "localhost", "xshop.localhost", "web.localhost"] {
            assert!(!host(other).is_covered_by(&shop), "{other}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_what_is_read_reads_as_itself(text in ".{0,300}") {
            if let Ok((name, _)) = HostName::of_authority(&text) {
                prop_assert_eq!(name.as_str().parse::<HostName>().unwrap(), name);
            }
        }

        #[test]
        fn a_name_is_found_however_it_is_written(name in "[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\\.[a-z0-9_]{1,20}){0,4}", upper in any::<u64>(), port in any::<u16>(), dot in any::<bool>()) {
            let mixed: String = name.chars().enumerate()
                .map(|(at, ch)| if upper >> (at % 64) & 1 == 1 { ch.to_ascii_uppercase() } else { ch }).collect();
            let written = format!("{mixed}{}:{port}", if dot { "." } else { "" });
            prop_assert_eq!(HostName::of_authority(&written), Ok((host(&name), Some(port))));
        }
    }
}
