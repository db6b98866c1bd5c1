//! The rows of the list of services, grouped by project. The overview goes on beside them.

use locald_api::ServiceStatus;

use crate::model::Model;

/// One row of the list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry<'a> {
    Project(&'a str),
    Service(&'a ServiceStatus),
    Gap,
}

/// All rows.
pub(crate) fn entries(model: &Model) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let mut project = None;
    for service in model.services() {
        if project != Some(&service.id.project) {
            if project.is_some() {
                entries.push(Entry::Gap);
            }
            entries.push(Entry::Project(&service.project));
            project = Some(&service.id.project);
        }
        entries.push(Entry::Service(service));
    }
    if entries.is_empty() {
        entries.push(Entry::Project("locald"));
    }
    entries
}

/// The rows that are shown where there is room for `height` of them: from the first one, unless the selected one is further down.
pub(crate) fn shown(model: &Model, height: u16) -> Vec<Entry<'_>> {
    let entries = entries(model);
    let is_selected =
        |entry: &Entry<'_>| matches!(entry, Entry::Service(it) if model.selected.as_ref() == Some(&it.id));
    let selected = entries.iter().position(is_selected).unwrap_or(0);
    let top = (selected + 1).saturating_sub(usize::from(height));
    entries.into_iter().skip(top).take(usize::from(height)).collect()
}
