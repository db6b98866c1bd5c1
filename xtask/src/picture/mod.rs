//! The picture in the README: the real program on a real terminal, drawn cell by cell.

mod palette;
mod svg;
mod terminal;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cargo::{cargo, program, succeeds};
use crate::place;
use terminal::Terminal;

const COLUMNS: u16 = 96;
const ROWS: u16 = 27;

/// What is typed into the shell, and what tells that it has answered.
const LINES: [(&str, &str); 3] = [
    ("echo \"I am $LOCALD_SERVICE of $LOCALD_PROJECT\"\r", "I am shell of hello"),
    ("ls --color=always\r", "rainbow.sh"),
    ("for c in 1 2 3 4 5 6; do printf '\\033[3%sm##\\033[0m ' $c; done; echo\r", "## ## ## ## ## ##"),
];

/// Opens the example, does what somebody would do first, and draws what is then on the screen.
pub(crate) fn draw() -> Result<ExitCode> {
    if !succeeds(cargo(&["build", "--locked", "--package", "locald", "--bins"]))? {
        return Ok(ExitCode::FAILURE);
    }
    let locald = place::locald()?;
    let scratch = tempfile::Builder::new().prefix("locald-picture-").tempdir()?;
    // Made by locald itself, so that it is private.
    let home = scratch.path().join("home");
    let project = place::repository().join("examples/hello");
    let screen = show(&locald, &home, &project);
    let ended = program(&locald).arg("shutdown").env("LOCALD_HOME", &home).current_dir(&project).output()?;
    anyhow::ensure!(ended.status.success(), "the daemon did not shut down");
    let path = place::repository().join("docs/picture.svg");
    std::fs::write(&path, svg::of_screen(&screen?)).with_context(|| format!("failed to write {}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(ExitCode::SUCCESS)
}

fn show(locald: &std::path::Path, home: &std::path::Path, project: &std::path::Path) -> Result<vt100::Screen> {
    let mut terminal = Terminal::open(locald, home, project, COLUMNS, ROWS)?;
    // The second service and the third, which is the shell, are pinned.
    terminal.wait_for("exited")?;
    terminal.type_keys("jp")?;
    terminal.wait_for("0012")?;
    terminal.type_keys("jp")?;
    terminal.wait_for("▸shell")?;
    terminal.type_keys("\r")?;
    terminal.wait_for("hello$")?;
    for (line, answer) in LINES {
        terminal.type_keys(line)?;
        terminal.wait_for(answer)?;
    }
    let screen = terminal.screen();
    terminal.type_keys("\u{2}d")?;
    Ok(screen)
}
