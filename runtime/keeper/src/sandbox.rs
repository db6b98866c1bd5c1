//! The name of a sandbox: one home among several of a user, which share nothing.

use std::fmt;
use std::str::FromStr;

/// The longest name: it is part of socket paths, which are short (unix(7)).
const MAX_LENGTH: usize = 32;

/// A name that is safe as the name of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SandboxName(String);

/// A text that cannot name a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a sandbox's name has at most {MAX_LENGTH} lower-case letters, digits, `-` and `_`, and begins with a letter or digit"
)]
pub struct BadSandboxName;

impl SandboxName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SandboxName {
    type Err = BadSandboxName;

    fn from_str(text: &str) -> Result<Self, BadSandboxName> {
        let plain = |ch: char| ch.is_ascii_lowercase() || ch.is_ascii_digit();
        let sound = text.starts_with(plain)
            && text.chars().all(|ch| plain(ch) || matches!(ch, '-' | '_'))
            && text.len() <= MAX_LENGTH;
        if sound { Ok(Self(text.to_owned())) } else { Err(BadSandboxName) }
    }
}

impl fmt::Display for SandboxName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_folder_of_sandboxes() {
        for bad in ["", ".", "..", "a/b", "/a", "-x", "A", "a.b", "ä", "a\n", &"a".repeat(33)] {
            assert_eq!(bad.parse::<SandboxName>(), Err(BadSandboxName), "{bad:?}");
        }
        for good in ["ci", "pull-12", "7_days", &"a".repeat(32)] {
            assert_eq!(good.parse::<SandboxName>().unwrap().as_str(), good);
        }
    }
}
