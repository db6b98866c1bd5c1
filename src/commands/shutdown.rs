//! `locald shutdown`: stops every service of every project, then the daemon and the keeper.

use std::time::Duration;

use locald_api::{Events, Request};
use rustix::process::Signal;

use crate::changes;
use crate::connect::{signal_keeper, wait_for_end};
use crate::context::{self, Context};
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
    json: bool,
}

pub(crate) async fn shutdown(args: &ShutdownArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let (client, events) = match context.running_daemon().await {
        Ok(Some(connection)) => connection,
        Ok(None) => {
            ui.note("nothing was running")?;
            return changes::show(&[], args.json, ui);
        }
        Err(error) if error.exit == ExitKind::Unavailable => return without_daemon(error, args.json, ui).await,
        Err(error) => return Err(error),
    };
    let changes = changes::expect(client.call(Request::Shutdown).await?)?;
    changes::show(&changes, args.json, ui)?;
    if tokio::time::timeout(PATIENCE, gone(context, events)).await.is_err() {
        let message = format!("the daemon still answers {} s after it stopped all services", PATIENCE.as_secs());
        return Err(CommandError::new(ExitKind::Failed, message).hint("`locald daemon status` shows its log"));
    }
    ui.note("the daemon has shut down")?;
    changes::verdict(&changes)
}

/// Has the keeper end everything, as there is no daemon that could be asked to. Asked again, it no longer waits for that daemon.
async fn without_daemon(why: CommandError, json: bool, ui: &mut Ui) -> Result<(), CommandError> {
    let home = context::home()?;
    if !signal_keeper(&home, Signal::TERM)? {
        return Err(why);
    }
    ui.note(&format!("the keeper stops every service, because this was the daemon's answer: {}", why.message))?;
    for _ in 0..2 {
        if let Ok(ended) = tokio::time::timeout(PATIENCE, wait_for_end(&home)).await {
            ended?;
            ui.note("everything has shut down")?;
            return changes::show(&[], json, ui);
        }
        signal_keeper(&home, Signal::TERM)?;
    }
    Err(CommandError::new(ExitKind::Failed, "the keeper does not end").hint("its log, keeper.log, may say why"))
}

/// Waits until nobody answers any more, so that what the user does next meets no half-ended daemon.
async fn gone(context: &Context, mut events: Events) {
    while events.next().await.is_some() {}
    while !matches!(context.running_daemon().await, Ok(None)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
