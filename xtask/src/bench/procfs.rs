//! What processes have cost so far, from proc(5).
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Seconds of processor time that these processes have used.
pub(super) fn cpu_seconds(pids: &[u32]) -> f64 {
    const TICKS: f64 = 100.0;
    let ticks = |pid: &u32| -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
    };
    pids.iter().filter_map(ticks).sum::<u64>() as f64 / TICKS
}

/// Milliseconds that threads of these processes have run, to the microsecond: what is too little for [`cpu_seconds`].
pub(super) fn run_time_ms(pids: &[u32]) -> f64 {
    let times =
        files_of_threads(pids, "schedstat").filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok());
    times.sum::<u64>() as f64 / 1e6
}

/// How often each thread of some processes had been switched to, at one moment.
pub(super) struct Switches(BTreeMap<PathBuf, u64>);

impl Switches {
    /// Those of all threads of these processes so far.
    pub(super) fn of(pids: &[u32]) -> Self {
        let of_thread = |path: PathBuf| {
            let status = fs::read_to_string(path.join("status")).ok()?;
            let lines = status.lines().filter(|line| line.contains("ctxt_switches"));
            Some((path, lines.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum()))
        };
        Self(threads(pids).filter_map(of_thread).collect())
    }

    /// How many there have been since `before`. A thread that has ended meanwhile was switched to at least once for that.
    pub(super) fn since(&self, before: &Self) -> f64 {
        let lasting = self.0.iter().map(|(thread, count)| count - before.0.get(thread).unwrap_or(&0));
        let ended = before.0.keys().filter(|thread| !self.0.contains_key(*thread)).count();
        (lasting.sum::<u64>() + ended as u64) as f64
    }
}

fn files_of_threads<'a>(pids: &'a [u32], name: &'a str) -> impl Iterator<Item = String> + 'a {
    threads(pids).filter_map(move |thread| fs::read_to_string(thread.join(name)).ok())
}

/// The folders of all threads of these processes.
fn threads(pids: &[u32]) -> impl Iterator<Item = PathBuf> {
    let tasks = pids.iter().flat_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten());
    tasks.map(|task| task.path())
}

/// Mebibytes that these processes use, shared pages divided among those who share them.
pub(super) fn proportional_mib(pids: &[u32]) -> f64 {
    sum_kib(pids, "Pss:") / 1024.0
}

/// Mebibytes that these processes share with nobody.
pub(super) fn private_mib(pids: &[u32]) -> f64 {
    sum_kib(pids, "Private_") / 1024.0
}

/// The most kibibytes that one of these processes shares with nobody.
pub(super) fn most_private_kib(pids: &[u32]) -> f64 {
    pids.iter().map(|&pid| sum_kib(&[pid], "Private_")).fold(0.0, f64::max)
}

fn sum_kib(pids: &[u32], field: &str) -> f64 {
    let rollups = pids.iter().filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok());
    rollups.map(|rollup| sum_fields(&rollup, field)).sum::<u64>() as f64
}

fn sum_fields(rollup: &str, field: &str) -> u64 {
    let lines = rollup.lines().filter(|line| line.starts_with(field));
    lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
}

/// The processes whose parent is `parent`.
pub(super) fn children(parent: u32) -> Vec<u32> {
    let parent_of = |pid: u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|&pid| parent_of(pid) == Some(parent)).collect()
}
