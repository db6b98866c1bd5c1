//! What specifications say of sequences, shown to a pane of ours and to one of tmux: how much of it each keeps.
//!
//! The public suites are not among the packages of any registry, so these checks are our own: `checks.txt` beside the emulator's
//! tests, where each says whose word it is.

#[path = "../../../panes/term/tests/specifications/checks.rs"]
mod checks;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use self::checks::{Check, checks, compact};
use super::workload::{Ours, Tmux, wait_for_file};
use crate::cargo::{cargo, succeeds};
use crate::place;

/// Shows each output to the terminal it runs in, asks for the cursor, which is answered when everything before was read, and waits
/// until the screen was looked at.
const SHOW: &str = r#"
stty raw -echo
for output in "$1"/*.out; do
    check="${output%.out}"
    printf '\033c'
    cat "$output"
    printf '\033[6n'
    IFS= read -r -d R report
    printf '%s' "${report##*[}" > "$check.tmp"
    mv "$check.tmp" "$check.report"
    while [ ! -e "$check.seen" ]; do sleep 0.01; done
done
"#;

/// Fails if we keep less than everything, or less than tmux.
pub(super) fn run() -> Result<ExitCode> {
    ensure!(succeeds(cargo(&["build", "--locked", "--package", "locald", "--bins"]))?, "the build failed");
    let all: Vec<Check> = checks().collect();
    let dir = tempfile::tempdir()?;
    let ours = with_ours(dir.path(), &all)?;
    let peer = with_tmux(dir.path(), &all)?;
    for (index, check) in all.iter().enumerate() {
        let peer_seen = peer.as_ref().map(|peer| &peer[index]);
        let [us, they] = [Some(&ours[index]), peer_seen].map(|seen| seen.is_none_or(|seen| seen.keeps(check)));
        if !us {
            println!("ours: {}: {:?}", check.says, ours[index]);
        }
        if !they {
            println!("tmux: {}: {peer_seen:?}", check.says);
        }
    }
    let kept = |seen: &[Seen]| seen.iter().zip(&all).filter(|(seen, check)| seen.keeps(check)).count();
    let we = kept(&ours);
    println!(
        "\n{} checks; kept by ours {we}, by tmux {}",
        all.len(),
        peer.map_or("-".to_owned(), |peer| kept(&peer).to_string())
    );
    Ok(if we == all.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was seen after some output.
#[derive(Debug)]
struct Seen {
    screen: String,
    cursor: String,
}

impl Seen {
    fn keeps(&self, check: &Check) -> bool {
        self.screen == check.screen && self.cursor == check.cursor
    }
}

fn with_ours(dir: &Path, all: &[Check]) -> Result<Vec<Seen>> {
    let (script, outputs) = write(&dir.join("ours"), all)?;
    let command = format!("[\"bash\", {script:?}, {outputs:?}]");
    let ours = Ours::new(&place::locald()?, &format!("[services.checks]\ncommand = {command}\nsize = \"80x25\"\n"))?;
    ours.run(&["up"])?;
    see(&outputs, all, || ours.run(&["capture", "checks"]))
}

/// `None` where tmux is not installed.
fn with_tmux(dir: &Path, all: &[Check]) -> Result<Option<Vec<Seen>>> {
    let Some(tmux) = Tmux::new()? else { return Ok(None) };
    let (script, outputs) = write(&dir.join("tmux"), all)?;
    tmux.run(&[
        "-u",
        "new-session",
        "-d",
        "-x",
        "80",
        "-y",
        "25",
        "bash",
        &script,
        &outputs,
        ";",
        "set-option",
        "status",
        "off",
    ])?;
    see(&outputs, all, || Ok(without_sequences(&tmux.run(&["-u", "capture-pane", "-p", "-e"])?))).map(Some)
}

/// What tmux captured: with sequences, because it shows line drawing by them only, as far as the checks have any.
fn without_sequences(captured: &str) -> String {
    let (mut out, mut drawing, mut chars) = (String::new(), false, captured.chars());
    while let Some(c) = chars.next() {
        match (c, "lqkx".find(c)) {
            ('\x1b', _) => _ = chars.find(|c| *c == 'm'),
            ('\x0e' | '\x0f', _) => drawing = c == '\x0e',
            (_, Some(at)) if drawing => out.extend("┌─┐│".chars().nth(at)),
            _ => out.push(c),
        }
    }
    out
}

/// Writes the script and the outputs, and says where they are.
fn write(dir: &Path, all: &[Check]) -> Result<(String, String)> {
    fs::create_dir(dir)?;
    for (index, check) in all.iter().enumerate() {
        fs::write(dir.join(format!("{index:03}.out")), &check.output)?;
    }
    let script = dir.join("show.sh");
    fs::write(&script, SHOW)?;
    let path = |path: &Path| path.to_str().map(str::to_owned).context("a temporary folder whose name is no text");
    Ok((path(&script)?, path(dir)?))
}

fn see(outputs: &str, all: &[Check], capture: impl Fn() -> Result<String>) -> Result<Vec<Seen>> {
    let look = |index: usize| {
        let file = |kind: &str| Path::new(outputs).join(format!("{index:03}.{kind}"));
        wait_for_file(&file("report"))?;
        let seen = Seen { screen: compact(&capture()?), cursor: fs::read_to_string(file("report"))? };
        fs::write(file("seen"), "")?;
        Ok(seen)
    };
    (0..all.len()).map(look).collect()
}
