//! `locald stop`: stops services, and returns once nothing of them is left.

use locald_api::{Client, Request, Target};

use crate::changes::{self, Asked};
use crate::context::Context;
use crate::error::CommandError;
use crate::ui::Ui;

/// Stop services, and whatever they started
///
/// Returns once nothing of them is left.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  locald stop web        Stop one service\n  locald stop shop:web   One of another project"
)]
pub(crate) struct StopArgs {
    /// Services to stop, or `project:service` [default: all of the project]
    services: Vec<String>,
    /// Print what became of each service as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn stop(args: StopArgs, context: &Context, ui: &mut Ui) -> Result<(), CommandError> {
    let target = context.definite_target(args.services)?;
    let (client, _) = context.running_daemon().await?.ok_or_else(CommandError::no_daemon)?;
    run(&client, target, args.json, ui).await
}

async fn run(client: &Client, target: Target, json: bool, ui: &mut Ui) -> Result<(), CommandError> {
    let changes = changes::expect(client.call(Request::Stop(target)).await?)?;
    changes::show(&changes, Asked::Stop, json, ui)?;
    changes::verdict(&changes, Asked::Stop)
}

#[cfg(test)]
mod tests {
    use locald_api::{Change, Failure, FailureKind, Response, ServiceChange, ServiceState};

    use super::*;
    use crate::exit::ExitKind;
    use crate::sample;
    use crate::served::{self, Reply};
    use crate::ui::fake;

    #[tokio::test]
    async fn a_service_that_was_stopped_before_is_not_said_to_be_stopped_now() {
        let (mut ui, written) = fake::ui();
        let (client, _events) = served::by(|_| {
            let service = sample::service("shop", "web", ServiceState::Stopped).id;
            let change = ServiceChange { service, project: "shop".to_owned(), change: Change::WasNotRunning };
            Reply::of(Response::Changes(vec![change]))
        })
        .await;
        run(&client, Target::default(), false, &mut ui).await.unwrap();
        assert_eq!(written.status(), "web was not running\n");
    }

    #[tokio::test]
    async fn what_the_daemon_refuses_is_an_error_with_its_hint() {
        let (mut ui, _) = fake::ui();
        let failure = Failure::new(FailureKind::UnknownName, "no service `wbe`").hint("did you mean `web`?");
        let (client, _events) = served::by(move |_| Reply::failed(failure.clone())).await;
        let error = run(&client, Target::default(), false, &mut ui).await.unwrap_err();
        assert_eq!((error.exit, error.hint.as_deref()), (ExitKind::UnknownName, Some("did you mean `web`?")));
    }
}
