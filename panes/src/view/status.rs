//! The bottom line: where keys go, which of them matter now or what was just learnt, and how the daemon does.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::put;
use crate::keymap::{self, Action, Hint};
use crate::layout::Arrangement;
use crate::model::{Focus, Level, Model, Notice, Prefix};
use crate::mouse::{Target, Targets};
use crate::overlay::Content;
use crate::search::Prompt;
use crate::text;

/// Below this many columns there is no room for the daemon's state when all is well.
const NARROWEST_WITH_DAEMON: u16 = 60;

/// Paints it; returns where the cursor belongs while something is typed into it.
pub(super) fn paint(model: &Model, area: Rect, buffer: &mut Buffer, targets: &mut Targets) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let left = paint_place(model, area, buffer);
    let right = paint_daemon(model, Rect { x: left, width: area.right() - left, ..area }, buffer);
    let middle = Rect { x: left, width: right - left, ..area };
    let scrollback = model.scrollback.as_ref().filter(|_| model.overlay.is_none());
    if let Some(prompt) = scrollback.and_then(|scrollback| scrollback.prompt.as_ref()) {
        return paint_prompt(model, prompt, middle, buffer);
    }
    match (&model.notice, searching(model)) {
        (Some(notice), _) if model.prefix == Prefix::No => paint_notice(model, notice, middle, buffer),
        (None, Some(text)) if model.prefix == Prefix::No => {
            put(buffer, middle, middle.x, middle.y, &text, model.theme.text);
        }
        _ => {
            let counted = count(model)
                .map_or(middle.x, |count| put(buffer, middle, middle.x, middle.y, &count, model.theme.text) + 3);
            let counted = counted.min(middle.right());
            let middle = Rect { x: counted, width: middle.right() - counted, ..middle };
            for (area, target) in paint_hints(model, hints(model), middle, buffer) {
                targets.add(area, target);
            }
        }
    }
    None
}

/// The keys that matter now.
fn hints(model: &Model) -> &'static [Hint] {
    match (&model.overlay, &model.scrollback, model.focus) {
        _ if model.prefix != Prefix::No => keymap::PREFIX_HINTS,
        (Some(_), ..) => keymap::OVERLAY_HINTS,
        _ if model.locked => keymap::LOCKED_HINTS,
        (None, Some(scrollback), _) if scrollback.pick.is_some() => keymap::SELECTING_HINTS,
        (None, Some(scrollback), _) if scrollback.search.is_some() => keymap::FOUND_HINTS,
        (None, Some(_), _) => keymap::SCROLLBACK_HINTS,
        (None, None, Focus::Pane) if model.arrangement == Arrangement::Zoomed => keymap::ZOOMED_HINTS,
        (None, None, Focus::Pane) => keymap::PANE_HINTS,
        (None, None, Focus::Services) if !model.connection.is_up() => keymap::OFFLINE_HINTS,
        (None, None, Focus::Services) if model.selected.is_none() => keymap::EMPTY_HINTS,
        (None, None, Focus::Services) => keymap::SERVICES_HINTS,
    }
}

/// Says of a search that it has not found its goal yet, and how far it is.
fn searching(model: &Model) -> Option<String> {
    let scrollback = model.scrollback.as_ref().filter(|_| model.overlay.is_none())?;
    let search = scrollback.search.as_ref().filter(|search| search.goal.is_some())?;
    let (first, end) = scrollback.range();
    Some(format!("searching for {} … {} %", search.pattern, search.progress(first..end)))
}

/// Which match the user was led to.
fn count(model: &Model) -> Option<String> {
    let scrollback = model.scrollback.as_ref().filter(|_| model.overlay.is_none() && model.prefix == Prefix::No)?;
    scrollback.search.as_ref().filter(|_| scrollback.pick.is_none())?.count()
}

/// The end of what was typed, and what may be done with it where there is room. Returns where the next character goes.
fn paint_prompt(model: &Model, prompt: &Prompt, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let room = area.width.saturating_sub(2);
    let mut typed = prompt.text.as_str();
    while text::width(typed) > room {
        let mut chars = typed.chars();
        chars.next();
        typed = chars.as_str();
    }
    let x = put(buffer, area, area.x, area.y, "/", model.theme.accent);
    let x = put(buffer, area, x, area.y, typed, model.theme.text);
    let hints = Rect { x: (x + 3).min(area.right()), width: area.right().saturating_sub(x + 3), ..area };
    match &prompt.fault {
        Some(fault) => drop(put(buffer, hints, hints.x, hints.y, &text::printable(fault), model.theme.error)),
        None => drop(paint_hints(model, keymap::PROMPT_HINTS, hints, buffer)),
    }
    (x < area.right()).then(|| Position::new(x, area.y))
}

/// Where keys go. Returns the column after it.
fn paint_place(model: &Model, area: Rect, buffer: &mut Buffer) -> u16 {
    let overlay = model.overlay.as_ref().map(|overlay| &overlay.content);
    let place = match (overlay, model.focus, model.selected_service()) {
        _ if model.prefix != Prefix::No => &model.keymap.prefix,
        (Some(Content::Help), ..) => "help",
        (Some(Content::Details { .. }), ..) => "details",
        (None, ..) if model.scrollback.is_some() => "scrollback",
        (None, Focus::Pane, Some(service)) if model.locked => &format!("{} locked", service.name),
        (None, Focus::Pane, Some(service)) => &service.name,
        (None, ..) => "services",
    };
    let shown = format!(" {} ", text::fit(place, area.width / 3));
    put(buffer, area, area.x, area.y, &shown, model.theme.focus).saturating_add(1).min(area.right())
}

/// How the daemon does. Returns the column before it.
fn paint_daemon(model: &Model, area: Rect, buffer: &mut Buffer) -> u16 {
    let troubles = model.troubles();
    let (shown, style) = match &troubles[..] {
        _ if !model.connection.is_up() => ("✗ no daemon".to_owned(), model.theme.error),
        [] if model.prefix != Prefix::No || model.notice.is_some() => return area.right(),
        [] => ("daemon ok".to_owned(), model.theme.muted),
        [reason] => (format!("! {}", text::printable(reason)), model.theme.warn),
        [reason, more @ ..] => (format!("! {} (+{})", text::printable(reason), more.len()), model.theme.warn),
    };
    // What was just learnt may be the same, and needs the room.
    let is_short = area.width < NARROWEST_WITH_DAEMON || model.notice.is_some();
    if is_short && model.connection.is_up() {
        let mark = if troubles.is_empty() { return area.right() } else { "!" };
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

/// What a command does where it would take back what it has done.
fn undoes(model: &Model, target: &Target) -> Option<&'static str> {
    let Target::Command(action) = target else { return None };
    match (action, model.arrangement) {
        (Action::Pin, _) => model.selected.as_ref().is_some_and(|id| model.is_pinned(id)).then_some("unpin"),
        (Action::Zoom, Arrangement::Zoomed) => Some("unzoom"),
        (Action::Overview, Arrangement::Overview) => Some("panes"),
        _ => None,
    }
}

/// As many hints as fit whole. Returns where each is, and what a click on it does.
fn paint_hints(model: &Model, hints: &[Hint], area: Rect, buffer: &mut Buffer) -> Vec<(Rect, Target)> {
    // Closer together in a narrow terminal, where one more of them counts, above all how to leave.
    let gap = if buffer.area.width < NARROWEST_WITH_DAEMON { 2 } else { 3 };
    let (mut x, mut painted) = (area.x, Vec::new());
    let shown = hints.iter().filter_map(|(keys, what)| Some((model.keymap.hint(*keys)?, *what, keys.target())));
    for (keys, what, target) in shown {
        let what = undoes(model, &target).unwrap_or(what);
        let end = x.saturating_add(text::width(&keys) + 1 + text::width(what));
        if end > area.right() {
            break;
        }
        painted.push((Rect { x, width: end - x, ..area }, target));
        x = put(buffer, area, x, area.y, &keys, model.theme.accent);
        x = put(buffer, area, x + 1, area.y, what, model.theme.muted) + gap;
    }
    painted
}
