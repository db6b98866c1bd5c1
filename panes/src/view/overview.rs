//! The overview: how each service does, beside its row in the list.

use locald_api::{ServiceState, ServiceStatus};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::put;
use crate::extras::Extras;
use crate::list::{self, Entry};
use crate::model::Model;
use crate::mouse::{Target, Targets};
use crate::{text, wording};

/// A column: its heading, and how wide it is.
struct Column {
    heading: &'static str,
    width: u16,
    value: fn(&Model, &ServiceStatus) -> String,
}

/// The columns, most useful first: a narrow screen has only the first few.
const COLUMNS: &[Column] = &[
    Column { heading: "cpu", width: 5, value: cpu },
    Column { heading: "memory", width: 6, value: memory },
    Column { heading: "restarts", width: 8, value: restarts },
];
/// The columns of the address: at least, and where there is plenty of room.
const ADDRESS: (u16, u16) = (18, 34);
/// What is left for the last column, or another one is left out.
const LEAST_LAST: u16 = 12;
/// The blanks between columns.
const GAP: u16 = 2;

pub(super) fn paint(model: &Model, area: Rect, buffer: &mut Buffer, targets: &mut Targets, extras: &mut Extras) {
    if area.is_empty() {
        return;
    }
    let columns = fitting(area.width);
    let used: u16 = columns.iter().map(|column| column.width + GAP).sum();
    let address = match area.width.saturating_sub(used + 1) {
        left if left >= ADDRESS.1 + GAP + 2 * LEAST_LAST => ADDRESS.1,
        left if left >= ADDRESS.0 + GAP + LEAST_LAST => ADDRESS.0,
        _ => 0,
    };
    for (index, (entry, y)) in list::shown(model, area.height).into_iter().zip(area.top()..area.bottom()).enumerate() {
        let row = Rect { y, height: 1, ..area };
        match entry {
            Entry::Project(_) if index == 0 => paint_headings(model, columns, address, row, buffer),
            Entry::Project(_) | Entry::Gap => {}
            Entry::Service(service) => {
                let values = columns.iter().map(|column| ((column.value)(model, service), column.width));
                let values: Vec<_> = values.collect();
                let url = wording::address(service);
                let x = paint_cells(&values, address, &url, model.theme.text, row, buffer);
                if let Some(link) = service.urls.first().filter(|_| address > 0) {
                    let shown = text::width(&wording::fit_address(&url, address));
                    extras.link(link, Rect { x: x - address - GAP, width: shown, ..row }, buffer);
                }
                let (last, style) = last(model, service);
                put(buffer, row, x, y, &last, style);
                targets.add(row, Target::Service(service.id.clone()));
                if model.is_selected(service) {
                    buffer.set_style(row, model.theme.focus);
                }
            }
        }
    }
}

/// As many columns as there is room for beside the last.
fn fitting(width: u16) -> &'static [Column] {
    let mut room = width.saturating_sub(LEAST_LAST + 1);
    let fits = |column: &&Column| {
        let left = room.checked_sub(column.width + GAP);
        room = left.unwrap_or(0);
        left.is_some()
    };
    &COLUMNS[..COLUMNS.iter().take_while(fits).count()]
}

fn paint_headings(model: &Model, columns: &[Column], address: u16, row: Rect, buffer: &mut Buffer) {
    let headings: Vec<_> = columns.iter().map(|column| (column.heading.to_owned(), column.width)).collect();
    let x = paint_cells(&headings, address, "address", model.theme.muted, row, buffer);
    put(buffer, row, x, row.y, "last line", model.theme.muted);
}

/// Numbers to the right of their columns, the address to the left of its own. Returns where the last column begins.
fn paint_cells(values: &[(String, u16)], address: u16, url: &str, style: Style, row: Rect, buffer: &mut Buffer) -> u16 {
    let mut x = row.x + 1;
    for (value, width) in values {
        let value = text::fit(value, *width);
        put(buffer, row, x + width - text::width(&value), row.y, &value, style);
        x += width + GAP;
    }
    if address > 0 {
        put(buffer, row, x, row.y, &wording::fit_address(url, address), style);
        x += address + GAP;
    }
    x
}

/// Why a service is not as it should be, or else what it wrote last.
fn last(model: &Model, service: &ServiceStatus) -> (String, Style) {
    let theme = &model.theme;
    match (service.state, &service.reason) {
        (ServiceState::Failed, Some(reason)) => (text::printable(reason), theme.error),
        (_, Some(reason)) => (text::printable(reason), theme.warn),
        (_, None) => {
            let line = model.usage.get(&service.id).map_or("", |usage| &usage.last_line);
            (text::printable(line), theme.muted)
        }
    }
}

/// Of one processor.
fn cpu(model: &Model, service: &ServiceStatus) -> String {
    let permille = model.usage.get(&service.id).and_then(|usage| usage.usage.cpu_permille);
    permille.map_or_else(String::new, |permille| match permille {
        0..1000 => format!("{}.{}%", permille / 10, permille % 10),
        _ => format!("{}%", permille / 10),
    })
}

fn memory(model: &Model, service: &ServiceStatus) -> String {
    let bytes = model.usage.get(&service.id).filter(|_| service.state.is_alive()).map(|usage| usage.usage.memory);
    bytes.map_or_else(String::new, wording::bytes)
}

fn restarts(_: &Model, service: &ServiceStatus) -> String {
    if service.restarts == 0 { String::new() } else { service.restarts.to_string() }
}
