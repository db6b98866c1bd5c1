//! `locald` without a command: the workspace.

use std::io::IsTerminal;
use std::path::PathBuf;

use locald_api::{Request, Response, Target};
use locald_keeper::Home;
use locald_panes::{Connecting, Options, Outcome, Unreached, WorkspaceError};

use super::up;
use crate::changes::signal_name;
use crate::connect::{self, Start};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::look::LookArgs;
use crate::low_ports;
use crate::settings;
use crate::ui::Ui;

/// Opens the workspace: with the project around the folder, which is started, else with whatever runs.
pub(crate) async fn open(look: &LookArgs, overview: bool, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    check_terminal("`locald up` starts the services without it")?;
    let options = Options { overview, ..options(look, context, ui)? };
    if context.project()?.is_some() {
        // Faults are shown here, where they can be read and scrolled, and before anything starts.
        let project = up::load(context, ui.status_paint)?;
        low_ports::renew(&context.daemon().await?.0, context, ui).await?;
        let initial = Some(up::opening(&project));
        return run(Options { project: Some(project.root), initial, ..options }, context, ui).await;
    }
    if anything_runs(context).await? {
        return run(options, context, ui).await;
    }
    Ok(ui.status().write_all(welcome(context).as_bytes())?)
}

/// What a workspace begins with that looks like this: the user's settings, as they are and as they will be.
pub(crate) fn options(look: &LookArgs, context: &Context, ui: &Ui) -> Result<Options, CommandError> {
    let file = context.home().config_file();
    let settings = settings::read(look, &file).map_err(|fault| fault.told(context, ui.status_paint))?;
    let later = Some(settings::follow(look.clone(), file));
    Ok(Options { keymap: settings.keymap, theme: settings.theme, later, ..Options::default() })
}

/// Fails where there is no terminal to take over; `instead` is what to do then.
pub(crate) fn check_terminal(instead: &str) -> Result<(), CommandError> {
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(CommandError::new(ExitKind::Usage, "the workspace needs a terminal").hint(instead))
}

async fn anything_runs(context: &Context) -> Result<bool, CommandError> {
    let Some((client, _)) = context.running_daemon().await? else { return Ok(false) };
    let answer = client.call(Request::Status(Target::default())).await?;
    Ok(matches!(answer, Response::Status { services, .. } if !services.is_empty()))
}

/// Runs the workspace to its end. The daemon runs by then, so that a failure to start it has been told in full.
pub(crate) async fn run(options: Options, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    ui.flush()?;
    let record = std::env::var_os("LOCALD_RECORD").filter(|file| !file.is_empty()).map(PathBuf::from);
    let options = Options { record, ..options };
    let home = context.home().clone();
    match locald_panes::run(move || reach_daemon(home.clone()), options).await {
        Ok(Outcome::Detached) => Ok(ui.note("detached; the services keep running")?),
        Ok(Outcome::Quit { reason }) => Err(CommandError::new(ExitKind::Unavailable, reason)),
        Ok(Outcome::Signal(number)) => Err(ended_by(number)),
        Err(error) => Err(failed(&error)),
    }
}

/// One attempt of the workspace to reach the daemon. It starts none: that would bring back what somebody has shut down.
fn reach_daemon(home: Home) -> Connecting {
    Box::pin(async move {
        connect::connect(&home, Start::Never).await.map_err(|error| Unreached {
            gone: error.exit == ExitKind::NoDaemon,
            why: match error.hint {
                Some(hint) => format!("{}; {hint}", error.message),
                None => error.message,
            },
        })
    })
}

fn ended_by(signal: i32) -> CommandError {
    let message = format!("the workspace was ended by {}", signal_name(signal));
    CommandError::new(ExitKind::Signal(u8::try_from(signal).unwrap_or(0)), message)
        .hint("the services keep running; `locald` opens it again")
}

fn failed(error: &WorkspaceError) -> CommandError {
    let exit = match error {
        WorkspaceError::NotATerminal => ExitKind::Usage,
        WorkspaceError::Connect(_) => ExitKind::Unavailable,
        WorkspaceError::Terminal(_) | WorkspaceError::Record { .. } => ExitKind::Failed,
        WorkspaceError::Panicked => ExitKind::Internal,
    };
    let failed = CommandError::from_error(exit, error);
    match error {
        WorkspaceError::Record { .. } => failed.hint("LOCALD_RECORD names a file that is not there yet"),
        _ => failed,
    }
}

/// For somebody who types `locald` for the first time.
fn welcome(context: &Context) -> String {
    format!(
        "No project in {} or above it, and nothing runs.\n\n\
         A project is a folder with a `Procfile`, a `package.json` with a `dev` script, or a `locald.toml`:\n\n    \
         [services.web]\n    \
         command = \"npm run dev\"\n\n\
         Type `locald` there to start its services and open them here.\n\
         `locald --help` shows what else there is.\n",
        context.folder().display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_a_workspace_can_fail_has_its_exit_code() {
        let code = |error| failed(&error).exit.code();
        assert_eq!(code(WorkspaceError::NotATerminal), 2);
        assert_eq!(code(WorkspaceError::Connect("gone".to_owned())), 5);
        assert_eq!(code(WorkspaceError::Terminal(std::io::ErrorKind::Other.into())), 1);
        assert_eq!(code(WorkspaceError::Panicked), 70);
    }

    #[test]
    fn a_signal_ends_the_workspace_as_shells_have_it() {
        let error = ended_by(15);
        assert_eq!((error.exit.code(), error.message.as_str()), (143, "the workspace was ended by SIGTERM"));
    }
}
