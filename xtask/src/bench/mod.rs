//! `cargo xtask bench`: what we claim of speed and memory, measured together with the peer in one run.
//!
//! Figures of different runs do not compare, as the machine is never the same twice; ratios within one run do.

mod procfs;
mod spine;
mod workload;

use std::process::ExitCode;

use anyhow::Result;

/// Runs the benchmark of that name.
pub(crate) fn run(name: &str) -> Result<ExitCode> {
    match name {
        "spine" => spine::run(),
        other => {
            eprintln!("there is no benchmark `{other}`; there is: spine");
            Ok(ExitCode::from(2))
        }
    }
}

/// One line of a result: ours, the peer's, and what we claim of ours.
struct Row {
    what: &'static str,
    unit: &'static str,
    ours: f64,
    peer: Option<f64>,
    claim: Claim,
}

/// What we claim of a figure.
enum Claim {
    AtMost(f64),
    Nothing,
}

impl Row {
    fn holds(&self) -> bool {
        match &self.claim {
            Claim::AtMost(limit) => self.ours <= *limit,
            Claim::Nothing => true,
        }
    }

    fn claim(&self) -> String {
        match &self.claim {
            Claim::AtMost(limit) => format!("at most {limit}"),
            Claim::Nothing => String::new(),
        }
    }
}

/// Prints the rows; says whether every claim holds.
fn print(rows: &[Row]) -> bool {
    println!("{:<44} {:>10} {:>10} {:>8}  claim", "", "locald", "tmux", "ratio");
    for row in rows {
        let peer = row.peer.map_or_else(|| "-".to_owned(), |peer| format!("{peer:.2}"));
        let ratio = row
            .peer
            .filter(|&peer| peer > 0.0)
            .map_or_else(|| "-".to_owned(), |peer| format!("{:.2}", row.ours / peer));
        let what = format!("{} [{}]", row.what, row.unit);
        let verdict = if row.holds() { "" } else { "  MISSED" };
        println!("{what:<44} {:>10.2} {peer:>10} {ratio:>8}  {}{verdict}", row.ours, row.claim());
    }
    rows.iter().all(Row::holds)
}
