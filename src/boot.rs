//! Starting services while somebody looks on: asks the daemon, shows how they come along, and says what became of each.

mod last_lines;
mod report;

use std::time::Duration;

use jiff::Timestamp;
use locald_api::{Change, Client, Event, Events, Request, Response, ServiceChange, Target};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use crate::awaiting::described;
use crate::changes;
use crate::error::CommandError;
use crate::progress::Progress;
use crate::ui::Ui;
pub(crate) use report::Report;

/// How often what is painted over in place is painted anew, as it says how long things have lasted.
const REPAINT: Duration = Duration::from_secs(1);

/// What is asked of services, and how that is followed.
pub(crate) struct Boot {
    pub(crate) request: Request,
    pub(crate) progress: Progress,
    /// Give up after so long.
    pub(crate) timeout: Option<Duration>,
}

impl Boot {
    /// Asks, and returns once the daemon has answered or time is up. Of services that fail, the report has the last lines.
    pub(crate) async fn run(self, connection: (Client, Events), ui: &mut Ui) -> Result<Report, CommandError> {
        let Self { request, mut progress, timeout } = self;
        let (client, events) = connection;
        client.call(Request::WatchWorkspace).await?;
        let mut degraded = Vec::new();
        let followed = follow(&client, events, request, timeout, &mut progress, &mut degraded, ui).await;
        progress.clear(ui)?;
        let (changes, overdue) = match followed? {
            Some(response) => (changes::expect(response)?, None),
            None => (unfinished(&progress), timeout),
        };
        // The last thing seen may be older than the answer.
        let names: Vec<String> = changes.iter().map(|change| change.service.to_string()).collect();
        if !names.is_empty()
            && let Ok(Response::Status { services, .. }) =
                client.call(Request::Status(Target { root: None, names })).await
        {
            progress.learn(&services, Timestamp::now());
        }
        let lines = last_lines::of_failed(&client, &changes, progress.began()).await;
        Ok(Report { changes, progress, lines, overdue, degraded })
    }
}

/// Shows what happens until the request is answered; nothing if time is up before.
async fn follow(
    client: &Client,
    mut events: Events,
    request: Request,
    timeout: Option<Duration>,
    progress: &mut Progress,
    degraded: &mut Vec<String>,
    ui: &mut Ui,
) -> Result<Option<Response>, CommandError> {
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let mut repaint = tokio::time::interval(REPAINT);
    repaint.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut reading = JoinSet::new();
    let answer = client.call(request);
    tokio::pin!(answer);
    loop {
        tokio::select! {
            // What was sent before the answer is shown before it.
            biased;
            Some(event) = events.next() => {
                let Event::Workspace(workspace) = event else { continue };
                for fallen in progress.show(&workspace, Timestamp::now(), ui)? {
                    // Only where it can be painted away again: the report tells all of it.
                    if ui.status_screen.is_some() {
                        reading.spawn(last_lines::of(client.clone(), fallen, progress.began()));
                    }
                }
                *degraded = workspace.degraded;
            }
            Some(Ok((service, page))) = reading.join_next() => {
                progress.note_lines(&service, last_lines::texts(&page));
                progress.repaint(Timestamp::now(), ui)?;
            }
            answer = &mut answer => return Ok(Some(answer.map_err(CommandError::from)?)),
            () = until(deadline) => return Ok(None),
            _ = repaint.tick(), if ui.status_screen.is_some() => progress.repaint(Timestamp::now(), ui)?,
        }
    }
}

/// What is so of each service that was asked for while the answer is still to come.
fn unfinished(progress: &Progress) -> Vec<ServiceChange> {
    use locald_api::ServiceState::{Completed, Idle, Ready};
    let changes = progress.meant().map(|seen| {
        let status = &seen.status;
        let change = match (status.state, status.pid) {
            (Idle, _) => Change::Idle,
            (Ready | Completed, pid) => Change::Started { pid: pid.unwrap_or_default() },
            _ => Change::Waiting { reason: format!("it is {}", described(status)) },
        };
        ServiceChange { service: status.id.clone(), project: status.project.clone(), change }
    });
    changes.collect()
}

/// Resolves at a deadline; never without one.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
