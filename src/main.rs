//! `locald`: words in, words out.
//!
//! Reads the command line, runs one command, and is the only place where a failure is shown and becomes an exit code. What a
//! command asks for is done by the daemon; what it looks like on the whole screen is `locald-panes`'s.

mod cli;
mod commands;
mod connect;
mod context;
mod exit;
mod internal;

mod awaiting;
mod boot;
mod changes;
mod clock;
mod confirm;
mod error;
mod helper;
mod hosts_file;
mod inherited;
mod keys;
mod log_text;
mod look;
mod low_ports;
mod paint;
mod progress;
mod resolver;
mod save;
mod settings;
mod stores;
mod stray;
mod table;
mod ui;
mod user_keys;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod served;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::ui::Ui;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    // The daemon and the keeper start from this executable too. They come first, before anything is set up for a command.
    if let Some(code) = internal::dispatch(args.get(1..).unwrap_or_default()) {
        return code;
    }
    let cli = match cli::parse(args) {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version are answers too. A closed pipe leaves nobody to tell.
            let _ = answer.print();
            return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(ExitKind::Usage.code()));
        }
    };
    let mut ui = Ui::of_process();
    let result = run(cli, &mut ui).and_then(|()| Ok(ui.flush()?));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = error.render(ui.status_paint);
            let _ = ui.status().write_all(text.as_bytes());
            ExitCode::from(error.exit.code())
        }
    }
}

fn run(cli: cli::Cli, ui: &mut Ui) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(ExitKind::Internal, format!("failed to set up the event loop: {error}")))?;
    let result = runtime.block_on(commands::run(cli, ui));
    // A thread that still waits for the terminal or a slow disk must not keep the command from ending.
    runtime.shutdown_background();
    result
}
