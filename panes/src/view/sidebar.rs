//! The list of services, grouped by project, and below it what is known of the selected one.

use std::borrow::Cow;

use locald_api::{ServiceState, ServiceStatus};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::put;
use crate::extras::Extras;
use crate::list::{self, Entry};
use crate::marks::{self, Mark};
use crate::model::Model;
use crate::mouse::{Target, Targets};
use crate::{text, wording};

/// Below this many columns there is no room for the state's word.
const NARROWEST_WITH_WORDS: u16 = 20;
/// The columns of a label in the details.
const LABEL: u16 = 9;

pub(super) fn paint(model: &Model, area: Rect, buffer: &mut Buffer, targets: &mut Targets, extras: &mut Extras) {
    if area.is_empty() {
        return;
    }
    for (entry, y) in list::shown(model, area.height).into_iter().zip(area.top()..area.bottom()) {
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
    paint_details(model, area, list::entries(model).len(), buffer, extras);
}

fn paint_service(model: &Model, service: &ServiceStatus, area: Rect, buffer: &mut Buffer) {
    let theme = &model.theme;
    let selected = model.is_selected(service);
    let style = wording::style(service, theme);
    let y = area.y;
    if selected {
        put(buffer, area, area.x, y, "▸", theme.accent);
    }
    put(buffer, area, area.x + 1, y, wording::icon(service), style);
    let word = if area.width < NARROWEST_WITH_WORDS { Cow::Borrowed("") } else { wording::state(service) };
    let word_x = area.right().saturating_sub(text::width(&word) + 1);
    let mark = mark(model, service);
    let end = if mark.is_some() { word_x.saturating_sub(2) } else { word_x };
    let name = text::fit(&service.name, end.saturating_sub(area.x + 4));
    put(buffer, area, area.x + 3, y, &name, theme.text);
    put(buffer, area, word_x, y, &word, style);
    if let Some((mark, style)) = mark {
        put(buffer, area, end, y, mark, style);
    }
    if selected {
        let whole_row = if model.is_in_pane() { theme.selection } else { theme.focus };
        buffer.set_style(area, whole_row);
    }
}

/// What stands before the state: that there is something to see which was not seen yet, else that it is pinned.
fn mark(model: &Model, service: &ServiceStatus) -> Option<(&'static str, Style)> {
    match model.marks.of(&service.id) {
        Some(Mark::Bell) => Some((marks::BELL, model.theme.warn)),
        Some(Mark::Output) => Some((marks::OUTPUT, model.theme.muted)),
        None => model.is_pinned(&service.id).then_some((marks::PIN, model.theme.muted)),
    }
}

fn paint_details(model: &Model, area: Rect, listed: usize, buffer: &mut Buffer, extras: &mut Extras) {
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
    for (y, Detail { label, value, link }) in (top..).zip(details) {
        put(buffer, area, area.x + 1, y, label, model.theme.muted);
        let x = area.x + 1 + if label.is_empty() { 0 } else { LABEL };
        let end = put(buffer, area, x, y, &value, model.theme.text);
        if let Some(link) = link {
            extras.link(link, Rect { x, y, width: end - x, height: 1 }, buffer);
        }
    }
}

/// A line of what is known: a value with a label, or a sentence or an address without one.
struct Detail<'a> {
    label: &'static str,
    value: String,
    link: Option<&'a str>,
}

fn details(service: &ServiceStatus, width: u16) -> Vec<Detail<'_>> {
    let labelled = |label, value| Detail { label, value, link: None };
    let mut lines = Vec::new();
    if let Some(pid) = service.pid {
        lines.push(labelled("pid", pid.to_string()));
    }
    if service.restarts > 0 {
        lines.push(labelled("restarts", service.restarts.to_string()));
    }
    if !service.ports.is_empty() {
        let ports: Vec<_> = service.ports.iter().map(u16::to_string).collect();
        lines.push(labelled("port", ports.join(" ")));
    }
    let address = |url| wording::fit_address(&text::printable(url), width);
    lines.extend(service.urls.iter().map(|url| Detail { label: "", value: address(url), link: Some(url) }));
    // Why a service could not be started is said at length in its pane.
    let reason = service.reason.as_ref().filter(|_| service.state != ServiceState::Failed);
    for sentence in reason.into_iter().chain(&service.log_fault) {
        lines.extend(text::wrap(&text::printable(sentence), width).into_iter().map(|line| labelled("", line)));
    }
    lines
}
