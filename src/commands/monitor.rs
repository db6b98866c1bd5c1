//! `locald monitor`: the workspace, opened on the overview.

use super::open;
use crate::context::Context;
use crate::error::CommandError;
use crate::look::LookArgs;
use crate::ui::Ui;

/// Open the workspace at the overview
///
/// It shows how all services do: state, processor, memory, restarts, address, and what each wrote last. `locald` alone opens on it
/// too while nothing is pinned.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  locald monitor   How all services do")]
pub(crate) struct MonitorArgs {
    #[command(flatten)]
    look: LookArgs,
}

pub(crate) async fn monitor(args: &MonitorArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    open::open(&args.look, true, context, ui).await
}
