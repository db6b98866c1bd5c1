//! Where things are: the repository, its examples, and what cargo builds.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository's folder.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The examples, by name.
pub(crate) fn examples() -> Result<Vec<String>> {
    let folder = repository().join("examples");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("failed to read {}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The `locald` that cargo builds: beside this program, because cargo built that too.
pub(crate) fn locald() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("locald"))
}
