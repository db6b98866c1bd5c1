//! The line above the pane: whose screen it is, how it does, and the title its program set.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::put;
use crate::model::Model;
use crate::{text, wording};

pub(super) fn paint(model: &Model, area: Rect, buffer: &mut Buffer) {
    let Some(service) = model.selected_service() else { return };
    let theme = &model.theme;
    let mut x = put(buffer, area, area.x + 1, area.y, &service.name, theme.heading);
    let state = format!("{} {}", wording::icon(service), wording::state(service));
    x = put(buffer, area, x + 2, area.y, &state, wording::style(service, theme));
    let room = area.right().saturating_sub(x + 3);
    let size = position(model, room).or_else(|| foreign_size(model)).unwrap_or_default();
    let size_x = area.right().saturating_sub(text::width(&size) + 1).max(x + 1);
    let title = text::printable(model.selected_screen().map_or("", |screen| &screen.title));
    let room = size_x.saturating_sub(x + 3);
    put(buffer, area, x + 2, area.y, &text::fit(&title, room), theme.muted);
    put(buffer, area, size_x, area.y, &size, theme.muted);
    if model.is_in_pane() {
        buffer.set_style(area, theme.focus);
    }
}

/// Where the user is in the pane's past, and whether there is more by now, in at most `room` columns if that can be.
fn position(model: &Model, room: u16) -> Option<String> {
    let scrollback = model.scrollback.as_ref()?;
    let (below, all) = scrollback.scrolled();
    let (below, all) = (grouped(below), grouped(all));
    let news = if scrollback.news { ", new output" } else { "" };
    let long = format!("scrolled {below} of {all} lines{news}");
    if text::width(&long) <= room {
        return Some(long);
    }
    Some(format!("{below}/{all}{}", if scrollback.news { "+" } else { "" }))
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The screen's size where it is not the pane's: another client typed last, or the program does not run.
fn foreign_size(model: &Model) -> Option<String> {
    let screen = model.selected_screen()?;
    let (columns, rows) = (screen.columns, screen.rows.len());
    let pane = model.areas().pane;
    let differs = columns != pane.width || rows != usize::from(pane.height);
    (differs && rows > 0).then(|| format!("{columns}x{rows}"))
}
