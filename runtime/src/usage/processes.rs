//! All processes of the machine at one moment, as `/proc` tells them (proc_pid_stat(5)).

use std::collections::BTreeMap;
use std::fs;

/// The name of the process that every run of a service hangs from.
pub(super) const REAPER: &str = "locald-reaper";

const PAGE_SIZE: usize = 6;
const CLOCK_TICKS: usize = 17;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) name: String,
    /// When it began, in clock ticks since boot.
    pub(super) begun: u64,
    /// Processor time it has used, in clock ticks.
    pub(super) ticks: u64,
    /// Resident bytes.
    pub(super) memory: u64,
}

/// All processes at one moment.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    processes: BTreeMap<u32, Process>,
    children: BTreeMap<u32, Vec<u32>>,
}

impl Snapshot {
    /// Reads `/proc`.
    pub(super) fn take() -> Self {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let page = auxiliary(PAGE_SIZE).unwrap_or(4096);
        Self::of(pids.filter_map(|pid| parse(&fs::read(format!("/proc/{pid}/stat")).ok()?, page)))
    }

    pub(super) fn of(processes: impl IntoIterator<Item = Process>) -> Self {
        let mut snapshot = Self::default();
        for process in processes {
            snapshot.children.entry(process.parent).or_default().push(process.pid);
            snapshot.processes.insert(process.pid, process);
        }
        snapshot
    }

    /// The processes of the run whose first process is `pid`: everything below its reaper, which takes in what the first has left
    /// behind. Without a reaper, the first and what is below it.
    pub(super) fn tree_of_run(&self, pid: u32) -> Vec<&Process> {
        let reaper = self.processes.get(&pid).and_then(|first| self.processes.get(&first.parent));
        let mut tree: Vec<&Process> = match reaper.filter(|parent| parent.name == REAPER) {
            Some(reaper) => self.below(reaper.pid).collect(),
            None => self.processes.get(&pid).into_iter().collect(),
        };
        let mut at = 0;
        while let Some(process) = tree.get(at) {
            tree.extend(self.below(process.pid));
            at += 1;
        }
        tree
    }

    fn below(&self, pid: u32) -> impl Iterator<Item = &Process> {
        self.children.get(&pid).into_iter().flatten().filter_map(|child| self.processes.get(child))
    }
}

impl Process {
    /// What tells it from a later process of the same number.
    pub(super) fn identity(&self) -> (u32, u64) {
        (self.pid, self.begun)
    }
}

/// Clock ticks in a second, as `/proc` counts them.
pub(super) fn ticks_per_second() -> u64 {
    auxiliary(CLOCK_TICKS).filter(|ticks| *ticks > 0).unwrap_or(100)
}

/// A value that the kernel told this process at its start: pairs of words, key and value (getauxval(3)).
fn auxiliary(key: usize) -> Option<u64> {
    const WORD: usize = size_of::<usize>();
    let vector = fs::read("/proc/self/auxv").ok()?;
    let word = |bytes: &[u8]| Some(usize::from_ne_bytes(bytes.try_into().ok()?));
    let pair = vector.chunks_exact(2 * WORD).find(|pair| word(&pair[..WORD]) == Some(key))?;
    u64::try_from(word(&pair[WORD..])?).ok()
}

/// Reads a line of `/proc/PID/stat`, of a machine with pages of this many bytes. The name stands in brackets and may hold brackets
/// and blanks itself.
fn parse(stat: &[u8], page: u64) -> Option<Process> {
    let stat = String::from_utf8_lossy(stat);
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    // From the third field on, the state.
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Process {
        pid: pid.parse().ok()?,
        parent: u32::try_from(number(4)?).ok()?,
        name: name.to_owned(),
        begun: number(22)?,
        ticks: number(14)? + number(15)?,
        memory: number(24)? * page,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_how_it_counts() {
        assert!(auxiliary(PAGE_SIZE).is_some_and(|page| page.is_power_of_two() && page >= 4096));
        assert!((50..=10_000).contains(&ticks_per_second()));
    }

    #[test]
    fn a_name_may_hold_anything() {
        let line =
            b"42 (a) (b c) S 7 42 42 0 -1 4194304 100 0 0 0 30 12 0 0 20 0 1 0 5555 1000 25 18446744073709551615 1";
        let page = 4096;
        let expected =
            Process { pid: 42, parent: 7, name: "a) (b c".into(), begun: 5555, ticks: 42, memory: 25 * page };
        assert_eq!(parse(line, page), Some(expected));
        assert_eq!((parse(b"", page), parse(b"42 (x) S 7", page)), (None, None));
    }
}
