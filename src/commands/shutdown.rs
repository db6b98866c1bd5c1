//! `locald shutdown`: stops every service of every project, then the daemon and the keeper.

use std::time::Duration;

use locald_api::Request;
use rustix::process::Signal;

use crate::changes::{self, Asked};
use crate::connect::{keeper, wait_for_end};
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::ui::Ui;

/// The services are stopped by then; what is left to end are two processes of ours.
const PATIENCE: Duration = Duration::from_secs(10);

/// Stop every project's services and the daemon
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  locald shutdown     Leave nothing running")]
pub(crate) struct ShutdownArgs {
    /// Print what became of each service as JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) async fn shutdown(args: &ShutdownArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let (client, events) = match context.running_daemon().await {
        Ok(Some(connection)) => connection,
        Ok(None) => {
            ui.note("nothing was running")?;
            return changes::show(&[], Asked::Stop, args.json, ui);
        }
        Err(error) if error.exit == ExitKind::Unavailable => {
            return without_daemon(error, args.json, context, ui).await;
        }
        Err(error) => return Err(error),
    };
    let keeper = keeper(context.home())?;
    let changes = changes::expect(client.call(Request::Shutdown).await?)?;
    changes::show(&changes, Asked::Stop, args.json, ui)?;
    // The keeper goes last, so what the user does next meets nothing half-ended.
    let ended = async {
        if let Some(keeper) = keeper {
            wait_for_end(keeper).await;
        }
    };
    drop((client, events));
    if tokio::time::timeout(PATIENCE, ended).await.is_err() {
        let message = format!("the keeper still lives {} s after all services were stopped", PATIENCE.as_secs());
        return Err(CommandError::new(ExitKind::Failed, message).hint("`locald daemon status` shows its log"));
    }
    ui.note("the daemon has shut down")?;
    changes::verdict(&changes, Asked::Stop)
}

/// Has the keeper end everything, as there is no daemon that could be asked to. Asked again, it no longer waits for that daemon.
async fn without_daemon(why: CommandError, json: bool, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let Some(keeper) = keeper(context.home())?.filter(|keeper| keeper.signal(Signal::TERM)) else { return Err(why) };
    ui.note(&format!("the keeper stops every service, because this was the daemon's answer: {}", why.message))?;
    for _ in 0..2 {
        if tokio::time::timeout(PATIENCE, wait_for_end(keeper)).await.is_ok() {
            ui.note("everything has shut down")?;
            return changes::show(&[], Asked::Stop, json, ui);
        }
        keeper.signal(Signal::TERM);
    }
    Err(CommandError::new(ExitKind::Failed, "the keeper does not end").hint("its log, keeper.log, may say why"))
}
