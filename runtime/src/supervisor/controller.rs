//! The only door for a kind of service: a factory that makes controllers, and a controller that runs one service.
//!
//! The supervisor knows these traits and nothing of what is behind them.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use locald_api::Exit;

use super::addresses::Conflict;
use super::definition::Definition;
use crate::panes::Pane;

/// A future that a controller hands out.
pub(crate) type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Makes controllers for one kind of service.
pub(crate) trait ServiceFactory: Send + Sync {
    /// The kind's name, as status shows it.
    fn kind(&self) -> &'static str;

    /// Whether this kind of service is meant.
    fn accepts(&self, definition: &Definition) -> bool;

    /// Makes the controller of one service. Nothing is started yet.
    fn create(&self, pane: Arc<Pane>) -> Box<dyn ServiceController>;
}

/// Runs one service, at most one run of it at a time.
///
/// The contract: after [`begin`](Self::begin) exactly one of `Started` and `StartFailed` comes from [`event`](Self::event), or an
/// `Ended` for both at once; after `Started` exactly one `Ended`, with or without an [`end`](Self::end). `Ended` means that
/// nothing of the run is left. None of the calls waits for the world, and a future of `event` may be dropped at any time without
/// losing an event.
pub(crate) trait ServiceController: Send {
    /// Begins a run as `definition` says, and returns its number, which is higher than that of any run before. Called only when
    /// there is none.
    fn begin(&mut self, definition: &Definition) -> u64;

    /// Asks the run to end as `definition` says, and to be killed after its grace period.
    fn end(&mut self, definition: &Definition);

    /// The next thing that happens to the run. Never resolves without one.
    fn event(&mut self) -> Waiting<'_, RunEvent>;

    /// The run that was there already when the controller was made, if any; its events follow as usual.
    fn inherited(&self) -> Option<Inherited>;

    /// The number of the last run that is known to have been there; 0 before the first.
    fn last_run(&self) -> u64;
}

/// Something that happened to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunEvent {
    Started {
        pid: u32,
        /// In nanoseconds since the Unix epoch.
        since: u64,
    },
    StartFailed {
        reason: String,
    },
    Ended(Ended),
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// When the run began, in nanoseconds since the Unix epoch; 0 if unknown.
    pub(crate) since: u64,
    /// Names of processes that were ended beyond the first.
    pub(crate) killed: Vec<String>,
    /// Names of processes that were left alone on purpose.
    pub(crate) left: Vec<String>,
    /// What it printed last.
    pub(crate) last_lines: Vec<String>,
    /// It ended because somebody else has its port.
    pub(crate) conflict: Option<Conflict>,
}

/// What an earlier daemon has left of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inherited {
    /// It is being started, and will have started or failed.
    Starting,
    Alive {
        pid: u32,
        since: u64,
    },
    Ended(Ended),
    Failed {
        reason: String,
    },
}
