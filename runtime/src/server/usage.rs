//! What services use, for a client that shows it: measured once a second while it does, and never otherwise.

use std::sync::Arc;

use locald_api::ServiceUsage;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant};

use super::{Server, masking};

/// The time between two measurements.
const PERIOD: Duration = Duration::from_secs(1);

/// When one client is told next, and what it was told last. Nothing else that the client is sent waits for a measurement.
#[derive(Default)]
pub(super) struct Watch {
    due: Option<Instant>,
    told: Vec<ServiceUsage>,
    measuring: Option<JoinHandle<Vec<ServiceUsage>>>,
}

impl Watch {
    /// Begins to measure if the client shows it and it is time.
    pub(super) fn begin(&mut self, shown: bool, server: &Arc<Server>) {
        if !shown {
            *self = Self::default();
            return;
        }
        let is_due = self.due.is_none_or(|due| due <= Instant::now());
        if is_due && self.measuring.is_none() {
            let server = server.clone();
            self.measuring = Some(tokio::task::spawn_blocking(move || measure(&server)));
        }
    }

    /// Waits for the measurement that goes on, forever if there is none. Answers what is new; nothing if all is as it was told.
    pub(super) async fn measured(&mut self) -> Option<Vec<ServiceUsage>> {
        let Some(measuring) = &mut self.measuring else { return std::future::pending().await };
        let now = measuring.await.unwrap_or_default();
        self.measuring = None;
        self.due = Some(Instant::now() + PERIOD);
        if now == self.told {
            return None;
        }
        self.told.clone_from(&now);
        Some(now)
    }

    /// When to ask again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| self.measuring.is_none())
    }
}

fn measure(server: &Server) -> Vec<ServiceUsage> {
    let projects = server.supervisor.everything();
    let services: Vec<_> = projects.iter().flat_map(|project| &project.services).collect();
    let running = services.iter().filter_map(|service| {
        let pid = service.view().borrow().state.pid()?;
        Some((service.pane.id.clone(), pid))
    });
    let usage = server.meter.measure(&running.collect::<Vec<_>>());
    let told = services.iter().map(|service| {
        let mut last_line = service.pane.screen().last_line();
        masking::mask(&server.supervisor.masker(&service.pane.id), &mut last_line);
        let usage = usage.get(&service.pane.id).copied().unwrap_or_default();
        ServiceUsage { service: service.pane.id.clone(), usage, last_line }
    });
    told.collect()
}
