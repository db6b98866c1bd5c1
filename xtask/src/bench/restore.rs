//! A daemon that was killed, and another in its place: how soon its panes are right again, with the history of each.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::workload::Ours;
use super::{Claim, Row, median};

const PANES: usize = 50;
const LINES: usize = 10_000;
const ROUNDS: usize = 5;
/// A daemon that ran for longer is followed by the next at once.
const SETTLED: Duration = Duration::from_secs(11);
/// More than anything here should take.
const LIMIT: Duration = Duration::from_mins(2);

/// Measures everything.
pub(super) fn measure(executable: &Path) -> Result<Vec<Row>> {
    let line = "line %09.0f of a service whose lines all have just so many as 77 columns, no";
    let service = |n| format!("[services.s{n}]\ncommand = \"seq -f '{line}' 1 {LINES}; exec sleep 100000\"\n");
    let ours = Ours::new(executable, &(0..PANES).map(service).collect::<String>())?;
    ours.run(&["up"])?;
    let last = format!("line {LINES:09} of");
    for pane in 0..PANES {
        until(|| Ok(captured(&ours, pane, 0)?.contains(&last)))?;
    }
    let known: Vec<String> = (0..PANES).map(|pane| captured(&ours, pane, LINES)).collect::<Result<_>>()?;
    let (mut visible, mut all) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        thread::sleep(SETTLED);
        let (_, daemon, _) = ours.processes()?;
        let (pane, begun) = (round * 11 % PANES, Instant::now());
        kill(daemon)?;
        let screen = captured(&ours, pane, 0)?;
        visible.push(begun.elapsed());
        ensure!(known[pane].ends_with(&screen), "the pane shows something else than before");
        for (pane, known) in known.iter().enumerate() {
            until(|| Ok(captured(&ours, pane, LINES)? == *known))?;
        }
        all.push(begun.elapsed());
    }
    let milliseconds =
        |times: Vec<Duration>| median(times.iter().map(|time| time.as_micros() as f64 / 1000.0).collect());
    Ok(vec![
        Row {
            what: "a pane shown right after a kill, of 50",
            unit: "ms",
            ours: milliseconds(visible),
            peers: Vec::new(),
            claim: Claim::AtMost(100.0),
        },
        Row {
            what: "all 50 with their 10,000 lines again",
            unit: "ms",
            ours: milliseconds(all),
            peers: Vec::new(),
            claim: Claim::Nothing,
        },
    ])
}

fn captured(ours: &Ours, pane: usize, history: usize) -> Result<String> {
    ours.run(&["capture", &format!("s{pane}"), "--history", &history.to_string()])
}

fn kill(pid: u32) -> Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    ensure!(pid.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()), "the daemon is not there");
    Ok(())
}

fn until(mut probe: impl FnMut() -> Result<bool>) -> Result<()> {
    let begun = Instant::now();
    while !probe()? {
        ensure!(begun.elapsed() < LIMIT, "it never came");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
