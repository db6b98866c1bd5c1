//! What many panes cost while nothing happens, a client looking at one of them.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::contender::{Contender, SAY_READY};
use super::{Claim, Row, medians, row};
use crate::bench::procfs::{self, Switches};

const PANES: usize = 50;
const IDLE: Duration = Duration::from_secs(20);
/// The daemon looks out for listeners of services that have just begun, for 12 s, and threads that did it wait for more work, for 10.
const SETTLE: Duration = Duration::from_secs(25);

pub(super) fn measure(contenders: &[Contender]) -> Result<Vec<Row>> {
    let [cpu, wakeups] = medians(contenders, 1, idle)?;
    Ok(vec![
        row(contenders, "cpu of 50 idle panes and a client in 20 s", "ms", &cpu, Claim::AtMost(0.0)),
        row(contenders, "wakeups of 50 idle panes and a client in 20 s", "", &wakeups, Claim::AtMost(0.0)),
    ])
}

fn idle(contender: &Contender) -> Result<[f64; 2]> {
    let session = contender.start(&vec![format!("seq 1 100; {SAY_READY}; exec sleep 100000"); PANES])?;
    let outer = session.attach(0)?;
    let processes = session.processes(&[&outer])?;
    thread::sleep(SETTLE);
    let before = (procfs::run_time_ms(&processes), Switches::of(&processes));
    thread::sleep(IDLE);
    let cpu = procfs::run_time_ms(&processes) - before.0;
    Ok([cpu, Switches::of(&processes).since(&before.1)])
}
