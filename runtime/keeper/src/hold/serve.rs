//! The keeper and its daemon: starting it, handing it everything, doing what it says, and what follows when it ends.

use std::os::fd::OwnedFd;
use std::time::Instant;
use std::{io, mem};

use super::daemon::Daemon;
use super::orphans::Orphans;
use super::poller::Token;
use super::restart::Next;
use super::run::Run;
use super::{HUNG_UP_GRACE, Keeper, Phase, STOP_GRACE};
use crate::message::{FromKeeper, ToKeeper, ToReaper, VERSION};
use crate::outcome::Outcome;
use crate::report::report;

impl Keeper {
    pub(super) fn start_daemon(&mut self) {
        self.given_up = None;
        self.poller.forget(&self.clients);
        let started = Daemon::start(&self.executable, &self.home).and_then(|daemon| {
            self.poller.watch(&daemon.receiver, Token::Daemon)?;
            Ok(daemon)
        });
        match started {
            Ok(daemon) => self.daemon = Some(daemon),
            Err(error) => self.give_up(format!("the daemon cannot be started: {error}")),
        }
    }

    pub(super) fn give_up(&mut self, reason: String) {
        report(format_args!("{reason}"));
        self.given_up = Some(reason);
        let _ = self.poller.watch(&self.clients, Token::Clients);
    }

    pub(super) fn refuse_clients(&self) {
        let Some(reason) = &self.given_up else { return };
        let log = self.home.keeper_log();
        let hint = format!("see {}, then run `locald daemon restart`", log.display());
        self.clients.refuse_all(&format!("{reason}; services run on"), &hint);
    }

    pub(super) fn listen_to_daemon(&mut self) {
        loop {
            let Some(daemon) = &mut self.daemon else { return };
            match daemon.receiver.take() {
                Ok(Some((message, descriptors))) => self.obey(message, descriptors),
                Ok(None) => match daemon.receiver.fill() {
                    Ok(true) => {}
                    Ok(false) => return,
                    // It is about to end, or has; its end is learnt by its process.
                    Err(_) => {
                        self.poller.forget(&daemon.receiver);
                        self.daemon_dies_at.get_or_insert(Instant::now() + HUNG_UP_GRACE);
                        return;
                    }
                },
                Err(_) => {
                    report(format_args!("the daemon does not speak this keeper's protocol"));
                    self.poller.forget(&daemon.receiver);
                    return self.signal_daemon(rustix::process::Signal::KILL);
                }
            }
        }
    }

    pub(super) fn obey(&mut self, message: ToKeeper, descriptors: Vec<OwnedFd>) {
        match message {
            ToKeeper::Hello { version } => self.greet_daemon(version),
            ToKeeper::Open { slot, base } => self.open_slot(slot, base),
            ToKeeper::Close { slot } => {
                if let Some(slot) = self.slot_named(&slot) {
                    slot.forget();
                }
                self.drop_forgotten();
            }
            ToKeeper::Spawn { slot, run, launch } => self.spawn(slot, run, launch, descriptors),
            ToKeeper::Signal { slot, signal } => self.tell_reaper(&slot, &ToReaper::Signal(signal)),
            ToKeeper::Stop { slot, stop } => self.tell_reaper(&slot, &ToReaper::Stop(stop)),
            ToKeeper::Put { key, value } => {
                self.values.insert(key, value);
            }
            ToKeeper::Remove { key } => {
                self.values.remove(&key);
            }
            ToKeeper::Shutdown => self.leave(STOP_GRACE),
            ToKeeper::Hold { key } => self.sockets.extend(descriptors.into_iter().map(|socket| (key.clone(), socket))),
            ToKeeper::Release { key } => {
                self.sockets.remove(&key);
            }
        }
    }

    pub(super) fn greet_daemon(&mut self, version: u32) {
        if version != VERSION {
            report(format_args!("the daemon speaks version {version} of the keeper's protocol, this keeper {VERSION}"));
        }
        let welcome = FromKeeper::Welcome {
            version: VERSION,
            pid: std::process::id(),
            started: self.started,
            failures: self.policy.total(),
        };
        if let Some(daemon) = &mut self.daemon {
            daemon.greeted = true;
        }
        let descriptors = self
            .clients
            .duplicate()
            .and_then(|listener| Ok([listener, self.output.try_clone()?, self.room.try_clone()?]));
        match descriptors {
            Ok(descriptors) => self.tell_daemon(&welcome, descriptors.into()),
            Err(error) => return report(format_args!("no descriptors for the daemon: {error}")),
        }
        for id in self.slots.keys().copied().collect::<Vec<_>>() {
            self.tell_slot(id);
        }
        for (key, value) in self.values.clone() {
            self.tell_daemon(&FromKeeper::Value { key, value }, Vec::new());
        }
        self.tell_sockets();
        self.tell_daemon(&FromKeeper::Ready, Vec::new());
        if self.ending == Some(Phase::DaemonStops) {
            self.tell_daemon(&FromKeeper::Terminate, Vec::new());
        }
    }

    fn tell_sockets(&mut self) {
        let copies: Vec<_> = self.sockets.iter().map(|(key, socket)| (key.clone(), socket.try_clone())).collect();
        for (key, socket) in copies {
            match socket {
                Ok(socket) => self.tell_daemon(&FromKeeper::Held { key }, vec![socket]),
                Err(error) => report(format_args!("no descriptor for the socket {key}: {error}")),
            }
        }
    }

    pub(super) fn tell_slot(&mut self, id: u32) {
        let Some(slot) = self.slots.get(&id) else { return };
        let run = slot.run.as_ref().and_then(Run::info);
        let memory = rustix::io::fcntl_dupfd_cloexec(&slot.journal, 3).map_err(io::Error::from);
        let master = slot.run.as_ref().filter(|_| run.is_some()).map_or(Ok(None), Run::master);
        let (Ok(memory), Ok(master)) = (memory, master) else {
            return report(format_args!("no descriptors left for {}", slot.name));
        };
        let notify = slot.notify.path().to_string_lossy().into_owned();
        let said: Vec<_> = slot.notify.latest().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let name = slot.name.clone();
        let descriptors = [memory].into_iter().chain(master).collect();
        let starting = slot.run.as_ref().filter(|run| run.begun.is_none()).map(|run| run.number);
        self.tell_daemon(&FromKeeper::Slot { slot: name.clone(), notify, run, starting }, descriptors);
        for (key, value) in said {
            self.tell_daemon(&FromKeeper::Notify { slot: name.clone(), key, value }, Vec::new());
        }
    }

    /// Tells a daemon that has been greeted; what happens before that is part of the greeting.
    pub(super) fn tell_daemon(&mut self, message: &FromKeeper, descriptors: Vec<OwnedFd>) {
        if let Some(daemon) = self.daemon.as_mut().filter(|daemon| daemon.greeted) {
            daemon.sender.queue(message, descriptors);
        }
    }

    /// Sends what is queued for the daemon, and watches for room to send the rest.
    pub(super) fn flush_daemon(&mut self) {
        let Some(daemon) = &mut self.daemon else { return };
        let waited = mem::replace(&mut daemon.sends_later, false);
        // A daemon that hung up is dealt with when its process ends.
        let all_sent = daemon.sender.flush().unwrap_or(true);
        daemon.sends_later = !all_sent;
        if waited == all_sent {
            let _ = self.poller.watch_writing(&daemon.receiver, Token::Daemon, !all_sent);
        }
        if waited && all_sent {
            self.tell_notices();
        }
    }

    pub(super) fn daemon_ended(&mut self, outcome: Outcome) {
        let Some(daemon) = self.daemon.take() else { return };
        self.poller.forget(&daemon.receiver);
        self.daemon_dies_at = None;
        // It may have been killed between making room in a journal and saying so.
        for slot in self.slots.values_mut() {
            slot.resume(&self.poller);
        }
        if self.ending.is_some() {
            return self.leave(STOP_GRACE);
        }
        report(format_args!("the daemon (process {}) ended: {outcome:?}", daemon.pid));
        // What it was just running for itself, such as a probe, is ours now.
        self.orphans.get_or_insert_with(|| Orphans::new(self.home.token()));
        self.end_orphans();
        match self.policy.ended(outcome, daemon.started, Instant::now()) {
            Next::Start(pause) => self.restart_at = Some(Instant::now() + pause),
            Next::GiveUp => self.give_up("the daemon failed 5 times within a minute".to_owned()),
        }
    }
}
