//! Packages of crates.io, of which only the files are wanted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo::cargo;

/// Where the files of a package are. `dir`: a folder for a package that depends on it and is never built.
pub(super) fn files(dir: &Path, name: &str, version: &str) -> Result<PathBuf> {
    let asks = dir.join("asks");
    fs::create_dir_all(asks.join("src"))?;
    fs::write(asks.join("src/lib.rs"), "")?;
    let package = "[package]\nname = \"asks\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n";
    fs::write(asks.join("Cargo.toml"), format!("{package}{name} = \"={version}\"\n"))?;
    let output = cargo(&["metadata", "--format-version", "1"]).current_dir(&asks).output()?;
    ensure!(output.status.success(), "cargo has no {name}: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("cargo told of no packages")?;
    let package = packages.iter().find(|package| package["name"] == name && package["version"] == version);
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    Ok(Path::new(manifest.with_context(|| format!("cargo did not fetch {name}"))?).with_file_name(""))
}
