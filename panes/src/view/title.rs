//! The line above the pane: whose screen it is, how it does, and the title its program set.

use locald_api::ServiceStatus;
use ratatui::buffer::Buffer;

use super::put;
use crate::layout::{Arrangement, Tile};
use crate::model::Model;
use crate::stage::Stage;
use crate::{text, wording};

pub(super) fn paint(model: &Model, service: &ServiceStatus, on: &Stage, tile: Tile, buffer: &mut Buffer) {
    let (theme, area) = (&model.theme, tile.title);
    let has_keys = model.is_selected(service) && model.is_in_pane();
    let is_apart = on.all > 1 || on.table.height > 0;
    if is_apart && !has_keys {
        put(buffer, area, area.x, area.y, &"─".repeat(usize::from(area.width)), theme.border);
    }
    let is_here = on.all > 1 && model.is_selected(service);
    let mut x = put(buffer, area, area.x, area.y, if is_here { "▸" } else { " " }, theme.accent);
    x = put(buffer, area, x, area.y, &service.name, theme.heading);
    let state = format!("  {} {}", wording::icon(service), wording::state(service));
    x = put(buffer, area, x, area.y, &state, wording::style(service, theme));
    let room = area.right().saturating_sub(x + 3);
    let right = if model.is_selected(service) { position(model, room) } else { None };
    let right = right.or_else(|| more(on, service)).or_else(|| foreign_size(model, service, tile));
    let right = right.map_or_else(String::new, |text| format!(" {text} "));
    let right_x = area.right().saturating_sub(text::width(&right)).max(x);
    let own = text::printable(model.screens.get(&service.id).map_or("", |screen| &screen.title));
    let own = text::fit(&own, right_x.saturating_sub(x + 3));
    let own = if own.is_empty() { " ".to_owned() } else { format!("  {own} ") };
    put(buffer, area, x, area.y, &own, theme.muted);
    put(buffer, area, right_x, area.y, &right, theme.muted);
    if has_keys {
        buffer.set_style(area, theme.focus);
    }
}

/// That there are more panes than there is room for, on the title of the last one shown.
fn more(stage: &Stage, service: &ServiceStatus) -> Option<String> {
    let shown = stage.shown.len();
    let is_last = stage.shown.last().is_some_and(|shown| shown.service == service.id);
    (shown < stage.all && is_last).then(|| format!("{shown} of {}", stage.all))
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
fn foreign_size(model: &Model, service: &ServiceStatus, tile: Tile) -> Option<String> {
    if model.arrangement == Arrangement::Overview {
        return None;
    }
    let screen = model.screens.get(&service.id)?;
    let (columns, rows) = (screen.columns, screen.rows.len());
    let differs = columns != tile.screen.width || rows != usize::from(tile.screen.height);
    (differs && rows > 0).then(|| format!("{columns}x{rows}"))
}
