//! The state of projects and services in the form in which clients get it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use locald_api::{NamedPort, ServiceId, ServiceStatus, Usage, Workspace};

use super::Server;
use crate::health::Source;
use crate::supervisor::{Meant, Service, State, Supervisor, View, listening_ports};

/// Everything, as of `revision`.
pub(super) fn workspace(server: &Server, revision: u64) -> Workspace {
    let projects = server.supervisor.everything();
    let listening = listening_ports();
    let services = projects.iter().flat_map(|project| {
        project.services.iter().map(|service| {
            let meant = Meant { project: project.name.clone(), service: service.clone() };
            service_status(&server.supervisor, &meant, &listening)
        })
    });
    let services: Vec<ServiceStatus> = services.collect();
    let degraded = degraded(server, &services);
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
    let pid = view.state.pid();
    let port = supervisor.port(&service.pane.id);
    let named = named_ports(supervisor, &service.pane.id, pid, listening);
    let address = supervisor.addresses.address(&service.pane.id);
    let loopback = address.filter(|port| pid.is_some() && listening.contains(port));
    let id = service.pane.id.clone();
    let sites = supervisor.sites.urls(&id, None);
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
        ports: port.into_iter().chain(named.iter().map(|named| named.port)).collect(),
        named_ports: named,
        stray_port: pid.and_then(|_| supervisor.addresses.stray(&id)),
        urls: match loopback {
            Some(port) => sites.iter().cloned().chain([format!("http://127.0.0.1:{port}")]).collect(),
            None => Vec::new(),
        },
        site_reason: supervisor.sites.because(&id),
        aliases: supervisor.sites.aliases(&id),
        alias_urls: supervisor.sites.alias_urls(&id),
        refused_hosts: supervisor.sites.refused(&id),
        sites,
        reason: reason(supervisor, service, &view),
        health: health(&view),
        starts_at: starts_at(&view.state),
        usage: None,
        log_fault,
        id,
    }
}

/// The further ports of a service.
fn named_ports(supervisor: &Supervisor, id: &ServiceId, pid: Option<u32>, listening: &BTreeSet<u16>) -> Vec<NamedPort> {
    let named = supervisor.addresses.named(id).into_iter().map(|(name, port)| {
        let sites = supervisor.sites.urls(id, Some(&name));
        let is_open = pid.is_some() && listening.contains(&port);
        let here = is_open.then(|| sites.iter().cloned().chain([format!("http://127.0.0.1:{port}")]));
        NamedPort { name, port, urls: here.into_iter().flatten().collect(), sites }
    });
    named.collect()
}

/// What each of these services uses that runs.
pub(super) fn usage(server: &Server, meant: &[Meant]) -> BTreeMap<ServiceId, Usage> {
    let running = meant.iter().filter_map(|meant| {
        let pid = meant.service.view().borrow().state.pid()?;
        Some((meant.service.pane.id.clone(), pid))
    });
    server.meter.measure(&running.collect::<Vec<_>>())
}

/// Why the service is as it is: by its state, by what it has to do without, or by its own words.
fn reason(supervisor: &Supervisor, service: &Service, view: &View) -> Option<String> {
    let without = || {
        let names: Vec<String> = view.without.iter().map(ToString::to_string).collect();
        (!names.is_empty()).then(|| format!("runs without {}", names.join(", ")))
    };
    let said = || {
        let said = view.state.pid().and_then(|_| service.pane.notices().borrow().shown())?;
        Some(supervisor.masker(&service.pane.id).mask(&said).into_owned())
    };
    let of_state = match (view.state.reason(view.exit), &view.port_note) {
        (Some(reason), Some(note)) => Some(format!("{reason}; {note}")),
        (reason, note) => reason.or_else(|| note.clone()),
    };
    of_state.or_else(|| mismatch(supervisor, service)).or_else(without).or_else(said)
}

/// That it listens elsewhere than it was told.
fn mismatch(supervisor: &Supervisor, service: &Service) -> Option<String> {
    let id = &service.pane.id;
    let (stray, own) = (supervisor.addresses.stray(id)?, supervisor.port(id)?);
    Some(format!("listens on {stray}, not on its port {own}"))
}

/// How it is known that it is well or not, while it runs.
fn health(view: &View) -> Option<String> {
    let source = match view.state {
        State::Ready { source, .. } => Some(source),
        State::Starting { .. } | State::Unhealthy { .. } => view.probed.as_ref().map(|probed| probed.source),
        _ => None,
    };
    source.and_then(Source::word).map(str::to_owned)
}

/// When it is started again, if it is to be.
fn starts_at(state: &State) -> Option<String> {
    let State::Backoff { until } = state else { return None };
    let left = until.saturating_duration_since(tokio::time::Instant::now());
    Timestamp::now().checked_add(left).ok().map(|at| at.to_string())
}

/// What keeps the daemon from doing its whole work.
pub(super) fn degraded(server: &Server, services: &[ServiceStatus]) -> Vec<String> {
    let faults = services.iter().filter_map(|status| Some((status, status.log_fault.as_ref()?)));
    let of_services = faults.map(|(status, fault)| format!("{}:{}: {fault}", status.project, status.name));
    let supervisor = &server.supervisor;
    let unstarted = supervisor.unstarted();
    let unstarted =
        unstarted.iter().map(|(root, why)| format!("{} did not start with the daemon: {why}", root.display()));
    let of_files = supervisor.desired.notice().map(str::to_owned).into_iter().chain(supervisor.watching.fault());
    of_services.chain(of_files).chain(unstarted).chain(server.doors.notices()).collect()
}
