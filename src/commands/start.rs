//! `locald start`: starts services of a project that is up.

use locald_api::{Client, Request, Target};

use crate::changes::{self, Asked};
use crate::commands::up::show_last_lines;
use crate::context::Context;
use crate::error::CommandError;
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
    let (client, _) = context.running_daemon().await?.ok_or_else(CommandError::no_daemon)?;
    run(&client, Request::Start(target.clone()), &target, args.json, ui).await
}

/// Asks for something that starts services, and says what became of each.
pub(crate) async fn run(
    client: &Client,
    request: Request,
    target: &Target,
    json: bool,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let began = jiff::Timestamp::now();
    let changes = changes::expect(client.call(request).await?)?;
    changes::show(&changes, Asked::Start, json, ui)?;
    show_last_lines(client, &changes, target, began, ui).await?;
    changes::verdict(&changes, Asked::Start)
}
