//! `locald setup`: what locald did to this machine outside of its own folders, and its removal.
//!
//! Each sort of change has a command that makes it; here they are only shown and undone.

use jiff::Timestamp;
use locald_machine::{Change, Entry, Ledger, LedgerError};
use serde::Serialize;

use crate::clock;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::paint::Tone;
use crate::table::{self, Cell, Column, Shrink};
use crate::ui::Ui;

/// Show or undo what was done to this machine
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

pub(crate) fn setup(args: &SetupArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    match args.command {
        SetupCommand::List { json } => list(json, context, ui),
        SetupCommand::Undo => undo(context, ui),
    }
}

/// A change as `list` shows it.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    told: String,
}

fn list(json: bool, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let ledger = read(context)?;
    if json {
        let listed = |entry| Listed { entry, told: Entry::told(entry) };
        return Ok(ui.json(&ledger.entries().iter().map(listed).collect::<Vec<_>>())?);
    }
    if ledger.entries().is_empty() {
        ui.note("nothing was done to this machine outside of locald's own folders")?;
    } else {
        let rows: Vec<Vec<Cell>> = ledger.entries().iter().map(|entry| row(entry, Timestamp::now())).collect();
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

fn row(entry: &Entry, now: Timestamp) -> Vec<Cell> {
    vec![
        Cell::new(entry.change.sort()),
        Cell::new(entry.change.place().display().to_string()),
        Cell::new(entry.told()),
        Cell::new(if entry.change.as_root() { "root" } else { "you" }),
        Cell::toned(Tone::Quiet, clock::ago(entry.at, now)),
    ]
}

/// Undoes one change after the other, the latest first. One that cannot be undone stops no other.
fn undo(context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
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
    tell_unknown(&ledger, ui)?;
    match left {
        0 => Ok(()),
        _ => Err(CommandError::new(ExitKind::Failed, "not everything could be undone")
            .hint("`locald setup list` shows what is left")),
    }
}

/// Undoes one change and strikes it out of the ledger.
fn undo_one(change: &Change, _context: &Context, _ui: &mut Ui) -> Result<(), CommandError> {
    match change {
        Change::Trust(root) => {
            let message = format!("{} must be undone by hand as yet", root.place.display());
            Err(CommandError::new(ExitKind::Failed, message))
        }
    }
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
