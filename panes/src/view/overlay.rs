//! Help and details, laid over everything but the bottom line.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use super::put;
use crate::model::Model;
use crate::mouse::{Target, Targets};
use crate::overlay::{KEYS, Overlay, OverlayLine};
use crate::text;

pub(super) fn paint(model: &Model, buffer: &mut Buffer, targets: &mut Targets) {
    let Some(overlay) = &model.overlay else { return };
    let size = Size::new(buffer.area.width, buffer.area.height);
    let (area, lines) = overlay.lay(size, &model.keymap, &model.troubles());
    if area.width < 4 || area.height < 3 {
        return;
    }
    targets.add(area, Target::Overlay);
    Clear.render(area, buffer);
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(model.theme.border);
    block.render(area, buffer);
    let title = format!(" {} ", text::fit(&text::printable(overlay.title()), area.width.saturating_sub(6)));
    put(buffer, area, area.x + 2, area.y, &title, model.theme.heading);
    let inner = Rect::new(area.x + 2, area.y + 1, area.width - 4, area.height - 2);
    for (line, y) in lines.iter().skip(overlay.top).zip(inner.top()..inner.bottom()) {
        paint_line(model, line, Rect { y, height: 1, ..inner }, buffer);
    }
    paint_position(model, overlay, lines.len(), area, buffer);
}

fn paint_line(model: &Model, line: &OverlayLine, area: Rect, buffer: &mut Buffer) {
    match line {
        OverlayLine::Heading(text) => put(buffer, area, area.x, area.y, text, model.theme.heading),
        OverlayLine::Text(text) => put(buffer, area, area.x, area.y, text, model.theme.text),
        OverlayLine::Keys(keys, does) => {
            put(buffer, area, area.x, area.y, &text::fit(keys, KEYS - 1), model.theme.accent);
            put(buffer, area, area.x + KEYS, area.y, does, model.theme.text)
        }
    };
}

/// How much more there is, where there is more.
fn paint_position(model: &Model, overlay: &Overlay, lines: usize, area: Rect, buffer: &mut Buffer) {
    let visible = Overlay::visible_lines(area);
    if lines <= visible {
        return;
    }
    let shown = format!(" {} of {lines} ", (overlay.top + visible).min(lines));
    let x = area.right().saturating_sub(text::width(&shown) + 2);
    put(buffer, area, x, area.bottom() - 1, &shown, model.theme.muted);
}
