//! The keeper's loop: one thread, asleep until a descriptor or a deadline wakes it.

mod daemon;
mod door;
mod ends;
mod greet;
mod groups;
mod inherited;
mod notify;
mod orphans;
mod poller;
mod restart;
mod run;
mod runs;
mod serve;
mod slot;

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::EventfdFlags;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1};

use crate::cgroup::{HomeGroup, NoGroups};
use crate::home::Home;
use crate::journal::now;
use crate::process::Identity;
use crate::report::report;
use crate::signals::Signals;
pub use daemon::DAEMON_ROLE;
use daemon::Daemon;
use door::Door;
pub use greet::{Greeting, main};
use orphans::Orphans;
use poller::{Poller, Token};
pub use restart::RESTART_CODE;
use restart::RestartPolicy;
use run::Run;
use slot::Slot;

/// How long services may take to stop when there is no daemon to say so.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// How long a daemon may take to end when told to. It finishes its logs meanwhile; one that hangs never ends by itself.
const DAEMON_GRACE: Duration = Duration::from_secs(5);

/// Messages taken from one socket before others have their turn.
const MESSAGES_A_TURN: usize = 64;
/// How long a daemon that has hung up may take to end.
const HUNG_UP_GRACE: Duration = Duration::from_secs(2);

struct Keeper {
    home: Home,
    executable: PathBuf,
    reaper: PathBuf,
    started: u64,
    poller: Poller,
    signals: Signals,
    clients: Door,
    reapers: Door,
    /// Wakes the daemon: there is something in a journal.
    output: OwnedFd,
    /// Wakes the keeper: there is room in a journal.
    room: OwnedFd,
    slots: BTreeMap<u32, Slot>,
    /// Runs that have ended but for processes left alone on purpose; their reapers still know those.
    husks: Vec<Run>,
    values: BTreeMap<String, Vec<u8>>,
    /// Sockets of the daemon's, by the names it gave them: whoever connects while no daemon lives waits in their queues.
    sockets: BTreeMap<String, OwnedFd>,
    daemon: Option<Daemon>,
    policy: RestartPolicy,
    restart_at: Option<Instant>,
    /// The daemon was told to end, and is killed if it still lives then.
    daemon_dies_at: Option<Instant>,
    /// The daemon is not started again by itself; clients are told this.
    given_up: Option<String>,
    orphans: Option<Orphans>,
    /// Where runs have their control groups, or why they have none.
    group: Result<HomeGroup, NoGroups>,
    ending: Option<Phase>,
    next_id: u32,
}

/// How far the keeper's own end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The daemon was asked to stop everything.
    DaemonStops,
    /// The keeper stops what is left, and goes when nothing is.
    Leaving,
}

impl Keeper {
    fn run(&mut self) -> ExitCode {
        self.start_daemon();
        loop {
            let wait = self.next_deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
            for token in self.poller.wait(wait) {
                self.handle(token);
            }
            self.keep_deadlines();
            self.drop_forgotten();
            self.wake_daemon();
            self.flush_daemon();
            if self.is_over() {
                self.leave_groups();
                return ExitCode::SUCCESS;
            }
        }
    }

    fn handle(&mut self, token: Token) {
        match token {
            Token::Signals => self.take_signals(),
            Token::Daemon => self.listen_to_daemon(),
            Token::Room => {
                let _ = rustix::io::read(&self.room, &mut [0u8; 8]);
                for slot in self.slots.values_mut() {
                    slot.resume(&self.poller);
                }
            }
            Token::Reapers => self.accept_reapers(),
            Token::Clients => self.refuse_clients(),
            Token::Notify(slot) => self.take_notice(slot),
            Token::Reaper(run) => self.listen_to_reaper(run),
            Token::Output(slot, _) => {
                if let Some(slot) = self.slots.get_mut(&slot) {
                    slot.resume(&self.poller);
                }
            }
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let orphans = self.orphans.as_ref().map(Orphans::next_look);
        self.restart_at.into_iter().chain(self.daemon_dies_at).chain(orphans).min()
    }

    fn keep_deadlines(&mut self) {
        let now = Instant::now();
        if self.restart_at.is_some_and(|at| at <= now) {
            self.restart_at = None;
            self.start_daemon();
        }
        if self.daemon_dies_at.is_some_and(|at| at <= now) {
            self.daemon_dies_at = None;
            report(format_args!("the daemon does not end and is killed"));
            self.signal_daemon(rustix::process::Signal::KILL);
        }
        if self.orphans.as_ref().is_some_and(|orphans| orphans.next_look() <= now) {
            self.end_orphans();
        }
    }

    /// Wakes the daemon if it sleeps and a journal has something for it.
    fn wake_daemon(&mut self) {
        let mut waits = false;
        for slot in self.slots.values_mut() {
            waits |= slot.journal.take_wake();
        }
        if waits {
            let _ = rustix::io::write(&self.output, &1u64.to_ne_bytes());
        }
    }

    fn is_over(&self) -> bool {
        let idle = self.slots.values().all(|slot| slot.run.is_none()) && self.orphans.is_none();
        self.ending == Some(Phase::Leaving) && self.daemon.is_none() && idle
    }
}
