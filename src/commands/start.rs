//! `locald start`: starts services of a project that is up.

use locald_api::{Client, Events, Request, Target};

use crate::awaiting;
use crate::boot::Boot;
use crate::context::Context;
use crate::error::CommandError;
use crate::progress::{Elsewhere, Progress};
use crate::ui::Ui;

/// Start services of a project that is up
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald start web        Start one service\n  locald start shop:web   One of another project"
)]
pub(crate) struct StartArgs {
    /// Services to start, or `project:service` [default: all of the project]
    services: Vec<String>,
    /// Print what became of each service as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn start(args: StartArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = context.definite_target(args.services)?;
    // A daemon that is started now has no project; `up` is what brings one.
    let connection = context.running_daemon().await?.ok_or_else(CommandError::no_daemon)?;
    run(connection, Request::Start(target.clone()), target, args.json, ui).await
}

/// Asks for something that starts the services in `target`, and says what became of each.
pub(crate) async fn run(
    connection: (Client, Events),
    request: Request,
    target: Target,
    json: bool,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let services = awaiting::find(&connection.0, target).await?;
    let boot = Boot { request, progress: Progress::of(&services, Elsewhere::Nothing), timeout: None };
    let report = boot.run(connection, ui).await?;
    report.show(json, ui)?;
    report.verdict()
}
