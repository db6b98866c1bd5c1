//! The proxy beside nginx and Caddy, before one back end: what a request costs each of them, and how long the slowest wait.
//!
//! Contenders take turns within each round, so that a machine that is busy for a while is so for all of them. How they compare is the
//! median of rounds, each of which compares by itself: the pace of a machine that others share changes from one round to the next by
//! more than they differ. What counts is processor time of the proxies' own processes: clients and back end share the machine with them.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

mod back_end;
mod contender;
mod handshake;
mod load;
mod websockets;

use std::path::Path;

use anyhow::{Result, bail};

use super::{Claim, Row, median, procfs};
pub(crate) use back_end::serve;
use contender::Contender;
pub(super) use contender::{HOST, contenders};

/// Requests for each second of processor time, and the milliseconds within which 99 of 100 are answered.
type Figures = [f64; 2];

const ROUNDS: usize = 15;
/// What a proxy written for this and nothing else does is out of reach of one that looks at each request; another general one is not.
const THROUGHPUT: Claim = Claim::AtLeastTimesOf(&[("nginx", 0.7), ("Caddy", 1.5)]);
/// Nine tenths of what a message costs are the kernel's, which receives it, sends it and wakes who waits for it, whoever asks it to.
const MESSAGES: Claim = Claim::AtLeastTimesOf(&[("nginx", 0.7), ("Caddy", 1.0)]);

const PARTS: &[&str] = &["h1", "tls", "h2", "large", "websocket", "handshake", "idle"];

/// Measures these parts, or all.
pub(super) fn measure(executable: &Path, parts: &[&str]) -> Result<Vec<Row>> {
    if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
        bail!("there is no part `{unknown}`; there are: {}", PARTS.join(", "));
    }
    let contenders = contenders(executable)?;
    let mut rows = Vec::new();
    for part in PARTS.iter().filter(|part| parts.is_empty() || parts.contains(part)) {
        eprintln!("measuring {part}");
        match *part {
            "h1" => rows.extend(pair(&contenders, "kept HTTP/1.1", THROUGHPUT, |it| load::PLAIN.measure(it))?),
            "tls" => rows.extend(pair(&contenders, "kept HTTP/1.1 over TLS", THROUGHPUT, |it| load::TLS.measure(it))?),
            "h2" => rows.extend(pair(&contenders, "HTTP/2 over TLS", THROUGHPUT, |it| load::HTTP2.measure(it))?),
            "large" => rows.extend(pair(&contenders, "bodies of 1 MiB", THROUGHPUT, |it| load::LARGE.measure(it))?),
            "websocket" => rows.extend(pair(&contenders, "echoes of WebSockets", MESSAGES, websockets::echo)?),
            "handshake" => rows.extend(handshakes(&contenders)?),
            _ => rows.push(idle(&contenders)?),
        }
    }
    Ok(rows)
}

/// What is asked for, per second of processor time, and how long it takes.
fn pair(
    contenders: &[Contender],
    what: &'static str,
    claim: Claim,
    measure: impl FnMut(&Contender) -> Result<Figures>,
) -> Result<[Row; 2]> {
    let [cpu, p99] = medians(contenders, ROUNDS, measure)?;
    Ok([row(contenders, what, "per cpu s", &cpu, claim), row(contenders, what, "p99 ms", &p99, Claim::Nothing)])
}

fn handshakes(contenders: &[Contender]) -> Result<Vec<Row>> {
    let [cpu, p99, p50] = medians(contenders, 3, |contender| {
        let ([cpu, p99], p50) = handshake::measure(contender)?;
        Ok([cpu, p99, p50])
    })?;
    let what = "handshake for a new name";
    // nginx has one certificate for all, and makes none.
    Ok(vec![
        row(contenders, what, "per cpu s", &cpu, Claim::Nothing),
        row(contenders, what, "median ms", &p50, Claim::AtMost(3.0)),
        row(contenders, what, "p99 ms", &p99, Claim::Nothing),
    ])
}

fn idle(contenders: &[Contender]) -> Result<Row> {
    let [grown] = medians(contenders, 1, |contender| Ok([websockets::idle(contender)?]))?;
    Ok(row(contenders, "memory of 4,000 idle WebSockets", "MiB", &grown, Claim::AtMost(76.3)))
}

/// Lets every contender be measured in turn, several times over; the medians of our figures, and those of the others at the same pace of
/// the machine, in the order of the contenders.
fn medians<const FIGURES: usize>(
    contenders: &[Contender],
    rounds: usize,
    mut measure: impl FnMut(&Contender) -> Result<[f64; FIGURES]>,
) -> Result<[Vec<f64>; FIGURES]> {
    let mut of_rounds = vec![[const { Vec::new() }; FIGURES]; contenders.len()];
    for _ in 0..rounds {
        for (contender, figures) in contenders.iter().zip(&mut of_rounds) {
            for (figure, all) in measure(contender)?.into_iter().zip(figures) {
                all.push(figure);
            }
        }
    }
    Ok(std::array::from_fn(|index| {
        let ours = &of_rounds[0][index];
        let pace = median(ours.clone());
        let compared = |theirs: &[f64]| median(theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours).collect());
        of_rounds.iter().map(|figures| pace * compared(&figures[index])).collect()
    }))
}

fn row(contenders: &[Contender], what: &'static str, unit: &'static str, figures: &[f64], claim: Claim) -> Row {
    let peers = contenders.iter().map(|contender| contender.name).zip(figures.iter().copied()).skip(1).collect();
    Row { what, unit, ours: figures[0], peers, claim }
}

/// How many of what `work` counts a contender does with a second of its processor time.
fn per_cpu_second(contender: &Contender, work: impl FnOnce() -> Result<usize>) -> Result<f64> {
    let processes = contender.processes()?;
    let before = procfs::cpu_seconds(&processes);
    let count = work()?;
    Ok(count as f64 / (procfs::cpu_seconds(&processes) - before))
}

/// The time within which so many of a hundred were done.
fn percentile(times: &mut [f64], of_hundred: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() * of_hundred / 100).copied().unwrap_or(f64::NAN)
}
