//! Opens the workspace in one of the examples: the first thing somebody does with this repository.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cargo::{cargo, program, succeeds};
use crate::place;

/// Builds `locald` and runs it in the example's folder.
///
/// A debug build, because it is there sooner; the parser that every byte goes through is optimised in it too.
pub(crate) fn open(name: &str) -> Result<ExitCode> {
    let examples = place::examples()?;
    if !examples.iter().any(|known| known == name) {
        bail!("there is no example `{name}`; there are: {}", examples.join(", "));
    }
    if !succeeds(cargo(&["build", "--locked", "--package", "locald", "--bins"]))? {
        return Ok(ExitCode::FAILURE);
    }
    let locald = place::locald()?;
    let folder = place::repository().join("examples").join(name);
    let status = program(&locald).current_dir(&folder).status()?;
    if status.success() {
        eprintln!("\nTo come back:            cargo xtask example {name}");
        eprintln!("To stop everything:      {} shutdown", locald.display());
    }
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
