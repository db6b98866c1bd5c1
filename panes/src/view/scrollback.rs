//! A service's past, row by row, with what was searched for marked in it.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pane::paint_row;
use super::put;
use crate::model::Model;
use crate::scrollback::{Part, Place, Scrollback};

/// Stands for a line that is on its way.
const UNKNOWN: &str = "…";

pub(super) fn paint(model: &Model, scrollback: &Scrollback, area: Rect, buffer: &mut Buffer) {
    for (part, y) in scrollback.parts().into_iter().zip(area.top()..area.bottom()) {
        let area = Rect { y, height: 1, ..area };
        let Some(row) = scrollback.row(part.line) else {
            put(buffer, area, area.x, y, UNKNOWN, model.theme.muted);
            continue;
        };
        let width = u16::try_from(part.to - part.from).unwrap_or(u16::MAX).min(area.width);
        paint_row(row, part.from, Rect { width, ..area }, model.theme.depth, buffer);
        let Some(search) = &scrollback.search else { continue };
        for columns in search.needle.matches(row) {
            let here = search.found == Some(Place { line: part.line, column: columns.start });
            let style = if here { model.theme.found_here } else { model.theme.found };
            mark(&part, columns, style, area, buffer);
        }
    }
}

/// Marks what of these columns of the line is in this part of it.
fn mark(part: &Part, columns: Range<u32>, style: Style, area: Rect, buffer: &mut Buffer) {
    let right = part.to.min(part.from.saturating_add(area.width.into()));
    let (start, end) = (columns.start.max(part.from), columns.end.min(right));
    if start < end {
        // Both within the area's width, which is a `u16`.
        let (x, width) = (area.x + (start - part.from) as u16, (end - start) as u16);
        buffer.set_style(Rect { x, width, ..area }, style);
    }
}
