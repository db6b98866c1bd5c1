//! `cwd`: the folder in which a service runs.

use std::path::{Path, PathBuf};

use super::command::without_nul;
use crate::fault::Invalid;
use crate::reader::{Entry, Reader};

/// Reads the folder; relative to `root`.
pub(crate) fn read(reader: &mut Reader, entry: Entry<'_>, root: &Path) -> Option<PathBuf> {
    let text = reader.string(entry)?;
    if text.is_empty() {
        let invalid =
            Invalid::new("`cwd` cannot be empty", "empty").with_help("leave it out, or write `.`, for the root");
        reader.fault(entry.value_span(), invalid);
        return None;
    }
    reader.accept(entry.value_span(), without_nul(text))?;
    // Collected from its components, so that `./api/` reads as `api`. Where `..` leads is for the file system to say.
    Some(root.join(text).components().collect())
}
