//! Waiting for a named condition, and never for luck.

use std::time::{Duration, Instant};

/// How long anything may take on a busy machine before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks `probe` again and again until it has an answer.
///
/// # Panics
/// After [`PATIENCE`], naming `what` did not happen.
pub(crate) fn until<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, probe)
}

/// Asks `probe` again and again until it has an answer, for `limit` at most.
pub(crate) fn asked_within<T>(limit: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    loop {
        let found = probe();
        if found.is_some() || begun.elapsed() >= limit {
            return found;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// As [`until`], for something that must happen within `limit`.
pub(crate) fn until_within<T>(limit: Duration, what: &str, probe: impl FnMut() -> Option<T>) -> T {
    asked_within(limit, probe).unwrap_or_else(|| panic!("did not happen within {limit:?}: {what}"))
}
