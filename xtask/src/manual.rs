//! Writes the generated parts of the manual. What they are made of, and their comparison, is `tests/tidy`'s.

use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::{cargo, succeeds};

pub(crate) fn write() -> Result<ExitCode> {
    let mut test = cargo(&["test", "--quiet", "--locked", "--package", "locald", "--test", "tidy", "reference::"]);
    test.env("LOCALD_WRITE_MANUAL", "1");
    Ok(if succeeds(test)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
