//! Everything that must hold before a change goes in, in one command: CI calls just this.

use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::{cargo, has_subcommand, succeeds};
use crate::{modules, packages};

/// A check that needs a subcommand of cargo which not every toolchain has.
struct Check {
    name: &'static str,
    /// The subcommand, and what brings it.
    needs: (&'static str, &'static str),
    arguments: &'static [&'static str],
}

const CHECKS: &[Check] = &[
    Check {
        name: "format",
        needs: ("fmt", "`rustup component add rustfmt`"),
        arguments: &["fmt", "--all", "--", "--check"],
    },
    Check {
        name: "lints",
        needs: ("clippy", "`rustup component add clippy`"),
        arguments: &["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"],
    },
    Check {
        name: "dependencies",
        needs: ("deny", "`cargo install cargo-deny`"),
        // What can be judged from the lock file; advisories need their database.
        arguments: &["deny", "--locked", "check", "licenses", "bans", "sources"],
    },
];

/// Runs every check and every test, whatever the ones before said, and sums up.
pub(crate) fn test() -> Result<ExitCode> {
    let missing = packages::install_missing()?;
    let missing_modules = modules::install()?;
    let mut summary: Vec<String> = Vec::new();
    let mut all_well = true;
    for check in CHECKS {
        let (subcommand, from) = check.needs;
        if !has_subcommand(subcommand) {
            summary.push(format!("{:<13} skipped: {from} brings `cargo {subcommand}`", check.name));
            continue;
        }
        let well = succeeds(cargo(check.arguments))?;
        all_well &= well;
        summary.push(format!("{:<13} {}", check.name, word(well)));
    }
    let well = succeeds(cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]))?;
    all_well &= well;
    summary.push(format!("{:<13} {}", "tests", word(well)));
    for package in missing {
        summary
            .push(format!("{:<13} without {}, which is not installed: {}", "tests", package.brings, package.purpose));
    }
    for name in missing_modules {
        summary.push(format!(
            "{:<13} without {name}, which npm cannot fetch here: changes of a page in a real browser",
            "tests"
        ));
    }
    eprintln!("\n{}", summary.join("\n"));
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn word(well: bool) -> &'static str {
    if well { "ok" } else { "FAILED" }
}
