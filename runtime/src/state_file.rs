//! A small file of the daemon's state: read at its start, replaced as a whole at each change, private to its user.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::{fs, io};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

/// Reads the file. One that makes no sense is set aside, for somebody to look at it; then, as without one, all begins anew.
pub(crate) fn read<T: DeserializeOwned + Default>(path: &Path) -> T {
    match fs::read(path).map(|text| serde_json::from_slice(&text)) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => {
            let aside = path.with_extension("json.corrupt");
            warn!(file = %path.display(), %error, "it cannot be read; set aside");
            let _ = fs::rename(path, aside);
            T::default()
        }
        Err(_) => T::default(),
    }
}

/// Replaces the file, so that whoever reads it finds the old one or the new one.
pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let temporary = path.with_extension("json.new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(&serde_json::to_vec_pretty(value)?)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}
