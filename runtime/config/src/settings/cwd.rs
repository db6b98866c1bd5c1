//! `cwd`: the folder in which a service runs.

use std::path::{Path, PathBuf};

use super::command::without_nul;
use crate::fault::Invalid;
use crate::interpolate::{self, Context};
use crate::reader::Reader;
use crate::tree::Entry;

/// Reads the folder; relative to `root`.
pub(crate) fn read(reader: &mut Reader, entry: &Entry, root: &Path) -> Option<PathBuf> {
    let text = reader.string(entry)?;
    if text.is_empty() {
        let invalid =
            Invalid::new("`cwd` cannot be empty", "empty").with_help("leave it out, or write `.`, for the root");
        reader.fault(entry.node.place, invalid);
        return None;
    }
    reader.accept(entry.node.place, without_nul(text))?;
    // Collected from its components, so that `./api/` reads as `api`. Where `..` leads is for the file system to say.
    let text = interpolate::read(reader, text, &entry.node, Context::Early)?;
    Some(root.join(text).components().collect())
}
