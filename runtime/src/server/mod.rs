//! The control socket: clients, their requests, and the frames of the panes they watch.

mod activity;
mod connection;
mod containment;
mod explain;
mod frames;
mod listen;
mod log_pages;
mod log_places;
mod log_sources;
mod masking;
mod pace;
mod requests;
mod status;
mod typing;
mod usage;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Instant;

use locald_keeper::Home;
use tokio::sync::mpsc;

use crate::gateway::{Deadlines, Doors};
use crate::keeper_link::Inheritance;
use crate::panes::PaneSet;
use crate::pins::Pins;
use crate::supervisor::Supervisor;
use crate::usage::Meter;

pub(crate) use listen::listen;

/// What every connection works with.
pub(crate) struct Server {
    pub(crate) home: Home,
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) panes: Arc<PaneSet>,
    pub(crate) pins: Pins,
    pub(crate) clients: Clients,
    pub(crate) meter: Meter,
    pub(crate) started: Instant,
    pub(crate) keeper: KeeperFacts,
    /// Where the proxy listens.
    pub(crate) doors: Arc<Doors>,
    /// When services are stopped that nobody asks for anything.
    pub(crate) deadlines: Arc<Deadlines>,
    /// How the daemon is told to end.
    pub(crate) ends: mpsc::Sender<End>,
}

/// What is known of all clients together.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    /// How many there have been.
    count: AtomicU64,
    /// How often any of them has acted.
    acts: AtomicU64,
}

impl Clients {
    /// The number of a client that has just come, from 1.
    fn next(&self) -> u64 {
        self.count.fetch_add(1, SeqCst) + 1
    }

    /// A client acts that did so last at `acted`; says when this is, unless it was the last to act anyway.
    fn act(&self, acted: u64) -> Option<u64> {
        (!self.is_last(acted)).then(|| self.acts.fetch_add(1, SeqCst) + 1)
    }

    /// Whether nobody has acted since.
    fn is_last(&self, acted: u64) -> bool {
        acted > 0 && acted == self.acts.load(SeqCst)
    }
}

/// What the daemon tells of its keeper.
#[derive(Debug, Clone)]
pub(crate) struct KeeperFacts {
    pub(crate) pid: u32,
    /// In nanoseconds since the Unix epoch.
    pub(crate) started: u64,
    pub(crate) failures: u32,
    pub(crate) containment: locald_api::Containment,
}

impl KeeperFacts {
    /// What a keeper has told at the beginning.
    pub(crate) fn of(inheritance: &Inheritance) -> Self {
        Self {
            pid: inheritance.keeper,
            started: inheritance.keeper_started,
            failures: inheritance.failures,
            containment: containment::told(inheritance.containment.as_ref()),
        }
    }
}

/// How the daemon ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// With everything it supervises.
    Shutdown,
    /// To be replaced; nothing else ends.
    Restart,
}
