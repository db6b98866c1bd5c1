//! A service's past, row by row, with what was searched for marked in it.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::pane::paint_row;
use super::put;
use crate::extras::Extras;
use crate::model::Model;
use crate::scrollback::{Part, Place, Scrollback};

/// Stands for a line that is on its way.
const UNKNOWN: &str = "…";

/// Paints it; returns where the hardware cursor belongs while something is selected.
pub(super) fn paint(
    model: &Model,
    scrollback: &Scrollback,
    area: Rect,
    buffer: &mut Buffer,
    extras: &mut Extras,
) -> Option<Position> {
    let selected = scrollback.selected();
    for (part, y) in scrollback.parts().into_iter().zip(area.top()..area.bottom()) {
        let area = Rect { y, height: 1, ..area };
        let Some(row) = scrollback.row(part.line) else {
            put(buffer, area, area.x, y, UNKNOWN, model.theme.muted);
            continue;
        };
        let width = u16::try_from(part.to - part.from).unwrap_or(u16::MAX).min(area.width);
        paint_row(row, part.from, Rect { width, ..area }, model.theme.depth, buffer, extras);
        if let Some(search) = &scrollback.search {
            for (columns, here) in search.on(part.line) {
                let style = if here { model.theme.found_here } else { model.theme.found };
                mark(&part, columns, style, area, buffer);
            }
        }
        if let Some(selected) = &selected {
            mark(&part, selected.columns(part.line), model.theme.chosen, area, buffer);
        }
    }
    scrollback.pick.and_then(|pick| cursor(scrollback, pick.cursor, area))
}

/// Where on the screen the cursor of a selection is.
fn cursor(scrollback: &Scrollback, place: Place, area: Rect) -> Option<Position> {
    let here = |part: &Part| part.line == place.line && (part.from..part.to).contains(&place.column);
    let (part, y) = scrollback.parts().into_iter().zip(area.top()..area.bottom()).find(|(part, _)| here(part))?;
    let x = u16::try_from(place.column - part.from).ok().filter(|x| *x < area.width)?;
    Some(Position::new(area.x + x, y))
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
