//! Running cargo, and other programs, in the repository.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::place;

/// The cargo that runs us.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = program(&cargo);
    command.args(arguments);
    command
}

/// A program in the repository's folder.
#[expect(clippy::disallowed_methods, reason = "the one place of this tool where programs are started")]
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(place::repository());
    command
}

/// Says what is run, runs it, and answers whether it succeeded.
pub(crate) fn succeeds(mut command: Command) -> Result<bool> {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    let line: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let line = line.join(" ");
    eprintln!("\n$ {line}");
    Ok(command.status().with_context(|| format!("failed to run `{line}`"))?.success())
}

/// Whether cargo has this subcommand.
pub(crate) fn has_subcommand(name: &str) -> bool {
    let asked = cargo(&[name, "--version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}
