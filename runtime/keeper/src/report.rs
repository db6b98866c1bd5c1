//! The keeper's few words to its log. Whatever becomes of them, the keeper goes on: a full disk must not end what it holds.

use std::fmt;
use std::io::Write;

/// Writes a line to standard error, which is the keeper's log; one that cannot be written is lost.
pub(crate) fn report(words: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "locald keeper: {words}");
}
