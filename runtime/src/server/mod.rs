//! The control socket: clients, their requests, and the frames of the panes they watch.

mod connection;
mod frames;
mod listen;
mod log_pages;
mod log_places;
mod log_sources;
mod pace;
mod requests;
mod status;
mod typing;

use std::sync::Arc;
use std::time::Instant;

use locald_keeper::Home;
use tokio::sync::mpsc;

use crate::panes::PaneSet;
use crate::supervisor::Supervisor;

pub(crate) use listen::listen;

/// What every connection works with.
pub(crate) struct Server {
    pub(crate) home: Home,
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) panes: Arc<PaneSet>,
    pub(crate) started: Instant,
    pub(crate) keeper: KeeperFacts,
    /// How the daemon is told to end.
    pub(crate) ends: mpsc::Sender<End>,
}

/// What the daemon tells of its keeper.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeeperFacts {
    pub(crate) pid: u32,
    /// In nanoseconds since the Unix epoch.
    pub(crate) started: u64,
    pub(crate) failures: u32,
}

/// How the daemon ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With everything it supervises.
    Shutdown,
    /// To be replaced; nothing else ends.
    Restart,
}
