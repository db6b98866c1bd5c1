//! Where in the hierarchy of control groups this process is, as a folder.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// The folder of the group of this process; `None` where the hierarchy of version 2 is not mounted, or not where it could be seen.
pub(super) fn of_this_process() -> Option<PathBuf> {
    let mounts = fs::read("/proc/self/mountinfo").ok()?;
    folder(&mounts, &fs::read("/proc/self/cgroup").ok()?)
}

/// The folder, by the texts of proc_pid_mountinfo(5) and of `/proc/PID/cgroup` (cgroups(7)).
fn folder(mounts: &[u8], groups: &[u8]) -> Option<PathBuf> {
    // Version 2 has hierarchy 0 and names no controllers.
    let group = lines(groups).find_map(|line| line.strip_prefix(b"0::"))?;
    let group = PathBuf::from(OsString::from_vec(group.to_vec()));
    lines(mounts).filter_map(mount).find_map(|(root, point)| {
        let below = group.strip_prefix(&root).ok()?;
        let is_visible = below.components().all(|part| matches!(part, Component::Normal(_)));
        is_visible.then(|| if below.as_os_str().is_empty() { point } else { point.join(below) })
    })
}

/// The part of the hierarchy that is mounted, and where, if the line is of such a mount.
fn mount(line: &[u8]) -> Option<(PathBuf, PathBuf)> {
    let fields: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    // Any number of optional fields ends with a dash.
    let dash = fields.iter().position(|field| *field == b"-")?;
    let is_hierarchy = fields.get(dash + 1) == Some(&&b"cgroup2"[..]);
    is_hierarchy.then(|| Some((path(fields.get(3)?), path(fields.get(4)?))))?
}

/// A path in which blanks and their like are written as `\040` in octal.
fn path(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, behind @ ..] = rest {
        let octal = (*first == b'\\').then(|| behind.get(..3)).flatten();
        let octal = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { &behind[3..] } else { behind };
    }
    Path::new(&OsString::from_vec(bytes)).to_owned()
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UNIFIED: &str =
        "25 30 0:22 / /proc rw - proc proc rw\n30 25 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";
    const HYBRID: &str = "31 25 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 x rw\n";

    fn found(mounts: &str, groups: &str) -> Option<String> {
        folder(mounts.as_bytes(), groups.as_bytes()).map(|path| path.to_string_lossy().into_owned())
    }

    #[test]
    fn the_group_is_found_where_the_hierarchy_is_mounted() {
        let scope = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/term.scope\n";
        let expected = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/term.scope";
        assert_eq!(found(UNIFIED, scope).as_deref(), Some(expected));
        assert_eq!(found(HYBRID, "4:memory:/a\n0::/\n").as_deref(), Some("/sys/fs/cgroup/unified"));
        let part = "30 25 0:26 /docker/1f /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(found(part, "0::/docker/1f/a b\n").as_deref(), Some("/sys/fs/cgroup/a b"));
        let blank = "30 25 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n";
        assert_eq!(found(blank, "0::/x\n").as_deref(), Some("/my groups/x"));
    }

    #[test]
    fn a_group_that_cannot_be_seen_is_none() {
        assert_eq!(found("", "0::/\n"), None);
        assert_eq!(found(UNIFIED, "4:memory:/a\n"), None);
        assert_eq!(found(UNIFIED, "0::/../outside\n"), None);
        assert_eq!(found("30 25 0:26 /docker/1f /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/other\n"), None);
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_no_panic(mounts in any::<Vec<u8>>(), groups in any::<Vec<u8>>(), line in "[ -\\\\0-9a-z]{0,60}") {
            let _ = folder(&mounts, &groups);
            let _ = folder(line.as_bytes(), b"0::/x");
        }
    }
}
