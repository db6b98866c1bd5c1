//! `locald wait`: returns once services are as they should be.

use std::time::Duration;

use super::status::ServiceJson;
use crate::awaiting::{self, Goal};
use crate::clock;
use crate::context::Context;
use crate::error::CommandError;
use crate::ui::Ui;

/// Wait until services are ready, or gone
///
/// Fails as soon as one will not get there by itself: it was stopped, or ended and is not started again.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald wait web db                  Until both are ready\n  locald wait migrate --for exited    Until the job is over\n  locald wait web --timeout 30s       For half a minute at most"
)]
pub(crate) struct WaitArgs {
    /// Services to wait for, or `project:service`
    #[arg(required = true)]
    names: Vec<String>,
    /// What to wait for
    #[arg(long = "for", value_enum, default_value = "ready", value_name = "STATE")]
    goal: Goal,
    /// Give up after this long, such as `30s` or `2m` [default: never]
    #[arg(long, value_parser = clock::parse_length)]
    timeout: Option<Duration>,
    /// Print an array of the services as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn wait(args: WaitArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = context.definite_target(args.names)?;
    let (client, events) = context.running_daemon().await?.ok_or_else(CommandError::no_daemon)?;
    let services = awaiting::find(&client, target).await?;
    let reached = awaiting::wait(context, (client, events), &services, args.goal, args.timeout, ui).await?;
    if args.json {
        ui.json(&reached.iter().map(ServiceJson::from).collect::<Vec<_>>())?;
    }
    Ok(())
}
