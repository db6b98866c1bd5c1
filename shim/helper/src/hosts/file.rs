//! The file on the disk: another takes its place in one step, with the same owner, mode and attributes; where none can, such as
//! in a container that has it mounted, it is written over, with a copy beside it meanwhile.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, XattrFlags};
use rustix::io::Errno;

use super::block::with_names;
use crate::message::HostsChange;
use crate::name::HostName;

/// The hosts file of every system (hosts(5)).
pub const HOSTS: &str = "/etc/hosts";
/// The largest file that is changed. Lists against advertisements reach some megabytes.
const MAX_SIZE: u64 = 64 << 20;
/// How long somebody else may have the file for themselves, or replace it again and again. Whoever may read it can lock it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(5);

/// Makes `names` those of `user` in the hosts file at `path`.
///
/// # Errors
/// What is in the way, as a sentence; then the file is as it was.
pub(crate) fn change(path: &Path, user: u32, names: &[HostName]) -> Result<HostsChange, String> {
    let place = path.display();
    let mut file = open(path)?;
    let found = file.metadata().map_err(|error| format!("{place} cannot be looked at: {error}"))?;
    if found.len() > MAX_SIZE {
        return Err(format!("{place} is larger than {} MiB", MAX_SIZE >> 20));
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(|error| format!("{place} cannot be read: {error}"))?;
    let changed = with_names(&text, user, names).map_err(|damaged| format!("{place}: {damaged}"))?;
    if changed == text {
        return Ok(HostsChange::None);
    }
    // A file with several names would be two files afterwards.
    let is_alone = found.nlink() == 1;
    if is_alone && replace(path, &file, &found, &changed).map_err(|error| refused(path, &error))? {
        return Ok(HostsChange::Replaced);
    }
    overwrite(path, &mut file, &found, &text, &changed).map_err(|error| refused(path, &error))?;
    Ok(HostsChange::Overwritten)
}

/// What stands in the way of a change, without one; nothing if all is well.
pub(crate) fn fault(path: &Path, user: u32) -> Option<String> {
    let file = match open(path) {
        Ok(file) => file,
        Err(why) => return Some(why),
    };
    let mut text = Vec::new();
    let read = file.take(MAX_SIZE).read_to_end(&mut text);
    if let Err(error) = read {
        return Some(format!("{} cannot be read: {error}", path.display()));
    }
    with_names(&text, user, &[]).err().map(|damaged| format!("{}: {damaged}", path.display()))
}

fn refused(path: &Path, error: &io::Error) -> String {
    match Errno::from_io_error(error) {
        Some(Errno::ROFS) => format!("{} is on a file system that cannot be written", path.display()),
        _ => format!("{} cannot be changed: {error}", path.display()),
    }
}

/// Opens the file and has it for ourselves, among those who ask for it so.
fn open(path: &Path) -> Result<File, String> {
    let place = path.display();
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let opened = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path);
        let file = opened.map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::LOOP) => {
                format!("{place} is a symbolic link: whatever makes it, such as NixOS, has to write the names too")
            }
            _ => refused(path, &error),
        })?;
        let found = file.metadata().map_err(|error| refused(path, &error))?;
        if !found.is_file() {
            return Err(format!("{place} is no plain file"));
        }
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::AGAIN) => {
                std::thread::sleep(PAUSE);
                continue;
            }
            Err(error) => return Err(refused(path, &error.into())),
        }
        // Whoever had it before us may have put another one in its place.
        let is_current =
            fs::symlink_metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (found.dev(), found.ino()));
        if is_current {
            return Ok(file);
        }
    }
    Err(format!("{place} is being changed by somebody else"))
}

/// Puts a file with `text` in the place of the one at `path`; `false` where that cannot be done.
fn replace(path: &Path, old: &File, found: &Metadata, text: &[u8]) -> io::Result<bool> {
    let new = beside(path, "new");
    let written = write_new(&new, old, found, text);
    match written.and_then(|()| fs::rename(&new, path)) {
        Ok(()) => {
            sync_folder(path);
            Ok(true)
        }
        Err(error) => {
            let _ = fs::remove_file(&new);
            // Mounted where it is (BUSY), in a folder that cannot be written, or with attributes that cannot be given to another.
            let cannot = [Errno::BUSY, Errno::XDEV, Errno::ROFS, Errno::PERM, Errno::ACCESS, Errno::NOTSUP];
            match Errno::from_io_error(&error) {
                Some(errno) if cannot.contains(&errno) => Ok(false),
                _ => Err(error),
            }
        }
    }
}

/// Writes over the file. What it was is beside it until that is done, where there is room for it.
fn overwrite(path: &Path, file: &mut File, found: &Metadata, old: &[u8], text: &[u8]) -> io::Result<()> {
    let backup = beside(path, "backup");
    let kept = write_new(&backup, file, found, old);
    let mut put = |text: &[u8]| {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text)?;
        file.set_len(text.len() as u64)?;
        file.sync_all()
    };
    let written = put(text);
    if written.is_err() && put(old).is_err() && kept.is_ok() {
        // What it was is in the copy alone now.
        return written;
    }
    let _ = fs::remove_file(&backup);
    written
}

/// Writes a file that is not there yet, with owner, mode and attributes of another.
fn write_new(path: &Path, like: &File, found: &Metadata, text: &[u8]) -> io::Result<()> {
    // Left by one that was killed: nobody else has such a name, and the lock is ours.
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    fchown(&file, Some(found.uid()), Some(found.gid()))?;
    file.set_permissions(fs::Permissions::from_mode(found.mode() & 0o7777))?;
    copy_attributes(like, &file)?;
    file.sync_all()
}

/// Gives a file the extended attributes of another (xattr(7)), such as the label by which SELinux lets programs read it.
fn copy_attributes(from: impl AsFd, to: impl AsFd) -> io::Result<()> {
    let mut names = vec![0u8; 64 << 10];
    let length = match rustix::fs::flistxattr(&from, &mut names) {
        Ok(length) => length,
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0u8; 64 << 10];
        let length = match rustix::fs::fgetxattr(&from, name, &mut value) {
            Ok(length) => length,
            Err(Errno::NODATA | Errno::NOTSUP) => continue,
            Err(error) => return Err(error.into()),
        };
        rustix::fs::fsetxattr(&to, name, &value[..length], XattrFlags::empty())?;
    }
    Ok(())
}

/// A hidden neighbour of the file.
fn beside(path: &Path, what: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.locald-{what}"))
}

/// Has the file's new place survive a loss of power.
fn sync_folder(path: &Path) {
    let folder = path.parent().and_then(|folder| File::open(folder).ok());
    // It is there all the same; only a loss of power in this moment could bring the old one back.
    let _ = folder.map(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(names: &[&str]) -> Vec<HostName> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn hosts(text: &str) -> (tempfile::TempDir, PathBuf) {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("hosts");
        fs::write(&path, text).unwrap();
        (scratch, path)
    }

    fn listing(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path.parent().unwrap()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn another_file_takes_its_place_with_the_same_mode_and_leaves_nothing_beside_it() {
        let (_scratch, path) = hosts("127.0.0.1 localhost\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o664)).unwrap();
        let attribute = rustix::fs::setxattr(&path, "user.label", b"x", XattrFlags::empty());
        let before = fs::metadata(&path).unwrap();
        let list = names(&["a.localhost"]);
        assert_eq!(change(&path, 0, &list), Ok(HostsChange::Replaced));
        let after = fs::metadata(&path).unwrap();
        assert_ne!(before.ino(), after.ino(), "nobody ever reads half of it");
        assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
        if attribute.is_ok() {
            let mut value = [0u8; 4];
            assert_eq!(rustix::fs::getxattr(&path, "user.label", &mut value), Ok(1));
        }
        assert_eq!(change(&path, 0, &list), Ok(HostsChange::None));
        assert_eq!(fs::metadata(&path).unwrap().ino(), after.ino());
        assert_eq!(change(&path, 0, &[]), Ok(HostsChange::Replaced));
        assert_eq!(fs::read(&path).unwrap(), b"127.0.0.1 localhost\n");
        assert_eq!(listing(&path), ["hosts"]);
    }

    #[test]
    fn a_file_that_nothing_can_take_the_place_of_is_written_over() {
        let (_scratch, path) = hosts("127.0.0.1 localhost\n");
        let other = path.with_file_name("other");
        fs::hard_link(&path, &other).unwrap();
        let before = fs::metadata(&path).unwrap().ino();
        assert_eq!(change(&path, 0, &names(&["a.localhost", "b.localhost"])), Ok(HostsChange::Overwritten));
        assert_eq!(change(&path, 0, &names(&["a.localhost"])), Ok(HostsChange::Overwritten));
        assert_eq!(fs::metadata(&path).unwrap().ino(), before);
        assert_eq!(fs::read(&path).unwrap(), fs::read(&other).unwrap());
        assert_eq!(change(&path, 0, &[]), Ok(HostsChange::Overwritten));
        assert_eq!(fs::read(&path).unwrap(), b"127.0.0.1 localhost\n", "a shorter text leaves nothing of the longer");
        fs::remove_file(other).unwrap();
        assert_eq!(listing(&path), ["hosts"]);
    }

    #[test]
    fn links_folders_and_damaged_blocks_are_refused_and_nothing_is_touched() {
        let (scratch, path) = hosts("# BEGIN locald, user 7\n");
        assert!(change(&path, 7, &[]).unwrap_err().contains("on line 1 has no end"));
        assert!(fault(&path, 7).unwrap().contains("on line 1 has no end"));
        assert_eq!(fault(&path, 8), None);
        let link = scratch.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(change(&link, 8, &names(&["a.localhost"])).unwrap_err().contains("symbolic link"));
        assert!(change(scratch.path(), 8, &[]).is_err());
        assert!(change(&scratch.path().join("gone"), 8, &[]).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"# BEGIN locald, user 7\n");
    }

    #[test]
    fn two_at_a_time_lose_nothing_of_each_other() {
        let (_scratch, path) = hosts("127.0.0.1 localhost\n");
        std::thread::scope(|scope| {
            for user in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    for round in 0..5 {
                        let name = format!("u{user}-{round}.localhost");
                        change(path, user, &names(&[&name])).unwrap();
                    }
                });
            }
        });
        let text = fs::read(&path).unwrap();
        for user in 0..8 {
            let expected = names(&[&format!("u{user}-4.localhost")]);
            assert_eq!(super::super::names_of(&text, user), Ok(expected));
        }
    }
}
