//! What a service is doing, and what follows when something happens. Pure: events come in, effects go out.

use locald_api::{Exit, ServiceState};

/// What a service is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody wants it to run.
    Stopped,
    /// It is being started.
    Starting {
        /// It was asked to stop meanwhile, and will be as soon as it has begun.
        then: AfterStart,
    },
    /// It runs.
    Ready { pid: u32 },
    /// It was asked to stop.
    Stopping {
        /// What follows.
        then: AfterStop,
    },
    /// It ended by itself.
    Exited,
    /// It could not be started.
    Failed { reason: String },
}

/// What follows once a start is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterStart {
    Stay,
    Stop,
    Restart,
}

/// What follows once a stop is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterStop {
    Stay,
    Start,
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
    /// Its run has begun.
    Started { pid: u32 },
    /// Its run could not begin.
    StartFailed { reason: String },
    /// Its run has ended, and nothing of it is left.
    Ended,
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
    /// Takes an event into account; says what to do.
    #[expect(clippy::match_same_arms, reason = "the table reads by state; arms of two states that agree stay apart")]
    pub(crate) fn on(&mut self, event: Event) -> Effect {
        use AfterStart as Then;
        use Event::{Ended, Restart, Start, StartFailed, Started, Stop};
        use State::{Exited, Failed, Ready, Starting, Stopped, Stopping};
        let fresh = || Starting { then: Then::Stay };
        let stopping = |then| Stopping { then };
        let (next, effect) = match (self.clone(), event) {
            (Stopped | Exited | Failed { .. }, Start | Restart) => (fresh(), Effect::Begin),
            (Stopped | Exited | Failed { .. }, Stop) => (Stopped, Effect::None),

            (Starting { .. }, Start) => (fresh(), Effect::None),
            (Starting { .. }, Stop) => (Starting { then: Then::Stop }, Effect::None),
            (Starting { .. }, Restart) => (Starting { then: Then::Restart }, Effect::None),
            (Starting { then: Then::Stay }, Started { pid }) => (Ready { pid }, Effect::None),
            (Starting { then: Then::Stop }, Started { .. }) => (stopping(AfterStop::Stay), Effect::End),
            (Starting { then: Then::Restart }, Started { .. }) => (stopping(AfterStop::Start), Effect::End),
            (Starting { then: Then::Stop }, StartFailed { .. } | Ended) => (Stopped, Effect::None),
            (Starting { then: Then::Restart }, StartFailed { .. } | Ended) => (fresh(), Effect::Begin),
            (Starting { then: Then::Stay }, StartFailed { reason }) => (Failed { reason }, Effect::None),
            (Starting { then: Then::Stay }, Ended) => (Exited, Effect::None),

            (Ready { .. }, Stop) => (stopping(AfterStop::Stay), Effect::End),
            (Ready { .. }, Restart) => (stopping(AfterStop::Start), Effect::End),
            (Ready { .. }, Ended) => (Exited, Effect::None),

            (Stopping { .. }, Start | Restart) => (stopping(AfterStop::Start), Effect::None),
            (Stopping { .. }, Stop) => (stopping(AfterStop::Stay), Effect::None),
            (Stopping { then: AfterStop::Stay }, Ended) => (Stopped, Effect::None),
            (Stopping { then: AfterStop::Start }, Ended) => (fresh(), Effect::Begin),

            // Already so, or news of a run that is no longer the one in question.
            (same @ Ready { .. }, Start | Started { .. } | StartFailed { .. })
            | (same @ Stopping { .. }, Started { .. } | StartFailed { .. })
            | (same @ (Stopped | Exited | Failed { .. }), Started { .. } | StartFailed { .. } | Ended) => {
                (same, Effect::None)
            }
        };
        *self = next;
        effect
    }

    /// The state as clients see it.
    pub(crate) fn shown(&self) -> ServiceState {
        match self {
            Self::Stopped => ServiceState::Stopped,
            Self::Starting { .. } => ServiceState::Starting,
            Self::Ready { .. } => ServiceState::Ready,
            Self::Stopping { .. } => ServiceState::Stopping,
            Self::Exited => ServiceState::Exited,
            Self::Failed { .. } => ServiceState::Failed,
        }
    }

    /// Why it is in this state, given how its last run ended.
    pub(crate) fn reason(&self, exit: Option<Exit>) -> Option<String> {
        match self {
            Self::Exited => exit.map(describe),
            Self::Failed { reason } => Some(reason.clone()),
            Self::Stopping { then: AfterStop::Start } => Some("restarting".to_owned()),
            Self::Stopped | Self::Starting { .. } | Self::Ready { .. } | Self::Stopping { .. } => None,
        }
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(events: &[Event]) -> (State, Vec<Effect>) {
        let mut state = State::Stopped;
        let effects = events.iter().map(|event| state.on(event.clone())).collect();
        (state, effects)
    }

    #[test]
    fn a_service_asked_to_stop_while_it_starts_is_stopped_as_soon_as_it_has_begun() {
        let (state, effects) = after(&[Event::Start, Event::Stop, Event::Started { pid: 1 }, Event::Ended]);
        assert_eq!(state, State::Stopped);
        assert_eq!(effects, [Effect::Begin, Effect::None, Effect::End, Effect::None]);
    }

    #[test]
    fn a_restart_begins_the_new_run_only_once_nothing_of_the_old_is_left() {
        let (state, effects) = after(&[Event::Start, Event::Started { pid: 1 }, Event::Restart, Event::Ended]);
        assert_eq!(state, State::Starting { then: AfterStart::Stay });
        assert_eq!(effects, [Effect::Begin, Effect::None, Effect::End, Effect::Begin]);
    }

    #[test]
    fn stopping_takes_back_a_restart_that_is_under_way() {
        let events = [Event::Start, Event::Started { pid: 1 }, Event::Restart, Event::Stop, Event::Ended];
        assert_eq!(after(&events).0, State::Stopped);
    }

    #[test]
    fn a_service_that_ends_by_itself_is_exited_and_not_started_again() {
        let (state, effects) = after(&[Event::Start, Event::Started { pid: 1 }, Event::Ended]);
        assert_eq!((state, effects[2]), (State::Exited, Effect::None));
    }

    #[test]
    fn stopping_a_service_that_failed_or_ended_clears_it() {
        let failed = Event::StartFailed { reason: "no such file".to_owned() };
        assert_eq!(after(&[Event::Start, failed, Event::Stop]).0, State::Stopped);
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Start),
            Just(Event::Stop),
            Just(Event::Restart),
            Just(Event::Started { pid: 7 }),
            Just(Event::StartFailed { reason: String::new() }),
            Just(Event::Ended),
        ]
    }

    proptest! {
        /// Against a world that has at most one run: begin and end are only ever asked for when they make sense.
        #[test]
        fn there_is_never_more_than_one_run_and_an_end_is_asked_only_of_a_run_that_began(
            events in proptest::collection::vec(event(), 0..60)
        ) {
            #[derive(PartialEq, Debug)]
            enum World { Nothing, Beginning, Running }
            let (mut state, mut world) = (State::Stopped, World::Nothing);
            for event in events {
                let possible = match event {
                    Event::Started { .. } | Event::StartFailed { .. } => world == World::Beginning,
                    Event::Ended => world == World::Running,
                    Event::Start | Event::Stop | Event::Restart => true,
                };
                if !possible { continue; }
                world = match event {
                    Event::Started { .. } => World::Running,
                    Event::StartFailed { .. } | Event::Ended => World::Nothing,
                    _ => world,
                };
                match state.on(event) {
                    Effect::Begin => { prop_assert_eq!(&world, &World::Nothing); world = World::Beginning; }
                    Effect::End => prop_assert_eq!(&world, &World::Running),
                    Effect::None => {}
                }
            }
        }
    }
}
