//! `locald send-keys`: types into a service.

use locald_api::Request;

use crate::context::Context;
use crate::error::CommandError;
use crate::keys;

/// Type into a service
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald send-keys web 'npm test' Enter\n  locald send-keys web C-c\n  locald send-keys web -l Enter    Type the word\n\nKeys have tmux's names: Enter, Escape, Tab, Space, BSpace, Up, PageUp, F5, C-c, M-x, S-Left.\nA word that is not the name of a key is typed as it is."
)]
pub(crate) struct SendKeysArgs {
    /// The service, or `project:service`
    name: String,
    /// Keys and text, in order
    #[arg(required = true, allow_hyphen_values = true)]
    keys: Vec<String>,
    /// Type every word as it is, even the name of a key
    #[arg(long, short)]
    literal: bool,
}

pub(crate) async fn send_keys(args: SendKeysArgs, context: &Context) -> Result<(), CommandError> {
    let target = context.definite_target(vec![args.name])?;
    let input = if args.literal { keys::literal(&args.keys) } else { keys::parse(args.keys) };
    let (client, _) = context.running_daemon().await?.ok_or_else(CommandError::no_daemon)?;
    client.call(Request::SendKeys { target, input }).await?;
    Ok(())
}
