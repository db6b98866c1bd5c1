//! The spine: how soon it answers, what it costs while nothing happens, and how much output it carries.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::procfs::Switches;
use super::workload::{Ours, Tmux, wait_for_file, write_log};
use super::{Claim, Row, median, procfs};

const IDLE_PANES: usize = 50;
const IDLE: Duration = Duration::from_secs(20);
/// The daemon looks out for listeners of services that have just begun, for 12 s, and threads that did it wait for more work, for 10.
const SETTLE: Duration = Duration::from_secs(25);
const FLOOD_MIB: usize = 64;

/// Measures everything.
pub(super) fn measure(executable: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    answers(executable, &mut rows)?;
    idles(executable, &mut rows)?;
    floods(executable, &mut rows)?;
    Ok(rows)
}

/// How soon a command has its answer, with and without a daemon.
fn answers(executable: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let config = "[services.one]\ncommand = \"exec sleep 100000\"\n";
    let cold = median_of(5, || {
        let ours = Ours::new(executable, config)?;
        timed(|| ours.run(&["daemon", "restart"]))
    })?;
    let peer_cold = with_tmux(|| {
        median_of(5, || {
            let Some(tmux) = Tmux::new()? else { return Ok(0.0) };
            timed(|| tmux.run(&["new-session", "-d", "sleep 100000"]))
        })
    })?;
    rows.push(Row {
        what: "cold start to first answer",
        unit: "ms",
        ours: cold,
        peers: peers(peer_cold),
        claim: Claim::AtMost(150.0),
    });

    let ours = Ours::new(executable, config)?;
    ours.run(&["up"])?;
    let status = median_of(21, || timed(|| ours.run(&["status"])))?;
    let tmux = Tmux::new()?;
    let peer = tmux.map(|tmux| {
        tmux.run(&["new-session", "-d", "sleep 100000"])?;
        median_of(21, || timed(|| tmux.run(&["list-panes", "-a"])))
    });
    rows.push(Row {
        what: "status of a running daemon",
        unit: "ms",
        ours: status,
        peers: peers(peer.transpose()?),
        claim: Claim::AtMost(15.0),
    });
    Ok(())
}

/// What fifty panes cost while nothing happens.
fn idles(executable: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let command = "seq 1 100; exec sleep 100000";
    let services = (0..IDLE_PANES).map(|n| format!("[services.s{n}]\ncommand = \"{command}\"\n"));
    let ours = Ours::new(executable, &services.collect::<String>())?;
    ours.run(&["up"])?;
    let tmux = Tmux::new()?;
    if let Some(tmux) = &tmux {
        tmux.run(&["new-session", "-d", command])?;
        for _ in 1..IDLE_PANES {
            tmux.run(&["new-window", "-d", command])?;
        }
    }
    let (mine, theirs) = (ours.all_processes()?, tmux.as_ref().map(Tmux::server).transpose()?);
    std::thread::sleep(SETTLE);
    let before = (Switches::of(&mine), theirs.as_ref().map(|it| Switches::of(it)));
    std::thread::sleep(IDLE);
    let woken = Switches::of(&mine).since(&before.0);
    let peer_woken = theirs.as_ref().zip(before.1).map(|(it, before)| Switches::of(it).since(&before));
    rows.push(Row {
        what: "wakeups of 50 idle panes in 20 s",
        unit: "",
        ours: woken,
        peers: peers(peer_woken),
        claim: Claim::AtMost(0.0),
    });
    let (_, _, reapers) = ours.processes()?;
    let private = procfs::most_private_kib(&reapers);
    rows.push(Row {
        what: "private memory of a reaper",
        unit: "KiB",
        ours: private,
        peers: Vec::new(),
        claim: Claim::AtMost(512.0),
    });
    let memory = procfs::proportional_mib(&mine);
    let peer_memory = theirs.map(|it| procfs::proportional_mib(&it));
    rows.push(Row {
        what: "memory of 50 idle panes",
        unit: "MiB",
        ours: memory,
        peers: peers(peer_memory),
        claim: Claim::Nothing,
    });
    Ok(())
}

/// How much output is carried per second of processor time.
fn floods(executable: &Path, rows: &mut Vec<Row>) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let (text, done) = (scratch.path().join("log"), scratch.path().join("done"));
    write_log(&text, FLOOD_MIB)?;
    let command = format!("cat {}; touch {}; exec sleep 100000", text.display(), done.display());
    let ours = Ours::new(executable, &format!("[services.flood]\ncommand = \"{command}\"\n"))?;
    ours.run(&["up"])?;
    wait_for_file(&done)?;
    let mine = FLOOD_MIB as f64 / procfs::cpu_seconds(&ours.all_processes()?);
    fs::remove_file(&done)?;
    let tmux = Tmux::new()?;
    let peer = tmux.map(|tmux| {
        tmux.run(&["new-session", "-d", "-x", "80", "-y", "24", &command])?;
        wait_for_file(&done)?;
        anyhow::Ok(FLOOD_MIB as f64 / procfs::cpu_seconds(&tmux.server()?))
    });
    let claim = Claim::Nothing;
    rows.push(Row {
        what: "output carried, with a log on disk",
        unit: "MiB/cpu s",
        ours: mine,
        peers: peers(peer.transpose()?),
        claim,
    });
    Ok(())
}

fn with_tmux(measure: impl FnOnce() -> Result<f64>) -> Result<Option<f64>> {
    match Tmux::new()? {
        Some(_) => measure().map(Some),
        None => Ok(None),
    }
}

pub(super) fn timed<T>(act: impl FnOnce() -> Result<T>) -> Result<f64> {
    let begun = Instant::now();
    act()?;
    Ok(begun.elapsed().as_secs_f64() * 1000.0)
}

pub(super) fn median_of(times: usize, mut measure: impl FnMut() -> Result<f64>) -> Result<f64> {
    Ok(median((0..times).map(|_| measure()).collect::<Result<_>>()?))
}

fn peers(tmux: Option<f64>) -> Vec<(&'static str, f64)> {
    tmux.map(|figure| ("tmux", figure)).into_iter().collect()
}
