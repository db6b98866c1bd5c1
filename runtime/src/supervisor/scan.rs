//! One look at the machine's processes and listening sockets, which everybody who asks in the same moment shares.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use locald_keeper::process::{Process, below, snapshot};

use super::listening::{Listening, listening_sockets};
use super::port_monitor::ports_of;

/// For so long a look is as good as a new one.
const FRESH: Duration = Duration::from_millis(50);
/// The same for who listens, which is asked more often and costs less. Services that begin together are looked at together.
const FRESH_LISTENING: Duration = Duration::from_millis(10);

/// What was seen.
pub(crate) struct Scan {
    processes: Vec<Process>,
    listening: Arc<[Listening]>,
}

/// Looks, and remembers for an instant what it saw.
#[derive(Default)]
pub(crate) struct Scanner {
    last: Mutex<Option<(Instant, Arc<Scan>)>>,
    listening: Mutex<Option<(Instant, Arc<[Listening]>)>>,
}

impl Scanner {
    /// How things are now. Reads a file for each process of the machine: not for a thread that others wait for.
    pub(crate) fn look(&self) -> Arc<Scan> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, scan)) = &*last
            && at.elapsed() < FRESH
        {
            return scan.clone();
        }
        let scan = Arc::new(Scan { processes: snapshot(), listening: listening_sockets().into() });
        *last = Some((Instant::now(), scan.clone()));
        scan
    }

    /// Who listens now.
    pub(crate) fn listening(&self) -> Arc<[Listening]> {
        let mut last = self.listening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, listening)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH_LISTENING) {
            return listening.clone();
        }
        let listening: Arc<[Listening]> = listening_sockets().into();
        *last = Some((Instant::now(), listening.clone()));
        listening
    }
}

/// The ports on which the processes of a run listen whose first process is `first`: those below its parent. Reads a file for each
/// process of the machine.
pub fn ports_of_run(first: u32) -> BTreeSet<u16> {
    Scanner::default().look().ports(first)
}

impl Scan {
    /// Who listened.
    pub(crate) fn listening(&self) -> Arc<[Listening]> {
        self.listening.clone()
    }

    /// The ports on which the service whose first process is `first` listens.
    pub(crate) fn ports(&self, first: u32) -> BTreeSet<u16> {
        let tree: Vec<i32> = self.tree(first).iter().map(|process| process.identity.pid).collect();
        ports_of(&tree, &self.listening, sockets)
    }

    /// All processes of the service whose first process is `first`: those below its reaper, which is the first one's parent.
    pub(crate) fn tree(&self, first: u32) -> Vec<&Process> {
        let first = self.processes.iter().find(|process| process.identity.pid == first.cast_signed());
        first.map_or_else(Vec::new, |first| below(&self.processes, first.parent))
    }

    /// The process that listens on `port`, by number and name, if it can be seen.
    pub(crate) fn owner(&self, port: u16) -> Option<(i32, &str)> {
        let inodes: Vec<u64> =
            self.listening.iter().filter(|socket| socket.port == port).map(|socket| socket.inode).collect();
        let holds = |process: &&Process| sockets(process.identity.pid).iter().any(|inode| inodes.contains(inode));
        let owner = self.processes.iter().filter(|_| !inodes.is_empty()).find(holds)?;
        Some((owner.identity.pid, &owner.name))
    }
}

/// The sockets that a process holds. Of another user's process nothing is to be seen.
fn sockets(pid: i32) -> BTreeSet<u64> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return BTreeSet::new() };
    let links = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    links.filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_that_this_process_listens_on_is_its_own() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let scan = Scanner::default().look();
        assert_eq!(scan.owner(port).map(|(pid, _)| pid), Some(std::process::id().cast_signed()));
        assert!(scan.ports(std::process::id()).contains(&port));
        assert_eq!(scan.owner(1), None);
    }

    #[test]
    fn those_who_look_in_the_same_moment_see_the_same() {
        let scanner = Scanner::default();
        let first = scanner.look();
        let second = scanner.look();
        // On a machine that stands still in between, the moment is over.
        assert!(Arc::ptr_eq(&first, &second) || Arc::strong_count(&first) == 1);
    }
}
