//! The kernel's news of folders (inotify(7)), for as many of them as are wanted at the time.
//!
//! Only what changes a file is asked for, so that a service that reads its project's files all day wakes nobody.

#![expect(
    unsafe_code,
    reason = "tokio has to be told that a descriptor stays what it is for as long as it is registered"
)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Room for some dozens of events; what does not fit is read next.
const BUFFER: usize = 8 * 1024;

/// The folders that are watched.
#[derive(Debug)]
pub(super) struct Inotify {
    kernel: AsyncFd<OwnedFd>,
    folders: BTreeMap<i32, PathBuf>,
}

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// An entry of a folder was written, made, moved or removed.
    Entry(PathBuf, OsString),
    /// A folder was moved or removed, and is watched no longer.
    Gone(PathBuf),
    /// More than could be told.
    Overflow,
}

fn flags() -> WatchFlags {
    WatchFlags::CLOSE_WRITE
        | WatchFlags::CREATE
        | WatchFlags::DELETE
        | WatchFlags::MOVED_FROM
        | WatchFlags::MOVED_TO
        | WatchFlags::ATTRIB
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF
        | WatchFlags::ONLYDIR
}

impl Inotify {
    pub(super) fn new() -> io::Result<Self> {
        let kernel = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        // SAFETY: an `OwnedFd` names the same open descriptor for as long as it lives, and the `AsyncFd` owns it.
        let kernel = unsafe { AsyncFd::register_with_interest(kernel, Interest::READABLE)? };
        Ok(Self { kernel, folders: BTreeMap::new() })
    }

    /// Watches these folders and no others. A folder that is gone by now is left out.
    ///
    /// # Errors
    /// The first folder that cannot be watched, and why; the others are watched.
    pub(super) fn watch<'a>(&mut self, wanted: impl Iterator<Item = &'a Path>) -> Result<(), (PathBuf, io::Error)> {
        let (mut kept, mut failed) = (BTreeMap::new(), Ok(()));
        for folder in wanted {
            // A folder that is watched already keeps its number.
            match inotify::add_watch(self.kernel.get_ref(), folder, flags()) {
                Ok(number) => drop(kept.insert(number, folder.to_path_buf())),
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(error) => failed = failed.and(Err((folder.to_path_buf(), error.into()))),
            }
        }
        for number in self.folders.keys().filter(|number| !kept.contains_key(number)) {
            // One that the kernel has let go of by itself cannot be let go of again.
            let _ = inotify::remove_watch(self.kernel.get_ref(), *number);
        }
        self.folders = kept;
        failed
    }

    /// What has happened, once something has.
    pub(super) async fn news(&mut self) -> io::Result<Vec<News>> {
        loop {
            let mut ready = self.kernel.readable().await?;
            let news = read(ready.get_inner(), &mut self.folders)?;
            ready.clear_ready();
            if !news.is_empty() {
                return Ok(news);
            }
        }
    }
}

/// Reads all there is.
fn read(kernel: &OwnedFd, folders: &mut BTreeMap<i32, PathBuf>) -> io::Result<Vec<News>> {
    let (mut buffer, mut news) = ([MaybeUninit::uninit(); BUFFER], Vec::new());
    let mut reader = Reader::new(kernel, &mut buffer);
    loop {
        let event = match reader.next() {
            Ok(event) => event,
            Err(Errno::AGAIN) => return Ok(news),
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        let (number, what) = (event.wd(), event.events());
        if what.contains(ReadFlags::QUEUE_OVERFLOW) {
            news.push(News::Overflow);
        } else if what.intersects(ReadFlags::MOVE_SELF | ReadFlags::DELETE_SELF | ReadFlags::IGNORED) {
            if let Some(folder) = folders.remove(&number) {
                // One that was moved is still watched, under a name that it does not have any more.
                let _ = inotify::remove_watch(kernel, number);
                news.push(News::Gone(folder));
            }
        } else if let (Some(folder), Some(entry)) = (folders.get(&number), event.file_name()) {
            news.push(News::Entry(folder.clone(), OsString::from_vec(entry.to_bytes().to_vec())));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    async fn entries(inotify: &mut Inotify) -> Vec<News> {
        let mut news = inotify.news().await.unwrap();
        news.dedup();
        news
    }

    #[tokio::test]
    async fn writing_replacing_and_removing_a_file_are_told_and_reading_it_is_not() {
        let scratch = tempfile::tempdir().unwrap();
        let entry = |name: &str| News::Entry(scratch.path().to_path_buf(), name.into());
        fs::write(scratch.path().join("a"), "1").unwrap();
        let mut inotify = Inotify::new().unwrap();
        inotify.watch([scratch.path()].into_iter()).unwrap();
        fs::read(scratch.path().join("a")).unwrap();
        fs::write(scratch.path().join("a"), "2").unwrap();
        assert_eq!(entries(&mut inotify).await, [entry("a")]);
        fs::write(scratch.path().join("b"), "3").unwrap();
        fs::rename(scratch.path().join("b"), scratch.path().join("a")).unwrap();
        assert_eq!(entries(&mut inotify).await, [entry("b"), entry("a")]);
        fs::remove_file(scratch.path().join("a")).unwrap();
        assert_eq!(entries(&mut inotify).await, [entry("a")]);
    }

    #[tokio::test]
    async fn a_folder_that_is_replaced_is_told_and_can_be_watched_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("project");
        fs::create_dir(&folder).unwrap();
        let mut inotify = Inotify::new().unwrap();
        for _ in 0..2 {
            inotify.watch([folder.as_path()].into_iter()).unwrap();
            fs::rename(&folder, scratch.path().join("aside")).unwrap();
            assert_eq!(entries(&mut inotify).await, [News::Gone(folder.clone())]);
            fs::remove_dir(scratch.path().join("aside")).unwrap();
            fs::create_dir(&folder).unwrap();
        }
        inotify.watch([folder.as_path()].into_iter()).unwrap();
        fs::remove_dir(&folder).unwrap();
        assert_eq!(entries(&mut inotify).await, [News::Gone(folder)]);
    }

    #[tokio::test]
    async fn what_is_not_wanted_any_more_is_not_told() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut inotify = Inotify::new().unwrap();
        inotify.watch([one.path(), two.path()].into_iter()).unwrap();
        inotify.watch([two.path()].into_iter()).unwrap();
        fs::write(one.path().join("a"), "").unwrap();
        fs::write(two.path().join("b"), "").unwrap();
        assert_eq!(entries(&mut inotify).await, [News::Entry(two.path().to_path_buf(), "b".into())]);
    }
}
