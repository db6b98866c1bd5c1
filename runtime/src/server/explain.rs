//! Why a service is as it is, and what comes next, put together for a client.

use jiff::Timestamp;
use locald_api::{EndedRun, Explanation, Failure, Need, Next, Probe, ServiceId, Target};
use locald_config::Condition;
use tokio::time::Instant;

use super::{Server, masking, status};
use crate::sites::family;
use crate::supervisor::{Meant, Project, State, graph, listening_ports};

/// Explains the services in `target`.
pub(super) fn explain(server: &Server, target: &Target) -> Result<Vec<Explanation>, Failure> {
    let meant = server.supervisor.resolve(target)?;
    let (projects, listening) = (server.supervisor.snapshot(), listening_ports());
    let usage = status::usage(server, &meant);
    let explained = meant.iter().map(|meant| {
        let mut status = status::service_status(&server.supervisor, meant, &listening);
        status.usage = usage.get(&status.id).copied();
        let project = projects.iter().find(|project| project.id == status.id.project);
        let view = meant.service.view().borrow().clone();
        let probe = view.probed.as_ref().and_then(|probed| {
            let source = probed.source.word()?.to_owned();
            Some(Probe { source, at: Timestamp::try_from(probed.at).ok()?.to_string(), fault: probed.fault.clone() })
        });
        let masker = server.supervisor.masker(&status.id);
        let columns = meant.service.pane.screen().size().columns();
        let shown = |lines: &[String]| {
            let mut lines = lines.to_vec();
            masking::rows(&masker, &mut lines, columns);
            lines
        };
        let runs = view.history.iter().map(|run| EndedRun {
            run: run.run,
            began_at: Some(run.began).filter(|began| *began > 0).and_then(time),
            ended_at: time(run.ended).unwrap_or_default(),
            exit: run.exit,
            last_lines: shown(&run.last_lines),
        });
        Explanation {
            needs: project.map(|project| needs(project, meant)).unwrap_or_default(),
            needed_by: project.map(|project| needed_by(project, meant)).unwrap_or_default(),
            probe,
            next: next(&view.state).or_else(|| stop_of_idle(server, &status.id)),
            listens: server.supervisor.addresses.found(&status.id).into_iter().collect(),
            control_group: control_group(server, view.state.pid()),
            runs: runs.collect(),
            status,
        }
    });
    Ok(explained.collect())
}

/// The control group of the run whose first process this is.
fn control_group(server: &Server, pid: Option<u32>) -> Option<String> {
    super::containment::of_process(pid?, server.keeper.containment.control_group.as_deref()?)
}

fn place(project: &Project, meant: &Meant) -> Option<usize> {
    project.services.iter().position(|service| service.pane.id == meant.service.pane.id)
}

fn needs(project: &Project, meant: &Meant) -> Vec<Need> {
    let Some(place) = place(project, meant) else { return Vec::new() };
    let needs = project.graph.needs(place).iter().map(|need| {
        let other = &project.services[need.on];
        let view = other.view().borrow().clone();
        Need {
            service: other.pane.id.service.clone(),
            condition: word(need.condition).to_owned(),
            met: graph::is_met(need.condition, &view.state),
            found: graph::in_words(&view.state, view.exit),
        }
    });
    needs.collect()
}

fn needed_by(project: &Project, meant: &Meant) -> Vec<String> {
    let Some(place) = place(project, meant) else { return Vec::new() };
    project.graph.needed_by(place).map(|other| project.services[other].pane.id.service.clone()).collect()
}

/// The condition as the configuration has it.
fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Started => "started",
        Condition::Healthy => "healthy",
        Condition::Completed => "completed",
        Condition::CompletedOk => "completed_ok",
    }
}

fn next(state: &State) -> Option<Next> {
    let what = match state {
        State::Backoff { .. } => "it is started again",
        _ => "it is waited for no longer, and has failed",
    };
    Some(Next { what: what.to_owned(), at: from_now(state.deadline()?)? })
}

/// A moment to come as the clock on the wall will have it.
fn from_now(moment: Instant) -> Option<String> {
    let left = moment.saturating_duration_since(Instant::now());
    Some(Timestamp::now().checked_add(left).ok()?.to_string())
}

/// When the service is stopped because nobody asks it for anything.
fn stop_of_idle(server: &Server, id: &ServiceId) -> Option<Next> {
    let due = server.deadlines.of(&id.project, family(&id.service))?;
    Some(Next { what: "it is stopped, unless somebody asks it for something,".to_owned(), at: from_now(due)? })
}

fn time(nanoseconds: u64) -> Option<String> {
    Timestamp::from_nanosecond(nanoseconds.into()).ok().map(|at| at.to_string())
}
