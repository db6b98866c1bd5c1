//! The workspace as a terminal multiplexer, beside the others: what it costs to carry output, to hold it, and to answer a key.
//!
//! Contenders take turns within each round, so that a machine that is busy for a while is so for all of them, and medians are of
//! rounds. What counts is processor time, of the multiplexer's processes alone, wherever that can answer the question.

mod attach;
mod carry;
mod contender;
mod echo;
mod flood;
mod idle;
mod memory;
mod stalled;
mod storm;

use std::path::Path;

use anyhow::{Result, bail};
use contender::{Contender, contenders};

use super::{Claim, Row, median};

type Part = (&'static str, fn(&[Contender]) -> Result<Vec<Row>>);

const PARTS: &[Part] = &[
    ("carry", carry::measure),
    ("echo", echo::measure),
    ("memory", memory::measure),
    ("attach", attach::measure),
    ("idle", idle::measure),
    ("flood", flood::measure),
    ("stalled", stalled::measure),
    ("storm", storm::measure),
];

/// Measures these parts, or all.
pub(super) fn measure(executable: &Path, parts: &[&str]) -> Result<Vec<Row>> {
    if let Some(unknown) = parts.iter().find(|part| PARTS.iter().all(|(name, _)| name != *part)) {
        let names: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
        bail!("there is no part `{unknown}`; there are: {}", names.join(", "));
    }
    let contenders = contenders(executable)?;
    let mut rows = Vec::new();
    for (name, measure) in PARTS.iter().filter(|(name, _)| parts.is_empty() || parts.contains(name)) {
        eprintln!("measuring {name}");
        rows.extend(measure(&contenders)?);
    }
    Ok(rows)
}

/// Lets every contender be measured in turn, several times over, and returns the medians of the figures: one list per figure, in
/// the order of the contenders.
fn medians<const FIGURES: usize>(
    contenders: &[Contender],
    rounds: usize,
    mut measure: impl FnMut(&Contender) -> Result<[f64; FIGURES]>,
) -> Result<[Vec<f64>; FIGURES]> {
    let mut rounds_of = vec![[const { Vec::new() }; FIGURES]; contenders.len()];
    for _ in 0..rounds {
        for (contender, figures) in contenders.iter().zip(&mut rounds_of) {
            for (figure, all) in measure(contender)?.into_iter().zip(figures) {
                all.push(figure);
            }
        }
    }
    Ok(std::array::from_fn(|index| rounds_of.iter().map(|figures| median(figures[index].clone())).collect()))
}

/// What a contender has for a figure that cannot be measured of it.
const NOT_MEASURED: f64 = f64::NAN;

/// A row from figures in the order of the contenders, of which ours is the first.
fn row(contenders: &[Contender], what: &'static str, unit: &'static str, figures: &[f64], claim: Claim) -> Row {
    let peers = contenders.iter().map(Contender::name).zip(figures.iter().copied()).skip(1);
    let peers = peers.filter(|(_, figure)| !figure.is_nan()).collect();
    Row { what, unit, ours: figures[0], peers, claim }
}
