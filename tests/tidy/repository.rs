//! The repository as these tests see it: its files, and what cargo knows of its crates.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, str};

use serde_json::Value;

/// The repository's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file that belongs to the repository, by its path from the root; `target` and hidden machinery do not.
pub(crate) fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !matches!(name, "target" | ".git" | "proptest-regressions") {
                folders.push(path);
            } else if path.is_file() && !name.ends_with(".snap.new") && !name.ends_with('~') {
                files.push(path.strip_prefix(root()).expect("a path below the root").to_path_buf());
            }
        }
    }
    files.sort();
    files
}

/// The files with this extension.
pub(crate) fn files_with(extension: &str) -> Vec<PathBuf> {
    files().into_iter().filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

/// A file's text, by its path from the root.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A crate of this workspace.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency as a crate declares it.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// One of this workspace's own crates.
    pub(crate) is_ours: bool,
    /// For tests only.
    pub(crate) is_dev: bool,
}

/// The crates of the workspace as they declare themselves.
pub(crate) fn members() -> Vec<Member> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version=1", "--no-deps", "--offline"])).expect("JSON");
    let member = |package: &Value| Member {
        name: text(&package["name"]),
        dependencies: list(&package["dependencies"]).iter().map(dependency).collect(),
    };
    list(&metadata["packages"]).iter().map(member).collect()
}

fn dependency(value: &Value) -> Dependency {
    Dependency {
        name: text(&value["name"]),
        is_ours: value["path"].is_string(),
        is_dev: value["kind"].as_str() == Some("dev"),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The crates that end up in a build of `package`, by name: what it links and what builds it.
pub(crate) fn tree(package: &str) -> Vec<String> {
    let said = cargo(&["tree", "--offline", "--package", package, "--edges=normal", "--prefix=none", "--format={p}"]);
    let mut names: Vec<String> =
        said.lines().filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect();
    names.sort();
    names.dedup();
    names
}

#[expect(clippy::disallowed_methods, reason = "only cargo knows what cargo builds")]
fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().expect("cargo");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    str::from_utf8(&output.stdout).expect("UTF-8").to_owned()
}
