//! The keeper and the runs of its slots: starting one, listening to its reaper, and passing on what it tells.

use std::os::fd::OwnedFd;

use super::poller::Token;
use super::run::Run;
use super::slot::Slot;
use super::{Keeper, MESSAGES_A_TURN, Phase};
use crate::journal::{What, now};
use crate::launch::{Launch, LaunchFailure, Step, Terminal};
use crate::message::{FromKeeper, FromReaper, ToReaper, VERSION};
use crate::report::report;

impl Keeper {
    pub(super) fn slot_named(&mut self, name: &str) -> Option<&mut Slot> {
        self.slots.values_mut().find(|slot| slot.name == name)
    }

    pub(super) fn open_slot(&mut self, name: String, base: u64) {
        if let Some(id) = self.slot_named(&name).map(|slot| slot.id) {
            return self.tell_slot(id);
        }
        let id = self.new_id();
        let created = Slot::create(id, name, base, self.home.runtime_dir().join(format!("notify-{id}.sock")));
        match created.and_then(|slot| self.poller.watch(&slot.notify, Token::Notify(id)).map(|()| slot)) {
            Ok(slot) => {
                self.slots.insert(id, slot);
                self.tell_slot(id);
            }
            Err(error) => report(format_args!("no slot for a service: {error}")),
        }
    }

    pub(super) fn new_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn spawn(&mut self, name: String, number: u64, launch: Launch, sockets: Vec<OwnedFd>) {
        let id = self.new_id();
        let (reaper, socket) = (self.reaper.clone(), self.reapers.path().to_owned());
        if !self.reapers.is_reachable() {
            self.reopen_doors();
        }
        let leaving = self.ending == Some(Phase::Leaving);
        let group = self.group.as_ref().ok().and_then(|group| group.of_run(id, launch.escape));
        let failure = match self.slot_named(&name) {
            Some(slot) if slot.run.is_none() && !leaving => {
                // What an earlier run still said is not this one's.
                slot.notify.drain();
                slot.notify.forget();
                match Run::spawn(id, number, launch, sockets, group, (&reaper, &socket)) {
                    Ok(run) => {
                        slot.run = Some(run);
                        return;
                    }
                    Err(failure) => failure,
                }
            }
            _ => LaunchFailure { step: Step::Reaper, errno: rustix::io::Errno::BUSY.raw_os_error() },
        };
        self.tell_daemon(&FromKeeper::SpawnFailed { slot: name, run: number, failure }, Vec::new());
    }

    pub(super) fn tell_reaper(&mut self, slot: &str, message: &ToReaper) {
        let run = self.slots.values_mut().find(|known| known.name == slot).and_then(|slot| slot.run.as_mut());
        if let Some(run) = run {
            run.tell(message, Vec::new(), &self.poller);
        }
    }

    pub(super) fn accept_reapers(&mut self) {
        // The rest have their turn at the next look.
        for _ in 0..MESSAGES_A_TURN {
            let Ok((stream, _)) = self.reapers.listener().accept() else { return };
            let peer = rustix::net::sockopt::socket_peercred(&stream);
            let Ok(pid) = peer.map(|peer| peer.pid.as_raw_nonzero().get()) else { continue };
            let run = self.slots.values_mut().filter_map(|slot| slot.run.as_mut());
            let Some(run) = run.into_iter().find(|run| run.reaper == pid && run.sender.is_none()) else { continue };
            let Ok((sender, receiver)) = stream.set_nonblocking(true).and_then(|()| crate::channel(stream)) else {
                continue;
            };
            if self.poller.watch(&receiver, Token::Reaper(run.id)).is_ok() {
                (run.sender, run.receiver) = (Some(sender), Some(receiver));
            }
        }
    }

    pub(super) fn listen_to_reaper(&mut self, run_id: u32) {
        for run in self.slots.values_mut().filter_map(|slot| slot.run.as_mut()).filter(|run| run.id == run_id) {
            run.flush(&self.poller);
        }
        let Some((slot_id, run)) = self.find_run(run_id) else {
            return self.husks.iter_mut().filter(|husk| husk.id == run_id).for_each(|husk| {
                // A husk has nothing more to say than that it ends.
                if let Some(receiver) = husk.receiver.take_if(|receiver| receiver.fill().is_err()) {
                    self.poller.forget(&receiver);
                }
            });
        };
        let Some(receiver) = &mut run.receiver else { return };
        let mut told = Vec::new();
        let closed = loop {
            match receiver.take::<FromReaper>() {
                Ok(Some((message, _))) => told.push(message),
                Ok(None) => match receiver.fill() {
                    Ok(true) => {}
                    Ok(false) => break false,
                    Err(_) => break true,
                },
                Err(_) => break true,
            }
        };
        if let Some(receiver) = run.receiver.take_if(|_| closed) {
            self.poller.forget(&receiver);
        }
        for message in told {
            self.note(slot_id, message);
        }
    }

    pub(super) fn find_run(&mut self, id: u32) -> Option<(u32, &mut Run)> {
        self.slots.values_mut().find_map(|slot| {
            let run = slot.run.as_mut().filter(|run| run.id == id)?;
            Some((slot.id, run))
        })
    }

    /// Something a reaper said about the run of a slot.
    pub(super) fn note(&mut self, slot_id: u32, message: FromReaper) {
        let Some(slot) = self.slots.get_mut(&slot_id) else { return };
        let Some(run) = &mut slot.run else { return };
        match message {
            FromReaper::Hello { version: VERSION } => {
                let Some(launch) = run.launch.take() else {
                    // The keeper is about to end and starts nothing any more.
                    return self.fail_run(slot_id, LaunchFailure { step: Step::Reaper, errno: 0 });
                };
                let sockets = std::mem::take(&mut run.sockets);
                run.tell(&ToReaper::Launch(launch), sockets, &self.poller);
            }
            FromReaper::Hello { .. } => {
                let failure = LaunchFailure { step: Step::ReaperVersion, errno: 0 };
                self.fail_run(slot_id, failure);
            }
            FromReaper::Failed(failure) => self.fail_run(slot_id, failure),
            FromReaper::Started { pid } => self.begin_run(slot_id, pid),
            FromReaper::Exited(outcome) => run.outcome = Some(outcome),
            FromReaper::Gone(ending) => {
                if !ending.left.is_empty() {
                    self.husks.push(run.husk());
                }
                slot.close(ending, &self.poller);
            }
        }
    }

    pub(super) fn begin_run(&mut self, slot_id: u32, pid: u32) {
        let Some(slot) = self.slots.get_mut(&slot_id) else { return };
        let Some(run) = &mut slot.run else { return };
        let since = now();
        run.begun = Some((pid, since));
        let (columns, rows) = match run.terminal {
            Terminal::Pty { columns, rows } => (columns, rows),
            Terminal::Pipes => (0, 0),
        };
        let started = What::Started { run: run.number, pid, columns, rows };
        let (Some(info), Ok(master)) = (run.info(), run.master()) else {
            // Without its reaper's connection the run ends by itself.
            let errno = rustix::io::Errno::MFILE.raw_os_error();
            return self.fail_run(slot_id, LaunchFailure { step: Step::Terminal, errno });
        };
        slot.begin(since, started, &self.poller);
        let message = FromKeeper::Spawned { slot: slot.name.clone(), run: info };
        self.tell_daemon(&message, master.into_iter().collect());
    }

    /// A run could not begin; its reaper ends by itself.
    pub(super) fn fail_run(&mut self, slot_id: u32, failure: LaunchFailure) {
        let Some(slot) = self.slots.get_mut(&slot_id) else { return };
        let Some(run) = slot.run.take() else { return };
        let message = FromKeeper::SpawnFailed { slot: slot.name.clone(), run: run.number, failure };
        if let Some(receiver) = &run.receiver {
            self.poller.forget(receiver);
        }
        self.tell_daemon(&message, Vec::new());
    }

    pub(super) fn take_notice(&mut self, slot_id: u32) {
        let Some(slot) = self.slots.get_mut(&slot_id) else { return };
        slot.notify.drain();
        self.tell_notices();
    }

    /// Tells the daemon what services have said since it was last told, if it keeps up; else a later call does.
    pub(super) fn tell_notices(&mut self) {
        if self.daemon.as_ref().is_none_or(|daemon| !daemon.greeted || daemon.sends_later) {
            return;
        }
        let mut told = Vec::new();
        for slot in self.slots.values_mut() {
            for (key, value) in slot.notify.take_news() {
                told.push(FromKeeper::Notify { slot: slot.name.clone(), key: key.to_owned(), value });
            }
        }
        for message in &told {
            self.tell_daemon(message, Vec::new());
        }
    }
}
