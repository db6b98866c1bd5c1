//! What people want of services: starting, stopping and restarting them, with what they depend on, and what came of it.

use futures_util::future::{FutureExt, join_all};
use futures_util::stream::{FuturesUnordered, StreamExt};
use locald_api::{Change, Failure, ServiceChange, Target};

use super::graph;
use super::names::Meant;
use super::project::Project;
use super::projects::{LAST_LINES, Supervisor, unavailable};
use super::service::{Asked, ServiceGone, Wish};
use super::state::State;

/// A service, what is asked of it, and whether somebody has named it.
struct Wanted {
    meant: Meant,
    asked: Asked,
    named: bool,
}

impl Supervisor {
    /// Starts the services in `target`, and what they depend on.
    pub(crate) async fn start(&self, target: &Target) -> Result<Vec<ServiceChange>, Failure> {
        let meant = self.resolve_configured(target)?;
        self.write_down(&meant, true).await;
        self.bring_each(meant.into_iter().map(|meant| (meant, Asked::Start)).collect()).await
    }

    /// Stops the services in `target` and no others: who depends on one of them and was not named runs on.
    pub(crate) async fn stop(&self, target: &Target) -> Result<Vec<ServiceChange>, Failure> {
        let meant = self.resolve_configured(target)?;
        self.write_down(&meant, false).await;
        self.end(meant).await
    }

    /// Stops everything, for good. What was wanted stays wanted: nobody has asked for any of it to be stopped for itself.
    pub(crate) async fn stop_everything(&self) -> Result<Vec<ServiceChange>, Failure> {
        let changes = self.end(self.resolve(&Target::default())?).await?;
        join_all(self.panes().all().iter().map(|pane| pane.wait_until_logged(LAST_LINES))).await;
        Ok(changes)
    }

    /// Writes down that somebody wants these services to run, or not to.
    pub(super) async fn write_down(&self, meant: &[Meant], run: bool) {
        for project in self.snapshot() {
            let lasting = meant.iter().filter(|meant| !meant.service.is_shell());
            let ids = lasting.map(|meant| &meant.service.pane.id).filter(|id| id.project == project.id);
            let names: Vec<String> = ids.map(|id| id.service.clone()).collect();
            if !names.is_empty() {
                self.desired.note_services(&project.root, &names, run);
            }
        }
        self.save_desired().await;
    }

    /// Waits until what is wanted is on disk, so that a daemon that dies in the next moment does not forget it.
    pub(super) async fn save_desired(&self) {
        let desired = self.desired.clone();
        let _ = tokio::task::spawn_blocking(move || desired.save()).await;
    }

    /// Asks for runs of each service, and of what it depends on.
    pub(super) async fn bring_each(&self, meant: Vec<(Meant, Asked)>) -> Result<Vec<ServiceChange>, Failure> {
        let projects = self.snapshot();
        let wanted = meant.into_iter().map(|(meant, asked)| Wanted { meant, asked, named: true });
        let mut wanted: Vec<Wanted> = wanted.collect();
        for project in &projects {
            require(project, &self.desired.stopped(&project.root), &mut wanted);
        }
        self.ask(wanted).await
    }

    pub(super) async fn end(&self, meant: Vec<Meant>) -> Result<Vec<ServiceChange>, Failure> {
        self.ask(meant.into_iter().map(|meant| Wanted { meant, asked: Asked::Stop, named: true }).collect()).await
    }

    /// Tells every service what is wanted of it before any of them has its turn; says what came of it in their order, leaving out
    /// what nobody named and nothing happened to.
    async fn ask(&self, wanted: Vec<Wanted>) -> Result<Vec<ServiceChange>, Failure> {
        let mut asked = Vec::new();
        {
            let _nobody_looks_meanwhile = self.wishing().await;
            for wanted in wanted {
                let wish = wanted.meant.service.ask(wanted.asked).await.map_err(unavailable)?;
                asked.push((wanted, wish));
            }
        }
        self.touch();
        let mut told = Vec::new();
        for (named, change) in fulfilled(asked).await.map_err(unavailable)? {
            if named || !matches!(change.change, Change::AlreadyRunning { .. }) {
                told.push(change);
            }
        }
        Ok(told)
    }
}

/// What came of each wish, in their order. Once one that was to be fulfilled patiently is not, the others are not waited for.
async fn fulfilled(asked: Vec<(Wanted, Wish)>) -> Result<Vec<(bool, ServiceChange)>, ServiceGone> {
    let mut changes: Vec<Option<Change>> = asked.iter().map(|_| None).collect();
    let (wanted, wishes): (Vec<Wanted>, Vec<Wish>) = asked.into_iter().unzip();
    let each = wishes.into_iter().enumerate().map(|(place, wish)| async move { (place, wish.done().await) });
    let mut open: FuturesUnordered<_> = each.collect();
    let mut is_over = false;
    while let Some((place, change)) = if is_over { open.next().now_or_never().flatten() } else { open.next().await } {
        let change = change?;
        let is_vain = matches!(change, Change::Failed { .. } | Change::Waiting { .. });
        is_over |= is_vain && wanted[place].asked == Asked::StartPatiently;
        changes[place] = Some(change);
    }
    let each = wanted.into_iter().zip(changes).map(|(Wanted { meant, named, .. }, change)| {
        let change = change.unwrap_or_else(|| Change::Waiting { reason: as_it_is(&meant) });
        (named, ServiceChange { service: meant.service.pane.id.clone(), project: meant.project, change })
    });
    Ok(each.collect())
}

/// How a service is that nobody waits for any longer.
fn as_it_is(meant: &Meant) -> String {
    let view = meant.service.view().borrow().clone();
    format!("it is {}", graph::in_words(&view.state, view.exit))
}

/// Adds what the wanted services of a project depend on, that nobody has named and that neither runs nor is done. It is waited for as
/// they are. One that would wait for a request does not, if another one needs it now. A request alone starts nothing that somebody has
/// `stopped`.
fn require(project: &Project, stopped: &[String], wanted: &mut Vec<Wanted>) {
    let is_patient = wanted.iter().any(|wanted| wanted.asked == Asked::StartPatiently);
    let asked = if is_patient { Asked::StartPatiently } else { Asked::Start };
    let is_demanded = wanted.iter().all(|wanted| matches!(wanted.asked, Asked::Demand | Asked::Await));
    let place_of = |wanted: &Wanted| project.services.iter().position(|it| it.pane.id == wanted.meant.service.pane.id);
    let to_run = wanted.iter().filter(|wanted| wanted.asked != Asked::Await).filter_map(place_of);
    for place in project.graph.with_needs(&to_run.collect::<Vec<_>>()) {
        if let Some(known) = wanted.iter_mut().find(|wanted| place_of(wanted) == Some(place)) {
            if known.asked == Asked::Await {
                known.asked = asked;
            }
            continue;
        }
        let service = project.services[place].clone();
        let state = service.view().borrow().state.clone();
        if is_demanded && stopped.contains(&service.pane.id.service) {
            continue;
        }
        if state != State::Completed && (state.is_at_rest() || matches!(state, State::Stopping { .. })) {
            wanted.push(Wanted { meant: Meant { project: project.name.clone(), service }, asked, named: false });
        }
    }
}
