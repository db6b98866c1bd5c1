//! A terminal that is resized at 60 Hz, as by dragging its corner, while two others of other sizes look at the same pane.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::contender::{Contender, SAY_READY};
use super::{Claim, NOT_MEASURED, Row, medians, row};
use crate::bench::procfs;

const ROUNDS: usize = 3;
const STORM: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_micros(16_667);

pub(super) fn measure(contenders: &[Contender]) -> Result<Vec<Row>> {
    let [load] = medians(contenders, ROUNDS, storm)?;
    Ok(vec![row(contenders, "cpu of a resize storm at 60 Hz, three clients", "%", &load, Claim::AtMost(30.0))])
}

fn storm(contender: &Contender) -> Result<[f64; 1]> {
    if !contender.detaches() {
        return Ok([NOT_MEASURED]);
    }
    let session = contender.start(&[format!("seq -f %077.0f 12000; {SAY_READY}; exec sleep 100000")])?;
    let others = [session.attach_sized(0, 80, 24)?, session.attach_sized(0, 200, 50)?];
    let outer = session.attach(0)?;
    let processes = session.processes(&[&outer, &others[0], &others[1]])?;
    let (before, begun) = (procfs::cpu_seconds(&processes), Instant::now());
    let mut step = 0u16;
    while begun.elapsed() < STORM {
        step += 1;
        // Back and forth between 80x24 and 140x44.
        let at = (step % 120).min(120 - step % 120);
        outer.resize(80 + at, 24 + at / 3)?;
        thread::sleep((STEP * step.into()).saturating_sub(begun.elapsed()));
    }
    let used = procfs::cpu_seconds(&processes) - before;
    Ok([used / begun.elapsed().as_secs_f64() * 100.0])
}
