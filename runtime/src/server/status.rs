//! The state of projects and services in the form in which clients get it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use locald_api::{ServiceStatus, Workspace};

use super::Server;
use crate::supervisor::{Meant, Supervisor, listening_ports};

/// Everything, as of `revision`.
pub(super) fn workspace(server: &Server, revision: u64) -> Workspace {
    let projects = server.supervisor.snapshot();
    let listening = listening_ports();
    let services = projects.iter().flat_map(|project| {
        project.services.iter().map(|service| {
            let meant = Meant { project: project.name.clone(), service: service.clone() };
            service_status(&server.supervisor, &meant, &listening)
        })
    });
    let services: Vec<ServiceStatus> = services.collect();
    let degraded = degraded(&services);
    Workspace {
        revision,
        projects: projects.iter().map(crate::supervisor::Project::status).collect(),
        pins: server.pins.list().into_iter().filter(|pin| services.iter().any(|service| service.id == *pin)).collect(),
        services,
        degraded,
    }
}

/// One service.
pub(super) fn service_status(supervisor: &Supervisor, meant: &Meant, listening: &BTreeSet<u16>) -> ServiceStatus {
    let service = &meant.service;
    let view = service.view().borrow().clone();
    let pid = match view.state {
        crate::supervisor::State::Ready { pid } => Some(pid),
        _ => None,
    };
    let port = supervisor.port(&service.pane.id);
    let urls = port.filter(|port| pid.is_some() && listening.contains(port));
    let id = service.pane.id.clone();
    let log_fault = service.pane.log_fault().borrow().clone();
    ServiceStatus {
        name: id.service.clone(),
        project: meant.project.clone(),
        kind: service.kind.to_owned(),
        state: view.state.shown(),
        pid,
        exit: view.exit,
        restarts: view.restarts,
        started_at: view
            .since
            .and_then(|since| Timestamp::from_nanosecond(i128::from(since)).ok())
            .map(|at| at.to_string()),
        ports: port.into_iter().collect(),
        urls: urls.map(|port| format!("http://127.0.0.1:{port}")).into_iter().collect(),
        reason: view.state.reason(view.exit).or_else(|| pid.and_then(|_| service.pane.said().borrow().clone())),
        log_fault,
        id,
    }
}

/// What keeps the daemon from doing its whole work.
pub(super) fn degraded(services: &[ServiceStatus]) -> Vec<String> {
    let faults = services.iter().filter_map(|status| Some((status, status.log_fault.as_ref()?)));
    faults.map(|(status, fault)| format!("{}:{}: {fault}", status.project, status.name)).collect()
}
