//! The projects that a home knows, whether or not they are up.

use serde::{Deserialize, Serialize};

use crate::ProjectId;

/// A project that was up at some time and was not forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredProject {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub root: String,
    /// Whether its services are supervised now.
    pub up: bool,
    /// How many services it has, and how many of them run; 0 while it is not up.
    pub services: u32,
    /// How many of them run.
    pub running: u32,
    /// Whether it starts with the daemon.
    pub pinned: bool,
    /// Whether its folder is gone, or no project any more.
    pub missing: bool,
    /// What is wrong with its files while what they said before stays in force, or why it did not start with the daemon.
    #[serde(default)]
    pub faults: Vec<String>,
}
