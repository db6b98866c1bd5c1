//! Services that run while somebody asks for them: started for a request, and stopped once there have been none for a while.

use locald_api::{Failure, ProjectId};

use super::names::Meant;
use super::project::Project;
use super::projects::{Supervisor, unavailable};
use super::service::{Asked, Service};
use crate::sites::family;

/// What came of having a service wait for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rested {
    /// It ends, and waits.
    Yes,
    /// Another one needs it as it is.
    NeededBy(String),
}

impl Supervisor {
    /// Has a service run that waits for a request, with what it depends on. One that somebody has stopped is left as it is, also where
    /// this one depends on it.
    pub(crate) async fn demand(&self, project: &ProjectId, called: &str) -> Result<(), Failure> {
        let projects = self.snapshot();
        let Some(project) = projects.iter().find(|it| it.id == *project) else { return Ok(()) };
        let waits =
            |service: &&Service| family(&service.pane.id.service) == called && service.view().borrow().state.rests();
        let meant = project.services.iter().filter(waits).map(|service| {
            let meant = Meant { project: project.name.clone(), service: service.clone() };
            (meant, Asked::Demand)
        });
        self.bring_each(meant.collect()).await.map(drop)
    }

    /// Has a service end and wait for a request, unless one that runs depends on it.
    pub(crate) async fn rest(&self, project: &ProjectId, called: &str) -> Result<Rested, Failure> {
        let Some(project) = self.snapshot().into_iter().find(|it| it.id == *project) else { return Ok(Rested::Yes) };
        let _nobody_looks_meanwhile = self.wishing().await;
        if let Some(other) = needed_by(&project, called) {
            return Ok(Rested::NeededBy(other));
        }
        for service in project.services.iter().filter(|service| family(&service.pane.id.service) == called) {
            // It is not waited for until it has ended.
            drop(service.ask(Asked::Rest).await.map_err(unavailable)?);
        }
        self.touch();
        Ok(Rested::Yes)
    }
}

/// A service that depends on one of these and is not at rest.
fn needed_by(project: &Project, called: &str) -> Option<String> {
    let places =
        (0..project.services.len()).filter(|&place| family(&project.services[place].pane.id.service) == called);
    let others = places.flat_map(|place| project.graph.needed_by(place));
    let mut awake =
        others.map(|other| &project.services[other]).filter(|other| !other.view().borrow().state.is_at_rest());
    awake.next().map(|other| other.pane.id.service.clone())
}
