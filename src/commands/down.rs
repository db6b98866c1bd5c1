//! `locald down`: stops everything of the project and forgets it.

use locald_api::Request;

use crate::changes::{self, Asked};
use crate::context::Context;
use crate::error::CommandError;
use crate::ui::Ui;

/// Stop all services of the project and forget it
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald down         Stop the project in this folder\n\nThe logs stay; so does the daemon."
)]
pub(crate) struct DownArgs {
    /// Print what became of each service as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn down(args: &DownArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = context.definite_target(vec![])?;
    let Some((client, _)) = context.running_daemon().await? else {
        ui.note("nothing was running: there is no daemon")?;
        return changes::show(&[], Asked::Stop, args.json, ui);
    };
    let changes = changes::expect(client.call(Request::Down(target)).await?)?;
    if changes.is_empty() {
        ui.note("nothing was running")?;
    }
    changes::show(&changes, Asked::Stop, args.json, ui)?;
    changes::verdict(&changes, Asked::Stop)
}
