//! A service as it was last configured: everything needed to run it again without reading a file, except the environment.

use std::path::PathBuf;
use std::time::Duration;

use locald_config::{Escape, Service, Variable};
use serde::{Deserialize, Serialize};

/// One service's settings, resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(crate) name: String,
    /// The program and its arguments, references in them not filled in.
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: PathBuf,
    /// The variables of all services of the project, in order.
    pub(crate) shared: Vec<Variable>,
    /// The service's own variables, in order.
    pub(crate) environment: Vec<Variable>,
    /// Whether it has a terminal.
    pub(crate) terminal: bool,
    /// A fixed size of the terminal: columns and rows.
    pub(crate) size: Option<(u16, u16)>,
    pub(crate) stop_signal: i32,
    pub(crate) stop_timeout: Duration,
    /// Whether processes in a session of their own are spared when it stops.
    pub(crate) leave_escaped: bool,
}

impl Definition {
    /// The settings of a service beside the variables that it shares with all others.
    pub(crate) fn new(service: &Service, shared: &[Variable]) -> Self {
        Self {
            name: service.name.to_string(),
            arguments: service.command.arguments(),
            directory: service.cwd.clone(),
            shared: shared.to_vec(),
            environment: service.env.clone(),
            terminal: service.tty,
            size: service.size.map(|size| (size.columns, size.rows)),
            stop_signal: service.stop_signal.number(),
            stop_timeout: service.stop_timeout,
            leave_escaped: service.escape == Escape::Leave,
        }
    }
}
