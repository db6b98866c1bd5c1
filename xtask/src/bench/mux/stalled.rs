//! Clients that are stopped for half a minute under a flood, one with a search open and one that follows the log: what that costs
//! others, and how soon they are right again.
#![expect(clippy::cast_precision_loss, reason = "what is measured is shown with three digits")]

use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use super::contender::{Contender, DONE, SAY_DONE, SAY_READY, Session};
use super::echo::{ECHO, echoes};
use super::{Claim, Row, row};
use crate::bench::procfs;
use crate::bench::workload::{wait_for_file, write_log};

const STOPPED: Duration = Duration::from_secs(30);
/// Until history is full, which then grows no more.
const WARM_UP: Duration = Duration::from_secs(5);
const KEYS: usize = 600;

pub(super) fn measure(contenders: &[Contender]) -> Result<Vec<Row>> {
    let ours = &contenders[..1];
    let [p95, growth, right, updates] = stall(&ours[0])?;
    Ok(vec![
        row(ours, "key to echo beside stopped clients, 95th percentile", "ms", &[p95], Claim::AtMost(10.0)),
        row(ours, "growth of the daemon while clients are stopped", "MiB", &[growth], Claim::AtMost(1.0)),
        row(ours, "a continued client is right again", "ms", &[right], Claim::AtMost(100.0)),
        // The frame that it had when it was stopped, and the one it then gets.
        row(ours, "frames it paints until then", "", &[updates], Claim::AtMost(2.0)),
    ])
}

fn stall(contender: &Contender) -> Result<[f64; 4]> {
    let dir = tempfile::tempdir()?;
    let (text, stop, over) = (dir.path().join("log"), dir.path().join("stop"), dir.path().join("over"));
    write_log(&text, 8)?;
    let (log, end, told) = (text.display(), stop.display(), over.display());
    let flood = format!(
        "{SAY_READY}; sleep 3; while [ ! -e {end} ]; do cat {log}; done; {SAY_DONE}; touch {told}; exec sleep 100000"
    );
    let session = contender.start(&[ECHO.to_owned(), flood])?;
    let Session::Locald(ours) = &session else { anyhow::bail!("only ours is measured so") };
    let mut typing = session.attach(0)?;
    let mut looking = session.attach(1)?;
    looking.type_keys("\u{2}[/no such text\r")?;
    let follower = Follower(ours.command(&["logs", "--follow", "p1"]).stdout(Stdio::piped()).spawn()?);
    let daemon = [session.daemon()?];
    thread::sleep(WARM_UP);

    let stopped = [looking.pid()?, follower.0.id()];
    stopped.iter().try_for_each(|pid| send(*pid, Signal::STOP))?;
    thread::sleep(Duration::from_secs(1));
    let (before, begun) = (procfs::private_mib(&daemon), Instant::now());
    let [_, p95] = echoes(&mut typing, KEYS)?;
    thread::sleep(STOPPED.saturating_sub(begun.elapsed()));
    let growth = procfs::private_mib(&daemon) - before;
    end_flood(&stop, &over)?;
    looking.type_keys("\u{1b}\u{1b}")?;
    looking.expect(DONE);
    let woken = Instant::now();
    stopped.iter().try_for_each(|pid| send(*pid, Signal::CONT))?;
    let right = looking.found()?.duration_since(woken).as_secs_f64() * 1000.0;
    Ok([p95, growth.max(0.0), right, looking.updates() as f64])
}

fn end_flood(stop: &Path, over: &Path) -> Result<()> {
    std::fs::write(stop, "")?;
    wait_for_file(over)?;
    // The daemon has it by then, too.
    thread::sleep(Duration::from_millis(500));
    Ok(())
}

fn send(pid: u32, signal: Signal) -> Result<()> {
    let pid = Pid::from_raw(pid.cast_signed()).context("a process has a number")?;
    Ok(kill_process(pid, signal)?)
}

/// A command that nobody reads the output of.
struct Follower(Child);

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
