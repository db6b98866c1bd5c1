//! Control groups (cgroups(7), version 2): one for each run where they can be written, so that the kernel can end all of a run at once,
//! whatever it forks, and so that what a killed keeper and a killed reaper leave behind is still known.
//!
//! No controller is enabled: to end processes needs none. Where there are no groups to be had, the reaper does the same by itself but
//! for that last case, and the reason is told.

mod place;

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Access, Mode, OFlags};

use crate::launch::Escape;

/// The file by which the kernel ends all processes of a group and below it, since Linux 5.14.
const KILL: &str = "cgroup.kill";
/// The file that lists the processes of a group, and takes in who writes 0 to it.
const PROCESSES: &str = "cgroup.procs";
/// What the name of a group ends in whose processes may outlive their run.
const LEAVE: &str = ".leave";
/// The file type of the hierarchy (`CGROUP2_SUPER_MAGIC`).
const CGROUP2: u64 = 0x6367_7270;
/// How long the kernel may take to end what an earlier keeper left.
const LEFTOVERS: Duration = Duration::from_secs(2);

/// The group of a home, in the group in which its keeper was started.
#[derive(Debug)]
pub(crate) struct HomeGroup(PathBuf);

/// The group of one run. It is gone when this is dropped, unless somebody is still in it.
#[derive(Debug)]
pub(crate) struct RunGroup(PathBuf);

/// Why there are no groups.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoGroups {
    #[error("no control groups of version 2 are mounted")]
    NotMounted,
    #[error("control group {} cannot be written: {error}", .path.display())]
    NotOurs { path: PathBuf, error: io::Error },
    #[error("this kernel has no cgroup.kill")]
    TooOld,
}

impl HomeGroup {
    /// Makes the group of the home with this token.
    pub(crate) fn create(token: &str) -> Result<Self, NoGroups> {
        let own = place::of_this_process().ok_or(NoGroups::NotMounted)?;
        Self::create_in(&own, token)
    }

    fn create_in(own: &Path, token: &str) -> Result<Self, NoGroups> {
        let not_ours = |error| NoGroups::NotOurs { path: own.to_owned(), error };
        let path = own.join(name(token));
        match fs::create_dir(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(not_ours(error)),
        }
        let group = Self(path);
        // Who moves a process writes to the group that the old one and the new one have in common.
        for file in [own.join(PROCESSES), group.0.join(PROCESSES)] {
            if let Err(error) = rustix::fs::access(&file, Access::WRITE_OK) {
                group.remove();
                return Err(not_ours(error.into()));
            }
        }
        if !group.0.join(KILL).exists() {
            group.remove();
            return Err(NoGroups::TooOld);
        }
        Ok(group)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a group for the run that the keeper calls `id`.
    pub(crate) fn of_run(&self, id: u32, escape: Escape) -> Option<RunGroup> {
        let mark = if escape == Escape::Leave { LEAVE } else { "" };
        let path = self.0.join(format!("run-{id}{mark}"));
        // A run without a group is ended by its reaper alone.
        fs::create_dir(&path).ok().map(|()| RunGroup(path))
    }

    /// Takes the group away, if nobody is in it.
    pub(crate) fn remove(&self) {
        remove(&self.0);
    }
}

impl RunGroup {
    /// The group in this folder, which somebody else has made and takes away.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for RunGroup {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

/// The group as something that a process can be born into.
pub(crate) fn folder(group: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(group, flags, Mode::empty())?)
}

/// A way into a group for a process that is about to begin.
pub(crate) fn entrance(group: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(group.join(PROCESSES))
}

/// What the process that goes in writes to the [`entrance`]: itself.
pub(crate) const MYSELF: &[u8] = b"0";

/// Ends all processes of a group at once.
pub(crate) fn kill(group: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).open(group.join(KILL))?.write_all(b"1")
}

/// Ends what an earlier keeper of this home has left in its group in `path`, but not what may outlive its run, nor this process and those
/// above it. Returns how many processes there were.
pub(crate) fn end_leftovers(path: &Path, token: &str) -> usize {
    let is_ours = path.file_name() == Some(OsStr::new(&name(token))) && is_hierarchy(path);
    if !is_ours || place::of_this_process().is_some_and(|own| own.starts_with(path)) {
        return 0;
    }
    let runs: Vec<PathBuf> = folders(path).filter(|run| !run.to_string_lossy().ends_with(LEAVE)).collect();
    let left = runs.iter().map(|run| members(run).len()).sum();
    for run in &runs {
        let _ = kill(run);
    }
    let begun = Instant::now();
    while runs.iter().any(|run| !members(run).is_empty()) && begun.elapsed() < LEFTOVERS {
        std::thread::sleep(Duration::from_millis(5));
    }
    remove(path);
    left
}

fn name(token: &str) -> String {
    format!("locald.{token}")
}

fn is_hierarchy(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|found| u64::try_from(found.f_type).is_ok_and(|kind| kind == CGROUP2))
}

/// The living processes in the group and below it. Unlike a list made from `/proc`, this one misses none that is born meanwhile.
pub(crate) fn members(group: &Path) -> Vec<i32> {
    let own = fs::read_to_string(group.join(PROCESSES)).unwrap_or_default();
    let own = own.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0);
    own.chain(folders(group).flat_map(|below| members(&below))).collect()
}

fn folders(group: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}

/// Takes away a group and those below it, as far as nobody is in them.
fn remove(group: &Path) {
    for below in folders(group) {
        remove(&below);
    }
    let _ = fs::remove_dir(group);
}

#[cfg(test)]
mod tests;
