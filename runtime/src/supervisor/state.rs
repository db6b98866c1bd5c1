//! What a service is doing, and what follows when something happens. Pure: events and the time come in, effects go out.
//!
//! Two of its steps are not its own to take: it begins, and it ends when asked, only once its turn has come ([`Event::Turn`]).
//! Whose turn it is, the [`graph`](super::graph) decides, as it alone knows the others.

use std::time::Duration;

use locald_api::{Exit, ServiceState};
use tokio::time::Instant;

use super::backoff::{AfterEnd, Restarts};
use super::blocker::{self, Blocker, Outlook};
use crate::health::Source;

/// What a service is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody wants it to run.
    Stopped,
    /// It is to run once a request comes for it, or somebody starts it.
    Idle,
    /// It is wanted, and its turn has not come.
    Waiting {
        since: Instant,
        /// What it waits for; empty until somebody has looked.
        on: Vec<Blocker>,
    },
    /// Its process is being started.
    Launching {
        /// It was asked for something else meanwhile, which follows as soon as it has begun.
        then: AfterLaunch,
    },
    /// Its process runs, and is not known to be well yet.
    Starting {
        pid: u32,
        /// What the last probe found.
        found: Option<String>,
    },
    /// It runs, and is well as far as anybody can tell.
    Ready { pid: u32, source: Source },
    /// It runs, and is not well.
    Unhealthy { pid: u32, reason: String },
    /// It is to end.
    Stopping { order: Order, then: AfterStop },
    /// It ended by itself, and not well.
    Exited,
    /// It ended by itself, with 0.
    Completed,
    /// It ended by itself, and is started again then.
    Backoff { until: Instant },
    /// It ended by itself so often that it is not started again.
    CrashLoop { restarts: u32 },
    /// It could not be started.
    Failed { reason: String },
}

/// What follows once a launch is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterLaunch {
    Stay,
    Stop,
    Restart,
}

/// How far a stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Those who depend on it end first.
    Held,
    /// It was asked to end.
    Given,
}

/// What follows once a stop is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AfterStop {
    Stay,
    Start,
    /// It waits for a request.
    Rest,
    /// It was not well, for this reason: it is started again as if it had failed.
    Recover {
        reason: String,
    },
}

/// Something that happens to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Somebody wants it to run.
    Start,
    /// Somebody wants it not to run.
    Stop,
    /// Somebody wants it to run anew.
    Restart,
    /// It is to run once a request comes for it, and not before.
    Rest,
    /// It may take this step, if it is what it waits to do.
    Turn(Step),
    /// It may not yet, because of these.
    Blocked(Vec<Blocker>),
    /// Its run has begun.
    Launched { pid: u32 },
    /// Its run could not begin.
    LaunchFailed { reason: String },
    /// Its run has ended, and nothing of it is left.
    Ended(Exit),
    /// Its run has ended because somebody else has its port, and it has another one now.
    Displaced,
    /// It is well.
    Healthy(Source),
    /// It is not yet known to be well.
    NotYet(String),
    /// It is not well.
    Unhealthy(String),
    /// It is not well, and is to be started again for that.
    Sick(String),
    /// A deadline may have passed.
    Tick,
}

/// A step that has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Begin,
    End,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an effect not carried out leaves the process and its state out of step"]
pub(crate) enum Effect {
    None,
    /// Begin a run.
    Begin,
    /// Ask the run to end, and kill it after its grace period.
    End,
}

impl State {
    /// Takes an event into account; says what to do. `restarts` knows the policy and what the earlier runs came to.
    #[expect(clippy::match_same_arms, reason = "the table reads by state; arms of two states that agree stay apart")]
    #[expect(clippy::too_many_lines, reason = "the table is whole in one place")]
    pub(crate) fn on(&mut self, event: Event, now: Instant, restarts: &mut Restarts) -> Effect {
        use AfterLaunch as Then;
        use Event as On;
        use Order::{Given, Held};
        use State as Is;
        let waiting = || Is::Waiting { since: now, on: Vec::new() };
        let stopping = |order, then| Is::Stopping { order, then };
        let (next, effect) = match (self.clone(), event) {
            (
                Is::Stopped
                | Is::Idle
                | Is::Exited
                | Is::Completed
                | Is::Backoff { .. }
                | Is::CrashLoop { .. }
                | Is::Failed { .. },
                On::Start | On::Restart,
            ) => (waiting(), Effect::None),
            (
                Is::Stopped
                | Is::Idle
                | Is::Exited
                | Is::Completed
                | Is::Backoff { .. }
                | Is::CrashLoop { .. }
                | Is::Failed { .. },
                On::Stop,
            ) => (Is::Stopped, Effect::None),
            (
                Is::Stopped
                | Is::Idle
                | Is::Exited
                | Is::Completed
                | Is::Backoff { .. }
                | Is::CrashLoop { .. }
                | Is::Failed { .. },
                On::Rest,
            ) => (Is::Idle, Effect::None),

            (Is::Waiting { .. }, On::Turn(Step::Begin)) => (Is::Launching { then: Then::Stay }, Effect::Begin),
            (Is::Waiting { since, .. }, On::Blocked(on)) => (Is::Waiting { since, on }, Effect::None),
            // Somebody asks anew, maybe for the others as well: how they were does not count.
            (Is::Waiting { .. }, On::Start | On::Restart) => (waiting(), Effect::None),
            (Is::Waiting { .. }, On::Stop) => (Is::Stopped, Effect::None),
            (Is::Waiting { .. }, On::Rest) => (Is::Idle, Effect::None),
            (Is::Waiting { since, on }, On::Tick) => match blocker::out_of_patience(&on, since, now) {
                Some(reason) => (Is::Failed { reason }, Effect::None),
                None => (Is::Waiting { since, on }, Effect::None),
            },

            (Is::Launching { .. }, On::Start) => (Is::Launching { then: Then::Stay }, Effect::None),
            (Is::Launching { .. }, On::Stop) => (Is::Launching { then: Then::Stop }, Effect::None),
            (Is::Launching { .. }, On::Restart) => (Is::Launching { then: Then::Restart }, Effect::None),
            (Is::Launching { then: Then::Stay }, On::Launched { pid }) => {
                (Is::Starting { pid, found: None }, Effect::None)
            }
            (Is::Launching { then: Then::Stop }, On::Launched { .. }) => {
                (stopping(Held, AfterStop::Stay), Effect::None)
            }
            (Is::Launching { then: Then::Restart }, On::Launched { .. }) => {
                (stopping(Held, AfterStop::Start), Effect::None)
            }
            (Is::Launching { then: Then::Stop }, On::LaunchFailed { .. } | On::Ended(_)) => (Is::Stopped, Effect::None),
            (Is::Launching { then: Then::Restart }, On::LaunchFailed { .. } | On::Ended(_)) => {
                (waiting(), Effect::None)
            }
            (Is::Launching { then: Then::Stay }, On::LaunchFailed { reason }) => (Is::Failed { reason }, Effect::None),
            (Is::Launching { then: Then::Stay }, On::Ended(exit)) => {
                (ended(exit, restarts.ended(exit, now)), Effect::None)
            }

            (
                Is::Launching { then: Then::Stay } | Is::Starting { .. } | Is::Ready { .. } | Is::Unhealthy { .. },
                On::Displaced,
            ) => (waiting(), Effect::None),

            (Is::Starting { pid, .. }, On::Healthy(source)) => (Is::Ready { pid, source }, Effect::None),
            (Is::Starting { pid, .. }, On::NotYet(found)) => (Is::Starting { pid, found: Some(found) }, Effect::None),
            (Is::Starting { pid, .. }, On::Unhealthy(reason)) => (Is::Unhealthy { pid, reason }, Effect::None),
            (Is::Ready { pid, .. }, On::Healthy(source)) => (Is::Ready { pid, source }, Effect::None),
            (Is::Ready { pid, .. }, On::Unhealthy(reason)) => (Is::Unhealthy { pid, reason }, Effect::None),
            (Is::Unhealthy { pid, .. }, On::Healthy(source)) => (Is::Ready { pid, source }, Effect::None),
            (Is::Unhealthy { pid, .. }, On::Unhealthy(reason)) => (Is::Unhealthy { pid, reason }, Effect::None),
            (Is::Starting { .. } | Is::Ready { .. } | Is::Unhealthy { .. }, On::Sick(reason)) => {
                (stopping(Given, AfterStop::Recover { reason }), Effect::End)
            }
            (Is::Starting { .. } | Is::Ready { .. } | Is::Unhealthy { .. }, On::Stop) => {
                (stopping(Held, AfterStop::Stay), Effect::None)
            }
            (Is::Starting { .. } | Is::Ready { .. } | Is::Unhealthy { .. }, On::Restart) => {
                (stopping(Held, AfterStop::Start), Effect::None)
            }
            (Is::Starting { .. } | Is::Ready { .. } | Is::Unhealthy { .. }, On::Rest) => {
                (stopping(Held, AfterStop::Rest), Effect::None)
            }
            (Is::Starting { .. } | Is::Ready { .. } | Is::Unhealthy { .. }, On::Ended(exit)) => {
                (ended(exit, restarts.ended(exit, now)), Effect::None)
            }

            (Is::Stopping { order: Held, then }, On::Turn(Step::End)) => (stopping(Given, then), Effect::End),
            (Is::Stopping { order, .. }, On::Start | On::Restart) => (stopping(order, AfterStop::Start), Effect::None),
            (Is::Stopping { order, .. }, On::Stop) => (stopping(order, AfterStop::Stay), Effect::None),
            (Is::Stopping { order, then: AfterStop::Stay | AfterStop::Rest }, On::Rest) => {
                (stopping(order, AfterStop::Rest), Effect::None)
            }
            (Is::Stopping { then: AfterStop::Stay, .. }, On::Ended(_)) => (Is::Stopped, Effect::None),
            (Is::Stopping { then: AfterStop::Rest, .. }, On::Ended(_)) => (Is::Idle, Effect::None),
            (Is::Stopping { then: AfterStop::Start, .. }, On::Ended(_)) => (waiting(), Effect::None),
            (Is::Stopping { then: AfterStop::Recover { .. }, .. }, On::Ended(exit)) => {
                (ended(exit, restarts.was_unhealthy(now)), Effect::None)
            }

            (Is::Backoff { until }, On::Tick) if until <= now => (waiting(), Effect::None),

            // Already so, too early, or news of a run that is no longer the one in question.
            (
                same @ (Is::Stopped
                | Is::Idle
                | Is::Exited
                | Is::Completed
                | Is::Backoff { .. }
                | Is::CrashLoop { .. }
                | Is::Failed { .. }),
                On::Turn(_)
                | On::Blocked(_)
                | On::Launched { .. }
                | On::LaunchFailed { .. }
                | On::Ended(_)
                | On::Displaced
                | On::Healthy(_)
                | On::NotYet(_)
                | On::Unhealthy(_)
                | On::Sick(_)
                | On::Tick,
            )
            | (
                same @ Is::Waiting { .. },
                On::Turn(Step::End)
                | On::Launched { .. }
                | On::LaunchFailed { .. }
                | On::Ended(_)
                | On::Displaced
                | On::Healthy(_)
                | On::NotYet(_)
                | On::Unhealthy(_)
                | On::Sick(_),
            )
            | (
                same @ Is::Launching { .. },
                On::Rest
                | On::Turn(_)
                | On::Blocked(_)
                | On::Displaced
                | On::Healthy(_)
                | On::NotYet(_)
                | On::Unhealthy(_)
                | On::Sick(_)
                | On::Tick,
            )
            | (
                same @ (Is::Starting { .. } | Is::Ready { .. } | Is::Unhealthy { .. }),
                On::Start | On::Turn(_) | On::Blocked(_) | On::Launched { .. } | On::LaunchFailed { .. } | On::Tick,
            )
            | (same @ (Is::Ready { .. } | Is::Unhealthy { .. }), On::NotYet(_))
            | (
                same @ Is::Stopping { .. },
                On::Rest
                | On::Turn(_)
                | On::Blocked(_)
                | On::Displaced
                | On::Launched { .. }
                | On::LaunchFailed { .. }
                | On::Healthy(_)
                | On::NotYet(_)
                | On::Unhealthy(_)
                | On::Sick(_)
                | On::Tick,
            ) => (same, Effect::None),
        };
        *self = next;
        effect
    }

    /// When something happens by itself.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Waiting { since, on } => blocker::shortest_patience(on).map(|patience| *since + patience),
            Self::Backoff { until } => Some(*until),
            _ => None,
        }
    }

    /// Whether a request is all that it needs to run, now or once it has ended.
    pub(crate) fn rests(&self) -> bool {
        matches!(self, Self::Idle | Self::Stopping { then: AfterStop::Rest, .. })
    }

    /// The step that waits for its turn, if one does.
    pub(crate) fn next_step(&self) -> Option<Step> {
        match self {
            Self::Waiting { .. } => Some(Step::Begin),
            Self::Stopping { order: Order::Held, .. } => Some(Step::End),
            _ => None,
        }
    }

    /// Its process, while it runs and nobody wants it to end.
    pub(crate) fn pid(&self) -> Option<u32> {
        match self {
            Self::Starting { pid, .. } | Self::Ready { pid, .. } | Self::Unhealthy { pid, .. } => Some(*pid),
            _ => None,
        }
    }

    /// Whether there is nothing of it, and nothing under way.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(
            self,
            Self::Stopped | Self::Idle | Self::Exited | Self::Completed | Self::CrashLoop { .. } | Self::Failed { .. }
        )
    }

    /// Whether it runs, or would if it had not failed: what it is made from matters now, and not only when somebody starts it.
    pub(crate) fn was_tried(&self) -> bool {
        match self {
            Self::Launching { then } => *then == AfterLaunch::Stay,
            Self::Starting { .. }
            | Self::Ready { .. }
            | Self::Unhealthy { .. }
            | Self::Exited
            | Self::Backoff { .. }
            | Self::CrashLoop { .. }
            | Self::Failed { .. } => true,
            Self::Stopped | Self::Idle | Self::Waiting { .. } | Self::Stopping { .. } | Self::Completed => false,
        }
    }

    /// The state as clients see it.
    pub(crate) fn shown(&self) -> ServiceState {
        match self {
            Self::Stopped => ServiceState::Stopped,
            Self::Idle => ServiceState::Idle,
            Self::Waiting { .. } => ServiceState::Waiting,
            Self::Launching { .. } | Self::Starting { .. } => ServiceState::Starting,
            Self::Ready { .. } => ServiceState::Ready,
            Self::Unhealthy { .. } => ServiceState::Unhealthy,
            Self::Stopping { .. } => ServiceState::Stopping,
            Self::Exited => ServiceState::Exited,
            Self::Completed => ServiceState::Completed,
            Self::Backoff { .. } => ServiceState::Backoff,
            Self::CrashLoop { .. } => ServiceState::CrashLoop,
            Self::Failed { .. } => ServiceState::Failed,
        }
    }

    /// Why it is in this state, given how its last run ended.
    pub(crate) fn reason(&self, exit: Option<Exit>) -> Option<String> {
        match self {
            Self::Idle => Some("waits for a request".to_owned()),
            Self::Waiting { on, .. } if !on.is_empty() => Some(blocker::sentence(on)),
            Self::Starting { found, .. } => found.clone(),
            Self::Unhealthy { reason, .. } | Self::Failed { reason } => Some(reason.clone()),
            Self::Stopping { order: Order::Held, .. } => Some("what depends on it stops first".to_owned()),
            Self::Stopping { then: AfterStop::Start, .. } => Some("restarting".to_owned()),
            Self::Stopping { then: AfterStop::Rest, .. } => {
                Some("nobody has asked it for anything for a while".to_owned())
            }
            Self::Stopping { then: AfterStop::Recover { reason }, .. } => {
                Some(format!("restarting, as it was unhealthy: {reason}"))
            }
            Self::Exited => exit.map(describe),
            Self::Backoff { .. } => exit.map(|exit| format!("{}; it is started again", describe(exit))),
            Self::CrashLoop { restarts } => {
                let end = exit.map_or_else(|| "ended".to_owned(), describe);
                Some(format!("{end}; given up after {restarts} restarts in a row"))
            }
            Self::Stopped
            | Self::Waiting { .. }
            | Self::Launching { .. }
            | Self::Ready { .. }
            | Self::Stopping { .. }
            | Self::Completed => None,
        }
    }
}

/// How a service seems to those who want something of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seeming {
    /// It runs, well or not.
    There,
    /// It is on its way, without anybody having to do something.
    Coming,
    /// It is not.
    Gone,
}

/// How a service in this state seems to those who want something of it.
pub(crate) fn seeming(state: &State) -> Seeming {
    match state {
        State::Ready { .. } | State::Unhealthy { .. } => Seeming::There,
        // Not unless somebody does something about the others.
        State::Waiting { on, .. } if blocker::outlook(on) == Outlook::Hopeless => Seeming::Gone,
        State::Waiting { .. }
        | State::Launching { then: AfterLaunch::Stay | AfterLaunch::Restart }
        | State::Starting { .. }
        | State::Stopping { then: AfterStop::Start | AfterStop::Recover { .. }, .. }
        | State::Backoff { .. } => Seeming::Coming,
        State::Stopped
        | State::Idle
        | State::Launching { then: AfterLaunch::Stop }
        | State::Stopping { then: AfterStop::Stay | AfterStop::Rest, .. }
        | State::Exited
        | State::Completed
        | State::CrashLoop { .. }
        | State::Failed { .. } => Seeming::Gone,
    }
}

/// The state after a run that ended by itself.
fn ended(exit: Exit, next: AfterEnd) -> State {
    match next {
        AfterEnd::Rest if exit == Exit::Code(0) => State::Completed,
        AfterEnd::Rest => State::Exited,
        AfterEnd::Again { until } => State::Backoff { until },
        AfterEnd::GiveUp { restarts } => State::CrashLoop { restarts },
    }
}

/// A duration as people say it.
pub(crate) fn in_words(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

/// How a run ended, in words.
pub(crate) fn describe(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exited with code {code}"),
        Exit::Signal(number) => match signal_name(number) {
            Some(name) => format!("killed by {name}"),
            None => format!("killed by signal {number}"),
        },
        Exit::Unknown => "ended unseen".to_owned(),
    }
}

fn signal_name(number: i32) -> Option<&'static str> {
    // The numbers that signal(7) gives alike on all architectures we run on.
    const NAMES: [(i32, &str); 12] = [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (6, "SIGABRT"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
        (5, "SIGTRAP"),
    ];
    NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests;
