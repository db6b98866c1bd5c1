//! The keeper and control groups: it takes what an earlier one left, has one for each run, and tells daemons which means it has.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::Keeper;
use crate::cgroup::{self, HomeGroup, NoGroups};
use crate::containment::{Containment, KEY};
use crate::home::Home;
use crate::report::report;

/// Ends what an earlier keeper left in its groups, and makes the home's own anew.
pub(super) fn begin(home: &Home) -> Result<HomeGroup, NoGroups> {
    let (note, token) = (note(home), home.token());
    if let Ok(path) = std::fs::read_to_string(&note) {
        let ended = cgroup::end_leftovers(path.trim_end().as_ref(), &token);
        if ended > 0 {
            report(format_args!("ended {ended} processes that an earlier keeper had left in their control groups"));
        }
    }
    let group = HomeGroup::create(&token);
    // The next keeper may be started in another group, and has to find this one.
    let _ = match &group {
        Ok(group) => write_private(&note, &format!("{}\n", group.path().display())),
        Err(_) => std::fs::remove_file(&note),
    };
    group
}

impl Keeper {
    /// Keeps for daemons what they are to tell of it.
    pub(super) fn note_containment(&mut self) {
        let containment = match &self.group {
            Ok(group) => Containment::Groups(group.path().to_owned()),
            Err(missing) => Containment::Reapers { missing: missing.to_string() },
        };
        self.values.insert(KEY.to_owned(), containment.encode());
    }

    /// Takes the home's group away, as nothing runs any more.
    pub(super) fn leave_groups(&mut self) {
        self.husks.clear();
        self.slots.clear();
        if let Ok(group) = &self.group {
            group.remove();
        }
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn note(home: &Home) -> std::path::PathBuf {
    home.state_dir().join("control-group")
}
