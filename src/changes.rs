//! What became of each service after `up`, `stop` and their like: as sentences, as JSON, and as the command's end.

use locald_api::{Change, Exit, Response, ServiceChange};
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::{Tone, plain};
use crate::ui::Ui;

/// What was asked of the services, which is what a failure is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To run: `up`, `start` and `restart`.
    Start,
    /// To end: `stop`, `down` and `shutdown`.
    Stop,
}

/// The answer's changes; any other answer is a fault.
pub(crate) fn expect(response: Response) -> Result<Vec<ServiceChange>, CommandError> {
    match response {
        Response::Changes(changes) => Ok(changes),
        _ => Err(locald_api::CallError::Unfitting.into()),
    }
}

/// Says what became of each service: sentences for a person, or with `json` one array as data.
pub(crate) fn show(changes: &[ServiceChange], asked: Asked, json: bool, ui: &mut Ui) -> Result<(), CommandError> {
    if json {
        return Ok(ui.json(&changes.iter().map(ChangeJson::from).collect::<Vec<_>>())?);
    }
    let with_project = are_of_several_projects(changes);
    for change in changes {
        let name = shown_name(change, with_project);
        let (tone, text) = describe(&change.change, asked);
        let line = format!("{} {}", plain(&name), ui.status_paint.tone(tone, &plain(&text)));
        writeln!(ui.status(), "{line}")?;
    }
    Ok(())
}

/// Whether a service's name alone might mean another one of them.
pub(crate) fn are_of_several_projects(changes: &[ServiceChange]) -> bool {
    changes.windows(2).any(|pair| pair[0].service.project != pair[1].service.project)
}

/// The name of a change's service, after that of its project where that is needed.
pub(crate) fn shown_name(change: &ServiceChange, with_project: bool) -> String {
    let name = &change.service.service;
    if with_project { format!("{}:{name}", change.project) } else { name.clone() }
}

/// The failure that `changes` amount to, if any.
pub(crate) fn verdict(changes: &[ServiceChange], asked: Asked) -> Result<(), CommandError> {
    match asked {
        Asked::Start => all_started(changes),
        Asked::Stop => all_stopped(changes),
    }
}

/// There is no hint at logs: what kept a service from being stopped is nothing that it printed.
fn all_stopped(changes: &[ServiceChange]) -> Result<(), CommandError> {
    let mut failed = changes.iter().filter_map(|change| match &change.change {
        Change::Failed { reason } => Some((&change.service.service, reason)),
        _ => None,
    });
    let message = match (failed.next(), failed.count()) {
        (None, _) => return Ok(()),
        (Some((name, reason)), 0) => format!("`{name}` was not stopped: {reason}"),
        (Some(_), more) => format!("{} services were not stopped", more + 1),
    };
    Err(CommandError::new(ExitKind::Failed, message))
}

fn all_started(changes: &[ServiceChange]) -> Result<(), CommandError> {
    let failed: Vec<&str> = failed(changes).map(|change| change.service.service.as_str()).collect();
    match failed[..] {
        [] => Ok(()),
        [one] => Err(CommandError::new(ExitKind::Failed, format!("`{one}` failed to start"))
            .hint(format!("`locald logs {one}` shows all it printed"))),
        _ => Err(CommandError::new(ExitKind::Failed, format!("{} services failed to start", failed.len()))
            .hint("`locald logs NAME` shows all that one of them printed")),
    }
}

/// The services with which what was asked for failed.
pub(crate) fn failed(changes: &[ServiceChange]) -> impl Iterator<Item = &ServiceChange> {
    changes.iter().filter(|change| matches!(change.change, Change::Failed { .. } | Change::Waiting { .. }))
}

/// A change in words, to follow the service's name.
pub(crate) fn describe(change: &Change, asked: Asked) -> (Tone, String) {
    match change {
        Change::Started { pid } => (Tone::Good, format!("started (pid {pid})")),
        Change::AlreadyRunning { pid } => (Tone::Quiet, format!("was already running (pid {pid})")),
        Change::WasNotRunning => (Tone::Quiet, "was not running".to_owned()),
        Change::Idle => (Tone::Quiet, "waits for a request".to_owned()),
        Change::Waiting { reason } => (Tone::Busy, format!("is not started yet: {reason}")),
        Change::Failed { reason } => {
            let what = match asked {
                Asked::Start => "failed",
                Asked::Stop => "was not stopped",
            };
            (Tone::Bad, format!("{what}: {reason}"))
        }
        Change::Stopped { exit, killed, left } => {
            let mut text = format!("stopped ({})", end(*exit));
            if !killed.is_empty() {
                text.extend(["; killed what outlived it: ", &killed.join(", ")]);
            }
            if !left.is_empty() {
                text.extend(["; left alone: ", &left.join(", ")]);
            }
            (Tone::Plain, text)
        }
    }
}

/// How a run ended, in words.
pub(crate) fn end(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => signal_name(signal),
        Exit::Unknown => "nobody saw how it ended".to_owned(),
    }
}

/// `SIGTERM` for 15; a signal without a name by its number.
pub(crate) fn signal_name(number: i32) -> String {
    // The numbers differ between systems; the names do not.
    use rustix::process::Signal;
    let known = [
        (Signal::HUP, "SIGHUP"),
        (Signal::INT, "SIGINT"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::ILL, "SIGILL"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::ABORT, "SIGABRT"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::KILL, "SIGKILL"),
        (Signal::USR1, "SIGUSR1"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::USR2, "SIGUSR2"),
        (Signal::PIPE, "SIGPIPE"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::TERM, "SIGTERM"),
        (Signal::VTALARM, "SIGVTALRM"),
        (Signal::PROF, "SIGPROF"),
        (Signal::IO, "SIGIO"),
        #[cfg(target_os = "linux")]
        (Signal::POWER, "SIGPWR"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
        (Signal::SYS, "SIGSYS"),
    ];
    let name = known.iter().find(|(signal, _)| signal.as_raw() == number);
    name.map_or_else(|| format!("signal {number}"), |(_, name)| (*name).to_owned())
}

/// A change as `--json` shows it.
#[derive(Serialize)]
pub(crate) struct ChangeJson<'a> {
    project: &'a str,
    name: &'a str,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<ExitJson>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    killed: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    left: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> From<&'a ServiceChange> for ChangeJson<'a> {
    fn from(change: &'a ServiceChange) -> Self {
        let mut json = Self {
            project: &change.project,
            name: &change.service.service,
            change: "",
            pid: None,
            exit: None,
            killed: &[],
            left: &[],
            reason: None,
        };
        match &change.change {
            Change::Started { pid } => (json.change, json.pid) = ("started", Some(*pid)),
            Change::AlreadyRunning { pid } => (json.change, json.pid) = ("already-running", Some(*pid)),
            Change::WasNotRunning => json.change = "was-not-running",
            Change::Idle => json.change = "idle",
            Change::Waiting { reason } => (json.change, json.reason) = ("waiting", Some(reason.as_str())),
            Change::Failed { reason } => (json.change, json.reason) = ("failed", Some(reason.as_str())),
            Change::Stopped { exit, killed, left } => {
                (json.change, json.exit) = ("stopped", Some((*exit).into()));
                (json.killed, json.left) = (killed, left);
            }
        }
        json
    }
}

/// How a run ended, as `--json` shows it: always an object, so that `.exit.code` can be asked of every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct ExitJson {
    /// The exit code, of a run that ended by itself.
    code: Option<i32>,
    /// The signal that ended it.
    signal: Option<i32>,
}

impl From<Exit> for ExitJson {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Code(code) => Self { code: Some(code), signal: None },
            Exit::Signal(signal) => Self { code: None, signal: Some(signal) },
            Exit::Unknown => Self { code: None, signal: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use locald_api::{ProjectId, ServiceId};

    use super::*;
    use crate::ui::fake;

    fn change(project: &str, service: &str, change: Change) -> ServiceChange {
        let id = ServiceId { project: ProjectId(format!("{project}-1")), service: service.to_owned() };
        ServiceChange { service: id, project: project.to_owned(), change }
    }

    fn all_sorts() -> Vec<ServiceChange> {
        let killed = vec!["node".to_owned(), "esbuild".to_owned()];
        vec![
            change("shop", "web", Change::Started { pid: 12 }),
            change("shop", "api", Change::AlreadyRunning { pid: 9 }),
            change("shop", "db", Change::Stopped { exit: Exit::Signal(15), killed, left: vec!["agent".to_owned()] }),
            change("shop", "job", Change::Stopped { exit: Exit::Code(0), killed: vec![], left: vec![] }),
            change("shop", "mail", Change::WasNotRunning),
            change("shop", "bad", Change::Failed { reason: "no such file: \x1b[31mx".to_owned() }),
        ]
    }

    #[test]
    fn each_change_is_a_sentence_on_standard_error() {
        let (mut ui, written) = fake::ui();
        show(&all_sorts(), Asked::Start, false, &mut ui).unwrap();
        assert_eq!(written.data(), "");
        insta::assert_snapshot!(written.status(), @r"
        web started (pid 12)
        api was already running (pid 9)
        db stopped (SIGTERM); killed what outlived it: node, esbuild; left alone: agent
        job stopped (exit code 0)
        mail was not running
        bad failed: no such file: �[31mx
        ");
    }

    #[test]
    fn services_of_several_projects_are_told_apart() {
        let (mut ui, written) = fake::ui();
        let changes = [change("shop", "web", Change::WasNotRunning), change("blog", "web", Change::WasNotRunning)];
        show(&changes, Asked::Stop, false, &mut ui).unwrap();
        assert_eq!(written.status(), "shop:web was not running\nblog:web was not running\n");
    }

    #[test]
    fn json_is_one_array_on_standard_output() {
        let (mut ui, written) = fake::ui();
        show(&all_sorts(), Asked::Start, true, &mut ui).unwrap();
        assert_eq!(written.status(), "");
        let json: serde_json::Value = serde_json::from_str(&written.data()).unwrap();
        let words: Vec<&str> = json.as_array().unwrap().iter().map(|item| item["change"].as_str().unwrap()).collect();
        assert_eq!(words, ["started", "already-running", "stopped", "stopped", "was-not-running", "failed"]);
        assert_eq!(json[0]["pid"], 12);
        assert_eq!(json[2]["exit"]["signal"], 15);
        assert_eq!(json[3]["exit"]["code"], 0);
    }

    #[test]
    fn only_a_failed_service_makes_the_command_fail() {
        let all = all_sorts();
        assert_eq!(verdict(&all[..5], Asked::Start), Ok(()));
        let error = verdict(&all, Asked::Start).unwrap_err();
        assert_eq!((error.exit, error.message.as_str()), (ExitKind::Failed, "`bad` failed to start"));
    }

    #[test]
    fn a_stop_that_was_overtaken_is_not_a_failed_start() {
        let (mut ui, written) = fake::ui();
        let overtaken =
            |name| change("shop", name, Change::Failed { reason: "it was started again meanwhile".to_owned() });
        let changes = [change("shop", "db", Change::WasNotRunning), overtaken("web"), overtaken("api")];
        show(&changes[..2], Asked::Stop, false, &mut ui).unwrap();
        assert_eq!(written.status(), "db was not running\nweb was not stopped: it was started again meanwhile\n");
        let error = verdict(&changes[..2], Asked::Stop).unwrap_err();
        let expected = CommandError::new(ExitKind::Failed, "`web` was not stopped: it was started again meanwhile");
        assert_eq!(error, expected);
        assert_eq!(verdict(&changes, Asked::Stop).unwrap_err().message, "2 services were not stopped");
        assert_eq!(verdict(&changes[..1], Asked::Stop), Ok(()));
    }
}
