//! Shells of the user's own, opened in a project and gone once they end.

use locald_api::{ProjectId, Request, Role, ServiceId};

use super::daemon::{call, settle};
use super::keys::{notify, only_looks};
use super::stage;
use crate::model::{Model, Notice};
use crate::msg::{Cmd, Purpose};
use crate::options::Wanted;

/// Opens a shell in the selected service's project; where none is selected, in the user's own.
pub(super) fn open(model: &mut Model) -> Cmd {
    if model.role == Role::Onlooker {
        return only_looks(model);
    }
    let Some(project) = project(model) else {
        return notify(model, Notice::warning("there is no project to open a shell in"));
    };
    if !model.connection.is_up() {
        return notify(model, Notice::warning("not done: there is no connection to the daemon"));
    }
    call(Request::OpenShell { project }, Purpose::Shell)
}

/// A shell was opened: keys go to it as soon as it is in the list.
pub(super) fn opened(model: &mut Model, shell: &ServiceId) -> Cmd {
    model.before_shell.clone_from(&model.selected);
    model.wanted = Some(Wanted::Id(shell.clone()));
    model.chosen = true;
    if model.services().iter().all(|service| service.id != *shell) {
        return Cmd::none();
    }
    let place = model.selected_index();
    settle(model, place).and(stage::focus_pane(model))
}

fn project(model: &Model) -> Option<ProjectId> {
    let selected = model.selected.as_ref().map(|service| service.project.clone());
    selected.or_else(|| {
        let projects = &model.workspace.as_ref()?.projects;
        let own = projects.iter().find(|project| Some(&project.root) == model.project.as_ref());
        own.or(projects.first()).map(|project| project.id.clone())
    })
}
