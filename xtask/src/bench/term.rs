//! What the emulator costs, beside the crate that it is built on and another emulator: a benchmark of `locald-term`, built as
//! what is shipped is built.

use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::{cargo, succeeds};

pub(super) fn run() -> Result<ExitCode> {
    let held = succeeds(cargo(&["bench", "--locked", "--package", "locald-term", "--bench", "term"]))?;
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
