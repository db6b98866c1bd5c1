//! What has been seen of one service while it starts. Pure: snapshots and the time come in.

use jiff::{SignedDuration, Timestamp};
use locald_api::{ServiceState, ServiceStatus};

/// A service as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// As it was then.
    pub(crate) status: ServiceStatus,
    /// How long its run took to be ready, or to be done. Absent while it is neither, and of a run that was there before.
    pub(crate) took: Option<SignedDuration>,
    /// What it printed last, once it has come to grief.
    pub(crate) lines: Vec<String>,
    /// The state of which a line was written last.
    pub(super) told: ServiceState,
    fallen: Fallen,
}

/// Whether somebody knows that it has come to grief.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fallen {
    No,
    Unsaid,
    Said,
}

impl Seen {
    /// What is known once `status` is seen `now`; runs from before `began` are none of those that start.
    pub(super) fn next(before: Option<Self>, status: &ServiceStatus, began: Timestamp, now: Timestamp) -> Self {
        let was = before.as_ref().map(|seen| seen.status.state);
        let mut seen = before.unwrap_or_else(|| Self::new(status));
        let is_other = was != Some(status.state) || seen.status.started_at != status.started_at;
        seen.status.clone_from(status);
        if !is_other {
            return seen;
        }
        let since = seen.run_began().filter(|since| *since >= began);
        let is_there = matches!(status.state, ServiceState::Ready | ServiceState::Completed);
        if is_there && was.is_none() && since.is_none() {
            // It was so before anybody asked.
            seen.told = status.state;
        }
        seen.took = since.filter(|_| is_there).map(|since| now.duration_since(since));
        let is_fallen = is_bad(status.state) && (since.is_some() || was.is_some());
        seen.fallen = if is_fallen { Fallen::Unsaid } else { Fallen::No };
        if !is_fallen {
            seen.lines.clear();
        }
        seen
    }

    fn new(status: &ServiceStatus) -> Self {
        let (status, told) = (status.clone(), ServiceState::Stopped);
        Self { status, took: None, lines: Vec::new(), told, fallen: Fallen::No }
    }

    /// Whether a line has said that this run of it is there, and how long that took.
    pub(crate) fn is_told_there(&self) -> bool {
        self.took.is_some() && self.told == self.status.state
    }

    /// How long its run has been on its way to be ready.
    pub(super) fn lasts(&self, now: Timestamp) -> Option<SignedDuration> {
        let is_underway = matches!(self.status.state, ServiceState::Starting | ServiceState::Unhealthy);
        self.run_began().filter(|_| is_underway).map(|since| now.duration_since(since))
    }

    /// Whether it has come to grief since this was asked last.
    pub(super) fn has_fallen(&mut self) -> bool {
        let is_news = self.fallen == Fallen::Unsaid;
        if is_news {
            self.fallen = Fallen::Said;
        }
        is_news
    }

    /// Whether it is in a state that no line was written of.
    pub(super) fn is_worth_a_line(&self) -> bool {
        // Everybody waits for an instant; only who has a reason is worth a line.
        let waits = self.status.state == ServiceState::Waiting && self.status.reason.is_none();
        !waits && self.told != self.status.state
    }

    fn run_began(&self) -> Option<Timestamp> {
        self.status.started_at.as_deref()?.parse().ok()
    }
}

/// Whether somebody will want to see what it printed.
pub(super) fn is_bad(state: ServiceState) -> bool {
    use ServiceState::{Backoff, CrashLoop, Exited, Failed, Unhealthy};
    matches!(state, Exited | Failed | CrashLoop | Backoff | Unhealthy)
}
