//! The projects that a home knows, while no daemon runs there: to ask for them must start nothing.

use std::io;
use std::path::{Path, PathBuf};

use locald_api::RegisteredProject;
use locald_keeper::lock::Lock;
use locald_keeper::{Home, HomeError};

use crate::supervisor::{Desired, Ports, Sharing, WantedProject, forget_environment, forget_logs, root_suffix};

/// The right to look at the projects of a home and to change what is known of them, for as long as this lives. A daemon that starts
/// meanwhile waits for it.
#[derive(Debug)]
pub struct Registry {
    home: Home,
    desired: Desired,
    _lock: Option<Lock>,
}

impl Registry {
    /// `None`: a daemon has it. A home that is not there yet knows no projects, and is not made.
    ///
    /// # Errors
    /// The home cannot be reached.
    pub fn open(home: &Home) -> io::Result<Option<Self>> {
        let mut lock = None;
        if home.state_dir().is_dir() {
            lock = Lock::take(&home.state_dir().join("daemon.lock"))?;
            if lock.is_none() {
                return Ok(None);
            }
        }
        let desired = Desired::open(home.state_dir().join("state.json"));
        Ok(Some(Self { home: home.clone(), desired, _lock: lock }))
    }

    /// What was wrong with the file in which they are known, if something was.
    pub fn notice(&self) -> Option<&str> {
        self.desired.notice()
    }

    /// All projects, in the order of their names.
    pub fn projects(&self) -> Vec<RegisteredProject> {
        let mut projects: Vec<_> = self.desired.projects().iter().map(WantedProject::registered).collect();
        projects.sort_by(|one, other| (&one.name, &one.root).cmp(&(&other.name, &other.root)));
        projects
    }

    /// Has the project in `root` start with the daemon from now on, or no longer.
    ///
    /// # Errors
    /// The home cannot be made.
    pub fn pin(&self, root: &Path, name: &str, pinned: bool) -> Result<(), HomeError> {
        self.home.prepare()?;
        if self.desired.pin(root, name, pinned) {
            self.desired.save();
        }
        Ok(())
    }

    /// Forgets projects with all that is kept of them.
    pub fn forget(&self, roots: &[PathBuf]) {
        let ports = Ports::open(self.home.state_dir(), Sharing::of(&self.home));
        for root in roots {
            ports.forget(&root_suffix(root));
            forget_logs(&self.home.state_dir().join("logs"), root);
            forget_environment(self.home.state_dir(), root);
            self.desired.forget(root);
        }
        if !roots.is_empty() {
            self.desired.save();
        }
    }
}
