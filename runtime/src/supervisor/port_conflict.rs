//! What programs print when somebody else has their port.

use std::sync::LazyLock;

use regex::Regex;

/// The words of the systems' error, and of those languages that have their own.
static COMPLAINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let words =
        r"(?i)EADDRINUSE|address (is )?already in use|address in use|port \S+ is (already )?(in use|allocated|taken)";
    Regex::new(words).ok()
});

/// Whether one of these lines complains of a port that is in use.
pub(super) fn complains(lines: &[String]) -> bool {
    COMPLAINT.as_ref().is_some_and(|complaint| lines.iter().any(|line| complaint.is_match(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_complaints_of_many_languages_are_known() {
        for line in [
            "Error: listen EADDRINUSE: address already in use :::3000",
            "OSError: [Errno 98] Address already in use",
            "listen tcp :3000: bind: address already in use",
            "Error: Os { code: 98, kind: AddrInUse, message: \"Address already in use\" }",
            "Address already in use - bind(2) for \"127.0.0.1\" port 3000 (Errno::EADDRINUSE)",
            "Port 5173 is in use, trying another one...",
            "Something is already running on port 3000. Port 3000 is already in use.",
        ] {
            assert!(complains(&[line.to_owned()]), "{line}");
        }
        for line in ["listening on port 3000", "cannot find module", ""] {
            assert!(!complains(&[line.to_owned()]), "{line}");
        }
    }
}
