//! How things end at the keeper: children, killed reapers, the keeper itself; and mending what somebody removed.

use std::time::{Duration, Instant};

use rustix::process::WaitOptions;
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};

use super::door::Door;
use super::orphans::Orphans;
use super::poller::Token;
use super::{DAEMON_GRACE, Keeper, Phase, STOP_GRACE};
use crate::launch::{LaunchFailure, Step, Stop};
use crate::message::{FromKeeper, ToReaper};
use crate::outcome::Outcome;
use crate::report::report;

impl Keeper {
    pub(super) fn take_signals(&mut self) {
        for signal in self.signals.take() {
            match signal {
                SIGCHLD => self.reap(),
                SIGTERM | SIGINT => self.terminate(),
                SIGUSR1 => self.mend(),
                SIGUSR2 => self.replace_daemon(),
                _ => {}
            }
        }
    }

    /// Collects every child that has ended: the daemon, reapers, and orphans of reapers that were killed.
    pub(super) fn reap(&mut self) {
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            let pid = pid.as_raw_nonzero().get();
            if self.daemon.as_ref().is_some_and(|daemon| daemon.pid == pid) {
                self.listen_to_daemon();
                self.daemon_ended(status.into());
                continue;
            }
            self.husks.retain(|husk| husk.reaper != pid);
            let of_slot = self.slots.values().find(|slot| slot.run.as_ref().is_some_and(|run| run.reaper == pid));
            if let Some((slot, run)) = of_slot.and_then(|slot| Some((slot.id, slot.run.as_ref()?.id))) {
                // Its last words may still lie in the socket.
                self.listen_to_reaper(run);
                self.reaper_ended(slot, pid);
            }
        }
    }

    pub(super) fn reaper_ended(&mut self, slot_id: u32, pid: i32) {
        let Some(slot) = self.slots.get_mut(&slot_id) else { return };
        let Some(run) = slot.run.as_ref().filter(|run| run.reaper == pid) else { return };
        if slot.is_closing() {
            return;
        }
        let Some((first, _)) = run.begun else {
            // It may have been killed after it had started the service and before it could say so.
            self.orphans.get_or_insert_with(|| Orphans::new(self.home.token()));
            self.fail_run(slot_id, LaunchFailure { step: Step::Reaper, errno: 0 });
            return self.end_orphans();
        };
        report(format_args!("the reaper of {} was killed; ending what it leaves", slot.name));
        let (home, session) = (&self.home, first.cast_signed());
        self.orphans.get_or_insert_with(|| Orphans::new(home.token())).add(slot_id, session);
        self.end_orphans();
    }

    /// Ends the processes that killed reapers have left to us, and then their runs.
    pub(super) fn end_orphans(&mut self) {
        let ours = self.daemon.iter().map(|daemon| daemon.pid);
        let reapers = self.slots.values().filter_map(|slot| slot.run.as_ref()).chain(&self.husks).map(|run| run.reaper);
        let known: Vec<i32> = ours.chain(reapers).collect();
        let Some(orphans) = &mut self.orphans else { return };
        if !orphans.step(&known) {
            return;
        }
        let Some(done) = self.orphans.take() else { return };
        for slot_id in done.slots() {
            let Some(slot) = self.slots.get_mut(&slot_id) else { continue };
            let outcome = slot.run.as_ref().and_then(|run| run.outcome).unwrap_or(Outcome::Unknown);
            slot.close(done.ending(outcome), &self.poller);
        }
    }

    /// Asked to end: services stop in the daemon's order if there is a daemon, else all at once. Asked again: at once.
    pub(super) fn terminate(&mut self) {
        let first_time = self.ending.is_none();
        match &self.daemon {
            Some(daemon) if first_time => {
                self.ending = Some(Phase::DaemonStops);
                if daemon.greeted {
                    self.tell_daemon(&FromKeeper::Terminate, Vec::new());
                }
            }
            _ => self.leave(if first_time { STOP_GRACE } else { Duration::ZERO }),
        }
    }

    /// Lets go of slots that nobody wants and that have no run any more.
    pub(super) fn drop_forgotten(&mut self) {
        self.slots.retain(|_, slot| !slot.is_done());
    }

    /// Ends every run that is left, and the keeper after the last.
    pub(super) fn leave(&mut self, grace: Duration) {
        self.ending = Some(Phase::Leaving);
        self.restart_at = None;
        self.hasten_daemon();
        self.husks.clear();
        let mut stopping = Vec::new();
        for slot in self.slots.values_mut() {
            if let Some(run) = &mut slot.run {
                stopping.push(slot.name.clone());
                run.launch = None;
            }
        }
        for slot in stopping {
            self.tell_reaper(&slot, &ToReaper::Stop(Stop { signal: rustix::process::Signal::TERM.as_raw(), grace }));
        }
    }

    /// Asked to mend: makes sockets anew that somebody removed, and gives a daemon that was given up another chance.
    pub(super) fn mend(&mut self) {
        self.reopen_doors();
        if self.given_up.is_some() && self.ending.is_none() {
            self.start_daemon();
        }
    }

    /// Asked for a new daemon by a client that cannot talk to this one, or to none.
    pub(super) fn replace_daemon(&mut self) {
        self.reopen_doors();
        if self.daemon.is_some() {
            // A daemon takes this as the wish to be replaced.
            self.signal_daemon(rustix::process::Signal::HUP);
            self.hasten_daemon();
        } else if self.ending.is_none() {
            self.restart_at = None;
            self.start_daemon();
        }
    }

    /// Gives the daemon, which was told to end, a while to do so.
    fn hasten_daemon(&mut self) {
        if self.daemon.is_some() {
            self.daemon_dies_at.get_or_insert_with(|| Instant::now() + DAEMON_GRACE);
        }
    }

    pub(super) fn signal_daemon(&self, signal: rustix::process::Signal) {
        // It is a child of ours that was not waited for yet, so the number is still its own.
        if let Some(pid) = self.daemon.as_ref().and_then(|daemon| rustix::process::Pid::from_raw(daemon.pid)) {
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    pub(super) fn reopen_doors(&mut self) {
        if let Err(error) = self.home.prepare() {
            return report(format_args!("{error}"));
        }
        if !self.reapers.is_reachable() {
            match Door::open(self.reapers.path().to_owned()) {
                Ok(door) => {
                    self.poller.forget(&self.reapers);
                    self.reapers = door;
                    let _ = self.poller.watch(&self.reapers, Token::Reapers);
                }
                Err(error) => report(format_args!("no socket for reapers: {error}")),
            }
            for slot in self.slots.values_mut() {
                let _ = slot.rebind(&self.poller);
            }
        }
        if self.clients.is_reachable() {
            return;
        }
        match Door::open(self.clients.path().to_owned()).and_then(|door| Ok((door.duplicate()?, door))) {
            Ok((listener, door)) => {
                self.poller.forget(&self.clients);
                self.clients = door;
                self.tell_daemon(&FromKeeper::Listener, vec![listener]);
                if self.given_up.is_some() {
                    let _ = self.poller.watch(&self.clients, Token::Clients);
                }
            }
            Err(error) => report(format_args!("no control socket: {error}")),
        }
    }
}
