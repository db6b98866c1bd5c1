//! Whose turn it is: which services may begin, and which may end, given how all of a project are. Pure.
//!
//! A service begins once everything it depends on is as far as it has to be. One that is to end does so after those that depend on it
//! and are to end as well; who is not to end runs on, and is told what it runs without. As the configuration has no cycles, somebody
//! always has a turn, or waits for something outside: a process, a probe, a person.

use std::time::Duration;

use locald_api::Exit;
use locald_config::Condition;

use super::blocker::{self, Blocker, Outlook};
use super::state::{AfterLaunch, Order, State, Step};

/// The services of a project, by their place in it, and what each depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Graph {
    names: Vec<String>,
    needs: Vec<Vec<Need>>,
}

/// That a service depends on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// The other's place.
    pub(crate) on: usize,
    pub(crate) condition: Condition,
    /// How long it is waited for.
    pub(crate) patience: Option<Duration>,
}

/// How a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) state: State,
    /// How its last run ended.
    pub(crate) exit: Option<Exit>,
}

/// What a service is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Nothing that it has to know.
    Nothing,
    /// It may take its step.
    Turn(Step),
    /// It has to wait for these.
    Hold(Vec<Blocker>),
    /// It runs, and what it depends on does not.
    Without(Vec<Blocker>),
}

impl Graph {
    /// `needs` has an entry for each of `names`, whose places count from 0 and exist.
    pub(crate) fn new(names: Vec<String>, needs: Vec<Vec<Need>>) -> Self {
        Self { names, needs }
    }

    /// What the service at `place` depends on.
    pub(crate) fn needs(&self, place: usize) -> &[Need] {
        &self.needs[place]
    }

    /// The places of those that depend on the service at `place`.
    pub(crate) fn needed_by(&self, place: usize) -> impl Iterator<Item = usize> {
        (0..self.names.len()).filter(move |other| self.needs[*other].iter().any(|need| need.on == place))
    }

    /// What each service is told, in their order; `seen` is in the same order.
    pub(crate) fn advise(&self, seen: &[Seen]) -> Vec<Advice> {
        (0..self.names.len().min(seen.len())).map(|place| self.advice(place, seen)).collect()
    }

    fn advice(&self, place: usize, seen: &[Seen]) -> Advice {
        match &seen[place].state {
            State::Waiting { .. } => match self.unmet(place, seen) {
                blockers if blockers.is_empty() => Advice::Turn(Step::Begin),
                blockers => Advice::Hold(blockers),
            },
            State::Stopping { order: Order::Held, .. } if self.is_needed_until_it_ends(place, seen) => Advice::Nothing,
            State::Stopping { order: Order::Held, .. } => Advice::Turn(Step::End),
            State::Starting { .. } | State::Ready { .. } | State::Unhealthy { .. } => {
                Advice::Without(self.missing(place, seen))
            }
            _ => Advice::Nothing,
        }
    }

    /// What `place` depends on and has to wait for.
    fn unmet(&self, place: usize, seen: &[Seen]) -> Vec<Blocker> {
        let needs = self.needs[place].iter().filter(|need| !is_met(need.condition, &seen[need.on].state));
        needs.map(|need| self.blocker(need, seen)).collect()
    }

    /// What `place` depends on, that ought to run and does not, or not well.
    fn missing(&self, place: usize, seen: &[Seen]) -> Vec<Blocker> {
        let lasting = |need: &&Need| matches!(need.condition, Condition::Started | Condition::Healthy);
        let gone = |need: &&Need| {
            let state = &seen[need.on].state;
            state.is_at_rest() && *state != State::Completed
                || matches!(state, State::Backoff { .. } | State::Unhealthy { .. })
        };
        let needs = self.needs[place].iter().filter(lasting).filter(gone);
        needs.map(|need| self.blocker(need, seen)).collect()
    }

    fn blocker(&self, need: &Need, seen: &[Seen]) -> Blocker {
        let Seen { state, exit } = &seen[need.on];
        Blocker {
            service: self.names[need.on].clone(),
            condition: need.condition,
            found: in_words(state, *exit),
            outlook: outlook(state),
            patience: need.patience,
        }
    }

    /// Whether one that depends on `place` is on its way out too, and so goes first.
    fn is_needed_until_it_ends(&self, place: usize, seen: &[Seen]) -> bool {
        self.needed_by(place).any(|other| is_on_its_way_out(&seen[other].state))
    }

    /// The places in `wanted` and all that they depend on, each after what it depends on.
    pub(crate) fn with_needs(&self, wanted: &[usize]) -> Vec<usize> {
        let mut found = Vec::new();
        for &place in wanted {
            self.visit(place, &mut found);
        }
        found
    }

    fn visit(&self, place: usize, found: &mut Vec<usize>) {
        if found.contains(&place) {
            return;
        }
        for need in &self.needs[place] {
            self.visit(need.on, found);
        }
        found.push(place);
    }
}

/// Whether a service in this state is as far as the condition asks. One that completed was well while it was there.
pub(crate) fn is_met(condition: Condition, state: &State) -> bool {
    match condition {
        Condition::Started => {
            matches!(state, State::Starting { .. } | State::Ready { .. } | State::Unhealthy { .. } | State::Completed)
        }
        Condition::Healthy => matches!(state, State::Ready { .. } | State::Completed),
        Condition::Completed => matches!(state, State::Completed | State::Exited | State::CrashLoop { .. }),
        Condition::CompletedOk => matches!(state, State::Completed),
    }
}

/// Whether the state will change by itself.
fn outlook(state: &State) -> Outlook {
    match state {
        State::Waiting { on, .. } => blocker::outlook(on),
        State::Unhealthy { .. } => Outlook::Poor,
        other if other.is_at_rest() => Outlook::Hopeless,
        _ => Outlook::Open,
    }
}

fn is_on_its_way_out(state: &State) -> bool {
    matches!(state, State::Stopping { .. } | State::Launching { then: AfterLaunch::Stop | AfterLaunch::Restart })
}

/// The state, to stand in parentheses after a name.
pub(crate) fn in_words(state: &State, exit: Option<Exit>) -> String {
    if let State::Waiting { on, .. } = state
        && !on.is_empty()
    {
        // Its own blockers have their own place to be read.
        let names: Vec<&str> = on.iter().map(|blocker| blocker.service.as_str()).collect();
        return format!("waiting for {}", names.join(", "));
    }
    let word = state.shown().word();
    match (state, state.reason(exit)) {
        (State::Exited | State::Backoff { .. } | State::CrashLoop { .. }, Some(reason)) => reason,
        (_, Some(reason)) => format!("{word}: {reason}"),
        (_, None) => word.to_owned(),
    }
}

#[cfg(test)]
mod tests;
