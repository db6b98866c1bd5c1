//! Whether a service that runs is well: asking it, listening to what it says, and when to do either.
//!
//! [`schedule`] decides when to ask and what the answers amount to, and is pure. [`question`] asks once. [`watcher`] is the task that
//! does both for one run. What follows from a verdict is left to the supervisor.

mod command;
mod connect;
mod http;
mod question;
mod schedule;
mod watchdog;
mod watcher;

use std::time::SystemTime;

use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

pub(crate) use command::Script;
pub(crate) use question::Question;
pub(crate) use schedule::Times;
pub(crate) use watcher::{Exam, Kind, watch};

use crate::supervisor::Definition;

/// How it is known that a service is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Source {
    /// It runs, and there is nothing to ask.
    Runs,
    /// Somebody listens on its port.
    Port,
    /// It said so (sd_notify(3)).
    Notify,
    Http,
    Tcp,
    Command,
    /// A line of its output.
    Log,
}

impl Source {
    /// The source in a word; `None` where nothing was asked.
    pub(crate) fn word(self) -> Option<&'static str> {
        match self {
            Self::Runs => None,
            Self::Port => Some("port"),
            Self::Notify => Some("notify"),
            Self::Http => Some("http"),
            Self::Tcp => Some("tcp"),
            Self::Command => Some("command"),
            Self::Log => Some("log"),
        }
    }
}

/// What is known of a service's health after something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Well(Source),
    /// It has only just begun.
    NotYet(String),
    Unwell(String),
    /// Too early to think otherwise than before.
    Unsure,
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    /// The answer that led to it, if it was asked for.
    pub(crate) probed: Option<LastProbe>,
}

/// What was found when a service was last asked how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastProbe {
    pub(crate) source: Source,
    pub(crate) at: SystemTime,
    /// Why it is not well, if it is not.
    pub(crate) fault: Option<String>,
}

/// A run that is looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) number: u64,
    pub(crate) pid: u32,
    /// It was well already when this daemon took it over, and how that was known.
    pub(crate) known: Option<Source>,
}

/// Looks after the runs of one service.
pub(crate) trait Doctor: Send {
    /// Begins to look after a run, until the watch is dropped.
    fn watch(&self, definition: &Definition, run: Run) -> Watch;
}

/// The care for one run. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    run: u64,
    /// There is nothing to ask: it is well while it runs.
    by_itself: bool,
    findings: mpsc::Receiver<Finding>,
    _task: Option<AbortOnDropHandle<()>>,
}

impl Watch {
    /// Of a run of which nothing can be found.
    #[cfg(test)]
    pub(crate) fn of_nothing(run: u64) -> Self {
        Self { run, by_itself: true, findings: mpsc::channel(1).1, _task: None }
    }

    /// Of a run of which a test finds what it likes.
    #[cfg(test)]
    pub(crate) fn of_findings(run: u64, findings: mpsc::Receiver<Finding>) -> Self {
        Self { run, by_itself: false, findings, _task: None }
    }

    /// The run's number.
    pub(crate) fn run(&self) -> u64 {
        self.run
    }

    /// Whether the run is well for as long as nothing else is found.
    pub(crate) fn is_well_by_itself(&self) -> bool {
        self.by_itself
    }

    /// The next that is found. Never resolves once nothing more can be.
    pub(crate) async fn next(&mut self) -> Finding {
        match self.findings.recv().await {
            Some(finding) => finding,
            None => std::future::pending().await,
        }
    }
}
