//! Looking through a service's past: entering, moving, leaving, and asking for the lines that are shown or soon may be.

use locald_api::{CallError, Request, Response, ServiceId};

use super::daemon::call;
use super::keys::notify;
use super::{pick, search, select, stage};
use crate::keymap::Scroll;
use crate::layout::Arrangement;
use crate::model::{Model, Notice};
use crate::msg::{Cmd, Purpose};
use crate::overlay::Overlay;
use crate::scrollback::{Fetched, Pick, Place, Scrollback};
use crate::wording;

/// Shows the selected service's past from so many screens above its end.
pub(super) fn enter(model: &mut Model, pages: isize) -> Cmd {
    if model.scrollback.is_some() {
        return move_by(model, Scroll::Pages(-pages));
    }
    let Some(service) = model.selected_service() else {
        return notify(model, Notice::warning("there is no service to scroll back in"));
    };
    let Some(screen) = model.selected_screen() else {
        let text = format!("{} has not shown anything yet", service.name);
        return notify(model, Notice::warning(text));
    };
    if screen.alternate && pages != 0 {
        let text = format!("{} shows a full-screen program, which has no history", service.name);
        return notify(model, Notice::warning(text));
    }
    let (id, screen) = (service.id.clone(), screen.clone());
    let opened = match model.arrangement {
        Arrangement::Overview => stage::arrange(model, Arrangement::Panes),
        Arrangement::Panes | Arrangement::Zoomed => Cmd::none(),
    };
    model.scrollback = Some(Scrollback::new(id, &screen, model.pane_size()));
    model.chosen = true;
    opened.and(move_by(model, Scroll::Pages(-pages)))
}

/// A key while the user looks through a service's past.
pub(super) fn press(model: &mut Model, key: &str) -> Cmd {
    model.keymap.scrollback(key).map_or_else(Cmd::none, |action| act(model, action))
}

pub(super) fn act(model: &mut Model, action: Scroll) -> Cmd {
    match action {
        Scroll::Search => search::open(model),
        Scroll::Again(way) => search::again(model, way),
        Scroll::Select(shape) => pick::begin(model, shape),
        Scroll::Swap => pick::swap(model),
        Scroll::Go(motion) => pick::go(model, motion),
        Scroll::Copy => pick::copy(model, false),
        Scroll::Finish if is_selected(model) => pick::copy(model, true),
        Scroll::Cancel if search::cancel(model) || pick::cancel(model) => Cmd::redraw(),
        Scroll::Leave | Scroll::Cancel | Scroll::Finish => leave(model),
        Scroll::Help => {
            model.overlay = Some(Overlay::help());
            Cmd::redraw()
        }
        movement => move_by(model, movement),
    }
}

/// The wheel was turned over the screen or the past of `service`. Beyond the end it goes back to the live screen.
pub(super) fn wheel(model: &mut Model, service: &ServiceId, rows: isize) -> Cmd {
    let selected = select(model, service.clone());
    let at_end = match &model.scrollback {
        Some(scrollback) => scrollback.is_at_end(),
        None if rows > 0 => return selected,
        None => {
            // A full-screen program has nothing to go back to, and a wheel that says so each time would be in the way.
            if model.screens.get(service).is_none_or(|screen| screen.alternate) {
                return selected;
            }
            return selected.and(enter(model, 0)).and(move_by(model, Scroll::Rows(rows)));
        }
    };
    let moved = if at_end && rows > 0 { leave(model) } else { move_by(model, Scroll::Rows(rows)) };
    selected.and(moved)
}

fn is_selected(model: &Model) -> bool {
    model.scrollback.as_ref().is_some_and(|scrollback| scrollback.pick.is_some_and(|pick| pick.begun.is_some()))
}

pub(super) fn leave(model: &mut Model) -> Cmd {
    model.scrollback = None;
    Cmd::redraw()
}

fn move_by(model: &mut Model, movement: Scroll) -> Cmd {
    let searched = refresh(model);
    let height = isize::try_from(model.pane_size().height).unwrap_or(1);
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    if let Some(Pick { cursor, begun }) = scrollback.pick {
        let cursor = match movement {
            Scroll::Rows(rows) => scrollback.rows_from(cursor, rows),
            Scroll::Halves(halves) => scrollback.rows_from(cursor, halves * (height / 2).max(1)),
            Scroll::Pages(pages) => scrollback.rows_from(cursor, pages * (height - 1).max(1)),
            Scroll::Oldest => Place { line: scrollback.range().0, column: 0 },
            Scroll::Newest => Place { line: scrollback.range().1.saturating_sub(1), column: 0 },
            _ => cursor,
        };
        scrollback.pick = Some(Pick { cursor, begun });
        return searched.and(pick::follow(model));
    }
    match movement {
        Scroll::Pages(1..) if scrollback.is_at_end() => return searched.and(leave(model)),
        Scroll::Rows(rows) => scrollback.scroll(rows),
        Scroll::Halves(halves) => scrollback.scroll(halves * (height / 2).max(1)),
        // A row of what was shown stays to be seen.
        Scroll::Pages(pages) => scrollback.scroll(pages * (height - 1).max(1)),
        Scroll::Oldest => scrollback.oldest(),
        Scroll::Newest => scrollback.newest(),
        // No movements.
        _ => {}
    }
    searched.and(fetch(model)).and(Cmd::redraw())
}

/// Takes in what the service has written since the last key, and has it searched too.
pub(super) fn refresh(model: &mut Model) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let screen = model.screens.get(&scrollback.service);
    let news = screen.is_some_and(|screen| scrollback.refresh(screen));
    if news { search::begin_anew(model) } else { Cmd::none() }
}

/// The pane may have another size now.
pub(super) fn fit(model: &mut Model) -> Cmd {
    let size = model.pane_size();
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    scrollback.resize(size);
    fetch(model)
}

/// There is a connection again: what was asked for is not answered any more, and lines may have other numbers.
pub(super) fn begin_anew(model: &mut Model) -> Cmd {
    search::cancel(model);
    if let Some(scrollback) = &mut model.scrollback {
        scrollback.copying = None;
        scrollback.forget();
    }
    search::begin_anew(model).and(fetch(model))
}

/// Asks for lines that are missing where the user is, one request at a time.
pub(super) fn fetch(model: &mut Model) -> Cmd {
    let Some(scrollback) = &model.scrollback else { return Cmd::none() };
    if scrollback.asked.is_some() || !model.connection.is_up() {
        return Cmd::none();
    }
    let Some((first, count)) = scrollback.missing() else { return Cmd::none() };
    let (asked, cmd) = ask(model, first, count);
    if let Some(scrollback) = &mut model.scrollback {
        scrollback.asked = asked.map(|asked| (asked, first));
    }
    cmd
}

/// Asks for lines; returns the number of the request.
pub(super) fn ask(model: &mut Model, first: u64, count: u32) -> (Option<u64>, Cmd) {
    let Some(scrollback) = &model.scrollback else { return (None, Cmd::none()) };
    model.asks += 1;
    let request = Request::Lines { service: scrollback.service.clone(), first, count };
    (Some(model.asks), call(request, Purpose::Lines { asked: model.asks }))
}

/// Lines came, or why they do not.
pub(super) fn answered(model: &mut Model, asked: u64, result: Result<Response, CallError>) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let result = result.and_then(|response| match response {
        Response::Lines { first, rows } => Ok(Fetched { first, rows }),
        _ => Err(CallError::Unfitting),
    });
    let Some((_, wanted)) = scrollback.asked.take_if(|(number, _)| *number == asked) else {
        let copies = scrollback.copying.as_ref().is_some_and(|copying| copying.asked == asked);
        return if copies { pick::answered(model, result) } else { Cmd::none() };
    };
    match result {
        Ok(Fetched { first, rows }) => {
            let learnt = scrollback.learn(wanted, first, rows);
            // Where nothing was new, asking the same again would not help.
            let more = if learnt { fetch(model) } else { Cmd::none() };
            more.and(Cmd::redraw())
        }
        Err(error) => failed(model, &error),
    }
}

/// Says why there are no lines. Of a lost daemon the banner tells.
pub(super) fn failed(model: &mut Model, error: &CallError) -> Cmd {
    let text = match error {
        CallError::Lost => return Cmd::redraw(),
        CallError::Failed(failure) => wording::failure(failure),
        CallError::Unfitting => error.to_string(),
    };
    notify(model, Notice::error(text))
}
