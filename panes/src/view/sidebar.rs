//! The list of services, grouped by project, and below it what is known of the selected one.

use std::borrow::Cow;

use locald_api::{ServiceState, ServiceStatus};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put;
use crate::model::Model;
use crate::mouse::{Target, Targets};
use crate::{text, wording};

/// Below this many columns there is no room for the state's word.
const NARROWEST_WITH_WORDS: u16 = 20;
/// The columns of a label in the details.
const LABEL: u16 = 9;

/// One line of the list.
enum Entry<'a> {
    Project(&'a str),
    Service(&'a ServiceStatus),
    Gap,
}

pub(super) fn paint(model: &Model, area: Rect, buffer: &mut Buffer, targets: &mut Targets) {
    if area.is_empty() {
        return;
    }
    let entries = entries(model);
    let selected = entries.iter().position(|entry| is_selected(model, entry)).unwrap_or(0);
    let top = (selected + 1).saturating_sub(usize::from(area.height));
    for (entry, y) in entries.iter().skip(top).zip(area.top()..area.bottom()) {
        match entry {
            Entry::Gap => {}
            Entry::Project(name) => {
                put(buffer, area, area.x + 1, y, name, model.theme.heading);
            }
            Entry::Service(service) => {
                let area = Rect { y, height: 1, ..area };
                paint_service(model, service, area, buffer);
                targets.add(area, Target::Service(service.id.clone()));
            }
        }
    }
    paint_details(model, area, entries.len(), buffer);
}

fn entries(model: &Model) -> Vec<Entry<'_>> {
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

fn is_selected(model: &Model, entry: &Entry<'_>) -> bool {
    matches!(entry, Entry::Service(service) if model.selected.as_ref() == Some(&service.id))
}

fn paint_service(model: &Model, service: &ServiceStatus, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    let selected = model.selected.as_ref() == Some(&service.id);
    let style = wording::style(service, theme);
    let y = area.y;
    if selected {
        put(buffer, area, area.x, y, "▸", theme.accent);
    }
    put(buffer, area, area.x + 1, y, wording::icon(service), style);
    let word = if area.width < NARROWEST_WITH_WORDS { Cow::Borrowed("") } else { wording::state(service) };
    let word_x = area.right().saturating_sub(text::width(&word) + 1);
    let name = text::fit(&service.name, word_x.saturating_sub(area.x + 4));
    put(buffer, area, area.x + 3, y, &name, theme.text);
    put(buffer, area, word_x, y, &word, style);
    if selected {
        let whole_row = if model.is_in_pane() { theme.selection } else { theme.focus };
        buffer.set_style(area, whole_row);
    }
}

fn paint_details(model: &Model, area: Rect, listed: usize, buffer: &mut Buffer) {
    let Some(service) = model.selected_service() else { return };
    if area.width < NARROWEST_WITH_WORDS {
        return;
    }
    let details = details(service, area.width - 2);
    let room = usize::from(area.height).saturating_sub(listed + 2);
    if details.is_empty() || details.len() > room {
        return;
    }
    let top = area.bottom() - details.len() as u16;
    put(buffer, area, area.x, top - 1, &"─".repeat(usize::from(area.width)), model.theme.border);
    for (y, (label, value)) in (top..).zip(details) {
        put(buffer, area, area.x + 1, y, label, model.theme.muted);
        let indent = if label.is_empty() { 0 } else { LABEL };
        put(buffer, area, area.x + 1 + indent, y, &value, model.theme.text);
    }
}

/// Labelled values, and sentences without a label.
fn details(service: &ServiceStatus, width: u16) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(pid) = service.pid {
        lines.push(("pid", pid.to_string()));
    }
    if service.restarts > 0 {
        lines.push(("restarts", service.restarts.to_string()));
    }
    if !service.ports.is_empty() {
        let ports: Vec<_> = service.ports.iter().map(u16::to_string).collect();
        lines.push(("port", ports.join(" ")));
    }
    lines.extend(service.urls.iter().map(|url| ("", address(&text::printable(url), width))));
    // Why a service could not be started is said at length in its pane.
    let reason = service.reason.as_ref().filter(|_| service.state != ServiceState::Failed);
    for sentence in reason.into_iter().chain(&service.log_fault) {
        lines.extend(text::wrap(&text::printable(sentence), width).into_iter().map(|line| ("", line)));
    }
    lines
}

/// An address that fits: where it goes matters more than how.
fn address(url: &str, width: u16) -> String {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    text::fit(if text::width(url) <= width { url } else { bare }, width)
}
