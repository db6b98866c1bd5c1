//! What of a service outlives the daemon, in the keeper's memory, and what a new daemon makes of it.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use locald_api::Exit;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::health::Source;
use crate::supervisor::controller::{Ended, Inherited};
use crate::supervisor::fingerprint::Fingerprint;
use crate::supervisor::state::{AfterLaunch, AfterStop, Order, State};

/// So many ended runs are remembered of each service.
const MAX_RUNS: usize = 5;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(super) wanted: Wanted,
    /// The number of the run that was ordered last; 0 before the first.
    pub(super) run: u64,
    /// The number of the last run whose end was seen, and how it ended.
    pub(super) ended: u64,
    pub(super) exit: Option<Exit>,
    pub(super) restarts: u64,
    /// Restarts without a stable run in between.
    pub(super) in_a_row: u32,
    /// The run that was well, and how that was known.
    pub(super) well: Option<(u64, Source)>,
    /// How it rests while there is no run.
    pub(super) rest: Rest,
    pub(super) runs: VecDeque<PastRun>,
    /// What the run that was ordered last was made from, as far as files say it.
    #[serde(default)]
    pub(super) made_from: Option<Fingerprint>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Wanted {
    #[default]
    Stopped,
    Running,
    /// Stopped now and then started.
    Restarted,
    /// Running once a request comes.
    Idle,
}

/// Why a service that is wanted has no run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Rest {
    /// Its last run ended by itself.
    #[default]
    Ended,
    Waiting,
    /// It is started again at this time, in nanoseconds since the Unix epoch.
    Backoff {
        until: u64,
    },
    CrashLoop {
        restarts: u32,
    },
    Failed {
        reason: String,
    },
}

/// A run that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PastRun {
    pub(crate) run: u64,
    /// In nanoseconds since the Unix epoch; 0 if unknown.
    pub(crate) began: u64,
    /// When its end was seen, likewise.
    pub(crate) ended: u64,
    pub(crate) exit: Exit,
    /// What it printed last.
    pub(crate) last_lines: Vec<String>,
}

impl Remembered {
    /// A run ended now.
    pub(super) fn note_end(&mut self, run: u64, ended: &Ended) {
        self.ended = run;
        self.exit = Some(ended.exit);
        self.well = None;
        if self.runs.len() == MAX_RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back(PastRun {
            run,
            began: ended.since,
            ended: nanoseconds(SystemTime::now()),
            exit: ended.exit,
            last_lines: ended.last_lines.clone(),
        });
    }

    /// The service is in this state now.
    pub(super) fn note_state(&mut self, state: &State, in_a_row: u32) {
        self.in_a_row = in_a_row;
        match state {
            State::Ready { source, .. } => self.well = Some((self.run, *source)),
            State::Starting { .. } | State::Unhealthy { .. } => self.well = None,
            State::Exited | State::Completed => self.rest = Rest::Ended,
            State::Waiting { .. } => self.rest = Rest::Waiting,
            State::Backoff { until } => {
                // Of a deadline only that it lies in the same moment is kept, or every look would change it.
                if !matches!(self.rest, Rest::Backoff { .. }) {
                    let left = until.saturating_duration_since(Instant::now());
                    self.rest = Rest::Backoff { until: nanoseconds(SystemTime::now() + left) };
                }
            }
            State::CrashLoop { restarts } => self.rest = Rest::CrashLoop { restarts: *restarts },
            State::Failed { reason } => self.rest = Rest::Failed { reason: reason.clone() },
            State::Stopped | State::Idle | State::Launching { .. } | State::Stopping { .. } => {}
        }
    }

    /// The state to go on from, given what the controller has found. `last_run` is the highest run that is known to have been.
    pub(super) fn state(&self, inherited: Option<&Inherited>, last_run: u64) -> State {
        match (inherited, self.wanted) {
            // A request had come.
            (Some(Inherited::Starting), Wanted::Running | Wanted::Idle) => State::Launching { then: AfterLaunch::Stay },
            (Some(Inherited::Starting), Wanted::Stopped) => State::Launching { then: AfterLaunch::Stop },
            (Some(Inherited::Starting), Wanted::Restarted) => State::Launching { then: AfterLaunch::Restart },
            (Some(Inherited::Alive { pid, .. }), Wanted::Running) => match self.well {
                Some((run, source)) if run == last_run => State::Ready { pid: *pid, source },
                _ => State::Starting { pid: *pid, found: None },
            },
            // The order to end may have been lost with the daemon that gave it; giving it twice is no harm.
            (Some(Inherited::Alive { .. }), Wanted::Stopped) => stopping(AfterStop::Stay),
            (Some(Inherited::Alive { .. }), Wanted::Restarted) => stopping(AfterStop::Start),
            (Some(Inherited::Alive { .. }), Wanted::Idle) => stopping(AfterStop::Rest),
            (Some(Inherited::Failed { reason }), Wanted::Running | Wanted::Idle) => {
                State::Failed { reason: reason.clone() }
            }
            (Some(Inherited::Ended(_)) | None, Wanted::Running) => self.resting(last_run),
            (Some(Inherited::Ended(_)), Wanted::Restarted) => waiting(),
            (Some(Inherited::Ended(_)) | None, Wanted::Idle) => State::Idle,
            (Some(Inherited::Ended(_) | Inherited::Failed { .. }) | None, _) => State::Stopped,
        }
    }

    fn resting(&self, last_run: u64) -> State {
        // Ordered, but neither was it ever there nor is it on its way: the order was lost with the daemon that gave it.
        if self.run > self.ended.max(last_run) {
            return waiting();
        }
        match &self.rest {
            Rest::Waiting => waiting(),
            Rest::Backoff { until } => {
                let left = Duration::from_nanos(until.saturating_sub(nanoseconds(SystemTime::now())));
                State::Backoff { until: Instant::now() + left }
            }
            Rest::CrashLoop { restarts } => State::CrashLoop { restarts: *restarts },
            Rest::Failed { reason } => State::Failed { reason: reason.clone() },
            Rest::Ended if self.run == 0 => State::Stopped,
            Rest::Ended if self.exit == Some(Exit::Code(0)) => State::Completed,
            Rest::Ended => State::Exited,
        }
    }
}

fn waiting() -> State {
    State::Waiting { since: Instant::now(), on: Vec::new() }
}

fn stopping(then: AfterStop) -> State {
    State::Stopping { order: Order::Held, then }
}

fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
