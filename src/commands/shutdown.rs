//! `locald shutdown`: stops every service of every project, then the daemon and the keeper.

use std::time::Duration;

use locald_api::{Events, Request};

use crate::changes;
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
    json: bool,
}

pub(crate) async fn shutdown(args: &ShutdownArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let Some((client, events)) = context.running_daemon().await? else {
        ui.note("nothing was running")?;
        return changes::show(&[], args.json, ui);
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

/// Waits until nobody answers any more, so that what the user does next meets no half-ended daemon.
async fn gone(context: &Context, mut events: Events) {
    while events.next().await.is_some() {}
    while !matches!(context.running_daemon().await, Ok(None)) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
