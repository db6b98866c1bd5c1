//! `cargo xtask bench`: what we claim of speed and memory, measured together with the peers in one run.
//!
//! Figures of different runs do not compare, as the machine is never the same twice; ratios within one run do.

mod conformance;
mod http2;
mod mprocs;
mod mux;
mod outer;
mod procfs;
mod proxy;
mod restore;
mod row;
mod spine;
mod supervise;
mod term;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
pub(crate) use proxy::serve as serve_back_end;
use row::{Claim, Row, Verdict};

use crate::cargo::{cargo, succeeds};
use crate::place;

/// Runs the benchmark of that name, or the parts of it that are named; fails if a claim does not hold.
///
/// Options: `--json` for other programs, `--executable=PATH` to measure another build.
pub(crate) fn run(name: &str, options: &[&str]) -> Result<ExitCode> {
    match name {
        "conformance" => return conformance::run(options),
        "term" => return term::run(),
        _ => {}
    }
    let (flags, parts): (Vec<&str>, Vec<&str>) = options.iter().copied().partition(|option| option.starts_with("--"));
    let executable = match flags.iter().find_map(|flag| flag.strip_prefix("--executable=")) {
        Some(path) => PathBuf::from(path).canonicalize()?,
        None => build_release()?,
    };
    let rows = match name {
        "http2" => http2::measure(&executable)?,
        "spine" => spine::measure(&executable)?,
        "mux" => mux::measure(&executable, &parts)?,
        "proxy" => proxy::measure(&executable, &parts)?,
        "restore" => restore::measure(&executable)?,
        "supervise" => supervise::measure(&executable)?,
        other => {
            eprintln!(
                "there is no benchmark `{other}`; there are: conformance, http2, mux, proxy, restore, spine, supervise, term"
            );
            return Ok(ExitCode::from(2));
        }
    };
    if flags.contains(&"--json") {
        row::print_json(&rows);
    } else {
        row::print(&rows);
    }
    let missed = rows.iter().any(|row| row.verdict() == Verdict::Missed);
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Builds what users get; a debug build says nothing about speed.
fn build_release() -> Result<PathBuf> {
    let built = succeeds(cargo(&["build", "--locked", "--release", "--package", "locald", "--bins"]))?;
    ensure!(built, "the release build failed");
    Ok(place::locald()?.with_file_name("").join("../release/locald").canonicalize()?)
}

/// The middle one.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
