//! Debian's Python, for which Debian has what people call services with.

use std::process::{Command, Stdio};

/// Where Debian has it, whichever other one comes first.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

/// Whether it has this module; says so, with the package that brings it, where it does not.
#[expect(clippy::disallowed_methods, reason = "asks whether a real program is there")]
pub(crate) fn has(module: &str, package: &str) -> bool {
    let said = Command::new(PYTHON).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    let is_there = said.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("SKIPPED: there is no {module} for {PYTHON} here ({package})");
    }
    is_there
}

/// Runs it with these words.
#[expect(clippy::disallowed_methods, reason = "what is tested is how real clients fare")]
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(PYTHON);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs it to its end, which must be a good one; returns the lines that it printed.
pub(crate) fn lines(words: &[&str]) -> Vec<String> {
    let output = command(words).output().expect("Python can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said.lines().map(str::to_owned).collect()
}
