//! `locald debug`: what helps to find out what went wrong.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use locald_panes::{Pace, RecordingError, ReplayError};

use super::open;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::ui::Ui;

/// Find out what went wrong
#[derive(clap::Args, Debug)]
pub(crate) struct DebugArgs {
    #[command(subcommand)]
    command: DebugCommand,
}

#[derive(clap::Subcommand, Debug)]
enum DebugCommand {
    Replay(ReplayArgs),
}

/// Show a recording of the workspace
///
/// LOCALD_RECORD=FILE makes `locald` record everything that happens to the workspace into a new file.
/// That holds whatever was typed and shown, passwords too. `q` ends the replay.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  LOCALD_RECORD=bug.jsonl locald             Record\n  locald debug replay bug.jsonl              Show it as it happened\n  locald debug replay --until 40 bug.jsonl   Print the screen after 40 messages"
)]
pub(crate) struct ReplayArgs {
    /// The recording
    file: PathBuf,
    /// Show it as fast as it can be painted
    #[arg(long, conflicts_with = "until")]
    fast: bool,
    /// Print the screen as text after so many messages
    #[arg(long, value_name = "MESSAGES")]
    until: Option<usize>,
}

pub(crate) async fn debug(args: DebugArgs, ui: &mut Ui) -> Result<(), CommandError> {
    let DebugCommand::Replay(args) = args.command;
    let failed = |error: std::io::Error| {
        CommandError::new(ExitKind::Failed, format!("failed to open {}: {error}", args.file.display()))
    };
    let file = File::open(&args.file).map_err(failed)?;
    let file = BufReader::new(file);
    if args.until.is_some() {
        let text = locald_panes::screen_after(file, args.until).map_err(|error| unreadable(&error))?;
        return Ok(ui.data().write_all(text.as_bytes())?);
    }
    open::check_terminal("`--until MESSAGES` prints a screen without one")?;
    let pace = if args.fast { Pace::Fast } else { Pace::Recorded };
    locald_panes::show(file, pace).await.map_err(|error| match error {
        ReplayError::Recording(error) => unreadable(&error),
        ReplayError::Terminal(error) => CommandError::from_error(ExitKind::Failed, &error),
    })
}

fn unreadable(error: &RecordingError) -> CommandError {
    CommandError::from_error(ExitKind::Failed, error)
}
