//! `locald setup`: what locald did to this machine outside of its own folders, and its removal.
//!
//! Each sort of change has a command that makes it; here they are shown and undone.

mod helper;
mod hosts;
mod ports;

use jiff::Timestamp;
use locald_api::Request;
use locald_machine::{Change, Entry, Ledger, LedgerError, Store};
use serde::Serialize;

use super::untrust;
use crate::clock;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::Tone;
use crate::stores::{self, Row};
use crate::table::{self, Cell, Column, Shrink};
use crate::ui::Ui;

/// Change this machine, list and undo changes
///
/// Everything that locald has changed outside of its own folders, such as a store of certificates that trusts it. It changes nothing
/// there unless a command is told to, and all of it can be undone.
#[derive(clap::Args, Debug)]
pub(crate) struct SetupArgs {
    #[command(subcommand)]
    command: SetupCommand,
}

#[derive(clap::Subcommand, Debug)]
enum SetupCommand {
    /// Install the helper, which does the few things that need root
    ///
    /// It opens ports 80 and 443 on this machine's own addresses, and keeps names of services in the hosts file; it can do nothing else. It
    /// is started by the commands below, through sudo, and never by the daemon.
    #[command(after_help = "Examples:\n  locald setup helper")]
    Helper,
    /// Have URLs without a port: let the proxy have ports 80 and 443
    ///
    /// Now, and again whenever the daemon begins, where sudo allows it without asking.
    #[command(after_help = "Examples:\n  locald setup ports")]
    Ports,
    /// Have every program find the names of services: write them into the hosts file
    ///
    /// Browsers and curl find them anyway. Names of projects that come up later are added, where sudo allows it without asking.
    #[command(after_help = "Examples:\n  locald setup hosts")]
    Hosts,
    /// Show what was done to this machine
    #[command(after_help = "Examples:\n  locald setup list --json")]
    List {
        /// Print an array as JSON
        #[arg(long)]
        json: bool,
    },
    /// Undo all of it
    #[command(after_help = "Examples:\n  locald setup undo")]
    Undo,
}

pub(crate) async fn setup(args: SetupArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    match args.command {
        SetupCommand::Helper => helper::install(context, ui),
        SetupCommand::Ports => ports::ports(context, ui).await,
        SetupCommand::Hosts => hosts::hosts(context, ui).await,
        SetupCommand::List { json } => list(json, context, ui),
        SetupCommand::Undo => undo(context, ui).await,
    }
}

/// A change as `list` shows it.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    told: String,
    /// Whether anything has a use for it.
    needed: bool,
}

fn list(json: bool, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let ledger = read(context)?;
    if json {
        let listed = |entry| Listed { entry, told: Entry::told(entry), needed: is_needed(entry, context) };
        return Ok(ui.json(&ledger.entries().iter().map(listed).collect::<Vec<_>>())?);
    }
    if ledger.entries().is_empty() {
        ui.note("nothing was done to this machine outside of locald's own folders")?;
    } else {
        let rows: Vec<Vec<Cell>> = ledger.entries().iter().map(|entry| row(entry, context, Timestamp::now())).collect();
        let table = table::render(&LAYOUT, &rows, ui.data_columns, ui.data_paint);
        ui.data().write_all(table.as_bytes())?;
    }
    tell_unknown(&ledger, ui)
}

const LAYOUT: [Column; 5] = [
    Column { title: "CHANGE", shrink: None, rank: None, right: false },
    Column { title: "PLACE", shrink: Some(Shrink { least: 12, good: 30 }), rank: None, right: false },
    Column { title: "WHAT", shrink: Some(Shrink { least: 12, good: 24 }), rank: Some(2), right: false },
    Column { title: "UNDONE BY", shrink: None, rank: Some(1), right: false },
    Column { title: "SINCE", shrink: None, rank: Some(0), right: false },
];

/// Whether anything has a use for a change.
fn is_needed(entry: &Entry, context: &Context) -> bool {
    match &entry.change {
        Change::Trust(trusted) => stores::is_needed(&trusted.fingerprint, context),
        Change::Helper(_) | Change::Hosts(_) | Change::Ports => true,
    }
}

fn row(entry: &Entry, context: &Context, now: Timestamp) -> Vec<Cell> {
    let told = entry.told();
    let told = if is_needed(entry, context) { told } else { format!("{told}, which is no longer needed") };
    vec![
        Cell::new(entry.change.sort()),
        Cell::new(entry.change.place().display().to_string()),
        Cell::new(told),
        Cell::new(if entry.change.as_root() { "root" } else { "you" }),
        Cell::toned(Tone::Quiet, clock::ago(entry.at, now)),
    ]
}

/// Undoes one change after the other, the latest first. One that cannot be undone stops no other.
async fn undo(context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let ledger = read(context)?;
    if ledger.entries().is_empty() {
        ui.note("nothing was done to this machine outside of locald's own folders")?;
    }
    let mut left = 0;
    for Entry { change, .. } in ledger.entries().iter().rev() {
        match undo_one(change, context, ui) {
            Ok(()) => writeln!(ui.status(), "Undone: {} {}", change.sort(), change.place().display())?,
            Err(error) => {
                left += 1;
                let text = error.render(ui.status_paint);
                ui.status().write_all(text.as_bytes())?;
            }
        }
    }
    stores::tell_daemon(Request::MachineChanged, context).await?;
    tell_unknown(&ledger, ui)?;
    match left {
        0 => Ok(()),
        _ => Err(CommandError::new(ExitKind::Failed, "not everything could be undone")
            .hint("`locald setup list` shows what is left")),
    }
}

/// Undoes one change and strikes it out of the ledger.
fn undo_one(change: &Change, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    match change {
        Change::Trust(trusted) => {
            let programs = stores::programs();
            let world = stores::world(&programs)?;
            let store = Store::of(trusted, &world).ok_or_else(|| {
                let message = format!("this release does not know the store {}", trusted.place.display());
                CommandError::new(ExitKind::Failed, message)
            })?;
            let Row { error, hint, place, .. } = untrust::undo(&store, &trusted.root(), context, &world)?;
            if let Some(error) = error {
                let message = format!("{}: {error}", place.display());
                return Err(CommandError { hint, ..CommandError::new(ExitKind::Failed, message) });
            }
        }
        Change::Helper(installed) => {
            if let Some(remark) = helper::undo(installed)? {
                ui.note(&remark)?;
            }
        }
        Change::Hosts(block) => hosts::undo(block)?,
        Change::Ports => ui.note("the proxy has its ports until `locald shutdown`, and does not ask for them again")?,
    }
    strike(change, context)
}

/// Enters a change before it is made, unless it was made before: it keeps its place among the others, as what was done with it is
/// undone before it.
fn enter(change: &Change, context: &Context) -> Result<(), CommandError> {
    context.home().prepare().map_err(|error| CommandError::from_error(ExitKind::Unavailable, &error))?;
    Ledger::update(context.home().state_dir(), |ledger| {
        if !ledger.entries().iter().any(|entry| entry.change == *change) {
            ledger.enter(change.clone());
        }
    })?;
    Ok(())
}

/// Strikes out a change that was undone, or that has not come about.
fn strike(change: &Change, context: &Context) -> Result<(), CommandError> {
    Ledger::update(context.home().state_dir(), |ledger| ledger.strike(change))?;
    Ok(())
}

fn tell_unknown(ledger: &Ledger, ui: &mut Ui) -> Result<(), CommandError> {
    match ledger.unknown() {
        0 => Ok(()),
        more => Ok(
            ui.warn(&format!("a later release has made {more} more changes, which only that one knows how to undo"))?
        ),
    }
}

fn read(context: &Context) -> Result<Ledger, CommandError> {
    Ok(Ledger::read(context.home().state_dir())?)
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> Self {
        let hint = matches!(error, LedgerError::Damaged { .. })
            .then(|| "it tells what was done to this machine, so look at it before you remove it".to_owned());
        Self { hint, ..Self::from_error(ExitKind::Failed, &error) }
    }
}
