//! By which means all of a service is ended, as the keeper tells each daemon.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// The name of the value in which the keeper tells it.
pub const KEY: &str = "keeper/containment";

/// What sees to it that nothing of a service stays behind. Each run has a reaper in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Containment {
    /// Each run also has a control group, in this folder.
    Groups(PathBuf),
    /// Nothing else.
    Reapers {
        /// Why there are no control groups.
        missing: String,
    },
}

impl Containment {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Groups(path) => [b"+", path.as_os_str().as_bytes()].concat(),
            Self::Reapers { missing } => [b"-", missing.as_bytes()].concat(),
        }
    }

    /// Reads the value; `None` for one that is of another form.
    pub fn decode(value: &[u8]) -> Option<Self> {
        match value.split_first()? {
            (b'+', path) => Some(Self::Groups(OsString::from_vec(path.to_vec()).into())),
            (b'-', missing) => Some(Self::Reapers { missing: String::from_utf8_lossy(missing).into_owned() }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_what_is_heard() {
        for told in
            [Containment::Groups("/sys/fs/cgroup/x".into()), Containment::Reapers { missing: "not mounted".into() }]
        {
            assert_eq!(Containment::decode(&told.encode()), Some(told));
        }
        assert_eq!((Containment::decode(b""), Containment::decode(b"?")), (None, None));
    }
}
