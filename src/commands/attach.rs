//! `locald attach`: the workspace, with the keys going to one service.

use locald_api::{CallError, Request, Response, Role};
use locald_panes::{Options, Wanted};

use super::open;
use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::look::LookArgs;
use crate::ui::Ui;

/// Open the workspace at one service
///
/// The keys go to it from the start.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald attach web        A service of this project\n  locald attach shop:web   One of another project"
)]
pub(crate) struct AttachArgs {
    /// Only look: type nothing, change nothing, and leave the pane's size to others
    #[arg(long, short, visible_alias = "look")]
    read_only: bool,
    /// The service, or `project:service`
    name: String,
    #[command(flatten)]
    look: LookArgs,
}

pub(crate) async fn attach(args: AttachArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    open::check_terminal("`locald capture` and `locald send-keys` do without it")?;
    let options = open::options(&args.look, context, ui)?;
    let target = context.definite_target(vec![args.name.clone()])?;
    let root = target.root.clone();
    let (client, _) = context.running_daemon().await?.ok_or_else(CommandError::no_daemon)?;
    // Asked before the screen is taken over, so that a wrong name is said where it was typed.
    let Response::Status { services, .. } = client.call(Request::Status(target)).await? else {
        return Err(CallError::Unfitting.into());
    };
    let Some(service) = services.into_iter().next() else {
        return Err(CommandError::new(ExitKind::UnknownName, format!("no service `{}`", args.name))
            .hint("`locald status --all` shows all there are"));
    };
    drop(client);
    let focus = Some(Wanted::Id(service.id));
    let role = if args.read_only { Role::Onlooker } else { Role::Participant };
    open::run(Options { project: root, focus, attach: true, role, ..options }, context, ui).await
}
