//! How a keeper begins: it takes the home's lock, opens its sockets, tells whoever started it, and lets go of their terminal.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use signal_hook::consts::SIGUSR2;

use super::{
    Door, Duration, EventfdFlags, Home, Identity, Keeper, Poller, RestartPolicy, SIGCHLD, SIGHUP, SIGINT, SIGTERM,
    SIGUSR1, Signals, Token, daemon, groups, inherited, io, now, orphans,
};
use crate::cgroup::{HomeGroup, NoGroups};
use crate::lock::{self, Holder, Lock};
use crate::report::report;

/// What a starting keeper says on its standard output: one of these words on a line, then it is on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Greeting {
    /// It holds the lock and its sockets are open.
    Ready,
    /// Another keeper holds the lock.
    Held,
    /// It cannot begin, and why.
    Failed(String),
}

impl Greeting {
    /// The line as it is said.
    pub fn to_line(&self) -> String {
        match self {
            Self::Ready => "ready\n".to_owned(),
            Self::Held => "held\n".to_owned(),
            Self::Failed(reason) => format!("failed {}\n", reason.replace('\n', " ")),
        }
    }

    /// Reads the line; anything else than one is a failure.
    pub fn from_line(line: &str) -> Self {
        match line.trim_end().split_once(' ').unwrap_or((line.trim_end(), "")) {
            ("ready", _) => Self::Ready,
            ("held", _) => Self::Held,
            ("failed", reason) => Self::Failed(reason.to_owned()),
            _ => Self::Failed("it ended without a word".to_owned()),
        }
    }
}

/// Runs the keeper. `arguments`: those of its [`Home`].
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(home) = Home::from_arguments(arguments) else { return ExitCode::from(2) };
    inherited::close_all();
    let (greeting, begun) = match begin(home) {
        Ok(Some(begun)) => (Greeting::Ready, Some(begun)),
        Ok(None) => (Greeting::Held, None),
        Err(reason) => (Greeting::Failed(reason), None),
    };
    let mut out = std::io::stdout();
    let _ = out.write_all(greeting.to_line().as_bytes()).and_then(|()| out.flush());
    let Some((mut keeper, _lock)) = begun else { return ExitCode::FAILURE };
    if let Err(error) = detach(&keeper.home) {
        report(format_args!("{error}"));
    }
    keeper.run()
}

/// Everything that can fail before the keeper is ready. `None`: another keeper holds the lock.
fn begin(home: Home) -> Result<Option<(Keeper, Lock)>, String> {
    home.prepare().map_err(|error| match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    })?;
    let lock = take_lock(&home).map_err(|error| format!("{}: {error}", home.lock_file().display()))?;
    let Some(mut lock) = lock else { return Ok(None) };
    // A failure only means that this process already leads a session.
    let _ = rustix::process::setsid();
    let us = rustix::process::getpid();
    rustix::process::set_child_subreaper(Some(us)).map_err(|error| error.to_string())?;
    let group = groups::begin(&home);
    let ended = orphans::end_leftovers(&home.token());
    if ended > 0 {
        report(format_args!("ended {ended} processes that an earlier keeper had left"));
    }
    let keeper = Keeper::create(home, group).map_err(|error| error.to_string())?;
    let identity = Identity::of(us.as_raw_nonzero().get()).ok_or("there is no process table at /proc")?;
    let holder = Holder { keeper: identity, socket: keeper.clients.path().to_owned() };
    lock.sign(&holder).map_err(|error| error.to_string())?;
    Ok(Some((keeper, lock)))
}

/// Takes the home's lock. Whoever only looks whether a keeper lives holds it for an instant, so a refusal is asked again.
fn take_lock(home: &Home) -> io::Result<Option<Lock>> {
    for _ in 0..20 {
        if let Some(lock) = Lock::take(&home.lock_file())? {
            return Ok(Some(lock));
        }
        if lock::holder(&home.lock_file())?.is_some() {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(None)
}

/// Lets go of the terminal and the folder of whoever started the keeper.
fn detach(home: &Home) -> io::Result<()> {
    let log = daemon::open_log(home)?;
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&log)?;
    std::env::set_current_dir("/")
}

impl Keeper {
    fn create(home: Home, group: Result<HomeGroup, NoGroups>) -> io::Result<Self> {
        let executable = std::env::current_exe()?;
        let reaper = executable.with_file_name("locald-reaper");
        let poller = Poller::new()?;
        let signals = Signals::catch(&[SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP])?;
        let clients = Door::open(home.socket())?;
        let reapers = Door::open(home.runtime_dir().join("reapers.sock"))?;
        let event = || rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        let (output, room) = (event()?, event()?);
        poller.watch(&signals, Token::Signals)?;
        poller.watch(&reapers, Token::Reapers)?;
        poller.watch(&room, Token::Room)?;
        let mut keeper = Self {
            home,
            executable,
            reaper,
            started: now(),
            poller,
            signals,
            clients,
            reapers,
            output,
            room,
            slots: BTreeMap::new(),
            husks: Vec::new(),
            values: BTreeMap::new(),
            sockets: BTreeMap::new(),
            daemon: None,
            policy: RestartPolicy::default(),
            restart_at: None,
            daemon_dies_at: None,
            given_up: None,
            orphans: None,
            group,
            ending: None,
            next_id: 0,
        };
        keeper.note_containment();
        Ok(keeper)
    }
}
