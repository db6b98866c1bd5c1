//! What the daemon's coming, going and telling does to the model.

use locald_api::{Activity, PaneFrame, Request, ServiceId, ServiceStatus, ServiceUsage, Workspace};

use super::{scroll, select, watch};
use crate::layout::Arrangement;
use crate::model::{Connection, Focus, Measuring, Model, Notice, Opening};
use crate::msg::{Cmd, Effect, Purpose};
use crate::reconnect::Unreached;

pub(super) fn connected(model: &mut Model) -> Cmd {
    if !std::mem::replace(&mut model.connection, Connection::Up).is_up() {
        // What was said of the lost connection is no longer true.
        model.notice = None;
    }
    let watching = call(Request::WatchWorkspace, Purpose::Watch);
    let initial = model.initial.take().map_or_else(Cmd::none, |request| call(request, Purpose::Initial));
    let lines = scroll::begin_anew(model);
    watching.and(initial).and(watch(model)).and(lines).and(Cmd::redraw())
}

pub(super) fn call(request: Request, purpose: Purpose) -> Cmd {
    Cmd::effect(Effect::Call { request: Box::new(request), purpose })
}

pub(super) fn lost(model: &mut Model) -> Cmd {
    model.connection = Connection::Lost { why: None, overdue: false };
    model.watches.clear();
    model.measuring = Measuring::Off;
    model.unpainted.clear();
    Cmd::redraw()
}

pub(super) fn connect_failed(model: &mut Model, unreached: Unreached) -> Cmd {
    let Connection::Lost { why, overdue } = &mut model.connection else { return Cmd::none() };
    let told = *overdue || !unreached.gone;
    *overdue |= unreached.gone;
    if told && why.as_ref() == Some(&unreached.why) {
        return Cmd::none();
    }
    *why = Some(unreached.why);
    if *overdue { Cmd::redraw() } else { Cmd::none() }
}

pub(super) fn overdue(model: &mut Model) -> Cmd {
    let Connection::Lost { overdue, .. } = &mut model.connection else { return Cmd::none() };
    *overdue = true;
    Cmd::redraw()
}

pub(super) fn take_workspace(model: &mut Model, mut workspace: Workspace) -> Cmd {
    let own = workspace.projects.iter().find(|project| Some(&project.root) == model.project.as_ref());
    let own = own.map(|project| project.id.clone());
    // Stable, so that everything else stays as the daemon ordered it.
    workspace.services.sort_by_key(|service| Some(&service.id.project) != own.as_ref());
    let place = model.selected_index();
    let is_there = |id: &ServiceId| workspace.services.iter().any(|service| service.id == *id);
    model.screens.retain(|id, _| is_there(id));
    model.usage.retain(|id, _| is_there(id));
    model.marks.retain(is_there);
    // A project that is just being started has its pins only with its services.
    let first = model.services().is_empty();
    let before = model.workspace.replace(workspace);
    note_faults(model, before.as_ref());
    forget_ended(model, before.as_ref());
    if first && !model.chosen && model.opening == Opening::Pins && model.pinned().any(|pin| model.is_own(&pin.id)) {
        model.arrangement = Arrangement::Panes;
    }
    // A pane that was pinned or unpinned takes or leaves room.
    settle(model, place).and(scroll::fit(model)).and(watch(model)).and(Cmd::redraw())
}

/// Says so when a file has a fault that it did not have, and no longer once it has none.
fn note_faults(model: &mut Model, before: Option<&Workspace>) {
    let first = |workspace: &Workspace| {
        workspace.projects.iter().find_map(|project| project.faults.first()).map(|fault| in_force(fault))
    };
    let (before, now) = (before.and_then(first), model.workspace.as_ref().and_then(first));
    if before == now {
        return;
    }
    match now {
        Some(text) => model.notice = Some(Notice::error(text)),
        None => model.notice = model.notice.take().filter(|notice| Some(&notice.text) != before.as_ref()),
    }
}

/// That something runs is said no longer once it was seen to have ended.
fn forget_ended(model: &mut Model, before: Option<&Workspace>) {
    let runs = |workspace: Option<&Workspace>, pid: u32| {
        workspace.is_some_and(|workspace| workspace.services.iter().any(|service| service.pid == Some(pid)))
    };
    let pid = model.notice.as_ref().and_then(|notice| notice.pid);
    if pid.is_some_and(|pid| runs(before, pid) && !runs(model.workspace.as_ref(), pid)) {
        model.notice = None;
    }
}

fn in_force(fault: &str) -> String {
    format!("{fault}; what it said before stays in force")
}

/// Makes sure that the selection is a service that exists: the one that is wanted, the one that was selected, or until the
/// user chose, the first. `place` is where the selected one was before the list changed.
pub(super) fn settle(model: &mut Model, place: Option<usize>) -> Cmd {
    if let Some(found) = model.wanted.as_ref().and_then(|wanted| model.find(wanted)) {
        model.wanted = None;
        model.chosen = true;
        return select(model, found);
    }
    let gave_up = model.workspace.is_some() && !model.starting;
    if gave_up && let Some(wanted) = model.wanted.take() {
        model.focus = Focus::Services;
        model.notice.get_or_insert_with(|| Notice::warning(format!("there is no service {}", name(&wanted))));
    }
    let is_gone = model.selected.is_some() && model.selected_index().is_none();
    if is_gone {
        // What is typed on was not meant for another program.
        model.focus = Focus::Services;
        let back = model.before_shell.take().filter(|service| model.service(service).is_some());
        if let Some(service) = back {
            return select(model, service);
        }
    }
    let is_first = |service: &ServiceStatus| model.is_pinned(&service.id) && model.is_own(&service.id);
    let first_pin = || model.services().iter().position(is_first);
    let kept = if model.chosen { model.selected_index() } else { first_pin().or(Some(0)) };
    let services = model.services();
    let fallback = place.unwrap_or(0).min(services.len().saturating_sub(1));
    match services.get(kept.unwrap_or(fallback)).map(|service| service.id.clone()) {
        Some(id) => select(model, id),
        None => deselect(model),
    }
}

fn deselect(model: &mut Model) -> Cmd {
    model.selected = None;
    model.scrollback = None;
    if model.wanted.is_none() {
        model.focus = Focus::Services;
        model.arrangement = Arrangement::Overview;
    }
    watch(model).and(Cmd::redraw())
}

fn name(wanted: &crate::Wanted) -> String {
    match wanted {
        crate::Wanted::Id(ServiceId { service, .. }) => service.clone(),
        crate::Wanted::Name(name) => name.clone(),
    }
}

/// Frames of a watch that has ended are neither shown nor acknowledged: the daemon forgot it with the view that ended it.
pub(super) fn take_frame(model: &mut Model, frame: PaneFrame) -> Cmd {
    let Some(watch) = model.watches.iter().find(|watch| watch.pane == frame.pane) else { return Cmd::none() };
    model.unpainted.push((frame.pane, frame.sequence));
    let screen = model.screens.entry(watch.service.clone()).or_default();
    screen.merge(frame);
    if let Some(scrollback) = model.scrollback.as_mut().filter(|scrollback| scrollback.service == watch.service) {
        scrollback.notice(screen);
    }
    Cmd::redraw()
}

/// What is done where the user looks is seen at once.
pub(super) fn take_activity(model: &mut Model, activities: &[Activity]) -> Cmd {
    let is_watched = |service: &ServiceId| model.watches.iter().any(|watch| watch.service == *service);
    let mut news = false;
    for activity in activities {
        let before = model.marks.of(&activity.service);
        model.marks.take(activity);
        if is_watched(&activity.service) {
            model.marks.see(&activity.service);
        }
        news |= model.marks.of(&activity.service) != before;
    }
    if news { Cmd::redraw() } else { Cmd::none() }
}

pub(super) fn take_usage(model: &mut Model, usage: Vec<ServiceUsage>) -> Cmd {
    model.usage = usage.into_iter().map(|usage| (usage.service.clone(), usage)).collect();
    if model.measuring == Measuring::On { Cmd::redraw() } else { Cmd::none() }
}
