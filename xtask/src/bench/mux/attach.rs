//! How soon a new client shows the pane it was opened for, where there are many.

use anyhow::Result;

use super::contender::{COLUMNS, Contender, ROWS, SAY_READY};
use super::{Claim, NOT_MEASURED, Row, medians, row};
use crate::bench::median;

const PANES: usize = 50;
const TIMES: usize = 11;

pub(super) fn measure(contenders: &[Contender]) -> Result<Vec<Row>> {
    let [attach] = medians(contenders, 1, |contender| {
        if !contender.detaches() {
            return Ok([NOT_MEASURED]);
        }
        let pane = format!("seq 1 2000; {SAY_READY}; exec sleep 100000");
        let session = contender.start(&vec![pane; PANES])?;
        let once = |_| {
            let outer = session.open(0, COLUMNS, ROWS)?;
            Ok(outer.found()?.duration_since(outer.opened()).as_secs_f64() * 1000.0)
        };
        Ok([median((0..TIMES).map(once).collect::<Result<_>>()?)])
    })?;
    Ok(vec![row(contenders, "attach with 50 panes to its last line visible", "ms", &attach, Claim::AtMost(60.0))])
}
