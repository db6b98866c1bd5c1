//! How the health of a command is known: its settings made into questions, and where to ask them.

use std::sync::Arc;
use std::time::Duration;

use locald_api::ServiceId;
use locald_config::{Command, Health, HealthCheck, Probe};
use regex::Regex;

use super::addresses::Addresses;
use super::definition::{Definition, Expectation};
use super::surroundings::Surroundings;
use crate::health::{Doctor, Exam, Kind, Question, Run, Script, Times, Watch, watch};
use crate::panes::Pane;

/// How long a service may take until it listens, where nothing is said of it.
const TO_LISTEN: Duration = Duration::from_mins(1);

/// Looks after the runs of one command.
pub(super) struct Examiner {
    pub(super) pane: Arc<Pane>,
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) addresses: Arc<Addresses>,
}

impl Doctor for Examiner {
    fn watch(&self, definition: &Definition, run: Run) -> Watch {
        let id = self.pane.id.clone();
        let (kind, times) = match &definition.health {
            Health::Unsaid if definition.opens_port != Expectation::None => {
                let question = Question::Port { is_promised: definition.opens_port == Expectation::Own };
                (Kind::Asked { question, or_notice: true }, Times::of_start(TO_LISTEN))
            }
            Health::Unsaid | Health::Runs => (Kind::Runs, Times::of_start(TO_LISTEN)),
            Health::Asked(check) => self.asked(definition, check, run, &id),
        };
        let addresses = self.addresses.clone();
        let port = Arc::new(move || addresses.address(&id));
        watch(Exam { kind, times, notices: self.pane.notices(), port }, run)
    }
}

impl Examiner {
    fn asked(&self, definition: &Definition, check: &HealthCheck, run: Run, id: &ServiceId) -> (Kind, Times) {
        let times = Times {
            interval: Some(check.interval),
            timeout: check.timeout,
            retries: check.retries,
            start_period: check.start_period,
            start_interval: check.start_interval,
        };
        let question = match &check.probe {
            Probe::Http { path, status, headers } => {
                Question::Http { path: path.clone(), status: status.clone(), headers: headers.clone() }
            }
            Probe::Tcp(port) => Question::Tcp(*port),
            Probe::Command(command) => Question::Command(self.script(definition, command, id)),
            Probe::Log(_) => {
                // A run that was not expected, because it was well before this daemon, needs no line any more.
                let line = self.pane.line_matched(run.number);
                return (line.filter(|_| run.known.is_none()).map_or(Kind::Runs, Kind::Line), times);
            }
            Probe::Notify => return (Kind::Notice, times),
        };
        (Kind::Asked { question, or_notice: false }, times)
    }

    fn script(&self, definition: &Definition, command: &Command, id: &ServiceId) -> Script {
        let probe = Definition { arguments: command.arguments(), ..definition.clone() };
        // The service itself has begun with this environment, so it can be made; a command that cannot be made fails for being none.
        let resolved = self.surroundings.environment(id, definition).and_then(|it| it.resolve(&probe)).ok();
        let (arguments, variables) = resolved.map(|it| (it.arguments, it.variables)).unwrap_or_default();
        let environment = variables.into_iter().map(|(name, given)| (name, given.value)).collect();
        let masker = self.surroundings.masker(id);
        Script { arguments, directory: definition.directory.clone(), environment, masker }
    }
}

/// What a line of output has to match, where that is how the health of a service is known.
pub(super) fn expected_line(definition: &Definition) -> Option<Regex> {
    match &definition.health {
        Health::Asked(HealthCheck { probe: Probe::Log(pattern), .. }) => Regex::new(pattern).ok(),
        _ => None,
    }
}
