//! Selecting in a service's past by keys, and copying what is selected.

use locald_api::{CallError, Row, ServiceId};

use super::keys::notify;
use super::scroll::{ask, failed, fetch, leave, refresh};
use crate::copying::{Copying, MOST, Step};
use crate::keymap::Motion;
use crate::model::{Model, Notice};
use crate::msg::{Cmd, Effect};
use crate::scrollback::{Fetched, Pick, Place, Scrollback};
use crate::selection::{Shape, cell_at};
use crate::words;
use crate::wrapping::width;

/// Begins a selection of this shape, or changes the shape of the one there is; of the same shape, ends it.
pub(super) fn begin(model: &mut Model, shape: Shape) -> Cmd {
    let searched = refresh(model);
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let cursor = scrollback.pick.map_or_else(|| first_cursor(scrollback), |pick| pick.cursor);
    let begun = scrollback.pick.and_then(|pick| pick.begun);
    let begun = match begun {
        Some((_, same)) if same == shape => None,
        Some((anchor, _)) => Some((anchor, shape)),
        None => Some((cursor, shape)),
    };
    scrollback.pick = Some(Pick { cursor, begun });
    searched.and(Cmd::redraw())
}

/// Exchanges the ends of the selection, so that the other one moves.
pub(super) fn swap(model: &mut Model) -> Cmd {
    let pick = model.scrollback.as_mut().and_then(|scrollback| scrollback.pick.as_mut());
    let Some(Pick { cursor, begun: Some((anchor, _)) }) = pick else { return Cmd::none() };
    std::mem::swap(cursor, anchor);
    follow(model)
}

/// Gives up the selection and its cursor; says whether there was one.
pub(super) fn cancel(model: &mut Model) -> bool {
    let pick = model.scrollback.as_mut().and_then(|scrollback| scrollback.pick.take());
    pick.is_some()
}

/// Moves the cursor within its line, or on to the next.
pub(super) fn go(model: &mut Model, motion: Motion) -> Cmd {
    let searched = refresh(model);
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let pick = scrollback.pick.unwrap_or_else(|| Pick { cursor: first_cursor(scrollback), begun: None });
    let cursor = moved(scrollback, pick.cursor, motion);
    scrollback.pick = Some(Pick { cursor, ..pick });
    searched.and(follow(model))
}

/// Where the cursor is at first: on the match that was searched for, else on the last row to be seen that is not blank.
fn first_cursor(scrollback: &Scrollback) -> Place {
    let parts = scrollback.parts();
    let found = scrollback.search.as_ref().and_then(|search| search.found);
    if let Some(found) = found.filter(|found| parts.iter().any(|part| part.line == found.line)) {
        return found;
    }
    let full = |line: u64| scrollback.row(line).is_some_and(|row| !row.text().trim().is_empty());
    let part = parts.iter().rev().find(|part| full(part.line)).or(parts.first());
    part.map_or(Place::default(), |part| Place { line: part.line, column: part.from })
}

fn moved(scrollback: &Scrollback, at: Place, motion: Motion) -> Place {
    let blank = Row::default();
    let row = scrollback.row(at.line).unwrap_or(&blank);
    let on = |column: u32| Place { column, ..at };
    let last = cell_at(row, width(row).saturating_sub(1)).start;
    let (first_line, end) = scrollback.range();
    match motion {
        Motion::Left => on(cell_at(row, at.column.saturating_sub(1)).start),
        Motion::Right => on(cell_at(row, at.column).end.min(last)),
        Motion::LineStart => on(0),
        Motion::LineText => on(words::next_start(row, 0).filter(|_| words::is_blank(row, 0)).unwrap_or(0)),
        Motion::LineEnd => on(last),
        Motion::WordLeft => match words::previous_start(row, at.column) {
            Some(column) => on(column),
            None if at.line > first_line => {
                let line = at.line - 1;
                let column = scrollback.row(line).and_then(|row| words::previous_start(row, u32::MAX));
                Place { line, column: column.unwrap_or(0) }
            }
            None => on(0),
        },
        Motion::WordRight => match words::next_start(row, at.column) {
            Some(column) => on(column),
            None if at.line + 1 < end => {
                let line = at.line + 1;
                let column = scrollback.row(line).filter(|row| words::is_blank(row, 0));
                Place { line, column: column.and_then(|row| words::next_start(row, 0)).unwrap_or(0) }
            }
            None => on(last),
        },
        Motion::WordEnd => match words::next_end(row, at.column) {
            Some(column) => on(cell_at(row, column).start),
            None if at.line + 1 < end => {
                let line = at.line + 1;
                let next = scrollback.row(line);
                let column = next.and_then(|row| words::first_end(row).map(|end| cell_at(row, end).start));
                Place { line, column: column.unwrap_or(0) }
            }
            None => on(last),
        },
    }
}

/// Shows where the cursor is, and asks for what is missing there.
pub(super) fn follow(model: &mut Model) -> Cmd {
    if let Some(scrollback) = &mut model.scrollback
        && let Some(pick) = scrollback.pick
    {
        scrollback.follow(pick.cursor);
    }
    fetch(model).and(Cmd::redraw())
}

/// Copies what is selected, and perhaps goes back to the live screen.
pub(super) fn copy(model: &mut Model, leaves: bool) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let Some(region) = scrollback.selected() else {
        let key = model.keymap.shown_in_scrollback(crate::keymap::Scroll::Select(Shape::Cells)).join(" ");
        return notify(model, Notice::info(format!("nothing is selected: {key} selects")));
    };
    scrollback.copying = Some(Copying::new(region, leaves));
    go_on(model, None)
}

/// Lines came for the copy, or why they do not.
pub(super) fn answered(model: &mut Model, result: Result<Fetched, CallError>) -> Cmd {
    match result {
        Ok(fetched) => go_on(model, Some(&fetched)),
        Err(error) => {
            if let Some(scrollback) = &mut model.scrollback {
                scrollback.copying = None;
            }
            failed(model, &error)
        }
    }
}

fn go_on(model: &mut Model, fetched: Option<&Fetched>) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let Some(mut copying) = scrollback.copying.take() else { return Cmd::none() };
    match copying.step(scrollback, fetched) {
        Step::Ask { .. } if !model.connection.is_up() => {
            notify(model, Notice::warning("not copied: there is no connection to the daemon"))
        }
        Step::Ask { first, count } => {
            let (asked, cmd) = ask(model, first, count);
            if let (Some(scrollback), Some(asked)) = (&mut model.scrollback, asked) {
                copying.asked = asked;
                scrollback.copying = Some(copying);
            }
            cmd
        }
        Step::TooLong => {
            notify(model, Notice::warning(format!("nothing was copied: that is more than {} KiB", MOST >> 10)))
        }
        Step::Done(text) => {
            scrollback.pick = scrollback.pick.map(|pick| Pick { begun: None, ..pick });
            let told = notify(model, Notice::info(said(&text)));
            let left = if copying.leaves { leave(model) } else { Cmd::none() };
            let copied = if text.is_empty() { Cmd::none() } else { Cmd::effect(Effect::Copy(text)) };
            told.and(left).and(copied)
        }
    }
}

/// Puts into the clipboard what a program wants there, and says so: it replaces what the user had in it.
pub(super) fn pass_on(model: &mut Model, service: &ServiceId, text: String) -> Cmd {
    let name = &service.service;
    if text.len() > MOST {
        let told = format!("{name} wanted more than {} KiB in the clipboard", MOST >> 10);
        return notify(model, Notice::warning(told));
    }
    let told = notify(model, Notice::info(format!("{name} {}", said(&text))));
    told.and(Cmd::effect(Effect::Copy(text)))
}

fn said(text: &str) -> String {
    match (text.chars().count(), text.lines().count()) {
        (0, _) => "there is nothing to copy".into(),
        (1, _) => "copied 1 character".into(),
        (characters, 1) => format!("copied {characters} characters"),
        (_, lines) => format!("copied {lines} lines"),
    }
}
