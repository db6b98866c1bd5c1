//! What services use, for a client that shows it: measured once a second while it does, and never otherwise.

use std::sync::Arc;

use locald_api::ServiceUsage;
use tokio::time::{Duration, Instant};

use super::Server;
use crate::supervisor::State;

/// The time between two measurements.
const PERIOD: Duration = Duration::from_secs(1);

/// When one client is told next, and what it was told last.
#[derive(Default)]
pub(super) struct Watch {
    due: Option<Instant>,
    told: Vec<ServiceUsage>,
}

impl Watch {
    /// What is new, if the client shows it and it is time to tell.
    pub(super) async fn take(&mut self, shown: bool, server: &Arc<Server>) -> Option<Vec<ServiceUsage>> {
        if !shown {
            *self = Self::default();
            return None;
        }
        if self.due.is_some_and(|due| due > Instant::now()) {
            return None;
        }
        let server = server.clone();
        let now = tokio::task::spawn_blocking(move || measure(&server)).await.unwrap_or_default();
        self.due = Some(Instant::now() + PERIOD);
        if now == self.told {
            return None;
        }
        self.told.clone_from(&now);
        Some(now)
    }

    /// When to ask again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }
}

fn measure(server: &Server) -> Vec<ServiceUsage> {
    let projects = server.supervisor.snapshot();
    let services: Vec<_> = projects.iter().flat_map(|project| &project.services).collect();
    let running = services.iter().filter_map(|service| match service.view().borrow().state {
        State::Ready { pid } => Some((service.pane.id.clone(), pid)),
        _ => None,
    });
    let usage = server.meter.measure(&running.collect::<Vec<_>>());
    let told = services.iter().map(|service| ServiceUsage {
        service: service.pane.id.clone(),
        usage: usage.get(&service.pane.id).copied().unwrap_or_default(),
        last_line: service.pane.screen().last_line(),
    });
    told.collect()
}
