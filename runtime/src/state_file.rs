//! A small file of the daemon's state: read at its start, replaced as a whole at each change, private to its user.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::{fs, io};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read<T> {
    /// The default where there is no file, or none that makes sense.
    pub(crate) value: T,
    /// What to tell of a file that makes no sense and was set aside, for somebody to look at it.
    pub(crate) notice: Option<String>,
}

/// Reads the file.
pub(crate) fn read<T: DeserializeOwned + Default>(path: &Path) -> Read<T> {
    let nothing = |notice| Read { value: T::default(), notice };
    let Ok(text) = fs::read(path) else { return nothing(None) };
    match serde_json::from_slice(&text) {
        Ok(value) => Read { value, notice: None },
        Err(error) => {
            let aside = path.with_extension("json.corrupt");
            warn!(file = %path.display(), %error, "it cannot be read; set aside");
            let _ = fs::rename(path, &aside);
            nothing(Some(format!("{} could not be read and is now {}", path.display(), aside.display())))
        }
    }
}

/// Replaces the file, so that whoever reads it finds the old one or the new one, even after a crash of the machine.
pub(crate) fn write<T: Serialize + ?Sized>(path: &Path, value: &T) -> io::Result<()> {
    replace(path, &serde_json::to_vec_pretty(value)?)
}

/// The same of a file that is not JSON.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}
