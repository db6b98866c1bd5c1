//! Searching a service's past: typing what for, and looking for it piece by piece.

use locald_api::CallError;

use super::keys::notify;
use super::scroll::{ask, failed, fetch, refresh};
use crate::hunt::{Fetched, Hunt, Search, Step, Way};
use crate::model::{Model, Notice};
use crate::msg::Cmd;
use crate::needle::Needle;
use crate::scrollback::Place;
use crate::text;

/// The longest text to search for, in bytes.
const LONGEST: usize = 256;

/// Begins to ask what to search for.
pub(super) fn open(model: &mut Model) -> Cmd {
    if let Some(scrollback) = &mut model.scrollback {
        scrollback.prompt = Some(String::new());
    }
    Cmd::redraw()
}

/// A key while that is typed.
pub(super) fn type_key(model: &mut Model, key: &str) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let Some(prompt) = &mut scrollback.prompt else { return Cmd::none() };
    match key {
        "Enter" => return submit(model),
        "Escape" | "C-c" => scrollback.prompt = None,
        // Rubbing out the slash itself.
        "BSpace" if prompt.is_empty() => scrollback.prompt = None,
        "BSpace" => {
            prompt.pop();
        }
        "C-u" => prompt.clear(),
        "Space" => add(prompt, " "),
        key if key.chars().nth(1).is_none() => add(prompt, key),
        _ => return Cmd::none(),
    }
    Cmd::redraw()
}

/// A paste while the user looks through the past: text to search for, or nothing.
pub(super) fn paste(model: &mut Model, pasted: &str) -> Cmd {
    match model.scrollback.as_mut().and_then(|scrollback| scrollback.prompt.as_mut()) {
        Some(prompt) => {
            add(prompt, &text::printable(pasted.lines().next().unwrap_or_default()));
            Cmd::redraw()
        }
        None => notify(model, Notice::warning("a paste goes to a program: press q to go back to it first")),
    }
}

fn add(prompt: &mut String, text: &str) {
    let room = LONGEST.saturating_sub(prompt.len()).min(text.len());
    prompt.push_str(&text[..text.floor_char_boundary(room)]);
}

/// Searches for what was typed, from what is shown upwards. Nothing typed: for the same as before.
fn submit(model: &mut Model) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let prompt = scrollback.prompt.take().unwrap_or_default();
    let Some(needle) = Needle::new(&prompt) else {
        return if scrollback.search.is_some() { again(model, Way::Up) } else { Cmd::redraw() };
    };
    scrollback.search = Some(Search { needle, found: None, hunt: None });
    again(model, Way::Up)
}

/// Goes on to the next match, from the last one or from what is shown.
pub(super) fn again(model: &mut Model, way: Way) -> Cmd {
    refresh(model);
    let Some(scrollback) = &model.scrollback else { return Cmd::none() };
    let Some(search) = &scrollback.search else {
        return notify(model, Notice::info("nothing was searched for yet: press /"));
    };
    let parts = scrollback.parts();
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
    let hunt = Hunt::new(way, at, scrollback);
    go_on(model, hunt, None)
}

/// Stops a search that waits for lines; says whether there was one.
pub(super) fn cancel(model: &mut Model) -> bool {
    let search = model.scrollback.as_mut().and_then(|scrollback| scrollback.search.as_mut());
    search.is_some_and(|search| search.hunt.take().is_some())
}

/// Lines came for a search, or why they do not.
pub(super) fn answered(model: &mut Model, asked: u64, result: Result<Fetched, CallError>) -> Cmd {
    let search = model.scrollback.as_mut().and_then(|scrollback| scrollback.search.as_mut());
    let hunt = search.and_then(|search| search.hunt.take_if(|hunt| hunt.asked == asked));
    match (hunt, result) {
        (None, _) => Cmd::none(),
        (Some(hunt), Ok(fetched)) => go_on(model, hunt, Some(fetched)),
        (Some(_), Err(error)) => failed(model, &error),
    }
}

fn go_on(model: &mut Model, mut hunt: Hunt, fetched: Option<Fetched>) -> Cmd {
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    let Some(mut search) = scrollback.search.take() else { return Cmd::none() };
    // One at a time: an earlier one that still waits must not lead away from what this one finds.
    search.hunt = None;
    let step = hunt.step(scrollback, &search.needle, fetched.as_ref());
    let cmd = match step {
        Step::Ask { .. } if !model.connection.is_up() => {
            notify(model, Notice::warning("not searched: there is no connection to the daemon"))
        }
        Step::Ask { first, count } => {
            let (asked, cmd) = ask(model, first, count);
            search.hunt = asked.map(|asked| {
                hunt.asked = asked;
                hunt
            });
            cmd
        }
        Step::Nothing => {
            search.found = None;
            notify(model, Notice::warning(format!("nothing holds `{}`", search.needle.text)))
        }
        Step::Found(place) => {
            let same = search.found.replace(place) == Some(place);
            scrollback.show(place);
            if let Some(Fetched { first, rows }) = fetched {
                scrollback.learn(hunt.wanted, first, rows);
                // Now that the lines around it are known, and how many rows they take.
                scrollback.show(place);
            }
            model.notice = told(&hunt, same).map(Notice::info);
            fetch(model)
        }
    };
    if let Some(scrollback) = &mut model.scrollback {
        scrollback.search = Some(search);
    }
    cmd.and(Cmd::redraw())
}

/// What a user may not expect of where a search led.
fn told(hunt: &Hunt, same: bool) -> Option<&'static str> {
    match (same, hunt.around, hunt.way) {
        (true, ..) => Some("there is no other match"),
        (false, true, Way::Up) => Some("past the oldest line, on from the newest"),
        (false, true, Way::Down) => Some("past the newest line, on from the oldest"),
        (false, false, _) => None,
    }
}
