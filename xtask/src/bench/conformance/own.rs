//! Our own checks: `checks.txt` beside the emulator's tests, where each says whose word it is.

#[path = "../../../../panes/term/tests/specifications/checks.rs"]
mod checks;

use std::path::Path;

use anyhow::Result;

use super::case::{Case, Expected};

#[expect(clippy::unnecessary_wraps, reason = "as the other suites have it")]
pub(super) fn cases(_: &Path) -> Result<Vec<Case>> {
    let case = |check: checks::Check| Case {
        says: check.says.to_owned(),
        columns: 80,
        rows: 25,
        output: check.output,
        expected: vec![Expected::Check { screen: check.screen, cursor: check.cursor }],
    };
    Ok(checks::checks().map(case).collect())
}

/// Rows in the form that the checks have.
pub(super) fn compact(rows: &[String]) -> String {
    checks::compact(&rows.join("\n"))
}
