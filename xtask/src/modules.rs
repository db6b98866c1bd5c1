//! What tests need of npm's packages: outside of the repository, and fetched once for each lock file.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::cargo::{program, succeeds};
use crate::place;

/// The projects that are developed in a browser, by their folders in this one of the repository.
const PROJECTS: &str = "tests/e2e/frameworks";
const NAMES: [&str; 3] = ["vite", "webpack", "next"];

/// Has npm put those projects' packages where their tests look for them; says of which they are not there.
pub(crate) fn install() -> Result<Vec<&'static str>> {
    let mut missing = Vec::new();
    for name in NAMES {
        if !is_installed(name)? {
            missing.push(name);
        }
    }
    Ok(missing)
}

fn is_installed(name: &str) -> Result<bool> {
    let Some(folder) = folder(name) else { return Ok(false) };
    let project = place::repository().join(PROJECTS).join(name);
    let lock = "package-lock.json";
    let is_same =
        fs::read(folder.join(lock)).is_ok_and(|there| fs::read(project.join(lock)).is_ok_and(|here| here == there));
    // What npm writes last.
    let is_whole = || folder.join("node_modules/.package-lock.json").is_file();
    if is_same && is_whole() {
        return Ok(true);
    }
    fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
    for file in ["package.json", lock] {
        fs::copy(project.join(file), folder.join(file)).with_context(|| format!("failed to copy {file}"))?;
    }
    let mut npm = program("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder).stdin(Stdio::null());
    // Without npm or a network the tests that can run still run.
    Ok(succeeds(npm).unwrap_or(false) && is_whole())
}

/// The tests look into the same folders.
fn folder(name: &str) -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("locald-tests").join(name))
}
