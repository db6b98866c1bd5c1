//! The way to the daemon: through its socket, by starting a keeper where none lives, and past a daemon that does not listen.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use locald_api::{Client, ConnectError, Events, Hello};
use locald_keeper::home::Home;
use locald_keeper::lock::{self, Holder};
use locald_keeper::process::Identity;
use locald_keeper::{Greeting, TOKEN_VARIABLE};
use rustix::process::Signal;

use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::internal::KEEPER_ROLE;

/// How long a keeper that lives may take to make its socket anew.
const MENDING: Duration = Duration::from_secs(3);

/// Whether a daemon is started where none runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// It is.
    IfNeeded,
    /// It is not; then there may be no way.
    Never,
}

/// Connects to the daemon of `home`.
pub(crate) async fn connect(home: &Home, start: Start) -> Result<(Client, Events), CommandError> {
    // Asked first: a daemon whose keeper has just died may answer once more, and be gone before it has done anything.
    if let Some(keeper) = living_keeper(home)? {
        return match attempt(&home.socket()).await {
            Err(ConnectError::Io(_)) => Ok(reach(&keeper).await?),
            answer => Ok(answer?),
        };
    }
    if start == Start::Never {
        return Err(CommandError::no_daemon());
    }
    start_keeper(home).await?;
    Ok(attempt(&home.socket()).await?)
}

/// The keeper of `home`, if one lives. Signals to it: SIGTERM ends everything, SIGUSR2 asks for a new daemon.
pub(crate) fn keeper(home: &Home) -> Result<Option<Identity>, CommandError> {
    Ok(living_keeper(home)?.map(|holder| holder.keeper))
}

/// Waits until this keeper's process is gone, which is a moment after its lock is.
pub(crate) async fn wait_for_end(keeper: Identity) {
    while keeper.is_alive() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn attempt(socket: &Path) -> Result<(Client, Events), ConnectError> {
    Client::connect(socket, Hello::new("cli")).await
}

fn living_keeper(home: &Home) -> Result<Option<Holder>, CommandError> {
    let path = home.lock_file();
    lock::holder(&path).map_err(|error| {
        CommandError::new(ExitKind::Unavailable, format!("failed to read {}: {error}", path.display()))
    })
}

/// Reaches a keeper that lives though its socket is not where it should be: it may be elsewhere, or somebody removed it.
async fn reach(keeper: &Holder) -> Result<(Client, Events), ConnectError> {
    match attempt(&keeper.socket).await {
        Err(ConnectError::Io(_)) => {}
        answer => return answer,
    }
    keeper.keeper.signal(Signal::USR1);
    let patience = tokio::time::Instant::now() + MENDING;
    loop {
        match attempt(&keeper.socket).await {
            Err(ConnectError::Io(_)) if tokio::time::Instant::now() < patience => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            answer => return answer,
        }
    }
}

/// Starts a keeper and waits until its socket is open. Another command that does the same at this moment is no fault.
async fn start_keeper(home: &Home) -> Result<(), CommandError> {
    let for_keeper = home.clone();
    let greeting = tokio::task::spawn_blocking(move || greet(&for_keeper)).await;
    let failed =
        |reason: String| CommandError::new(ExitKind::Unavailable, format!("locald could not be started: {reason}"));
    match greeting.map_err(|error| failed(error.to_string()))? {
        Ok(Greeting::Ready) => Ok(()),
        Ok(Greeting::Held) => wait_for_other(home).await,
        Ok(Greeting::Failed(reason)) => Err(failed(reason)),
        Err(error) => Err(failed(error.to_string())),
    }
}

#[expect(clippy::disallowed_methods, reason = "the keeper begins here and nowhere else")]
fn greet(home: &Home) -> std::io::Result<Greeting> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(KEEPER_ROLE).args(home.arguments());
    // Started from inside a pane, it must not be taken for a process of that pane's service.
    command.env_remove(TOKEN_VARIABLE);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut keeper = command.spawn()?;
    let mut line = String::new();
    if let Some(out) = keeper.stdout.take() {
        BufReader::new(out).read_line(&mut line)?;
    }
    Ok(Greeting::from_line(&line))
}

/// Another keeper was just being started: its socket is open once its lock is signed.
async fn wait_for_other(home: &Home) -> Result<(), CommandError> {
    let patience = tokio::time::Instant::now() + MENDING;
    while living_keeper(home)?.is_none() && tokio::time::Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
