//! `locald daemon`: the daemon itself: what it is, and a new one in its place.

use std::time::Duration;

use jiff::SignedDuration;
use locald_api::{CallError, Client, Containment, DaemonInfo, Events, Request, Response};
use rustix::process::Signal;
use serde::Serialize;

use crate::clock;
use crate::connect::keeper;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::plain;
use crate::ui::Ui;

/// How long a new daemon may take to read its state and answer, after the keeper has waited up to 15 s for one that hangs.
const PATIENCE: Duration = Duration::from_secs(35);

/// Look at the daemon, or replace its process
#[derive(clap::Args, Debug)]
pub(crate) struct DaemonArgs {
    #[command(subcommand)]
    command: DaemonCommand,
}

#[derive(clap::Subcommand, Debug)]
enum DaemonCommand {
    /// Show the daemon's process, socket and log
    #[command(after_help = "Examples:\n  locald daemon status --json")]
    Status {
        /// Print an object as JSON
        #[arg(long)]
        json: bool,
    },
    /// Replace the daemon's process, such as after an upgrade; no service is stopped
    #[command(after_help = "Examples:\n  locald daemon restart")]
    Restart {
        /// Print both process ids as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn daemon(args: &DaemonArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    match args.command {
        DaemonCommand::Status { json } => status(json, context, ui).await,
        DaemonCommand::Restart { json } => restart(json, context, ui).await,
    }
}

async fn status(json: bool, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let Some((client, _)) = context.running_daemon().await? else {
        ui.note("no daemon runs")?;
        return if json { Ok(ui.json(&StatusJson { running: false, daemon: None })?) } else { Ok(()) };
    };
    let info = info(&client).await?;
    if json {
        return Ok(ui.json(&StatusJson { running: true, daemon: Some(&info) })?);
    }
    let text = describe(&info);
    ui.data().write_all(text.as_bytes())?;
    for fault in &info.degraded {
        ui.warn(fault)?;
    }
    Ok(())
}

async fn info(client: &Client) -> Result<DaemonInfo, CommandError> {
    match client.call(Request::DaemonStatus).await? {
        Response::Daemon(info) => Ok(info),
        _ => Err(CallError::Unfitting.into()),
    }
}

fn describe(info: &DaemonInfo) -> String {
    let length = |seconds| clock::length(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)));
    let lines = [
        ("daemon", format!("pid {}, up {}, release {}", info.pid, length(info.uptime_seconds), info.version)),
        ("keeper", format!("pid {}, up {}", info.keeper_pid, length(info.keeper_uptime_seconds))),
        ("failures", info.daemon_failures.to_string()),
        ("socket", info.socket.clone()),
        ("log", info.log.clone()),
        ("ends by", means(&info.containment)),
    ];
    lines.iter().fold(String::new(), |text, (name, value)| format!("{text}{name:<8}  {}\n", plain(value)))
}

/// By which means all of a service is ended.
fn means(containment: &Containment) -> String {
    let missing = containment.missing.as_ref().map(|missing| format!("; {missing}")).unwrap_or_default();
    match &containment.control_group {
        Some(group) => {
            let limits = &containment.limits;
            let limits = if limits.is_empty() { String::new() } else { format!("; limits: {}", limits.join(", ")) };
            format!("reapers, and control groups in {group}{limits}{missing}")
        }
        None => format!("reapers{missing}"),
    }
}

async fn restart(json: bool, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let (client, events) = match context.running_daemon().await {
        Ok(Some(connection)) => connection,
        Ok(None) => {
            let (client, _) = context.daemon().await?;
            return report(None, client.welcome().pid, json, ui);
        }
        Err(error) if error.exit == ExitKind::Unavailable => return replace_unheard(error, json, context, ui).await,
        Err(error) => return Err(error),
    };
    let old = client.welcome().pid;
    match client.call(Request::DaemonRestart).await {
        // It may be gone before its answer is out; the new one's pid is the proof either way.
        Ok(_) | Err(CallError::Lost) => {}
        Err(error) => return Err(error.into()),
    }
    let replaced = tokio::time::timeout(PATIENCE, next(context, events, old)).await;
    report(Some(old), replaced.map_err(|_| no_new_daemon())?, json, ui)
}

/// Replaces a daemon that cannot be asked to go: it hangs, speaks another version, or was given up and is not there.
async fn replace_unheard(why: CommandError, json: bool, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    if !keeper(context.home())?.is_some_and(|keeper| keeper.signal(Signal::USR2)) {
        return Err(why);
    }
    ui.note(&format!("the keeper replaces the daemon, because this was the answer: {}", why.message))?;
    let new = tokio::time::timeout(PATIENCE, first(context, None)).await;
    report(None, new.map_err(|_| no_new_daemon())?, json, ui)
}

fn no_new_daemon() -> CommandError {
    let message = format!("no new daemon answered within {} s; services go on without one", PATIENCE.as_secs());
    CommandError::new(ExitKind::Failed, message).hint("`locald daemon status` says why, if it can be reached")
}

/// Waits for a daemon that is not `old`, and returns its process.
async fn next(context: &Context, mut events: Events, old: u32) -> u32 {
    while events.next().await.is_some() {}
    first(context, Some(old)).await
}

/// Waits for the first daemon that welcomes us and is not `old`, and returns its process.
async fn first(context: &Context, old: Option<u32>) -> u32 {
    loop {
        // While one daemon ends and the next begins, any answer but a welcome is only "not yet".
        if let Ok(Some((client, _))) = context.running_daemon().await
            && Some(client.welcome().pid) != old
        {
            return client.welcome().pid;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn report(old: Option<u32>, new: u32, json: bool, ui: &mut Ui) -> Result<(), CommandError> {
    if json {
        return Ok(ui.json(&RestartJson { old_pid: old, pid: new })?);
    }
    match old {
        Some(old) => writeln!(ui.status(), "daemon replaced: pid {old} is now pid {new}; no service was stopped")?,
        None => writeln!(ui.status(), "a new daemon runs (pid {new}); no service was stopped")?,
    }
    Ok(())
}

/// The daemon as `--json` shows it.
#[derive(Serialize)]
struct StatusJson<'a> {
    running: bool,
    #[serde(flatten)]
    daemon: Option<&'a DaemonInfo>,
}

/// A restart as `--json` shows it.
#[derive(Serialize)]
struct RestartJson {
    old_pid: Option<u32>,
    pid: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fake;

    fn sample() -> DaemonInfo {
        DaemonInfo {
            pid: 20,
            keeper_pid: 10,
            socket: "/run/user/1000/locald/socket".to_owned(),
            version: "0.1.0".to_owned(),
            uptime_seconds: 90,
            keeper_uptime_seconds: 7200,
            daemon_failures: 1,
            log: "/home/me/.local/state/locald/daemon.log".to_owned(),
            degraded: vec![],
            containment: Containment {
                control_group: Some("/sys/fs/cgroup/app.slice/locald.1f".to_owned()),
                limits: vec!["memory".to_owned(), "pids".to_owned()],
                missing: None,
            },
        }
    }

    #[test]
    fn the_daemon_is_described_line_by_line() {
        insta::assert_snapshot!(describe(&sample()), @"
        daemon    pid 20, up 1m, release 0.1.0
        keeper    pid 10, up 2h
        failures  1
        socket    /run/user/1000/locald/socket
        log       /home/me/.local/state/locald/daemon.log
        ends by   reapers, and control groups in /sys/fs/cgroup/app.slice/locald.1f; limits: memory, pids
        ");
    }

    #[test]
    fn a_means_that_is_missing_is_said() {
        let missing = Some("no control groups of version 2 are mounted".to_owned());
        let reapers = Containment { missing, ..Containment::default() };
        assert_eq!(means(&reapers), "reapers; no control groups of version 2 are mounted");
        let missing = Some("no controller can be had for limits".to_owned());
        let groups = Containment { control_group: Some("/g".to_owned()), limits: vec![], missing };
        assert_eq!(means(&groups), "reapers, and control groups in /g; no controller can be had for limits");
    }

    #[test]
    fn json_tells_a_running_daemon_from_none() {
        let running = serde_json::to_value(StatusJson { running: true, daemon: Some(&sample()) }).unwrap();
        assert_eq!((running["running"].as_bool(), running["keeper_pid"].as_u64()), (Some(true), Some(10)));
        let none = serde_json::to_string(&StatusJson { running: false, daemon: None }).unwrap();
        assert_eq!(none, r#"{"running":false}"#);
    }

    #[test]
    fn a_restart_names_both_processes() {
        let (mut ui, written) = fake::ui();
        report(Some(20), 30, false, &mut ui).unwrap();
        report(Some(20), 30, true, &mut ui).unwrap();
        assert_eq!(written.status(), "daemon replaced: pid 20 is now pid 30; no service was stopped\n");
        assert_eq!(written.data(), "{\"old_pid\":20,\"pid\":30}\n");
    }
}
