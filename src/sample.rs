//! Services and projects for tests.

use locald_api::{ProjectId, ProjectStatus, ServiceId, ServiceState, ServiceStatus};

/// A project in `/code/<name>`.
pub(crate) fn project(name: &str) -> ProjectStatus {
    ProjectStatus { id: id(name), name: name.to_owned(), root: format!("/code/{name}"), faults: vec![] }
}

/// A service without anything remarkable.
pub(crate) fn service(project: &str, name: &str, state: ServiceState) -> ServiceStatus {
    ServiceStatus {
        id: ServiceId { project: id(project), service: name.to_owned() },
        name: name.to_owned(),
        project: project.to_owned(),
        kind: "exec".to_owned(),
        state,
        pid: None,
        exit: None,
        restarts: 0,
        started_at: None,
        ports: vec![],
        named_ports: vec![],
        urls: vec![],
        sites: vec![],
        site_reason: None,
        aliases: vec![],
        alias_urls: vec![],
        refused_hosts: vec![],
        reason: None,
        health: None,
        starts_at: None,
        usage: None,
        log_fault: None,
        stray_port: None,
    }
}

fn id(project: &str) -> ProjectId {
    ProjectId(format!("{project}-1a2b"))
}
