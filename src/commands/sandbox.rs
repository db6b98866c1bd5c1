//! `locald sandbox`: homes beside the user's own, each with its own daemon, services, logs and settings.
//!
//! Every other command works in one with `--sandbox NAME`; what is here is about the sandboxes themselves.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use locald_api::{Request, Response, Target};
use locald_keeper::{Home, SandboxName};
use serde::Serialize;

use super::shutdown::{self, ShutdownArgs};
use crate::confirm::confirm;
use crate::connect;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::Tone;
use crate::table::{self, Cell, Column, Shrink};
use crate::ui::Ui;

/// The variable that names the sandbox for every command below.
pub(crate) const VARIABLE: &str = "LOCALD_SANDBOX";

/// Look at sandboxes, end them, or run in one
///
/// `--sandbox NAME` makes any command work in a home of its own: daemon, services, ports, logs and settings. It comes into
/// being when it is first used, and touches nothing of yours.
#[derive(clap::Args, Debug)]
pub(crate) struct SandboxArgs {
    #[command(subcommand)]
    command: SandboxCommand,
}

#[derive(clap::Subcommand, Debug)]
enum SandboxCommand {
    /// Show the sandboxes there are
    #[command(after_help = "Examples:\n  locald sandbox list --json")]
    List {
        /// Print an array as JSON
        #[arg(long)]
        json: bool,
    },
    /// Run a command for which every `locald` below it works in the sandbox
    #[command(after_help = "Examples:\n  locald sandbox exec ci -- ./test.sh")]
    Exec {
        /// The sandbox
        name: SandboxName,
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Stop everything in a sandbox and keep its logs
    #[command(after_help = "Examples:\n  locald sandbox stop ci")]
    Stop {
        /// The sandbox
        name: SandboxName,
    },
    /// Stop everything in sandboxes and remove them with their logs and settings
    #[command(after_help = "Examples:\n  locald sandbox rm ci --yes")]
    Rm {
        /// The sandboxes
        #[arg(required = true)]
        names: Vec<SandboxName>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(crate) async fn sandbox(args: SandboxArgs, ui: &mut Ui) -> Result<(), CommandError> {
    // Whichever sandbox we are in ourselves, they all lie in the user's own home.
    let home = Context::of_process(None)?.home().clone();
    match args.command {
        SandboxCommand::List { json } => list(&home, json, ui).await,
        SandboxCommand::Exec { name, command } => Err(exec(&name, &command)),
        SandboxCommand::Stop { name } => {
            check_known(&home, &name)?;
            stop(&name, ui).await
        }
        SandboxCommand::Rm { names, yes } => remove(&home, &names, yes, ui).await,
    }
}

/// A sandbox as `list` shows it.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    running: bool,
    /// How many services are loaded in it.
    services: usize,
    folder: PathBuf,
}

async fn list(home: &Home, json: bool, ui: &mut Ui) -> Result<(), CommandError> {
    let mut listed = Vec::new();
    for name in names(home)? {
        listed.push(look(home, &name).await?);
    }
    if json {
        return Ok(ui.json(&listed)?);
    }
    if listed.is_empty() {
        return Ok(ui.note("no sandboxes; `locald --sandbox NAME up` makes one")?);
    }
    let rows: Vec<Vec<Cell>> = listed.iter().map(row).collect();
    let table = table::render(&LAYOUT, &rows, ui.data_columns, ui.data_paint);
    Ok(ui.data().write_all(table.as_bytes())?)
}

const LAYOUT: [Column; 4] = [
    Column { title: "NAME", shrink: None, rank: None, right: false },
    Column { title: "STATE", shrink: None, rank: Some(2), right: false },
    Column { title: "SERVICES", shrink: None, rank: Some(1), right: true },
    Column { title: "FOLDER", shrink: Some(Shrink { least: 12, good: 30 }), rank: Some(0), right: false },
];

fn row(sandbox: &Listed) -> Vec<Cell> {
    let state = if sandbox.running { (Tone::Good, "running") } else { (Tone::Quiet, "stopped") };
    vec![
        Cell::new(&*sandbox.name),
        Cell::toned(state.0, state.1),
        Cell::new(sandbox.services.to_string()),
        Cell::new(sandbox.folder.display().to_string()),
    ]
}

/// What is known of a sandbox. One whose daemon does not answer is running all the same.
async fn look(home: &Home, name: &SandboxName) -> Result<Listed, CommandError> {
    let sandbox = home.sandbox(name);
    let running = connect::keeper(&sandbox)?.is_some();
    let mut services = 0;
    if running
        && let Ok((client, _)) = connect::connect(&sandbox, connect::Start::Never).await
        && let Ok(Response::Status { services: found, .. }) = client.call(Request::Status(Target::default())).await
    {
        services = found.len();
    }
    Ok(Listed { name: name.to_string(), running, services, folder: folder(home, name) })
}

/// Becomes the command; comes back only with the reason why it could not.
#[expect(clippy::disallowed_methods, reason = "the user's own command, in this process's place")]
fn exec(name: &SandboxName, command: &[String]) -> CommandError {
    let (program, arguments) = command.split_first().expect("clap requires one");
    let error = Command::new(program).args(arguments).env(VARIABLE, name.as_str()).exec();
    CommandError::new(ExitKind::Failed, format!("`{program}` could not be started: {error}"))
}

async fn stop(name: &SandboxName, ui: &mut Ui) -> Result<(), CommandError> {
    let context = Context::of_process(Some(name))?;
    shutdown::shutdown(&ShutdownArgs { json: false }, &context, ui).await
}

async fn remove(home: &Home, names: &[SandboxName], yes: bool, ui: &mut Ui) -> Result<(), CommandError> {
    for name in names {
        check_known(home, name)?;
    }
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if !yes {
        confirm(&format!("Remove {listed} with all services, logs and settings in it?"), ui)?;
    }
    for name in names {
        let sandbox = home.sandbox(name);
        if connect::keeper(&sandbox)?.is_some() {
            stop(name, ui).await?;
        }
        // Where its sockets lie elsewhere, for want of room in their names, they go too.
        for folder in [sandbox.runtime_dir(), &folder(home, name)] {
            delete(folder)?;
        }
        writeln!(ui.status(), "removed {name}")?;
    }
    Ok(())
}

fn delete(folder: &Path) -> Result<(), CommandError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let message = format!("failed to remove {}: {error}", folder.display());
            Err(CommandError::new(ExitKind::Failed, message))
        }
        _ => Ok(()),
    }
}

fn folder(home: &Home, name: &SandboxName) -> PathBuf {
    home.sandboxes().join(name.as_str())
}

/// The names of all sandboxes, sorted.
fn names(home: &Home) -> Result<Vec<SandboxName>, CommandError> {
    let entries = match std::fs::read_dir(home.sandboxes()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let named = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut found: Vec<SandboxName> = named.collect();
    found.sort();
    Ok(found)
}

fn check_known(home: &Home, name: &SandboxName) -> Result<(), CommandError> {
    let names = names(home)?;
    if names.contains(name) {
        return Ok(());
    }
    let error = CommandError::new(ExitKind::UnknownName, format!("no sandbox `{name}`"));
    Err(match locald_config::nearest(name.as_str(), names.iter().map(SandboxName::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`locald sandbox list` shows all there are"),
    })
}
