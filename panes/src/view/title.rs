//! The line above the pane: whose screen it is, how it does, and the title its program set.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put;
use crate::layout::Areas;
use crate::model::{Focus, Model};
use crate::{text, wording};

pub(super) fn paint(model: &Model, area: Rect, buffer: &mut Buffer) {
    let Some(service) = model.selected_service() else { return };
    let theme = &model.theme;
    let mut x = put(buffer, area, area.x + 1, area.y, &service.name, theme.heading);
    let state = format!("{} {}", wording::icon(service), wording::state(service));
    x = put(buffer, area, x + 2, area.y, &state, wording::style(service, theme));
    let size = foreign_size(model).unwrap_or_default();
    let size_x = area.right().saturating_sub(text::width(&size) + 1).max(x + 1);
    let title = text::printable(model.selected_screen().map_or("", |screen| &screen.title));
    let room = size_x.saturating_sub(x + 3);
    put(buffer, area, x + 2, area.y, &text::fit(&title, room), theme.muted);
    put(buffer, area, size_x, area.y, &size, theme.muted);
    if model.focus == Focus::Pane {
        buffer.set_style(area, theme.focus);
    }
}

/// The screen's size where it is not the pane's: another client typed last, or the program does not run.
fn foreign_size(model: &Model) -> Option<String> {
    let screen = model.selected_screen()?;
    let (columns, rows) = (screen.columns, screen.rows.len());
    let pane = Areas::of(model.size).pane;
    let differs = columns != pane.width || rows != usize::from(pane.height);
    (differs && rows > 0).then(|| format!("{columns}x{rows}"))
}
