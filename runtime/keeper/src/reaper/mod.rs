//! The exec stage of one run and the subreaper of everything below it: `locald-reaper`.
//!
//! It starts the service's first process as the user's shell would, reports what becomes of it, and ends everything below: on
//! request, when the first process ends by itself, and when its keeper dies. As every orphan below it becomes its child
//! (`PR_SET_CHILD_SUBREAPER`), neither setsid nor a double fork nor a cleared environment escapes. It reads no configuration,
//! touches no output and sleeps until something happens.

#[cfg(target_os = "linux")]
mod born_inside;
mod spawn;

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions};
use signal_hook::consts::{SIGALRM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::cgroup;
use crate::channel::{ReceiveError, Receiver, Sender, channel};
use crate::ending::Ending;
use crate::launch::{Escape, Launch, Stop};
use crate::message::{FromReaper, Message, ToReaper, VERSION};
use crate::outcome::Outcome;
use crate::process::{self, Identity, Process, signal_of};
use crate::signals::Signals;

/// The signals that the reaper acts on, and those that whoever started locald may have ignored (nohup(1)): what is caught here is as
/// usual again for the service, as handlers end with exec (execve(2)).
const CAUGHT: [i32; 6] = [SIGTERM, SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGALRM];

/// How long processes that outlive their service, or their keeper, may take to end.
const ORPHAN_GRACE: Duration = Duration::from_secs(1);

/// Runs the reaper. `arguments`: the keeper's socket for reapers, the keeper's process number, and the folder of the run's control group
/// where it has one.
pub fn main(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let (Some(socket), Some(keeper)) = (arguments.next(), arguments.next()) else {
        let _ = writeln!(std::io::stderr(), "locald-reaper is started by locald and has no use on its own");
        return ExitCode::from(2);
    };
    let keeper = keeper.to_str().and_then(|number| number.parse().ok()).and_then(Pid::from_raw);
    let group = arguments.next().map(PathBuf::from);
    match begin(&socket, keeper, group) {
        Ok(Some(mut reaper)) => reaper.run(),
        Ok(None) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "locald-reaper: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Reaper {
    keeper: Option<Sender>,
    receiver: Receiver,
    signals: Signals,
    child: Identity,
    launch: Launch,
    /// All of the run is in it, unless the kernel refused.
    group: Option<PathBuf>,
    outcome: Option<Outcome>,
    ending: Option<Ending>,
    told_gone: bool,
}

/// Takes the launch from the keeper and carries it out. `None`: it failed, and the keeper knows why.
fn begin(socket: &OsString, keeper: Option<Pid>, group: Option<PathBuf>) -> Result<Option<Reaper>, ReceiveError> {
    let signals = Signals::catch(&CAUGHT)?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).map_err(std::io::Error::from)?;
    let (mut sender, mut receiver) = channel(UnixStream::connect(socket)?)?;
    say(&mut sender, &FromReaper::Hello { version: VERSION })?;
    let (ToReaper::Launch(launch), sockets) = receiver.receive()? else { return Err(crate::codec::Malformed.into()) };
    // Set last, because a change of credentials clears it; compared afterwards, because the keeper may be gone already.
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM)).map_err(std::io::Error::from)?;
    if rustix::process::getppid() != keeper {
        return Ok(None);
    }
    let child = match spawn::spawn(&launch, sockets, group.as_deref()) {
        Ok(child) => child,
        Err(failure) => {
            say(&mut sender, &FromReaper::Failed(failure))?;
            return Ok(None);
        }
    };
    let mut reaper = Reaper {
        keeper: Some(sender),
        receiver,
        signals,
        child,
        launch,
        group,
        outcome: None,
        ending: None,
        told_gone: false,
    };
    // From here on there is something to end: a keeper that is gone by now shows itself in the loop.
    reaper.tell(&FromReaper::Started { pid: child.pid.cast_unsigned() });
    Ok(Some(reaper))
}

fn say(sender: &mut Sender, message: &impl Message) -> std::io::Result<()> {
    sender.queue(message, Vec::new());
    sender.flush().map(drop)
}

impl Reaper {
    fn run(&mut self) -> ExitCode {
        // What came together with the launch was read with it already.
        self.obey();
        loop {
            self.reap();
            if self.proceed_with_ending() {
                return ExitCode::SUCCESS;
            }
            self.wait();
        }
    }

    /// Sleeps until a child changes, the keeper speaks or dies, or an ending wants another look.
    fn wait(&mut self) {
        let pause = self.ending.as_ref().filter(|_| !self.told_gone).map(|ending| {
            let pause = ending.pause(Instant::now());
            Timespec { tv_sec: pause.as_secs().cast_signed(), tv_nsec: i64::from(pause.subsec_nanos()) }
        });
        let mut ready = [
            PollFd::from_borrowed_fd(self.signals.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.receiver.as_fd(), PollFlags::IN),
        ];
        // Without a keeper its end of the socket would be readable for ever.
        let watched = if self.keeper.is_some() { 2 } else { 1 };
        if poll(&mut ready[..watched], pause.as_ref()).is_err() {
            return;
        }
        let keeper_spoke = watched == 2 && !ready[1].revents().is_empty();
        if self.signals.take().contains(&SIGTERM) {
            self.end(Stop { signal: self.launch.stop_signal, grace: ORPHAN_GRACE });
        }
        if keeper_spoke {
            self.listen();
        }
    }

    fn listen(&mut self) {
        match self.receiver.fill() {
            Ok(_) => self.obey(),
            Err(_) => self.lose_keeper(),
        }
    }

    /// Does what the keeper has said so far.
    fn obey(&mut self) {
        loop {
            match self.receiver.take() {
                Ok(Some((ToReaper::Signal(number), _))) if self.outcome.is_none() => {
                    let _ = process::signal_group(self.child.pid, signal_of(number));
                }
                Ok(Some((ToReaper::Stop(stop), _))) => self.end(stop),
                Ok(Some((ToReaper::Launch(_) | ToReaper::Signal(_), _))) => {}
                Ok(None) => return,
                Err(_) => return self.lose_keeper(),
            }
        }
    }

    fn lose_keeper(&mut self) {
        self.keeper = None;
        self.end(Stop { signal: self.launch.stop_signal, grace: ORPHAN_GRACE });
    }

    /// Collects every child that has ended: the service's first process, and orphans that came to us.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if pid.as_raw_nonzero().get() == self.child.pid && self.outcome.is_none() {
                let outcome = Outcome::from(status);
                self.outcome = Some(outcome);
                self.tell(&FromReaper::Exited(outcome));
                if self.ending.is_none() {
                    self.ending = Some(Ending::of_orphans(Instant::now() + ORPHAN_GRACE));
                }
            }
        }
    }

    /// Begins to end the run, or hastens an ending that has begun.
    fn end(&mut self, stop: Stop) {
        let now = Instant::now();
        let deadline = now.checked_add(stop.grace).unwrap_or_else(|| now + Duration::from_hours(24));
        let ending = self.ending.get_or_insert_with(|| Ending::of_orphans(deadline));
        ending.hasten(deadline);
        if self.outcome.is_some() {
            return;
        }
        let group = self.child.pid;
        let _ = process::signal_group(group, signal_of(stop.signal));
        if process::ignores(group, stop.signal) {
            // An interactive shell does not end for being asked, but it does when its terminal goes away.
            let _ = process::signal_group(group, Signal::HUP);
        }
        let _ = process::signal_group(group, Signal::CONT);
        ending.note_asked(group);
    }

    /// Does what an ending wants now; says whether the reaper's work is over.
    fn proceed_with_ending(&mut self) -> bool {
        let Some(ending) = &mut self.ending else { return false };
        let processes = process::snapshot();
        let (mut doomed, mut left) = (Vec::new(), Vec::new());
        for found in process::below(&processes, rustix::process::getpid().as_raw_nonzero().get()) {
            // A daemon has left the service's session; everything else belongs to the service.
            let spared = self.launch.escape == Escape::Leave && found.session != self.child.pid;
            if spared { left.push(found) } else { doomed.push(found) }
        }
        // One that starts the next and ends, again and again, is in no list of processes for long enough to be found there.
        let group = self.group.as_deref().filter(|_| self.launch.escape == Escape::Kill);
        let members = group.map(cgroup::members).unwrap_or_default();
        let missed = missed(&members, &doomed);
        doomed.extend(&missed);
        let is_empty = doomed.is_empty() && members.is_empty();
        let now = Instant::now();
        for (identity, signal) in ending.step(&doomed, self.outcome.is_none().then_some(self.child), now) {
            identity.signal(signal);
        }
        if let Some(group) = group.filter(|_| ending.is_overdue(now) && !is_empty) {
            // At once, whatever was born since the look.
            let _ = cgroup::kill(group);
        }
        let (Some(outcome), true) = (self.outcome, is_empty) else { return false };
        if !self.told_gone {
            self.told_gone = true;
            let ended = ending.result(outcome, left.iter().map(|process| process.name.clone()));
            self.tell(&FromReaper::Gone(ended));
        }
        // What was left on purpose stays below this reaper, and so stays known, as long as a keeper is there to know it.
        left.is_empty() || self.keeper.is_none()
    }

    fn tell(&mut self, message: &FromReaper) {
        if let Some(keeper) = &mut self.keeper {
            // A keeper that is gone shows itself when it is next listened to.
            let _ = say(keeper, message);
        }
    }
}

/// Those of `members` that the list of processes below us did not have, as far as they still live.
fn missed(members: &[i32], known: &[&Process]) -> Vec<Process> {
    let unknown = members.iter().filter(|pid| known.iter().all(|process| process.identity.pid != **pid));
    unknown.filter_map(|pid| process::read(*pid)).filter(|process| !process.zombie).collect()
}
