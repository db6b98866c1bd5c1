//! Panes of ours and of tmux in which outputs are shown, one after the other.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::case::{Case, Seen, rows};
use crate::bench::workload::{Ours, Tmux, wait_for_file};
use crate::place;

/// Shows each output to the terminal it runs in, asks for the cursor, which is answered when everything before was read, and waits
/// until the screen was looked at. Whatever the one before left unfinished or switched on is undone first.
const SHOW: &str = r#"
stty raw -echo
for output in "$1"/*.out; do
    check="${output%.out}"
    printf '\030\033\\\033[?1049l\033c'
    cat "$output"
    printf '\030\033[6n'
    IFS= read -r -t 20 -d R report
    printf '%s' "${report##*[}" > "$check.tmp"
    mv "$check.tmp" "$check.report"
    while [ ! -e "$check.seen" ]; do sleep 0.01; done
done
"#;

/// What of each case is seen in a pane of ours.
pub(super) fn with_ours(dir: &Path, cases: &[Case]) -> Result<Vec<Seen>> {
    let mut seen = Vec::new();
    for (index, cases) in same_sizes(cases).enumerate() {
        let (script, outputs) = write(&dir.join(format!("ours-{index}")), cases)?;
        let command = format!("[\"bash\", {script:?}, {outputs:?}]");
        let size = format!("\"{}x{}\"", cases[0].columns, cases[0].rows);
        let config = format!("[services.cases]\ncommand = {command}\nsize = {size}\n");
        let ours = Ours::new(&place::locald()?, &config)?;
        ours.run(&["up"])?;
        let capture = || {
            let capture: Value = serde_json::from_str(&ours.run(&["capture", "cases", "--json"])?)?;
            let rows = capture["lines"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let [row, column] = ["row", "column"].map(|key| capture["cursor"][key].as_u64());
            let place = row.zip(column).context("a capture without a cursor")?;
            Ok((rows.map(|row| row.to_owned() + "\n").collect(), place))
        };
        seen.extend(see(&outputs, cases, capture)?);
    }
    Ok(seen)
}

/// As [`with_ours`] in a pane of tmux; `None` where that is not installed.
pub(super) fn with_tmux(dir: &Path, cases: &[Case]) -> Result<Option<Vec<Seen>>> {
    let mut seen = Vec::new();
    for (index, cases) in same_sizes(cases).enumerate() {
        let Some(tmux) = Tmux::new()? else { return Ok(None) };
        let (script, outputs) = write(&dir.join(format!("tmux-{index}")), cases)?;
        let (columns, rows) = (cases[0].columns.to_string(), cases[0].rows.to_string());
        let session = ["-u", "new-session", "-d", "-x", &columns, "-y", &rows, "bash", &script, &outputs];
        tmux.run(&[&session[..], &[";", "set-option", "status", "off"]].concat())?;
        let last = u64::from(cases[0].columns) - 1;
        let capture = || {
            let place = tmux.run(&["display-message", "-p", "#{cursor_y} #{cursor_x}"])?;
            let (row, column) = place.trim().split_once(' ').context("tmux told no cursor")?;
            // After a character in the last column it is one more than there are.
            let place = (row.parse()?, column.parse::<u64>()?.min(last));
            Ok((without_sequences(&tmux.run(&["-u", "capture-pane", "-p", "-e"])?), place))
        };
        seen.extend(see(&outputs, cases, capture)?);
    }
    Ok(Some(seen))
}

/// Neighbours that go into one pane.
fn same_sizes(cases: &[Case]) -> impl Iterator<Item = &[Case]> {
    cases.chunk_by(|one, next| (one.columns, one.rows) == (next.columns, next.rows))
}

/// What tmux captured: with sequences, because it shows line drawing by them only.
fn without_sequences(captured: &str) -> String {
    const DRAWN: [&str; 2] = ["`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"];
    let (mut out, mut drawing, mut chars) = (String::new(), false, captured.chars());
    while let Some(c) = chars.next() {
        match (c, DRAWN[0].find(c)) {
            ('\x1b', _) => skip_sequence(&mut chars),
            ('\x0e' | '\x0f', _) => drawing = c == '\x0e',
            (_, Some(at)) if drawing => out.extend(DRAWN[1].chars().nth(at)),
            _ => out.push(c),
        }
    }
    out
}

/// Skips a sequence: of a look, or of a hyperlink.
fn skip_sequence(chars: &mut impl Iterator<Item = char>) {
    if chars.next() == Some(']') {
        _ = chars.find(|c| *c == '\\' || *c == '\x07');
    } else {
        _ = chars.find(|c| *c == 'm');
    }
}

/// Writes the script and the outputs, and says where they are.
fn write(dir: &Path, cases: &[Case]) -> Result<(String, String)> {
    fs::create_dir(dir)?;
    for (index, case) in cases.iter().enumerate() {
        fs::write(dir.join(format!("{index:03}.out")), &case.output)?;
    }
    let script = dir.join("show.sh");
    fs::write(&script, SHOW)?;
    let path = |path: &Path| path.to_str().map(str::to_owned).context("a temporary folder whose name is no text");
    Ok((path(&script)?, path(dir)?))
}

/// `capture`: the screen, and the cursor's row and column from 0 on.
fn see(outputs: &str, cases: &[Case], capture: impl Fn() -> Result<(String, (u64, u64))>) -> Result<Vec<Seen>> {
    let look = |index: usize| {
        let file = |kind: &str| Path::new(outputs).join(format!("{index:03}.{kind}"));
        wait_for_file(&file("report"))?;
        let (screen, cursor) = capture()?;
        let seen = Seen { rows: rows(&screen), cursor, report: fs::read_to_string(file("report"))? };
        fs::write(file("seen"), "")?;
        Ok(seen)
    };
    (0..cases.len()).map(look).collect()
}
