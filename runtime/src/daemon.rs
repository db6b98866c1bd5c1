//! From the keeper's first word to the daemon's last: what is set up in which order, and how it all ends.

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use locald_keeper::lock::Lock;
use locald_keeper::{FromKeeper, Home, RESTART_CODE, Receiver, ToKeeper};
use locald_proxy::Proxy;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::{error, info};

use crate::descriptors;
use crate::gateway::Gateway;
use crate::keeper_link::{Inheritance, KeeperLink, inherit};
use crate::panes::{PaneSet, logger, past, pump};
use crate::pins::Pins;
use crate::server::{Clients, End, KeeperFacts, Server, listen};
use crate::sites::Sites;
use crate::supervisor::{Supervisor, SupervisorParts};
use crate::usage::Meter;

/// How long a daemon before this one may take to end.
const PREDECESSOR: Duration = Duration::from_secs(5);
/// How long the log may take to finish when the daemon ends.
const LAST_LINES: Duration = Duration::from_secs(2);
/// How long answers of the proxy may take to get through when the daemon is replaced.
const DRAIN: Duration = Duration::from_secs(5);

/// Runs the daemon. `arguments`: those of its [`Home`]. Standard input is the keeper.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(home) = Home::from_arguments(arguments) else { return ExitCode::from(2) };
    if let Err(error) = crate::own_log::start(&home) {
        say(format_args!("its log cannot be written: {error}"));
    }
    log_panics();
    match run(home) {
        Ok(code) => code,
        Err(error) => {
            error!(error, "the daemon cannot go on");
            say(format_args!("{error}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard error, which is the keeper's log; a full disk must not end a daemon.
fn say(words: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "locald daemon: {words}");
}

/// Panics go into the log as well as to standard error, which is the keeper's log.
fn log_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        error!(%panic, "a task of the daemon panicked");
        default(panic);
    }));
}

fn run(home: Home) -> Result<ExitCode, String> {
    let _only_one = wait_for_predecessor(&home)?;
    let stream = std::io::stdin().as_fd().try_clone_to_owned().map_err(|error| error.to_string())?;
    let (keeper, receiver, inheritance) = inherit(UnixStream::from(stream)).map_err(|error| error.to_string())?;
    info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), keeper = inheritance.keeper, "started");
    descriptors::raise();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let code = runtime.block_on(serve(home, keeper, receiver, inheritance));
    // A thread that is stuck in a slow disk must not keep the daemon from ending.
    runtime.shutdown_background();
    code
}

/// Waits for a daemon whose keeper has died to finish its logs: a log has one writer. The lock goes with its holder's process.
fn wait_for_predecessor(home: &Home) -> Result<Lock, String> {
    let path = home.state_dir().join("daemon.lock");
    let begun = Instant::now();
    loop {
        match Lock::take(&path) {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None) if begun.elapsed() > PREDECESSOR => return Err("another daemon does not end".to_owned()),
            Ok(None) => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
    }
}

/// What the keeper says, as it reaches the daemon's main loop.
type Heard = (FromKeeper, Vec<OwnedFd>);

async fn serve(
    home: Home,
    keeper: KeeperLink,
    receiver: Receiver,
    inheritance: Inheritance,
) -> Result<ExitCode, String> {
    let text = |error: std::io::Error| error.to_string();
    let (keeper, panes) = (Arc::new(keeper), Arc::new(PaneSet::default()));
    let facts = KeeperFacts::of(&inheritance);
    let Inheritance { listener, output, room, sockets, rest, .. } = inheritance;
    let finish = logger::Finish::default();
    let logger = logger::start(panes.clone(), finish.clone()).map_err(text)?;
    let parts = SupervisorParts {
        home: home.clone(),
        keeper: keeper.clone(),
        panes: panes.clone(),
        room,
        sites: Arc::new(Sites::open(home.state_dir())),
        logger: logger.thread().clone(),
        wake: output.try_clone().map_err(text)?,
    };
    let supervisor = Supervisor::begin(parts);
    let gateway = Gateway::open(&home, &keeper, &supervisor, sockets).map_err(text)?;
    pump::start(panes.clone(), output, logger.thread().clone()).map_err(text)?;
    let (heard, mut hearing) = mpsc::channel(64);
    thread::Builder::new().name("keeper".to_owned()).spawn(move || hear(receiver, &heard)).map_err(text)?;
    let (ends, mut ending) = mpsc::channel(4);
    let (listeners, new_listeners) = mpsc::channel(1);
    let started = Instant::now();
    let server = Server {
        pins: Pins::open(home.state_dir().join("pins.json")),
        clients: Clients::default(),
        meter: Meter::default(),
        home,
        supervisor: supervisor.clone(),
        panes: panes.clone(),
        started,
        keeper: facts,
        ends: ends.clone(),
        doors: gateway.doors(),
        deadlines: gateway.deadlines(),
    };
    let mut gateway = Some(gateway);
    let listening = tokio::spawn(listen(Arc::new(server), new_listeners));
    // Clients wait at the door until everything is taken over. News of runs waits too, until their panes are there.
    let mut inheriting = Some(tokio::spawn({
        let supervisor = supervisor.clone();
        async move { supervisor.inherit(rest).await }
    }));
    let mut listener = Some(listener);
    let mut deferred: Vec<Heard> = Vec::new();
    let mut terminate = signal(SignalKind::terminate()).map_err(text)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(text)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(text)?;
    let (mut proxy, mut draining) = (None::<Arc<Proxy>>, None);
    let end = loop {
        tokio::select! {
            Some(end) = ending.recv() => match &proxy {
                // Whoever is in the middle of an answer gets the rest of it; whoever comes now waits for the next daemon.
                Some(proxy) if end == End::Restart && draining.is_none() => {
                    listening.abort();
                    draining = Some(drain(proxy.clone()));
                }
                _ => break Some(end),
            },
            () = done(&mut draining), if draining.is_some() => break Some(End::Restart),
            () = done(&mut inheriting) => {
                deferred.drain(..).for_each(|(message, descriptors)| supervisor.hear(message, descriptors));
                if let Some(gateway) = gateway.take() {
                    proxy = Some(gateway.start(&supervisor));
                }
                if let Some(listener) = listener.take() {
                    let _ = listeners.send(listener).await;
                }
                past::start(panes.clone()).map_err(text)?;
                let supervisor = supervisor.clone();
                tokio::spawn(async move { supervisor.start_pinned().await });
            }
            _ = hangup.recv() => drop(ends.try_send(End::Restart)),
            _ = terminate.recv() => stop_everything(&supervisor, &ends, "SIGTERM"),
            _ = interrupt.recv() => stop_everything(&supervisor, &ends, "SIGINT"),
            message = hearing.recv() => match message {
                None => break None,
                Some((FromKeeper::Terminate, _)) => stop_everything(&supervisor, &ends, "the keeper"),
                Some((FromKeeper::Listener, mut descriptors)) if inheriting.is_some() => listener = descriptors.pop(),
                Some((FromKeeper::Listener, mut descriptors)) => {
                    if let Some(listener) = descriptors.pop() {
                        let _ = listeners.send(listener).await;
                    }
                }
                Some((message, descriptors)) if inheriting.is_none() || matches!(message, FromKeeper::Slot { .. }) => {
                    supervisor.hear(message, descriptors);
                }
                Some(later) => deferred.push(later),
            },
        }
    };
    info!(?end, "ending");
    // What is still to do takes a moment, in which nobody must be let in.
    listening.abort();
    if end == Some(End::Shutdown) {
        keeper.send(&ToKeeper::Shutdown).map_err(text)?;
    }
    finish.tell(logger.thread());
    let finished = tokio::task::spawn_blocking(move || logger.join());
    // What a slow disk has not taken by then is still in the journal, or becomes a gap. Without a keeper this is the journals' last
    // reader, so what they hold is logged all the more.
    let _ = tokio::time::timeout(LAST_LINES, finished).await;
    code(end)
}

fn code(end: Option<End>) -> Result<ExitCode, String> {
    match end {
        Some(End::Shutdown) => Ok(ExitCode::SUCCESS),
        Some(End::Restart) => Ok(ExitCode::from(RESTART_CODE as u8)),
        None => Err("the keeper is gone".to_owned()),
    }
}

/// Has the proxy let nobody in any more, and finish what is on its way.
fn drain(proxy: Arc<Proxy>) -> tokio::task::JoinHandle<()> {
    info!("finishing what is on its way");
    tokio::spawn(async move {
        if !proxy.leave(DRAIN).await {
            info!("not all that was on its way is finished");
        }
    })
}

/// Resolves once the task is done, and never again.
async fn done(task: &mut Option<tokio::task::JoinHandle<()>>) {
    match task {
        Some(running) => {
            if let Err(error) = running.await {
                error!(%error, "taking over from the last daemon failed");
            }
            *task = None;
        }
        None => std::future::pending().await,
    }
}

/// Stops every service in the background, because the keeper's news must still be heard meanwhile, and then ends the daemon.
fn stop_everything(supervisor: &Arc<Supervisor>, ends: &mpsc::Sender<End>, who: &str) {
    info!(who, "asked to end; stopping every service");
    let (supervisor, ends) = (supervisor.clone(), ends.clone());
    tokio::spawn(async move {
        if let Err(failure) = supervisor.stop_everything().await {
            error!(%failure, "services could not be stopped in order");
        }
        let _ = ends.send(End::Shutdown).await;
    });
}

/// Passes on what the keeper says, until it is gone.
fn hear(mut receiver: Receiver, heard: &mpsc::Sender<Heard>) {
    while let Ok(message) = receiver.receive() {
        if heard.blocking_send(message).is_err() {
            return;
        }
    }
}
