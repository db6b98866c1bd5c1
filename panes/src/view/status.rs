//! The bottom line: where keys go, which of them matter now or what was just learnt, and how the daemon does.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::put;
use crate::keymap::{self, Hint};
use crate::layout::Arrangement;
use crate::model::{Focus, Level, Model, Notice};
use crate::overlay::Content;
use crate::scrollback::Scrollback;
use crate::text;

/// Below this many columns there is no room for the daemon's state when all is well.
const NARROWEST_WITH_DAEMON: u16 = 60;

/// Paints it; returns where the cursor belongs while something is typed into it.
pub(super) fn paint(model: &Model, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let left = paint_place(model, area, buffer);
    let right = paint_daemon(model, Rect { x: left, width: area.right() - left, ..area }, buffer);
    let middle = Rect { x: left, width: right - left, ..area };
    let scrollback = model.scrollback.as_ref().filter(|_| model.overlay.is_none());
    if let Some(prompt) = scrollback.and_then(|scrollback| scrollback.prompt.as_deref()) {
        return paint_prompt(model, prompt, middle, buffer);
    }
    match (&model.notice, &model.overlay) {
        _ if model.prefix => paint_hints(model, keymap::PREFIX_HINTS, middle, buffer),
        (Some(notice), _) => paint_notice(model, notice, middle, buffer),
        (None, Some(_)) => paint_hints(model, keymap::OVERLAY_HINTS, middle, buffer),
        (None, None) if let Some(scrollback) = scrollback => paint_scrollback(model, scrollback, middle, buffer),
        (None, None) if model.focus == Focus::Pane && model.arrangement == Arrangement::Zoomed => {
            paint_hints(model, keymap::ZOOMED_HINTS, middle, buffer);
        }
        (None, None) if model.focus == Focus::Pane => paint_hints(model, keymap::PANE_HINTS, middle, buffer),
        (None, None) if !model.connection.is_up() => paint_hints(model, keymap::OFFLINE_HINTS, middle, buffer),
        (None, None) if model.selected.is_none() => paint_hints(model, keymap::EMPTY_HINTS, middle, buffer),
        (None, None) => paint_hints(model, keymap::SERVICES_HINTS, middle, buffer),
    }
    None
}

fn paint_scrollback(model: &Model, scrollback: &Scrollback, area: Rect, buffer: &mut Buffer) {
    match &scrollback.search {
        Some(search) if search.hunt.is_some() => {
            let text = format!("searching for {} …", search.needle.text);
            put(buffer, area, area.x, area.y, &text, model.theme.text);
        }
        Some(_) => paint_hints(model, keymap::FOUND_HINTS, area, buffer),
        None => paint_hints(model, keymap::SCROLLBACK_HINTS, area, buffer),
    }
}

/// The end of what was typed, and what may be done with it where there is room. Returns where the next character goes.
fn paint_prompt(model: &Model, prompt: &str, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let room = area.width.saturating_sub(2);
    let mut typed = prompt;
    while text::width(typed) > room {
        let mut chars = typed.chars();
        chars.next();
        typed = chars.as_str();
    }
    let x = put(buffer, area, area.x, area.y, "/", model.theme.accent);
    let x = put(buffer, area, x, area.y, typed, model.theme.text);
    let hints = Rect { x: (x + 3).min(area.right()), width: area.right().saturating_sub(x + 3), ..area };
    paint_hints(model, keymap::PROMPT_HINTS, hints, buffer);
    (x < area.right()).then(|| Position::new(x, area.y))
}

/// Where keys go. Returns the column after it.
fn paint_place(model: &Model, area: Rect, buffer: &mut Buffer) -> u16 {
    let overlay = model.overlay.as_ref().map(|overlay| &overlay.content);
    let place = match (overlay, model.focus, model.selected_service()) {
        _ if model.prefix => &model.keymap.prefix,
        (Some(Content::Help), ..) => "help",
        (Some(Content::Details { .. }), ..) => "details",
        (None, ..) if model.scrollback.is_some() => "scrollback",
        (None, Focus::Pane, Some(service)) => &service.name,
        (None, ..) => "services",
    };
    let shown = format!(" {} ", text::fit(place, area.width / 3));
    put(buffer, area, area.x, area.y, &shown, model.theme.focus).saturating_add(1).min(area.right())
}

/// How the daemon does. Returns the column before it.
fn paint_daemon(model: &Model, area: Rect, buffer: &mut Buffer) -> u16 {
    let (shown, style) = match model.degraded() {
        _ if !model.connection.is_up() => ("✗ no daemon".to_owned(), model.theme.error),
        [] if model.prefix || model.notice.is_some() => return area.right(),
        [] => ("daemon ok".to_owned(), model.theme.muted),
        [reason] => (format!("! degraded: {}", text::printable(reason)), model.theme.warn),
        [reason, more @ ..] => (format!("! degraded: {} (+{})", text::printable(reason), more.len()), model.theme.warn),
    };
    if area.width < NARROWEST_WITH_DAEMON && model.connection.is_up() {
        let mark = if model.degraded().is_empty() { return area.right() } else { "!" };
        let x = area.right().saturating_sub(2).max(area.x);
        put(buffer, area, x, area.y, mark, style);
        return x;
    }
    let shown = text::fit(&shown, area.width * 2 / 5);
    let x = area.right().saturating_sub(text::width(&shown) + 1).max(area.x);
    put(buffer, area, x, area.y, &shown, style);
    x.saturating_sub(1).max(area.x)
}

fn paint_notice(model: &Model, notice: &Notice, area: Rect, buffer: &mut Buffer) {
    let style = match notice.level {
        Level::Info => model.theme.text,
        Level::Warning => model.theme.warn,
        Level::Error => model.theme.error,
    };
    put(buffer, area, area.x, area.y, &text::printable(&notice.text), style);
}

/// As many hints as fit whole.
fn paint_hints(model: &Model, hints: &[Hint], area: Rect, buffer: &mut Buffer) {
    // Closer together in a narrow terminal, where one more of them counts, above all how to leave.
    let gap = if buffer.area.width < NARROWEST_WITH_DAEMON { 2 } else { 3 };
    let mut x = area.x;
    let shown = hints.iter().filter_map(|(keys, what)| Some((model.keymap.hint(*keys)?, what)));
    for (keys, what) in shown {
        let end = x.saturating_add(text::width(&keys) + 1 + text::width(what));
        if end > area.right() {
            return;
        }
        x = put(buffer, area, x, area.y, &keys, model.theme.accent);
        x = put(buffer, area, x + 1, area.y, what, model.theme.muted) + gap;
    }
}
