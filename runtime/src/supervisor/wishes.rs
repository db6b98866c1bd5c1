//! What people want of services: starting, stopping and restarting them, with what they depend on, and what came of it.

use futures_util::future::join_all;
use locald_api::{Change, Failure, ServiceChange, Target};

use super::names::Meant;
use super::project::Project;
use super::projects::{LAST_LINES, Supervisor, unavailable};
use super::service::Asked;
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
            wanted.extend(needed(project, &wanted));
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
            for Wanted { meant, asked: what, named } in wanted {
                let wish = meant.service.ask(what).await.map_err(unavailable)?;
                asked.push((meant, named, wish));
            }
        }
        self.touch();
        let fulfilled = asked.into_iter().map(|(meant, named, wish)| async move {
            let change = wish.done().await?;
            Ok((ServiceChange { service: meant.service.pane.id.clone(), project: meant.project, change }, named))
        });
        let changes: Vec<(ServiceChange, bool)> =
            join_all(fulfilled).await.into_iter().collect::<Result<_, _>>().map_err(unavailable)?;
        let is_told =
            |(change, named): &(ServiceChange, bool)| *named || !matches!(change.change, Change::AlreadyRunning { .. });
        Ok(changes.into_iter().filter(is_told).map(|(change, _)| change).collect())
    }
}

/// What the wanted services of a project depend on, that nobody has named and that neither runs nor is done.
fn needed(project: &Project, wanted: &[Wanted]) -> Vec<Wanted> {
    let is_wanted = |place: usize| {
        let id = &project.services[place].pane.id;
        wanted.iter().any(|wanted| wanted.meant.service.pane.id == *id)
    };
    let named: Vec<usize> = (0..project.services.len()).filter(|&place| is_wanted(place)).collect();
    let missing = project.graph.with_needs(&named).into_iter().filter(|&place| {
        let state = project.services[place].view().borrow().state.clone();
        !is_wanted(place)
            && state != State::Completed
            && (state.is_at_rest() || matches!(state, State::Stopping { .. }))
    });
    let meant = missing.map(|place| Meant { project: project.name.clone(), service: project.services[place].clone() });
    meant.map(|meant| Wanted { meant, asked: Asked::Start, named: false }).collect()
}
