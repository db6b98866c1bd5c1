//! A service's screen, cell by cell, and what there is to say when its program does not run.

use locald_api::{Cells, Color as WireColor, Row, Run, ServiceStatus, Style as WireStyle, Underline};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{empty, put, scrollback};
use crate::extras::Extras;
use crate::model::{Focus, Model};
use crate::screen::Screen;
use crate::theme::Depth;
use crate::{text, wording};

/// Stands for what the outer terminal would show in another width than the daemon's.
const UNSHOWABLE: &str = "\u{fffd}";

/// Paints a service's pane; returns where the hardware cursor belongs, if it belongs there.
pub(super) fn paint(
    model: &Model,
    service: &ServiceStatus,
    area: Rect,
    buffer: &mut Buffer,
    extras: &mut Extras,
) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let selected = model.is_selected(service);
    if let Some(scrollback) = model.scrollback.as_ref().filter(|scrollback| scrollback.service == service.id) {
        return scrollback::paint(model, scrollback, area, buffer, extras).filter(|_| model.overlay.is_none());
    }
    let ended = empty::about(model, service);
    let screen = model.screens.get(&service.id).filter(|screen| ended.is_none() || !screen.is_blank());
    let Some(screen) = screen else {
        if let Some(say) = empty::instead_of_screen(model, service) {
            say.paint(model, area, buffer);
        }
        return None;
    };
    if let Some(say) = ended {
        let strip = paint_strip(model, service, &say, area, buffer);
        paint_screen(screen, Rect { height: area.height - strip, ..area }, model.theme.depth, buffer, extras);
        return None;
    }
    paint_screen(screen, area, model.theme.depth, buffer, extras);
    let shows_cursor = selected && model.focus == Focus::Pane && model.overlay.is_none() && model.connection.is_up();
    if shows_cursor { cursor(screen, area) } else { None }
}

/// Below a program's last screen: how it ended and what to do. Returns its height.
fn paint_strip(model: &Model, service: &ServiceStatus, say: &empty::Say, area: Rect, buffer: &mut Buffer) -> u16 {
    let style = wording::style(service, &model.theme).add_modifier(Modifier::BOLD);
    let mut lines = text::wrap(&text::printable(&say.sentence), area.width.saturating_sub(2));
    let told = lines.len();
    lines.extend(text::wrap(&say.step, area.width.saturating_sub(2)));
    let height = (lines.len() as u16 + 1).min(area.height / 2);
    let top = area.bottom() - height;
    put(buffer, area, area.x, top, &"─".repeat(usize::from(area.width)), model.theme.border);
    for (index, (line, y)) in lines.iter().zip(top + 1..area.bottom()).enumerate() {
        let style = if index < told { style } else { model.theme.muted };
        put(buffer, area, area.x + 1, y, line, style);
    }
    height
}

fn cursor(screen: &Screen, area: Rect) -> Option<Position> {
    let (top, left) = screen.origin(area.width, area.height);
    let (row, column) = (screen.cursor.row.checked_sub(top)?, screen.cursor.column.checked_sub(left)?);
    // A cursor past the last column waits there for the next character.
    let column = column.min(screen.columns.min(area.width).checked_sub(1)?);
    let seen = screen.cursor.visible && row < area.height;
    seen.then(|| Position::new(area.x + column, area.y + row))
}

/// Paints as much of the screen as the area has room for.
pub(super) fn paint_screen(screen: &Screen, area: Rect, depth: Depth, buffer: &mut Buffer, extras: &mut Extras) {
    let (top, left) = screen.origin(area.width, area.height);
    let width = screen.columns.saturating_sub(left).min(area.width);
    for (row, y) in screen.rows.iter().skip(usize::from(top)).zip(area.top()..area.bottom()) {
        paint_row(row, left.into(), Rect { y, width, height: 1, ..area }, depth, buffer, extras);
    }
}

/// Paints a row from its column `left` on.
pub(super) fn paint_row(row: &Row, left: u32, area: Rect, depth: Depth, buffer: &mut Buffer, extras: &mut Extras) {
    let mut line = Line { area, left, column: 0, extra: Modifier::empty(), buffer };
    for run in &row.runs {
        let style = style(run.style, depth);
        line.extra = extra(run, extras);
        match &run.cells {
            Cells::Narrow(text) => text.chars().for_each(|char| line.put_char(char, 1, style)),
            Cells::Wide(text) => text.chars().for_each(|char| line.put_char(char, 2, style)),
            Cells::Cluster { width, text } => line.put_cluster(text, (*width).clamp(1, 2).into(), style),
        }
        if line.is_full() {
            return;
        }
    }
}

/// One row of the area, being filled from the left of the program's screen.
struct Line<'a> {
    area: Rect,
    /// The screen's column at the area's left edge.
    left: u32,
    /// The screen's column that comes next.
    column: u32,
    /// Marks a cell that has more to it than its style.
    extra: Modifier,
    buffer: &'a mut Buffer,
}

impl Line<'_> {
    fn is_full(&self) -> bool {
        self.column >= self.left.saturating_add(self.area.width.into())
    }

    fn put_char(&mut self, char: char, width: u16, style: Style) {
        let symbol = if char.width() == Some(usize::from(width)) && !char.is_control() {
            char.encode_utf8(&mut [0; 4]).to_owned()
        } else {
            UNSHOWABLE.to_owned()
        };
        self.put(&symbol, width, style);
    }

    fn put_cluster(&mut self, text: &str, width: u16, style: Style) {
        let fits = text.width() == usize::from(width) && !text.chars().any(char::is_control);
        match text.chars().next() {
            _ if fits => self.put(text, width, style),
            Some(first) => self.put_char(first, width, style),
            None => self.put(" ", width, style),
        }
    }

    /// A cell of `width` columns. One that is only half within the area is left blank.
    fn put(&mut self, symbol: &str, width: u16, style: Style) {
        let (start, end) = (self.column, self.column.saturating_add(u32::from(width)));
        self.column = end;
        let right = self.left.saturating_add(self.area.width.into());
        let whole = start >= self.left && end <= right;
        for column in start.max(self.left)..end.min(right) {
            // Less than the area's width, which is a `u16`.
            let x = self.area.x + (column - self.left) as u16;
            let cell = &mut self.buffer[(x, self.area.y)];
            cell.reset();
            cell.set_style(style);
            cell.modifier.insert(self.extra);
            if whole && column == start {
                cell.set_symbol(symbol);
            }
        }
    }
}

fn extra(run: &Run, extras: &mut Extras) -> Modifier {
    let is_underlined = run.style.attributes & WireStyle::UNDERLINE != 0;
    let underline = if is_underlined { run.style.underline } else { Underline::Single };
    extras.mark(run.link.as_ref().map(|link| &*link.url), underline)
}

fn style(style: WireStyle, depth: Depth) -> Style {
    let attributes = [
        (WireStyle::BOLD, Modifier::BOLD),
        (WireStyle::DIM, Modifier::DIM),
        (WireStyle::ITALIC, Modifier::ITALIC),
        (WireStyle::UNDERLINE, Modifier::UNDERLINED),
        (WireStyle::INVERSE, Modifier::REVERSED),
        (WireStyle::STRIKETHROUGH, Modifier::CROSSED_OUT),
        (WireStyle::BLINK, Modifier::SLOW_BLINK),
        (WireStyle::HIDDEN, Modifier::HIDDEN),
    ];
    let on = attributes.iter().filter(|(attribute, _)| style.attributes & attribute != 0);
    let modifiers = on.fold(Modifier::empty(), |all, (_, modifier)| all | *modifier);
    Style::new()
        .fg(color(style.foreground, depth))
        .bg(color(style.background, depth))
        .underline_color(color(style.underline_color, depth))
        .add_modifier(modifiers)
}

fn color(color: WireColor, depth: Depth) -> Color {
    depth.fit(match color {
        WireColor::Default => Color::Reset,
        WireColor::Indexed(index) => Color::Indexed(index),
        WireColor::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    })
}
