//! The host names that may be written into the hosts file: below suffixes that are nobody's (RFC 6761), so that no name of the
//! world can be led astray.

/// The longest name, in octets (RFC 1035 §2.3.4, as text).
const MAX_LENGTH: usize = 253;
/// The longest label.
const MAX_LABEL: usize = 63;
/// What a name must end with.
const SUFFIXES: [&str; 2] = ["localhost", "test"];

/// A host name below `localhost` or `test`, in lower case: letters, digits and hyphens (RFC 1123 §2.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

/// Not a name that may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAName;

impl HostName {
    /// The name, as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for HostName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let is_sound = |label: &str| {
            let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !label.is_empty()
                && label.len() <= MAX_LABEL
                && label.bytes().all(allowed)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let below = text.rsplit_once('.').filter(|(_, suffix)| SUFFIXES.contains(suffix));
        match below {
            Some((labels, _)) if text.len() <= MAX_LENGTH && labels.split('.').all(is_sound) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotAName),
        }
    }
}

impl std::fmt::Display for HostName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for NotAName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a host name below `localhost` or `test`")
    }
}

impl std::error::Error for NotAName {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_below_suffixes_of_the_world_are_refused() {
        for name in ["shop.localhost", "api.shop.localhost", "xn--bcher-kva.test", "1-a.localhost"] {
            assert_eq!(name.parse::<HostName>().map(|it| it.to_string()).as_deref(), Ok(name));
        }
        let long = format!("{}.localhost", "a".repeat(64));
        let longer = format!("{}localhost", "abc.".repeat(62));
        for name in [
            "",
            "localhost",
            ".localhost",
            "a..localhost",
            "-a.localhost",
            "a-.localhost",
            "A.localhost",
            "a_b.localhost",
            "*.localhost",
            "a.localhost.",
            "google.com",
            "localhost.com",
            "a.localhost ",
            "a b.localhost",
            "a\n.localhost",
            &long,
            &longer,
        ] {
            assert_eq!(name.parse::<HostName>(), Err(NotAName), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_a_name_can_end_a_line_or_begin_another_word(text in ".{0,80}\\.localhost|\\PC{0,20}") {
            if let Ok(name) = text.parse::<HostName>() {
                prop_assert!(name.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
            }
        }
    }
}
