//! `locald restart`: stops services and starts them again.

use locald_api::Request;

use crate::commands::start;
use crate::context::Context;
use crate::error::CommandError;
use crate::ui::Ui;

/// Stop services and start them again
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald restart web   Restart one service\n  locald restart       Restart all of the project"
)]
pub(crate) struct RestartArgs {
    /// Services to restart, or `project:service` [default: all of the project]
    services: Vec<String>,
    /// Print what became of each service as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn restart(args: RestartArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = context.definite_target(args.services)?;
    // A daemon that is started now has no project; `up` is what brings one.
    let connection = context.running_daemon().await?.ok_or_else(CommandError::no_daemon)?;
    start::run(connection, Request::Restart(target.clone()), target, args.json, ui).await
}
