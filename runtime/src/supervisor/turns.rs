//! Gives the services of each project their turns: looks at all of them whenever one has changed, and tells each what the graph says.

use std::sync::Weak;
use std::time::Duration;

use super::graph::Advice;
use super::project::Project;
use super::projects::Supervisor;
use super::service::Service;
use super::state::State;

/// The shortest time between two looks: services that begin together are ready together, and each look is at all of them.
const PAUSE: Duration = Duration::from_millis(2);

/// Gives turns until the supervisor is gone.
pub(super) async fn give(supervisor: Weak<Supervisor>) {
    let Some(mut revision) = supervisor.upgrade().map(|supervisor| supervisor.revision()) else { return };
    while revision.changed().await.is_ok() {
        let Some(supervisor) = supervisor.upgrade() else { return };
        look_at_all(&supervisor).await;
        drop(supervisor);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn look_at_all(supervisor: &Supervisor) {
    // Wishes that belong together are looked at together.
    let _no_wish_is_half_told = supervisor.wishing().await;
    for project in supervisor.snapshot() {
        look(&project).await;
    }
}

async fn look(project: &Project) {
    let seen: Vec<_> = project.services.iter().map(Service::seen).collect();
    for (service, advice) in project.services.iter().zip(project.graph.advise(&seen)) {
        if is_news(service, &advice) {
            service.advise(advice).await;
        }
    }
}

/// Whether the service does not know this yet.
fn is_news(service: &Service, advice: &Advice) -> bool {
    let view = service.view();
    let view = view.borrow();
    match advice {
        Advice::Turn(_) => true,
        Advice::Hold(blockers) => !matches!(&view.state, State::Waiting { on, .. } if on == blockers),
        Advice::Without(missing) => view.without != *missing,
        Advice::Nothing => !view.without.is_empty(),
    }
}
