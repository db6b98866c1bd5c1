//! Which release this is, and which versions of the protocol it speaks: what may be asked without any privilege.

use std::ops::RangeInclusive;

/// The versions of the protocol that this release speaks. A helper does for every locald whose own version is among its.
pub const PROTOCOL: RangeInclusive<u16> = 1..=1;

/// A helper as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its release.
    pub release: String,
    /// The versions of the protocol that it speaks.
    pub protocol: RangeInclusive<u16>,
}

impl Version {
    /// This release.
    pub fn ours() -> Self {
        Self { release: env!("CARGO_PKG_VERSION").to_owned(), protocol: PROTOCOL }
    }

    /// Whether it understands what this release asks.
    pub fn does_for_us(&self) -> bool {
        self.protocol.contains(PROTOCOL.end())
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (protocol {} to {})", self.release, self.protocol.start(), self.protocol.end())
    }
}

/// The version that `locald-helper --version` printed; nothing if that is no helper's answer.
pub fn described(printed: &str) -> Option<Version> {
    let (release, rest) = printed.trim_end().strip_prefix("locald-helper ")?.split_once(" (protocol ")?;
    let (first, last) = rest.strip_suffix(')')?.split_once(" to ")?;
    let is_release = release.len() <= 40 && release.bytes().all(|byte| byte.is_ascii_graphic());
    is_release.then_some(())?;
    Some(Version { release: release.to_owned(), protocol: first.parse().ok()?..=last.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_back() {
        let ours = Version::ours();
        assert_eq!(described(&format!("locald-helper {ours}\n")), Some(ours));
        for other in ["", "locald-helper", "locald 0.1.0", "locald-helper 1 (protocol x to 2)", "sudo: no\n"] {
            assert_eq!(described(other), None, "{other}");
        }
    }

    #[test]
    fn a_helper_does_while_our_protocol_is_among_its() {
        let speaking = |protocol| Version { release: "9.9.9".to_owned(), protocol };
        let ours = *PROTOCOL.end();
        assert!(speaking(1..=ours + 3).does_for_us());
        assert!(!speaking(ours + 1..=ours + 3).does_for_us());
        assert!(!speaking(0..=ours - 1).does_for_us());
    }
}
