//! Waiting for services to become what somebody wants them to be.

use std::time::Duration;

use jiff::Timestamp;
use locald_api::{CallError, Client, Event, Events, Request, Response, ServiceId, ServiceState, ServiceStatus, Target};

use crate::context::Context;
use crate::error::CommandError;
use crate::exit::ExitKind;
use crate::progress::{Elsewhere, Progress};
use crate::ui::Ui;

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Goal {
    /// It runs and is well, as far as it is asked; a job is done
    Ready,
    /// As ready, of a service that is asked how it is
    Healthy,
    /// Nothing of it runs, and nothing will by itself
    Exited,
}

/// How a service stands to a goal.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    Met,
    NotYet,
    /// It will not get there by itself.
    Never(ExitKind),
}

impl Goal {
    fn judge(self, service: &ServiceStatus) -> Verdict {
        use ServiceState::{
            Backoff, Completed, CrashLoop, Exited, Failed, Idle, Ready, Starting, Stopped, Stopping, Unhealthy, Waiting,
        };
        match (self, service.state) {
            (Self::Healthy, Ready) if service.health.is_none() => Verdict::Never(ExitKind::NotRunning),
            (Self::Ready | Self::Healthy, Ready | Completed)
            | (Self::Exited, Stopped | Idle | Exited | Completed | CrashLoop | Failed) => Verdict::Met,
            (Self::Ready | Self::Healthy, Stopped | Idle) => Verdict::Never(ExitKind::NotRunning),
            (Self::Ready | Self::Healthy, Exited | CrashLoop | Failed) => Verdict::Never(ExitKind::Failed),
            (_, Waiting | Starting | Unhealthy | Stopping | Backoff) | (Self::Exited, Ready) => Verdict::NotYet,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Healthy => "healthy",
            Self::Exited => "exited",
        }
    }
}

/// The services that `target` means, in a project that is up.
pub(crate) async fn find(client: &Client, target: Target) -> Result<Vec<ServiceId>, CommandError> {
    match client.call(Request::Status(target)).await? {
        Response::Status { services, .. } => Ok(services.into_iter().map(|service| service.id).collect()),
        _ => Err(CallError::Unfitting.into()),
    }
}

/// Waits until all `services` have reached `goal`, and returns them as they are then. Fails as soon as one never will.
pub(crate) async fn wait(
    context: &Context,
    connection: (Client, Events),
    services: &[ServiceId],
    goal: Goal,
    timeout: Option<Duration>,
    ui: &mut Ui,
) -> Result<Vec<ServiceStatus>, CommandError> {
    let mut progress = Progress::of(services, Elsewhere::Lines);
    let mut last = Vec::new();
    let waiting = follow(context, connection, services, goal, &mut last, &mut progress, ui);
    let result = match timeout {
        Some(timeout) => tokio::time::timeout(timeout, waiting).await.unwrap_or(Err(None)),
        None => waiting.await,
    };
    progress.clear(ui)?;
    match result {
        Ok(()) => Ok(last),
        Err(Some(error)) => Err(error),
        Err(None) => Err(overdue(&last, goal, timeout.unwrap_or_default())),
    }
}

/// Looks at every snapshot of the daemon, also of one that takes its place. `last` is what was seen last of the services.
async fn follow(
    context: &Context,
    connection: (Client, Events),
    services: &[ServiceId],
    goal: Goal,
    last: &mut Vec<ServiceStatus>,
    progress: &mut Progress,
    ui: &mut Ui,
) -> Result<(), Option<CommandError>> {
    let (mut client, mut events) = connection;
    loop {
        match client.call(Request::WatchWorkspace).await {
            Ok(_) | Err(CallError::Lost) => {}
            Err(error) => return Err(Some(error.into())),
        }
        while let Some(event) = events.next().await {
            let Event::Workspace(workspace) = event else { continue };
            progress.show(&workspace, Timestamp::now(), ui).map_err(|error| Some(error.into()))?;
            *last = workspace.services.into_iter().filter(|service| services.contains(&service.id)).collect();
            if judge(services, last, goal).map_err(Some)? {
                return Ok(());
            }
        }
        // The daemon went away; its services did not.
        let next = context.running_daemon().await.map_err(Some)?;
        (client, events) = next.ok_or_else(|| Some(CommandError::no_daemon()))?;
    }
}

/// Whether all have reached the goal; an error if one never will.
fn judge(wanted: &[ServiceId], found: &[ServiceStatus], goal: Goal) -> Result<bool, CommandError> {
    if let Some(gone) = wanted.iter().find(|id| found.iter().all(|service| service.id != **id)) {
        return Err(CommandError::new(ExitKind::NotRunning, format!("`{}` is no longer there", gone.service)));
    }
    let mut all_met = true;
    for service in found {
        match goal.judge(service) {
            Verdict::Met => {}
            Verdict::NotYet => all_met = false,
            Verdict::Never(exit) => return Err(hopeless(service, goal, exit)),
        }
    }
    Ok(all_met)
}

fn hopeless(service: &ServiceStatus, goal: Goal, exit: ExitKind) -> CommandError {
    let name = &service.name;
    if service.state == ServiceState::Ready {
        return CommandError::new(exit, format!("`{name}` runs, and is not asked how it is"))
            .hint(format!("`[services.{name}.health]` in its configuration says how to ask it"));
    }
    let error = CommandError::new(exit, format!("`{name}` will not be {}: it is {}", goal.word(), described(service)));
    match exit {
        ExitKind::NotRunning => error.hint(format!("`locald start {name}` starts it")),
        _ => error.hint(format!("`locald explain {name}` says more")),
    }
}

fn overdue(found: &[ServiceStatus], goal: Goal, after: Duration) -> CommandError {
    let late: Vec<String> = found
        .iter()
        .filter(|service| goal.judge(service) != Verdict::Met)
        .map(|service| format!("`{}` is {}", service.name, described(service)))
        .collect();
    let message = format!("not {} after {} s: {}", goal.word(), after.as_secs_f64(), late.join(", "));
    CommandError::new(ExitKind::Failed, message).hint("`locald explain` says what a service waits for")
}

/// What a service is doing, and why.
pub(crate) fn described(service: &ServiceStatus) -> String {
    let word = service.state.word();
    service.reason.as_ref().map_or_else(|| word.to_owned(), |reason| format!("{word} ({reason})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn judged(goal: Goal, state: ServiceState) -> Verdict {
        goal.judge(&sample::service("shop", "web", state))
    }

    #[test]
    fn what_gets_there_by_itself_is_waited_for_and_nothing_else() {
        use ServiceState::{
            Backoff, Completed, CrashLoop, Exited, Failed, Ready, Starting, Stopped, Unhealthy, Waiting,
        };
        for state in [Waiting, Starting, Unhealthy, Backoff] {
            assert_eq!(judged(Goal::Ready, state), Verdict::NotYet, "{state:?}");
            assert_eq!(judged(Goal::Exited, state), Verdict::NotYet, "{state:?}");
        }
        for state in [Exited, CrashLoop, Failed] {
            assert_eq!(judged(Goal::Ready, state), Verdict::Never(ExitKind::Failed), "{state:?}");
            assert_eq!(judged(Goal::Exited, state), Verdict::Met, "{state:?}");
        }
        assert_eq!([Ready, Completed].map(|state| judged(Goal::Ready, state)), [Verdict::Met, Verdict::Met]);
        assert_eq!(judged(Goal::Ready, Stopped), Verdict::Never(ExitKind::NotRunning));
        assert_eq!(judged(Goal::Exited, Ready), Verdict::NotYet);
    }

    #[test]
    fn a_service_that_nobody_asks_is_never_known_to_be_healthy() {
        assert_eq!(judged(Goal::Healthy, ServiceState::Ready), Verdict::Never(ExitKind::NotRunning));
        let asked =
            ServiceStatus { health: Some("http".to_owned()), ..sample::service("shop", "web", ServiceState::Ready) };
        assert_eq!(Goal::Healthy.judge(&asked), Verdict::Met);
    }

    #[test]
    fn a_service_that_goes_away_ends_the_wait() {
        let web = sample::service("shop", "web", ServiceState::Starting);
        assert_eq!(judge(std::slice::from_ref(&web.id), std::slice::from_ref(&web), Goal::Ready), Ok(false));
        let error = judge(&[web.id], &[], Goal::Ready).unwrap_err();
        assert_eq!((error.exit, error.message.as_str()), (ExitKind::NotRunning, "`web` is no longer there"));
    }
}
