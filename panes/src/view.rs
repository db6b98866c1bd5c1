//! Paints the model. Reads it, decides nothing.

mod banner;
mod empty;
mod overlay;
mod overview;
mod pane;
mod scrollback;
mod sidebar;
mod status;
mod title;
mod which_key;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::extras::Extras;
use crate::model::Model;
use crate::mouse::{Target, Targets};
use crate::stage::Shown;
use crate::text;

/// Paints everything, and puts the cursor where the program in the focused pane has it. Returns what is to be seen where.
pub(crate) fn view(model: &Model, frame: &mut Frame, extras: &mut Extras) -> Targets {
    extras.begin();
    if frame.area().as_size() != model.size {
        // The terminal has another size since a moment ago. That will be heard of next, and then painted.
        return Targets::default();
    }
    let (areas, stage) = (model.areas(), model.stage());
    let buffer = frame.buffer_mut();
    let mut targets = Targets::default();
    sidebar::paint(model, areas.sidebar, buffer, &mut targets, extras);
    overview::paint(model, stage.table, buffer, &mut targets, extras);
    let mut cursor = None;
    for Shown { service, tile } in &stage.shown {
        let Some(status) = model.service(service) else { continue };
        title::paint(model, status, &stage, *tile, buffer);
        targets.add(tile.title, Target::Title(service.clone()));
        targets.add(tile.screen, Target::Pane { service: service.clone(), area: tile.screen });
        cursor = cursor.or(pane::paint(model, status, tile.screen, buffer, extras));
    }
    if stage.shown.is_empty() {
        empty::paint(model, areas.stage, buffer);
    }
    for line in stage.tiling.dividers.iter().chain([&areas.divider]) {
        divider(model, *line, buffer);
    }
    banner::paint(model, areas.status, buffer);
    let prompt = status::paint(model, areas.status, buffer, &mut targets);
    which_key::paint(model, buffer);
    overlay::paint(model, buffer, &mut targets);
    if let Some(position) = prompt.or(cursor) {
        frame.set_cursor_position(position);
    }
    targets
}

fn divider(model: &Model, area: Rect, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        put(buffer, area, area.x, y, "│", model.theme.border);
    }
}

/// Writes `text` from `x` to at most the end of `area`; returns the column after it.
fn put(buffer: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
    if !area.contains((x, y).into()) {
        return x;
    }
    let room = area.right() - x;
    buffer.set_stringn(x, y, text::fit(text, room), usize::from(room), style).0
}

#[cfg(test)]
mod tests;
