//! What specifications and public suites say of sequences, shown to panes of ours and of tmux: how much of it each keeps.
//!
//! No part of a public suite is here. They are taken from packages of crates.io when they are wanted: what `libvterm` tests itself
//! with, whose screens are 80 columns by 25 rows, and the recordings that `alacritty_terminal` tests itself with. The other checks
//! are our own, beside the emulator's tests.

mod case;
mod libvterm;
mod own;
mod packages;
mod pane;
mod recordings;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, ensure};

use self::case::{Case, Seen};
use crate::cargo::{cargo, succeeds};

/// A suite: its name, what is in it, and whether everything is to be kept.
struct Suite {
    name: &'static str,
    cases: fn(&Path) -> Result<Vec<Case>>,
    whole: bool,
}

const SUITES: [Suite; 3] = [
    Suite { name: "own", cases: own::cases, whole: true },
    Suite { name: "libvterm", cases: libvterm::cases, whole: false },
    Suite { name: "alacritty", cases: recordings::cases, whole: false },
];

/// Shows the suites that are named, or all. Fails if we keep less of one than tmux, or of our own less than everything.
pub(super) fn run(names: &[&str]) -> Result<ExitCode> {
    ensure!(succeeds(cargo(&["build", "--locked", "--package", "locald", "--bins"]))?, "the build failed");
    let mut fine = true;
    let mut scores = Vec::new();
    for suite in SUITES.iter().filter(|suite| names.is_empty() || names.contains(&suite.name)) {
        let dir = tempfile::tempdir()?;
        let cases = (suite.cases)(dir.path())?;
        let ours = pane::with_ours(dir.path(), &cases)?;
        let peer = pane::with_tmux(dir.path(), &cases)?;
        print_misses(suite.name, "ours", &cases, &ours);
        let (all, we) = (cases.iter().map(|case| case.expected.len()).sum(), kept(&cases, &ours));
        let they = peer.map(|peer| {
            print_misses(suite.name, "tmux", &cases, &peer);
            kept(&cases, &peer)
        });
        fine &= we >= if suite.whole { all } else { they.unwrap_or(0) };
        scores.push((suite.name, all, we, they));
    }
    println!("\n{:<12} {:>8} {:>8} {:>8}", "kept", "of", "ours", "tmux");
    for (name, all, we, they) in scores {
        let they = they.map_or("-".to_owned(), |they| they.to_string());
        println!("{name:<12} {all:>8} {we:>8} {they:>8}");
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn kept(cases: &[Case], seen: &[Seen]) -> usize {
    cases.iter().zip(seen).map(|(case, seen)| case.expected.len() - case.missed(seen).count()).sum()
}

fn print_misses(suite: &str, who: &str, cases: &[Case], seen: &[Seen]) {
    for (case, seen) in cases.iter().zip(seen) {
        for missed in case.missed(seen) {
            println!("{who}: {suite}: {}: {}", case.says, missed.against(seen));
        }
    }
}
