//! The recordings that `alacritty_terminal` tests itself with, each with the grid that it is to leave. Its text is compared.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::case::{Case, Expected, rows};
use super::packages;

const VERSION: &str = "0.26.0";

pub(super) fn cases(dir: &Path) -> Result<Vec<Case>> {
    let folder = packages::files(dir, "alacritty_terminal", VERSION)?.join("tests/ref");
    let mut recordings: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    recordings.sort_by_key(fs::DirEntry::file_name);
    recordings.iter().map(|recording| case(&recording.path())).collect()
}

fn case(folder: &Path) -> Result<Case> {
    let json = |name: &str| -> Result<Value> { Ok(serde_json::from_slice(&fs::read(folder.join(name))?)?) };
    let says = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let size = json("size.json")?;
    let number = |key: &str| size[key].as_u64().and_then(|number| u16::try_from(number).ok()).context("no size");
    let screen = text(&json("grid.json")?).with_context(|| format!("the grid of {says} is not understood"))?;
    Ok(Case {
        columns: number("columns")?,
        rows: number("screen_lines")?,
        output: fs::read(folder.join("alacritty.recording"))?,
        expected: vec![Expected::Screen(rows(&screen))],
        says,
    })
}

/// The visible text of a grid. Its rows are stored from the last one upwards.
fn text(grid: &Value) -> Option<String> {
    let raw = &grid["raw"];
    let rows = raw["inner"].as_array()?;
    let (zero, lines) = (raw["zero"].as_u64()? as usize, grid["lines"].as_u64()? as usize);
    let mut text = String::new();
    for row in (0..lines).rev() {
        for cell in rows.get((zero + row) % rows.len())?["inner"].as_array()? {
            if cell["flags"].as_str()?.contains("WIDE_CHAR_SPACER") && !cell["flags"].as_str()?.contains("LEADING") {
                continue;
            }
            // A tab is stored where it began.
            text.push_str(&cell["c"].as_str()?.replace('\t', " "));
            let marks = cell["extra"]["zerowidth"].as_array();
            text.extend(marks.into_iter().flatten().filter_map(Value::as_str));
        }
        text.push('\n');
    }
    Some(text)
}
