//! What a reaper that was killed leaves behind. As the keeper is a subreaper too, its orphans become children of the keeper, which
//! no others are but reapers and the daemon; so each of them is known, whatever it did to its session or environment.

use std::time::{Duration, Instant};

use crate::ending::Ending;
use crate::outcome::{self, Outcome};
use crate::process::{self, Process};

const GRACE: Duration = Duration::from_secs(1);
/// How long ending leftovers may take in all.
const LEFTOVERS: Duration = Duration::from_secs(3);

/// Orphans being ended, and the runs that wait for it.
pub(super) struct Orphans {
    token: String,
    ending: Ending,
    next_look: Instant,
    slots: Vec<u32>,
    sessions: Vec<i32>,
}

impl Orphans {
    pub(super) fn new(token: String) -> Self {
        let now = Instant::now();
        // What the daemon ran for itself, such as a probe, is in our own session.
        let sessions =
            rustix::process::getsid(None).map(|session| session.as_raw_nonzero().get()).into_iter().collect();
        Self { token, ending: Ending::of_orphans(now + GRACE), next_look: now, slots: Vec::new(), sessions }
    }

    /// The reaper of this slot's run was killed; the run's first process led this session.
    pub(super) fn add(&mut self, slot: u32, session: i32) {
        self.slots.push(slot);
        self.sessions.push(session);
    }

    pub(super) fn next_look(&self) -> Instant {
        self.next_look
    }

    pub(super) fn slots(&self) -> Vec<u32> {
        self.slots.clone()
    }

    pub(super) fn ending(&self, outcome: Outcome) -> outcome::Ending {
        self.ending.result(outcome, std::iter::empty())
    }

    /// Signals what is to go now; says whether nothing is left. `known`: children of the keeper that are no orphans.
    pub(super) fn step(&mut self, known: &[i32]) -> bool {
        let processes = process::snapshot();
        let us = std::process::id().cast_signed();
        let mut doomed: Vec<&Process> = Vec::new();
        for orphan in processes.iter().filter(|found| found.parent == us && !known.contains(&found.identity.pid)) {
            if !orphan.zombie && !self.is_spared(orphan) {
                doomed.push(orphan);
                doomed.extend(process::below(&processes, orphan.identity.pid));
            }
        }
        let now = Instant::now();
        for (identity, signal) in self.ending.step(&doomed, None, now) {
            identity.signal(signal);
        }
        self.next_look = now + self.ending.pause(now);
        doomed.is_empty()
    }

    /// A daemon of a service that leaves its daemons alone: in a session of its own, and marked so by its environment.
    fn is_spared(&self, orphan: &Process) -> bool {
        !self.sessions.contains(&orphan.session) && mark(orphan.identity.pid, &self.token).as_deref() == Some("leave")
    }
}

/// Ends what an earlier keeper and its reapers, killed together, left of this home; returns how many processes there were.
pub(super) fn end_leftovers(token: &str) -> usize {
    let us = std::process::id().cast_signed();
    let begun = Instant::now();
    let mut ending = Ending::of_orphans(begun + GRACE);
    let mut most = 0;
    loop {
        let processes = process::snapshot();
        let ancestors = ancestors(&processes, us);
        let marked = |found: &&Process| {
            !found.zombie
                && !ancestors.contains(&found.identity.pid)
                && mark(found.identity.pid, token).as_deref() == Some("kill")
        };
        let doomed: Vec<&Process> = processes.iter().filter(marked).collect();
        most = most.max(doomed.len());
        // A process that not even the kernel can end now must not keep a keeper from beginning.
        if doomed.is_empty() || Instant::now() > begun + LEFTOVERS {
            return most;
        }
        for (identity, signal) in ending.step(&doomed, None, Instant::now()) {
            identity.signal(signal);
        }
        std::thread::sleep(ending.pause(Instant::now()));
    }
}

/// The process and everything above it: a keeper may be started from inside a pane.
fn ancestors(processes: &[Process], mut pid: i32) -> Vec<i32> {
    let mut found = vec![pid];
    while let Some(process) = processes.iter().find(|process| process.identity.pid == pid) {
        pid = process.parent;
        if found.contains(&pid) {
            break;
        }
        found.push(pid);
    }
    found
}

/// What a process's environment says of this home: `kill` or `leave`.
fn mark(pid: i32, token: &str) -> Option<String> {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    environment.split(|&byte| byte == 0).find_map(|entry| {
        let value = entry.strip_prefix(crate::home::TOKEN_VARIABLE.as_bytes())?.strip_prefix(b"=")?;
        let word = value.strip_prefix(token.as_bytes())?.strip_prefix(b":")?;
        Some(String::from_utf8_lossy(word).into_owned())
    })
}
