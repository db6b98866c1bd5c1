//! The control socket: held by the keeper, so that clients of a daemon that is just being replaced wait instead of failing.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// A listening socket at a path, removed when dropped.
pub(super) struct Door {
    listener: UnixListener,
    path: PathBuf,
    inode: u64,
}

impl Door {
    /// Binds at `path`, in the place of whatever was there, for the user alone.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        let inode = std::fs::symlink_metadata(&path)?.ino();
        Ok(Self { listener, path, inode })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path still leads here.
    pub(super) fn is_reachable(&self) -> bool {
        std::fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode)
    }

    pub(super) fn listener(&self) -> &UnixListener {
        &self.listener
    }

    pub(super) fn duplicate(&self) -> io::Result<OwnedFd> {
        self.listener.as_fd().try_clone_to_owned()
    }

    /// Answers every client that waits, in the daemon's place, with why there is no daemon.
    pub(super) fn refuse_all(&self, reason: &str, hint: &str) {
        let body = format!(
            r#"{{"refused":{{"reason":{},"hint":{},"version":"{}"}}}}"#,
            quote(reason),
            quote(hint),
            env!("CARGO_PKG_VERSION")
        );
        let mut frame = (body.len() as u32 + 1).to_be_bytes().to_vec();
        frame.push(0);
        frame.extend_from_slice(body.as_bytes());
        while let Ok((mut client, _)) = self.listener.accept() {
            // It fits into any socket buffer, so this cannot block; a client that has gone away is no loss.
            let _ = client.write_all(&frame);
        }
    }
}

impl AsFd for Door {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if self.is_reachable() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Text as a JSON string (RFC 8259 §7).
fn quote(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            control if control < ' ' => out.extend(format!("\\u{:04x}", control as u32).chars()),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_as_json_asks() {
        assert_eq!(quote("a \"b\" \\ \n"), r#""a \"b\" \\ \u000a""#);
    }

    #[test]
    fn a_door_whose_path_was_removed_or_taken_is_not_reachable() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("s");
        let door = Door::open(path.clone()).unwrap();
        assert!(door.is_reachable());
        std::fs::remove_file(&path).unwrap();
        assert!(!door.is_reachable());
        let other = Door::open(path.clone()).unwrap();
        drop(door);
        assert!(other.is_reachable(), "the old door must not remove the new one's path");
    }
}
