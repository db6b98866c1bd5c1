//! What may follow the prefix, shown to somebody who waits after pressing it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::put;
use crate::help;
use crate::keymap::{Action, Place};
use crate::layout::Areas;
use crate::model::{Model, Prefix};
use crate::overlay::KEYS;
use crate::text;

/// Between two columns of keys.
const GAP: u16 = 3;

/// Paints it just above the bottom line, in as many columns as there is room for.
pub(super) fn paint(model: &Model, buffer: &mut Buffer) {
    if model.prefix != Prefix::Told {
        return;
    }
    let section = help::after_prefix(&model.keymap);
    let entries: Vec<_> = section.entries.iter().filter(|entry| !entry.keys.is_empty()).collect();
    let size = Size::new(buffer.area.width, buffer.area.height);
    let body = Areas::body(size);
    let widest = entries.iter().map(|entry| KEYS + text::width(entry.does)).max().unwrap_or(0);
    let columns = (size.width.saturating_sub(4) + GAP).checked_div(widest + GAP).unwrap_or(1).max(1);
    let rows = u16::try_from(entries.len()).unwrap_or(u16::MAX).div_ceil(columns).min(body.saturating_sub(2));
    let width = (columns * (widest + GAP) - GAP + 4).min(size.width);
    if rows == 0 || width < 6 {
        return;
    }
    let area = Rect::new((size.width - width) / 2, body - rows - 2, width, rows + 2);
    Clear.render(area, buffer);
    Block::bordered().border_type(BorderType::Rounded).border_style(model.theme.border).render(area, buffer);
    put(buffer, area, area.x + 2, area.y, &format!(" {} ", section.heading), model.theme.heading);
    paint_rest(model, usize::from(rows * columns), entries.len(), area, buffer);
    let inner = Rect::new(area.x + 2, area.y + 1, area.width - 4, rows);
    for (index, entry) in (0..).zip(&entries) {
        let (x, y) = (inner.x + index / rows * (widest + GAP), inner.y + index % rows);
        let keys = text::fit(&entry.keys.join(" "), KEYS - 1);
        put(buffer, inner, x, y, &keys, model.theme.accent);
        put(buffer, inner, x + KEYS, y, entry.does, model.theme.text);
    }
}

/// How many keys there was no room for, and which one shows them all.
fn paint_rest(model: &Model, shown: usize, all: usize, area: Rect, buffer: &mut Buffer) {
    if shown >= all {
        return;
    }
    let help = model.keymap.shown_all(Place::Prefixed, Action::Help).into_iter().next();
    let help = help.map_or_else(String::new, |key| format!(", {key} shows all"));
    let rest = format!(" {shown} of {all}{help} ");
    let x = area.right().saturating_sub(text::width(&rest) + 2).max(area.x);
    put(buffer, area, x, area.bottom() - 1, &rest, model.theme.muted);
}
