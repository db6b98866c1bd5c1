//! One service, every setting resolved.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::name::ServiceName;
use crate::settings::command::Command;
use crate::settings::escape::Escape;
use crate::settings::signal::StopSignal;
use crate::settings::size::Size;
use crate::settings::timeout::StopTimeout;

/// What to run and how to treat it. Nothing here needs a default any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Unique in the project.
    pub name: ServiceName,
    /// What to run.
    pub command: Command,
    /// Where to run it; absolute when the project's root is. Not checked to exist: a build may make it.
    pub cwd: PathBuf,
    /// Variables of this service alone, in the order of the file. Names are unique and not empty.
    pub env: Vec<(String, String)>,
    /// Whether it runs in a terminal.
    pub tty: bool,
    /// The terminal's size, where it must not follow the window.
    pub size: Option<Size>,
    /// Asks it to end.
    pub stop_signal: StopSignal,
    /// How long it may take to end before it is killed.
    pub stop_timeout: Duration,
    /// What becomes of what it left behind.
    pub escape: Escape,
}

impl Service {
    /// A service about which nothing but its command is said.
    pub fn new(name: ServiceName, command: Command, root: &Path) -> Self {
        Self {
            name,
            command,
            cwd: root.to_path_buf(),
            env: Vec::new(),
            tty: true,
            size: None,
            stop_signal: StopSignal::default(),
            stop_timeout: StopTimeout::default().duration(),
            escape: Escape::default(),
        }
    }
}
