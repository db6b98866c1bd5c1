//! Small files that outlast the daemon: read whole, written whole or not at all, and never lost for not being understood.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file that could not be understood, and was moved out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SetAside {
    /// Where it is now.
    pub(super) aside: PathBuf,
    pub(super) why: String,
}

/// Reads a file; the default where there is none. One that makes no sense is set aside, and the default takes its place.
pub(super) fn read<T: DeserializeOwned + Default>(file: &Path) -> (T, Option<SetAside>) {
    let Ok(text) = fs::read(file) else { return (T::default(), None) };
    match serde_json::from_slice(&text) {
        Ok(value) => (value, None),
        Err(error) => {
            let aside = file.with_extension("json.corrupt");
            let _ = fs::rename(file, &aside);
            (T::default(), Some(SetAside { aside, why: error.to_string() }))
        }
    }
}

/// Writes a file so that, whenever it is looked at, it is whole: as it was or as it is to be. Only its owner can read it.
pub(super) fn write(file: &Path, value: &impl Serialize) -> io::Result<()> {
    let temporary = file.with_extension("json.new");
    let mut new = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    new.write_all(&serde_json::to_vec_pretty(value)?)?;
    new.sync_all()?;
    fs::rename(&temporary, file)
}
