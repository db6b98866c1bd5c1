//! A large project: how much later than its slowest chain it is all ready, how soon it tells how it is, and what it costs to be left
//! alone.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

use std::fmt::Write;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::procfs::{self, Switches};
use super::row::{Claim, Row};
use super::spine::{median_of, timed};
use super::workload::Ours;

/// Services in each layer, each of which waits for two of the layer before.
const WIDTH: usize = 20;
const DEPTH: usize = 5;
/// How long each takes to be ready, in milliseconds.
const TAKES: usize = 200;
const IDLE: Duration = Duration::from_secs(20);
/// The daemon looks out for listeners of services that have just begun, for 12 s, and threads that did it wait for more work, for 10.
const SETTLE: Duration = Duration::from_secs(25);

/// Measures everything.
pub(super) fn measure(executable: &Path) -> Result<Vec<Row>> {
    let config = project();
    let up = median_of(3, || {
        let ours = Ours::new(executable, &config)?;
        // The daemon is there already, as it is when somebody has worked for a while.
        ours.run(&["daemon", "restart"])?;
        timed(|| ours.run(&["up"]))
    })?;
    let ours = Ours::new(executable, &config)?;
    ours.run(&["up"])?;
    let status = median_of(21, || timed(|| ours.run(&["status"])))?;
    let (cpu, wakeups) = idle(&ours)?;
    Ok(vec![
        Row {
            what: "100 services up, beyond their longest chain",
            unit: "ms",
            ours: up - (DEPTH * TAKES) as f64,
            peers: Vec::new(),
            claim: Claim::AtMost(300.0),
        },
        Row { what: "status of 100 services", unit: "ms", ours: status, peers: Vec::new(), claim: Claim::AtMost(20.0) },
        Row {
            what: "cpu of 100 idle services in 20 s",
            unit: "ms",
            ours: cpu,
            peers: Vec::new(),
            claim: Claim::AtMost(0.0),
        },
        Row {
            what: "wakeups of 100 idle services in 20 s",
            unit: "",
            ours: wakeups,
            peers: Vec::new(),
            claim: Claim::AtMost(0.0),
        },
    ])
}

/// What keeper, daemon and reapers use while nothing happens, once what follows a start is over.
fn idle(ours: &Ours) -> Result<(f64, f64)> {
    let processes = ours.all_processes()?;
    thread::sleep(SETTLE);
    let before = (procfs::run_time_ms(&processes), Switches::of(&processes));
    thread::sleep(IDLE);
    let cpu = procfs::run_time_ms(&processes) - before.0;
    Ok((cpu, Switches::of(&processes).since(&before.1)))
}

fn project() -> String {
    let mut config = String::new();
    for layer in 0..DEPTH {
        for place in 0..WIDTH {
            let seconds = TAKES as f64 / 1000.0;
            // Writing to a string does not fail.
            let _ = write!(
                config,
                "[services.s{layer}-{place}]\ncommand = \"sleep {seconds}; echo ready; exec sleep 100000\"\n\
                 health = {{ log = \"^ready$\" }}\n"
            );
            if let Some(before) = layer.checked_sub(1) {
                let next = (place + 1) % WIDTH;
                let _ = writeln!(config, "depends_on = [\"s{before}-{place}\", \"s{before}-{next}\"]");
            }
        }
    }
    config
}
