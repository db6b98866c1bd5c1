//! What is done for each request.

use std::time::{SystemTime, UNIX_EPOCH};

use locald_api::{Capture, DaemonInfo, Failure, FailureKind, Input, ProjectStatus, Request, Response, Target};

use super::typing::type_into;
use super::{End, Server, explain, log_pages, masking, status};
use crate::supervisor::{Asked, Meant, listening_ports};

/// Rows of history given at once.
const MAX_LINES: u32 = 2000;

/// Whether a request changes something, and so is carried through whatever becomes of the client.
pub(super) fn changes_something(request: &Request) -> bool {
    match request {
        Request::Up { .. }
        | Request::Down(_)
        | Request::Start(_)
        | Request::Stop(_)
        | Request::Restart(_)
        | Request::OpenShell { .. }
        | Request::CloseShell { .. }
        | Request::Pin { .. }
        | Request::Unpin { .. }
        | Request::PinProject { .. }
        | Request::ForgetProjects { .. }
        | Request::TakeSockets { .. }
        | Request::MachineChanged
        | Request::Shutdown
        | Request::DaemonRestart => true,
        Request::Status(_)
        | Request::Explain(_)
        | Request::Logs(_)
        | Request::Capture { .. }
        | Request::SendKeys { .. }
        | Request::Lines { .. }
        | Request::Search(_)
        | Request::WatchWorkspace
        | Request::Projects
        | Request::ProxyPorts
        | Request::HostNames
        | Request::DaemonStatus => false,
    }
}

/// How the daemon ends once this request is answered, if it does.
pub(super) fn end_after(request: &Request) -> Option<End> {
    match request {
        Request::Shutdown => Some(End::Shutdown),
        Request::DaemonRestart => Some(End::Restart),
        _ => None,
    }
}

/// Does what is asked.
pub(super) async fn carry_out(request: Request, server: &Server) -> Result<Response, Failure> {
    let supervisor = &server.supervisor;
    match request {
        Request::Up { root, services, environment, only_new, wait } => {
            let asked = if wait { Asked::StartPatiently } else { Asked::Start };
            supervisor.up(root, services, environment, only_new, asked).await.map(Response::Changes)
        }
        Request::Down(target) => supervisor.down(target).await.map(Response::Changes),
        Request::Start(target) => supervisor.start(&target).await.map(Response::Changes),
        Request::Stop(target) => supervisor.stop(&target).await.map(Response::Changes),
        Request::Restart(target) => supervisor.restart(&target).await.map(Response::Changes),
        Request::Status(target) => list(server, &target),
        Request::Explain(target) => explain::explain(server, &target).map(Response::Explanations),
        Request::Logs(query) => log_pages::page(query, server).await.map(Response::Logs),
        Request::Capture { target, history, ansi } => {
            Ok(capture(server, &supervisor.resolve_one(&target)?, history, ansi))
        }
        Request::SendKeys { target, input } => send_keys(&supervisor.resolve_one(&target)?, &input).await,
        Request::Lines { service, first, count } => {
            let pane = server.panes.find(&service).ok_or_else(|| unknown(&service))?;
            let (first, rows) = pane.screen().history_rows(first, count.min(MAX_LINES) as usize);
            Ok(Response::Lines { first, rows })
        }
        Request::OpenShell { project } => supervisor.open_shell(&project).await.map(Response::Opened),
        Request::CloseShell { service } => supervisor.close_shell(&service).await.map(|()| Response::Done),
        Request::Pin { service, place } => {
            if server.panes.find(&service).is_none() {
                return Err(unknown(&service));
            }
            server.pins.pin(&service, place, |pin| server.panes.find(pin).is_some());
            supervisor.touch();
            Ok(Response::Done)
        }
        Request::Unpin { service } => {
            server.pins.unpin(&service);
            supervisor.touch();
            Ok(Response::Done)
        }
        Request::Projects => Ok(Response::Projects(supervisor.registered())),
        Request::PinProject { root, name, pinned } => {
            supervisor.pin_project(root.as_ref(), &name, pinned).await;
            Ok(Response::Done)
        }
        Request::ForgetProjects { roots } => {
            let roots = roots.into_iter().map(Into::into).collect();
            supervisor.forget_registered(roots).await.map(|()| Response::Done)
        }
        Request::Search(query) => {
            let pane = server.panes.find(&query.service).ok_or_else(|| unknown(&query.service))?;
            let found = tokio::task::spawn_blocking(move || pane.search(&query)).await;
            found.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?.map(Response::Hits)
        }
        Request::ProxyPorts => Ok(Response::ProxyPorts(server.doors.ports())),
        Request::TakeSockets { from } => server.doors.take(from.into()).await.map(Response::ProxyPorts),
        Request::HostNames => Ok(Response::HostNames(supervisor.sites.host_names())),
        Request::MachineChanged => {
            supervisor.sites.look_at_machine();
            supervisor.touch();
            Ok(Response::Done)
        }
        Request::DaemonStatus => Ok(Response::Daemon(daemon(server))),
        // The connection does the rest: it sends the workspace from now on, or ends the daemon once the answer is on its way.
        Request::WatchWorkspace | Request::DaemonRestart => Ok(Response::Done),
        Request::Shutdown => supervisor.stop_everything().await.map(Response::Changes),
    }
}

fn unknown(service: &locald_api::ServiceId) -> Failure {
    Failure::new(FailureKind::UnknownName, format!("there is no service `{service}`"))
}

fn list(server: &Server, target: &Target) -> Result<Response, Failure> {
    let meant = match server.supervisor.resolve(target) {
        // Nothing of a project runs that is not up. That is an answer, as it is while no daemon runs at all.
        Err(_) if target.names.is_empty() => Vec::new(),
        meant => meant?,
    };
    let listening = listening_ports();
    let usage = status::usage(server, &meant);
    let services: Vec<_> = meant
        .iter()
        .map(|meant| {
            let mut status = status::service_status(&server.supervisor, meant, &listening);
            status.usage = usage.get(&status.id).copied();
            status
        })
        .collect();
    let all: Vec<ProjectStatus> = server.supervisor.snapshot().iter().map(crate::supervisor::Project::status).collect();
    let is_meant = |project: &ProjectStatus| services.iter().any(|service| service.id.project == project.id);
    let degraded = status::degraded(server, &services);
    Ok(Response::Status { projects: all.into_iter().filter(is_meant).collect(), services, degraded })
}

fn capture(server: &Server, meant: &Meant, history: u32, ansi: bool) -> Response {
    let pane = &meant.service.pane;
    let screen = pane.screen();
    let engine = screen.engine();
    let text = locald_term::capture(engine, history as usize, ansi);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (size, cursor, mut title) = (engine.size(), engine.cursor(), engine.title().to_owned());
    drop(screen);
    let masker = server.supervisor.masker(&pane.id);
    masking::rows(&masker, &mut lines, size.columns());
    masking::mask(&masker, &mut title);
    Response::Capture(Capture {
        service: pane.id.clone(),
        columns: size.columns(),
        rows: size.rows(),
        cursor: (cursor.row, cursor.column),
        title,
        history: u32::try_from(lines.len().saturating_sub(usize::from(size.rows()))).unwrap_or(u32::MAX),
        lines,
    })
}

async fn send_keys(meant: &Meant, input: &[Input]) -> Result<Response, Failure> {
    let state = meant.service.view().borrow().state.clone();
    let name = &meant.service.pane.id.service;
    if state.pid().is_none() {
        let state = state.shown();
        let failure = Failure::new(FailureKind::NotRunning, format!("`{name}` is not running: it is {}", state.word()));
        return Err(failure.hint(format!("run `locald start {name}`")));
    }
    for input in input {
        type_into(&meant.service.pane, input).await?;
    }
    Ok(Response::Done)
}

fn daemon(server: &Server) -> DaemonInfo {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let keeper_age = now.saturating_sub(u128::from(server.keeper.started)) / 1_000_000_000;
    DaemonInfo {
        pid: std::process::id(),
        keeper_pid: server.keeper.pid,
        socket: server.home.socket().to_string_lossy().into_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_seconds: server.started.elapsed().as_secs(),
        keeper_uptime_seconds: u64::try_from(keeper_age).unwrap_or(u64::MAX),
        daemon_failures: server.keeper.failures,
        log: crate::own_log::path(&server.home).to_string_lossy().into_owned(),
        degraded: status::workspace(server, 0).degraded,
        containment: server.keeper.containment.clone(),
    }
}
