//! What a pane with a full history costs in memory, everything that serves it counted: server, holder, rings and reapers.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::contender::{Contender, SAY_READY};
use super::{Claim, Row, medians, row};
use crate::bench::procfs;
use crate::bench::workload::wait_for_file;

const PANES: usize = 50;
/// More than history holds; of 77 columns each.
const PRINT: &str = "seq -f %077.0f 12000";
const SETTLE: Duration = Duration::from_secs(3);

pub(super) fn measure(contenders: &[Contender]) -> Result<Vec<Row>> {
    let [per_pane] = medians(contenders, 1, |contender| Ok([per_pane(contender)?]))?;
    Ok(vec![row(contenders, "memory per pane with 10,000 lines of 77", "MiB", &per_pane, Claim::AtMost(3.0))])
}

fn per_pane(contender: &Contender) -> Result<f64> {
    let dir = tempfile::tempdir()?;
    let done: Vec<_> = (0..PANES).map(|number| dir.path().join(number.to_string())).collect();
    // Ready is said last: who paints seldom shows only what stands at the end.
    let pane = |done: &std::path::PathBuf| format!("{PRINT}; {SAY_READY}; touch {}; exec sleep 100000", done.display());
    let session = contender.start(&done.iter().map(pane).collect::<Vec<_>>())?;
    let outer = if contender.detaches() { None } else { Some(session.attach(0)?) };
    for done in &done {
        wait_for_file(done)?;
    }
    thread::sleep(SETTLE);
    Ok(procfs::proportional_mib(&session.processes(outer.as_ref().as_slice())?) / PANES as f64)
}
