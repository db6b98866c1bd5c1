//! How soon a key is seen: from the write to the outer terminal until what the program answers comes out there again.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::contender::{Contender, SAY_READY};
use super::{Claim, Row, medians, row};
use crate::bench::outer::Outer;
use crate::bench::workload::write_log;

const KEYS: usize = 200;
const ROUNDS: usize = 3;
/// A contender that answers each key after seconds, as some do beside a flood, is not waited for hundreds of times.
const LONGEST: Duration = Duration::from_secs(40);
/// As few keys as still have a 95th percentile.
const FEWEST: usize = 20;
/// Echoes what is typed, a key at a time.
pub(super) const ECHO: &str = "stty -icanon -echo; printf '\\320\\226'; exec cat";

pub(super) fn measure(contenders: &[Contender]) -> Result<Vec<Row>> {
    let [quiet_p50, quiet_p95] = medians(contenders, ROUNDS, |contender| {
        let session = contender.start(&[ECHO.to_owned()])?;
        echoes(&mut session.attach(0)?, KEYS)
    })?;
    let dir = tempfile::tempdir()?;
    let text = dir.path().join("log");
    write_log(&text, 8)?;
    let flood = format!("{SAY_READY}; while :; do cat {}; done", text.display());
    let [flood_p50, flood_p95] = medians(contenders, ROUNDS, |contender| {
        let session = contender.start(&[ECHO.to_owned(), flood.clone()])?;
        echoes(&mut session.attach(0)?, KEYS)
    })?;
    Ok(vec![
        row(contenders, "key to echo, median", "ms", &quiet_p50, Claim::AtMostMore(0.5)),
        row(contenders, "key to echo, 95th percentile", "ms", &quiet_p95, Claim::Nothing),
        row(contenders, "key to echo beside a flood, median", "ms", &flood_p50, Claim::Nothing),
        row(contenders, "key to echo beside a flood, 95th percentile", "ms", &flood_p95, Claim::AtMost(30.0)),
    ])
}

/// Types keys at the pace of a fast typist, fewer where that would take longer than [`LONGEST`]; the median and the 95th percentile of the time that the echo takes, in milliseconds.
pub(super) fn echoes(outer: &mut Outer, keys: usize) -> Result<[f64; 2]> {
    // Letters that occur in no escape sequence and in no text of a multiplexer's own.
    let letters: Vec<String> = ('а'..='я').map(String::from).collect();
    let (begun, mut times) = (Instant::now(), Vec::new());
    for (number, letter) in letters.iter().cycle().take(keys).enumerate() {
        if begun.elapsed() > LONGEST && number >= FEWEST {
            break;
        }
        // Not in step with anybody's frames.
        thread::sleep(Duration::from_millis(30 + number as u64 * 7 % 11));
        outer.expect(letter);
        let typed = Instant::now();
        outer.type_keys(letter)?;
        times.push(outer.found()?.duration_since(typed).as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok([times[times.len() / 2], times[times.len() * 95 / 100]])
}
