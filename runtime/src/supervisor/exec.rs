//! The kind `exec`: a command on this machine, run through the keeper.

use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use locald_api::Exit;
use locald_keeper::{Escape, Launch, LaunchFailure, Outcome, Step, Stop, Terminal, ToKeeper};
use tokio::sync::watch;

use super::addresses::Addresses;
use super::controller::{Ended, Inherited, RunEvent, ServiceController, ServiceFactory, Waiting};
use super::definition::Definition;
use super::environment::{Environment, Resolved};
use super::exam::expected_line;
use super::port_conflict;
use crate::keeper_link::KeeperLink;
use crate::panes::{Pane, RunPhase, RunState};

/// So much of what a run printed last is kept.
const LAST_LINES: usize = 10;
/// A program that cannot have its port ends within this time, even if it does not say why.
const AT_ONCE: Duration = Duration::from_secs(3);

/// No such file or directory, on every system.
const ENOENT: i32 = 2;

/// Makes the environment of a service's next run.
pub(crate) type MakeEnvironment = Arc<dyn Fn(&Pane, &Definition) -> Result<Environment, String> + Send + Sync>;

/// Makes controllers for commands.
#[derive(Clone)]
pub(crate) struct ExecFactory {
    pub(crate) keeper: Arc<KeeperLink>,
    pub(crate) environment: MakeEnvironment,
    pub(crate) addresses: Arc<Addresses>,
}

struct ExecController {
    keeper: Arc<KeeperLink>,
    environment: MakeEnvironment,
    addresses: Arc<Addresses>,
    pane: Arc<Pane>,
    runs: watch::Receiver<RunState>,
    /// The latest run as it was when this was made. Events tell what follows. A copy, because what is noted of a run is noted while
    /// its screen is held: whoever looks at the one must not hold the other.
    found: RunPhase,
    /// The run that events are about.
    run: u64,
    /// What of it was told already.
    told: Told,
    /// What was to be executed, and where; unknown of a run that an earlier daemon ordered.
    tried: Option<Tried>,
    /// An order that could not be sent: the keeper is gone.
    refused: Arc<Mutex<Option<RunEvent>>>,
}

/// What a failure to launch is told with.
struct Tried {
    program: String,
    directory: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Nothing,
    Started,
    End,
}

impl ServiceFactory for ExecFactory {
    fn kind(&self) -> &'static str {
        "exec"
    }

    fn accepts(&self, definition: &Definition) -> bool {
        !definition.arguments.is_empty()
    }

    fn create(&self, pane: Arc<Pane>) -> Box<dyn ServiceController> {
        let runs = pane.runs();
        let known = runs.borrow().clone();
        let starting = pane.starting.filter(|&run| run > known.run);
        let told = match known.phase {
            _ if starting.is_some() => Told::Nothing,
            RunPhase::Unknown | RunPhase::Failed(_) | RunPhase::Ended { .. } => Told::End,
            RunPhase::Alive { .. } => Told::Started,
        };
        Box::new(ExecController {
            keeper: self.keeper.clone(),
            environment: self.environment.clone(),
            addresses: self.addresses.clone(),
            run: starting.unwrap_or(known.run),
            found: known.phase,
            runs,
            told,
            pane,
            tried: None,
            refused: Arc::default(),
        })
    }
}

impl ServiceController for ExecController {
    fn begin(&mut self, definition: &Definition) -> u64 {
        self.run = self.run.max(self.runs.borrow().run) + 1;
        self.told = Told::Nothing;
        self.tried = Some(Tried {
            program: definition.arguments.first().cloned().unwrap_or_default(),
            directory: definition.directory.to_string_lossy().into_owned(),
        });
        self.pane.expect_run(self.run, expected_line(definition));
        let environment = (self.environment)(&self.pane, definition);
        let sockets = self.sockets(definition);
        let order = environment.and_then(|environment| {
            let sockets = sockets?;
            let launch = launch(definition, &environment, &self.pane, sockets.len())?;
            Ok((ToKeeper::Spawn { slot: self.pane.id.to_string(), run: self.run, launch }, sockets))
        });
        let failure = match order.map(|(order, sockets)| self.keeper.send_with(&order, sockets)) {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("the keeper cannot be reached: {error}")),
            Err(reason) => Some(reason),
        };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) =
            failure.map(|reason| RunEvent::StartFailed { reason });
        self.run
    }

    fn end(&mut self, definition: &Definition) {
        let stop = Stop { signal: definition.stop_signal, grace: definition.stop_timeout };
        // A keeper that is gone has taken the service with it; its end is on its way.
        let _ = self.keeper.send(&ToKeeper::Stop { slot: self.pane.id.to_string(), stop });
    }

    fn event(&mut self) -> Waiting<'_, RunEvent> {
        Box::pin(async move {
            loop {
                if let Some(event) = self.refused.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    self.told = Told::End;
                    return event;
                }
                let known = self.runs.borrow_and_update().clone();
                if let Some(event) = self.tell(&known) {
                    return event;
                }
                if self.runs.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        })
    }

    fn inherited(&self) -> Option<Inherited> {
        match self.found.clone() {
            _ if self.told == Told::Nothing => Some(Inherited::Starting),
            RunPhase::Unknown => None,
            RunPhase::Alive { pid, since } => Some(Inherited::Alive { pid, since }),
            RunPhase::Failed(failure) => Some(Inherited::Failed { reason: failure_text(failure, self.tried.as_ref()) }),
            RunPhase::Ended { since, ending } => Some(Inherited::Ended(self.ended(since, ending))),
        }
    }

    fn last_run(&self) -> u64 {
        self.run
    }
}

impl ExecController {
    /// What is new in `known` since the last event.
    fn tell(&mut self, known: &RunState) -> Option<RunEvent> {
        if known.run != self.run {
            return None;
        }
        match (&known.phase, self.told) {
            (RunPhase::Alive { pid, since }, Told::Nothing) => {
                self.told = Told::Started;
                Some(RunEvent::Started { pid: *pid, since: *since })
            }
            (RunPhase::Failed(failure), Told::Nothing) => {
                self.told = Told::End;
                Some(RunEvent::StartFailed { reason: failure_text(*failure, self.tried.as_ref()) })
            }
            (RunPhase::Ended { since, ending }, Told::Nothing | Told::Started) => {
                self.told = Told::End;
                Some(RunEvent::Ended(self.ended(*since, ending.clone())))
            }
            _ => None,
        }
    }

    /// The sockets that the service is given open, if it is.
    fn sockets(&self, definition: &Definition) -> Result<Vec<OwnedFd>, String> {
        let Some(port) = self.addresses.port(&self.pane.id).filter(|_| definition.listen) else {
            return Ok(Vec::new());
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        listener.map(|listener| vec![listener.into()]).map_err(|error| format!("port {port} cannot be opened: {error}"))
    }

    fn ended(&self, since: u64, ending: locald_keeper::Ending) -> Ended {
        let exit = match ending.outcome {
            Outcome::Code(code) => Exit::Code(code),
            Outcome::Signal(signal) => Exit::Signal(signal),
            Outcome::Unknown => Exit::Unknown,
        };
        let last_lines = self.pane.last_lines(LAST_LINES);
        let complains = port_conflict::complains(&last_lines) || exit != Exit::Code(0) && ended_at_once(since);
        let conflict = complains.then(|| self.addresses.resolve_conflict(&self.pane.id)).flatten();
        Ended { exit, since, killed: ending.killed, left: ending.left, last_lines, conflict }
    }
}

/// Whether a run that began then and ends now has ended before it can have done anything.
fn ended_at_once(since: u64) -> bool {
    let since = UNIX_EPOCH + Duration::from_nanos(since);
    SystemTime::now().duration_since(since).is_ok_and(|lasted| lasted < AT_ONCE)
}

fn launch(definition: &Definition, environment: &Environment, pane: &Pane, sockets: usize) -> Result<Launch, String> {
    let Resolved { mut arguments, variables } = environment.resolve(definition)?;
    if sockets > 0 {
        arguments = with_own_number(arguments);
    }
    let terminal = if definition.terminal {
        let size = pane.undrawn_screen().size();
        let (columns, rows) = (size.columns(), size.rows());
        Terminal::Pty { columns, rows }
    } else {
        Terminal::Pipes
    };
    Ok(Launch {
        arguments: arguments.into_iter().map(String::into_bytes).collect(),
        directory: definition.directory.clone().into_os_string().into_encoded_bytes(),
        environment: variables
            .into_iter()
            .map(|(name, given)| format!("{name}={}", given.value).into_bytes())
            .collect(),
        terminal,
        escape: if definition.leave_escaped { Escape::Leave } else { Escape::Kill },
        stop_signal: definition.stop_signal,
        sockets: u8::try_from(sockets).unwrap_or(0),
    })
}

/// The same command, told by `LISTEN_PID` that the sockets are meant for it. Its number is known only once it runs, so a shell
/// that becomes the program says it.
fn with_own_number(arguments: Vec<String>) -> Vec<String> {
    const SAY: &str = "LISTEN_PID=$$; export LISTEN_PID; ";
    match &arguments[..] {
        [shell, option, line] if shell == "/bin/sh" && option == "-c" => {
            vec![shell.clone(), option.clone(), format!("{SAY}{line}")]
        }
        _ => {
            let shell = ["/bin/sh", "-c", &format!("{SAY}exec \"$@\""), "sh"].map(str::to_owned);
            shell.into_iter().chain(arguments).collect()
        }
    }
}

fn failure_text(failure: LaunchFailure, tried: Option<&Tried>) -> String {
    let cause = std::io::Error::from_raw_os_error(failure.errno);
    let cause = cause.to_string();
    let cause = cause.split(" (os error").next().unwrap_or_default();
    match failure.step {
        Step::Terminal => format!("no terminal could be opened: {cause}"),
        Step::Reaper if failure.errno == 0 => "locald-reaper ended before the service could begin".to_owned(),
        Step::Reaper => {
            format!("locald-reaper, which belongs beside the locald executable, cannot be started: {cause}")
        }
        Step::ReaperVersion => "locald-reaper is of another release than locald; install both together".to_owned(),
        Step::Directory => match tried {
            Some(Tried { directory, .. }) => format!("its folder {directory} cannot be entered: {cause}"),
            None => format!("its folder cannot be entered: {cause}"),
        },
        Step::Execute => match tried {
            Some(Tried { program, .. }) if failure.errno == ENOENT && !program.contains('/') => {
                format!("`{program}` is not in PATH")
            }
            Some(Tried { program, .. }) => format!("`{program}` cannot be executed: {cause}"),
            None => format!("its command cannot be executed: {cause}"),
        },
    }
}
