//! How much output is carried per second of processor time, from a program's terminal to the history, the log and whoever looks.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use super::contender::{Contender, DONE, SAY_DONE, SAY_READY};
use super::{Claim, NOT_MEASURED, Row, medians, row};
use crate::bench::procfs;
use crate::bench::workload::{wait_for_file, write_log};

const MIB: usize = 64;
const ROUNDS: usize = 3;
/// For what is on its way when the last byte was printed: the log's, and the last frame.
const SETTLE: Duration = Duration::from_millis(500);

pub(super) fn measure(contenders: &[Contender]) -> Result<Vec<Row>> {
    let load = Load::new()?;
    let [detached, attached] = medians(contenders, ROUNDS, |contender| {
        Ok([load.carried_by(contender, false)?, load.carried_by(contender, true)?])
    })?;
    let claim = || Claim::AtLeastTimes(1.2);
    Ok(vec![
        row(contenders, "output carried, nobody looking", "MiB/cpu s", &detached, claim()),
        row(contenders, "output carried, a client looking", "MiB/cpu s", &attached, claim()),
    ])
}

struct Load {
    /// What is printed.
    text: PathBuf,
    dir: TempDir,
}

impl Load {
    fn new() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let text = dir.path().join("log");
        write_log(&text, MIB)?;
        Ok(Self { text, dir })
    }

    fn carried_by(&self, contender: &Contender, looking: bool) -> Result<f64> {
        if !looking && !contender.detaches() {
            return Ok(NOT_MEASURED);
        }
        let (go, done) = (self.dir.path().join("go"), self.dir.path().join("done"));
        let session = contender.start(&[pane(&self.text, &go, &done)])?;
        let outer = if looking { Some(session.attach(0)?) } else { None };
        let processes = session.processes(outer.as_ref().as_slice())?;
        if let Some(outer) = &outer {
            outer.expect(DONE);
        }
        thread::sleep(SETTLE);
        let before = procfs::cpu_seconds(&processes);
        fs::write(&go, "")?;
        match &outer {
            Some(outer) => drop(outer.found()?),
            None => wait_for_file(&done)?,
        }
        thread::sleep(SETTLE);
        let used = procfs::cpu_seconds(&processes) - before;
        fs::remove_file(&go)?;
        fs::remove_file(&done)?;
        Ok(MIB as f64 / used)
    }
}

/// A pane that prints a text once it is told to.
fn pane(text: &Path, go: &Path, done: &Path) -> String {
    let (text, go, done) = (text.display(), go.display(), done.display());
    format!(
        "{SAY_READY}; while [ ! -e {go} ]; do sleep 0.1; done; cat {text}; touch {done}; {SAY_DONE}; exec sleep 100000"
    )
}
