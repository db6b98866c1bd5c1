//! Whether a program may be run as root: whether nobody but root can put another one in its place.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Write permission for the group or for everybody.
const OTHERS_WRITE: u32 = 0o022;
/// Runs as its owner (setuid) or group (setgid), whoever starts it.
const SET_ID: u32 = 0o6000;

/// Why a program is not run as root.
#[derive(Debug)]
pub enum Untrusted {
    /// It cannot be looked at.
    Io(PathBuf, io::Error),
    /// It, or a folder on the way to it, belongs to somebody else.
    Owner(PathBuf, u32),
    /// Others than root may write to it, or into a folder on the way to it.
    Writable(PathBuf, u32),
    /// It, or a folder on the way to it, is a link, which may lead elsewhere tomorrow.
    Link(PathBuf),
    /// It is no plain file, or would run as root whoever starts it.
    Kind(PathBuf),
}

impl std::fmt::Display for Untrusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{} cannot be looked at: {error}", path.display()),
            Self::Owner(path, owner) => write!(f, "{} belongs to user {owner} and not to root", path.display()),
            Self::Writable(path, mode) => {
                write!(f, "{} can be written by others than root (mode {:o})", path.display(), mode & 0o7777)
            }
            Self::Link(path) => write!(f, "{} is a symbolic link", path.display()),
            Self::Kind(path) => write!(f, "{} is no plain program", path.display()),
        }
    }
}

impl std::error::Error for Untrusted {}

/// Succeeds if only root can change what stands at `path`, an absolute one, or what the path leads to.
pub fn check_path(path: &Path) -> Result<(), Untrusted> {
    check_as(path, 0)
}

fn check_as(path: &Path, root: u32) -> Result<(), Untrusted> {
    for place in path.ancestors() {
        let found = fs::symlink_metadata(place).map_err(|error| Untrusted::Io(place.to_owned(), error))?;
        judge(place, &found, root)?;
        if place == path && (!found.is_file() || found.permissions().mode() & SET_ID != 0) {
            return Err(Untrusted::Kind(place.to_owned()));
        }
    }
    Ok(())
}

fn judge(place: &Path, found: &Metadata, root: u32) -> Result<(), Untrusted> {
    let mode = found.permissions().mode();
    if found.file_type().is_symlink() {
        return Err(Untrusted::Link(place.to_owned()));
    }
    if found.uid() != root && found.uid() != 0 {
        return Err(Untrusted::Owner(place.to_owned(), found.uid()));
    }
    // Whoever may write into a sticky folder may not replace what is root's in it (unlink(2)), but may have put it there.
    if mode & OTHERS_WRITE != 0 {
        return Err(Untrusted::Writable(place.to_owned(), mode));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn one_folder_that_others_can_write_spoils_the_whole_path() {
        let me = rustix::process::geteuid().as_raw();
        let path = Path::new("/usr/bin/env");
        // Some systems have /bin as a link, none of ours has /usr/bin so.
        check_path(&fs::canonicalize(path).unwrap()).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("libexec");
        fs::create_dir(&folder).unwrap();
        let program = folder.join("helper");
        fs::write(&program, "").unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        // The folder of all temporary files is everybody's, so the judgement is asked about the last two.
        let judged = |place: &Path| judge(place, &fs::symlink_metadata(place).unwrap(), me);
        mode(&folder, 0o755);
        mode(&program, 0o755);
        assert!(judged(&folder).is_ok() && judged(&program).is_ok());
        mode(&folder, 0o775);
        assert!(matches!(judged(&folder), Err(Untrusted::Writable(..))));
        mode(&program, 0o757);
        assert!(matches!(judged(&program), Err(Untrusted::Writable(..))));
        let link = folder.join("link");
        symlink(&program, &link).unwrap();
        assert!(matches!(judged(&link), Err(Untrusted::Link(_))));
        assert!(check_path(&program).is_err(), "everybody may write into the folder of temporary files");
        assert!(matches!(check_path(Path::new("/usr/bin")), Err(Untrusted::Kind(_))));
        assert!(matches!(check_path(&folder.join("gone")), Err(Untrusted::Io(..))));
    }
}
