//! Searching a service's past: typing what for, asking the daemon page by page, and going from match to match.

use locald_api::{CallError, FailureKind, Request, Response};

use super::daemon::call;
use super::keys::notify;
use super::scroll::{failed, fetch, refresh};
use crate::keymap::Scroll;
use crate::model::{Model, Notice};
use crate::msg::{Cmd, Purpose};
use crate::scrollback::Place;
use crate::search::{Goal, Prompt, Search, Step, Way};
use crate::text;

/// The longest pattern, in bytes.
const LONGEST: usize = 256;

/// Begins to ask what to search for.
pub(super) fn open(model: &mut Model) -> Cmd {
    if let Some(scrollback) = &mut model.scrollback {
        scrollback.prompt = Some(Prompt::default());
    }
    Cmd::redraw()
}

/// A key while that is typed.
pub(super) fn type_key(model: &mut Model, key: &str) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let Some(prompt) = &mut scrollback.prompt else { return Cmd::none() };
    prompt.fault = None;
    match key {
        "Enter" => return submit(model),
        "Escape" | "C-c" => scrollback.prompt = None,
        // Rubbing out the slash itself.
        "BSpace" if prompt.text.is_empty() => scrollback.prompt = None,
        "BSpace" => {
            prompt.text.pop();
        }
        "C-u" => prompt.text.clear(),
        "Space" => add(prompt, " "),
        key if key.chars().nth(1).is_none() => add(prompt, key),
        _ => {}
    }
    Cmd::redraw()
}

/// A paste while the user looks through the past: text to search for, or nothing.
pub(super) fn paste(model: &mut Model, pasted: &str) -> Cmd {
    if let Some(prompt) = model.scrollback.as_mut().and_then(|scrollback| scrollback.prompt.as_mut()) {
        add(prompt, &text::printable(pasted.lines().next().unwrap_or_default()));
        return Cmd::redraw();
    }
    let key = model.keymap.typed_in_scrollback(Scroll::Leave);
    notify(model, Notice::warning(format!("a paste goes to a program: press {key} to go back to it first")))
}

fn add(prompt: &mut Prompt, text: &str) {
    let room = LONGEST.saturating_sub(prompt.text.len()).min(text.len());
    prompt.text.push_str(&text[..text.floor_char_boundary(room)]);
}

/// Searches for what was typed, from what is shown upwards. Nothing typed: for the same as before.
fn submit(model: &mut Model) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let pattern = scrollback.prompt.take().unwrap_or_default().text;
    if !pattern.is_empty() {
        scrollback.search = Some(Search::new(pattern));
    } else if scrollback.search.is_none() {
        return Cmd::redraw();
    }
    again(model, Way::Up)
}

/// Goes on to the next match, from the last one or from what is shown.
pub(super) fn again(model: &mut Model, way: Way) -> Cmd {
    let anew = refresh(model);
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let parts = scrollback.parts();
    let Some(search) = &mut scrollback.search else {
        let key = model.keymap.typed_in_scrollback(Scroll::Search);
        return notify(model, Notice::info(format!("nothing was searched for yet: press {key}")));
    };
    let shown = |place: Place| parts.iter().any(|part| part.line == place.line);
    let at = match (search.found.filter(|found| shown(*found)), way) {
        (Some(found), Way::Up) => found,
        (Some(found), Way::Down) => Place { column: found.column.saturating_add(1), ..found },
        // Beginning with what is to be seen.
        (None, Way::Up) => parts.last().map_or(Place::default(), |part| Place { line: part.line, column: part.to }),
        (None, Way::Down) => {
            parts.first().map_or(Place::default(), |part| Place { line: part.line, column: part.from })
        }
    };
    search.goal = Some(Goal { way, at });
    anew.and(go_on(model))
}

/// Stops a search that has not found its goal yet; says whether there was one.
pub(super) fn cancel(model: &mut Model) -> bool {
    let search = model.scrollback.as_mut().and_then(|scrollback| scrollback.search.as_mut());
    search.is_some_and(|search| search.goal.take().is_some())
}

/// What there is has changed, or may have other numbers.
pub(super) fn begin_anew(model: &mut Model) -> Cmd {
    let Some(search) = model.scrollback.as_mut().and_then(|scrollback| scrollback.search.as_mut()) else {
        return Cmd::none();
    };
    search.begin_anew();
    if model.connection.is_up() { go_on(model) } else { Cmd::none() }
}

/// A page of hits came, or why it does not.
pub(super) fn answered(model: &mut Model, asked: u64, result: Result<Response, CallError>) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let Some(search) = &mut scrollback.search else { return Cmd::none() };
    if search.asked.take_if(|number| *number == asked).is_none() {
        return Cmd::none();
    }
    match result {
        Ok(Response::Hits(page)) => {
            search.take(page);
            return go_on(model);
        }
        Err(CallError::Failed(failure)) if failure.kind == FailureKind::BadRequest => {
            let text = search.pattern.clone();
            let known = format!("`{text}` ");
            let fault = failure.message.strip_prefix(&known).unwrap_or(&failure.message).to_owned();
            (scrollback.search, scrollback.prompt) = (None, Some(Prompt { text, fault: Some(fault) }));
            return Cmd::redraw();
        }
        Ok(_) | Err(_) => search.goal = None,
    }
    failed(model, &result.err().unwrap_or(CallError::Unfitting))
}

/// Leads to the goal if it is known by now, and asks for what is still needed.
fn go_on(model: &mut Model) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let Some(search) = &mut scrollback.search else { return Cmd::none() };
    let led = match search.goal.map(|goal| (goal, search.step(goal))) {
        None | Some((_, Step::More)) => Cmd::none(),
        Some((_, Step::Nothing)) => {
            (search.goal, search.found) = (None, None);
            let text = format!("nothing matches `{}`", search.pattern);
            notify(model, Notice::warning(text))
        }
        Some((goal, Step::Found { place, around })) => {
            search.goal = None;
            let same = search.found.replace(place) == Some(place);
            scrollback.show(place);
            model.notice = told(goal.way, around, same).map(Notice::info);
            fetch(model)
        }
    };
    led.and(ask(model)).and(Cmd::redraw())
}

fn ask(model: &mut Model) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let Some(search) = scrollback.search.as_mut().filter(|search| search.wants_more()) else { return Cmd::none() };
    if !model.connection.is_up() {
        search.goal = None;
        return notify(model, Notice::warning("not searched: there is no connection to the daemon"));
    }
    model.asks += 1;
    search.asked = Some(model.asks);
    let query = search.query(scrollback.service.clone());
    call(Request::Search(query), Purpose::Search { asked: model.asks })
}

/// What a user may not expect of where a search led.
fn told(way: Way, around: bool, same: bool) -> Option<&'static str> {
    match (same, around, way) {
        (true, ..) => Some("there is no other match"),
        (false, true, Way::Up) => Some("past the oldest line, on from the newest"),
        (false, true, Way::Down) => Some("past the newest line, on from the oldest"),
        (false, false, _) => None,
    }
}
