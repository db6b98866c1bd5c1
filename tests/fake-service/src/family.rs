//! Processes that get away from their parent in every way there is.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::Signal;

/// Starts a member of this kind and waits. The first process of a service.
pub(crate) fn start(kind: &str, file: &str) -> io::Result<()> {
    match kind {
        "alone" => {}
        "ignores-term" | "stopped" => return member(kind, file),
        other => command(other, file)?.spawn().map(drop)?,
    }
    note(file)?;
    crate::wait()
}

/// Is a member: goes its way, notes its number and waits.
pub(crate) fn member(kind: &str, file: &str) -> io::Result<()> {
    match kind {
        "setsid" | "cleared-leaf" => {
            rustix::process::setsid()?;
        }
        // The process in the middle is gone before anyone can ask whose child the last one is.
        "double-fork" => return command("child", file)?.spawn().map(drop),
        "double-fork-setsid" => return command("setsid", file)?.spawn().map(drop),
        "cleared" => return command("cleared-leaf", file)?.spawn().map(drop),
        "ignores-term" => {
            let seen = Arc::new(AtomicBool::new(false));
            for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP, signal_hook::consts::SIGINT] {
                signal_hook::flag::register(signal, seen.clone())?;
            }
        }
        _ => {}
    }
    note(file)?;
    if kind == "stopped" {
        rustix::process::kill_process(rustix::process::getpid(), Signal::STOP)?;
    }
    crate::wait()
}

#[expect(clippy::disallowed_methods, reason = "a service may start what it likes")]
fn command(kind: &str, file: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["member", kind, file]);
    if kind.starts_with("cleared") {
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    }
    Ok(command)
}

/// Adds this process's number to the file, in one write, as several may do so at once.
fn note(file: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())
}
