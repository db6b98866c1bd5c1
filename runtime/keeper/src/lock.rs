//! One keeper per home: a lock (flock(2)) that the kernel lets go of when its keeper dies, in a file that says who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::process::Identity;

/// The lock, held until dropped.
#[derive(Debug)]
pub struct Lock(File);

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The keeper.
    pub keeper: Identity,
    /// Its control socket, which a client with another runtime folder could not guess.
    pub socket: PathBuf,
}

impl Lock {
    /// Takes the lock. `Ok(None)`: another keeper holds it.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Writes down who holds the lock.
    pub fn sign(&mut self, holder: &Holder) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()?;
        let Identity { pid, started } = holder.keeper;
        let mut line = format!("{pid} {started} ").into_bytes();
        line.extend_from_slice(holder.socket.as_os_str().as_encoded_bytes());
        self.0.write_all(&line)
    }
}

/// The keeper that holds the lock now, if one does and has signed.
pub fn holder(path: &Path) -> io::Result<Option<Holder>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock_shared() {
        Ok(()) => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut text = Vec::new();
    (&mut file).take(8192).read_to_end(&mut text)?;
    Ok(parse(&text).filter(|holder| holder.keeper.is_alive()))
}

fn parse(text: &[u8]) -> Option<Holder> {
    use std::os::unix::ffi::OsStrExt;
    let mut parts = text.splitn(3, |&byte| byte == b' ');
    let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse::<u64>().ok();
    let keeper = Identity { pid: i32::try_from(number()?).ok()?, started: number()? };
    let socket = parts.next().filter(|path| !path.is_empty())?;
    Some(Holder { keeper, socket: std::ffi::OsStr::from_bytes(socket).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_lock_is_given_and_its_holder_is_known_while_it_lives() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("lock");
        assert_eq!(holder(&path).unwrap(), None);
        let mut lock = Lock::take(&path).unwrap().unwrap();
        assert!(Lock::take(&path).unwrap().is_none());
        assert_eq!(holder(&path).unwrap(), None, "taken but not signed yet");
        let us = Identity::of(std::process::id().cast_signed()).unwrap();
        let signed = Holder { keeper: us, socket: "/run/with space/s".into() };
        lock.sign(&signed).unwrap();
        assert_eq!(holder(&path).unwrap(), Some(signed));
        drop(lock);
        assert_eq!(holder(&path).unwrap(), None);
    }

    #[test]
    fn a_scribbled_lock_file_names_nobody() {
        for text in [&b""[..], b"1", b"1 2", b"1 2 ", b"x y z", b"99999999999 1 /s", b"\xff \xff \xff"] {
            assert_eq!(parse(text), None);
        }
    }
}
