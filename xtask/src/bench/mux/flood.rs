//! A pane that prints without end, and a client that looks: what reaches the outer terminal, and how soon Ctrl-C ends it on one
//! that takes little.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::contender::{Contender, DONE, SAY_DONE, SAY_READY};
use super::{Claim, Row, medians, row};
use crate::bench::workload::write_log;

const ROUNDS: usize = 3;
const WATCH: Duration = Duration::from_secs(5);
/// Bytes per second of a slow terminal.
const SLOW: u32 = 200_000;

pub(super) fn measure(contenders: &[Contender]) -> Result<Vec<Row>> {
    let dir = tempfile::tempdir()?;
    let text = dir.path().join("log");
    write_log(&text, 8)?;
    // The pause is for the client to come; Ctrl-C ends what prints, and the shell goes on.
    let (text, say) = (text.display(), SAY_READY);
    let pane = format!("trap : INT; {say}; sleep 3; while cat {text}; do :; done; {SAY_DONE}; exec sleep 100000");
    let [written, quiet] = medians(contenders, ROUNDS, |contender| {
        let session = contender.start(std::slice::from_ref(&pane))?;
        let mut outer = session.attach(0)?;
        thread::sleep(Duration::from_secs(3));
        let before = outer.bytes();
        thread::sleep(WATCH);
        let written = (outer.bytes() - before) as f64 / WATCH.as_secs_f64() / 1e6;
        outer.set_rate(Some(SLOW));
        thread::sleep(WATCH);
        outer.expect(DONE);
        let typed = Instant::now();
        outer.type_keys("\u{3}")?;
        let quiet = outer.found()?.duration_since(typed).as_secs_f64() * 1000.0;
        Ok([written, quiet])
    })?;
    Ok(vec![
        row(contenders, "written to the terminal under a flood", "MB/s", &written, Claim::AtMost(0.5)),
        row(contenders, "Ctrl-C to quiet on a terminal of 200 kB/s", "ms", &quiet, Claim::AtMost(100.0)),
    ])
}
