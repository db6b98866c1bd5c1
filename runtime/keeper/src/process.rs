//! Processes of this machine: who they are, who is below whom, and signals that cannot hit a stranger.
//!
//! A process is identified by its number and its start time, because numbers are used again. A signal goes through a pidfd
//! (`pidfd_open(2)`) whose process is compared with that identity first.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};

/// A process at the moment of a [`snapshot`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Which process.
    pub identity: Identity,
    /// Its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session (setsid(2)).
    pub session: i32,
    /// The name of its program, at most 15 bytes.
    pub name: String,
    /// It has ended and waits for its parent to notice.
    pub zombie: bool,
}

/// One process, never confused with a later one of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// Its number.
    pub pid: i32,
    /// When it started, in clock ticks since the machine did.
    pub started: u64,
}

impl Identity {
    /// The identity of the living process with this number.
    pub fn of(pid: i32) -> Option<Self> {
        read(pid).map(|process| process.identity)
    }

    /// Whether the process still lives; a zombie does not.
    pub fn is_alive(self) -> bool {
        read(self.pid).is_some_and(|process| process.identity == self && !process.zombie)
    }

    /// Sends a signal to this process and no other. `false`: it is gone, or not ours to signal.
    pub fn signal(self, signal: Signal) -> bool {
        let Some(pid) = Pid::from_raw(self.pid) else { return false };
        let Ok(handle) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else { return false };
        // The handle pins the number: if the start time fits now, the handle is of this process.
        Self::of(self.pid) == Some(self) && rustix::process::pidfd_send_signal(handle, signal).is_ok()
    }
}

/// All processes now. What cannot be read, such as other users' processes on a hardened machine, is left out.
pub fn snapshot() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| read(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}

/// The living processes below `root`, however deep.
pub fn below(processes: &[Process], root: i32) -> Vec<&Process> {
    let mut found: Vec<&Process> = Vec::new();
    let mut parents = vec![root];
    while let Some(parent) = parents.pop() {
        for child in processes.iter().filter(|process| process.parent == parent && process.identity.pid != root) {
            parents.push(child.identity.pid);
            found.push(child);
        }
    }
    found.retain(|process| !process.zombie);
    found
}

/// Sends a signal to a process group that the caller knows to exist.
pub(crate) fn signal_group(leader: i32, signal: Signal) -> Result<(), Errno> {
    let group = Pid::from_raw(leader).ok_or(Errno::SRCH)?;
    rustix::process::kill_process_group(group, signal)
}

/// A signal by its number; one that does not exist is SIGTERM.
pub(crate) fn signal_of(number: i32) -> Signal {
    Signal::from_named_raw(number).unwrap_or(Signal::TERM)
}

/// Whether the process ignores this signal, as interactive shells ignore SIGTERM (`SigIgn` in proc_pid_status(5)).
pub(crate) fn ignores(pid: i32, signal: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    (1..=64).contains(&signal) && mask >> (signal - 1) & 1 == 1
}

/// The process with this number, also one that has ended and that nobody has noticed yet.
pub(crate) fn read(pid: i32) -> Option<Process> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads proc_pid_stat(5). The name stands in parentheses and may itself hold any byte, so the last one counts.
fn parse(pid: i32, stat: &[u8]) -> Option<Process> {
    let open = stat.iter().position(|&byte| byte == b'(')?;
    let close = stat.iter().rposition(|&byte| byte == b')')?;
    let name = String::from_utf8_lossy(stat.get(open + 1..close)?).into_owned();
    let fields: Vec<&str> = std::str::from_utf8(stat.get(close + 1..)?).ok()?.split_ascii_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse().ok();
    let zombie = matches!(*fields.first()?, "Z" | "X");
    let started = fields.get(19)?.parse().ok()?;
    Some(Process {
        identity: Identity { pid, started },
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        name,
        zombie,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32) -> Process {
        Process {
            identity: Identity { pid, started: 1 },
            parent,
            group: 1,
            session: 1,
            name: String::new(),
            zombie: false,
        }
    }

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let tail = " S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 0 0";
        let found = parse(42, format!("42 (a) b (c){tail}").as_bytes()).unwrap();
        assert_eq!(found.name, "a) b (c");
        assert_eq!((found.parent, found.session, found.identity.started), (7, 9, 4711));
    }

    #[test]
    fn all_descendants_are_found_and_no_others() {
        let table = [process(2, 1), process(3, 2), process(4, 3), process(5, 1), process(6, 4)];
        let mut found: Vec<i32> = below(&table, 2).iter().map(|process| process.identity.pid).collect();
        found.sort_unstable();
        assert_eq!(found, [3, 4, 6]);
    }

    #[test]
    fn a_process_number_with_another_start_time_is_never_signalled() {
        let us = Identity::of(std::process::id().cast_signed()).unwrap();
        let stranger = Identity { started: us.started + 1, ..us };
        assert!(us.is_alive());
        assert!(!stranger.is_alive());
        assert!(!stranger.signal(Signal::TERM));
    }

    #[test]
    fn nonsense_from_the_process_table_is_no_process() {
        for text in ["", "1", "1 (", "1 ()", "1 (x) S", "1 )x( S 1 1 1"] {
            assert_eq!(parse(1, text.as_bytes()), None, "{text}");
        }
    }
}
