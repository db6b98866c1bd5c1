//! What the workspace promises to do while the user looks through a service's past.

use locald_api::{Hit, Modes, PaneFrame, Row, SearchPage, SearchQuery};

use super::*;
use crate::layout::Arrangement;
use crate::screen::tests::row;

/// A workspace whose first service has so many lines above its screen.
fn with_history(lines: u64) -> Model {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = update(&mut model, Msg::Frame(output(lines, "bottom")));
    model
}

fn output(lines: u64, last: &str) -> PaneFrame {
    PaneFrame { history_end: lines, ..frame(1, (57, 22), &[(0, "screen"), (21, last)]) }
}

/// The request for lines among the effects: its number, the first and how many.
fn asked(cmd: &Cmd) -> Option<(u64, u64, u32)> {
    cmd.effects.iter().find_map(|effect| match effect {
        Effect::Call { request, purpose: Purpose::Lines { asked } } => match **request {
            Request::Lines { first, count, .. } => Some((*asked, first, count)),
            _ => None,
        },
        _ => None,
    })
}

fn line(number: u64) -> Row {
    row(&format!("line {number}"))
}

/// Answers requests for lines and for matches as the daemon does, until there are none; returns how many there were.
fn serve(model: &mut Model, cmd: Cmd, lines: u64) -> usize {
    let mut waiting = cmd.effects;
    let mut served = 0;
    while let Some(effect) = waiting.pop() {
        let Effect::Call { request, purpose } = effect else { continue };
        let response = match *request {
            Request::Lines { first, count, .. } => {
                let rows = (first..(first + u64::from(count)).min(lines)).map(line).collect();
                Response::Lines { first, rows }
            }
            Request::Search(query) => Response::Hits(matches(lines, &query)),
            _ => continue,
        };
        waiting.extend(update(model, Msg::Answered { purpose, result: Ok(response) }).effects);
        served += 1;
    }
    served
}

/// Where the lines and the screen below them hold a text, the newest first, a hundred at once.
fn matches(lines: u64, query: &SearchQuery) -> SearchPage {
    let text = |number| match number - lines.min(number) {
        _ if number < lines => format!("line {number}"),
        0 => "screen".into(),
        21 => "bottom".into(),
        _ => String::new(),
    };
    let place = |line, column| locald_api::Place { line, column };
    let hits = (0..lines + 22).rev().filter_map(|number| {
        let column = text(number).find(&query.pattern)? as u32;
        Some(Hit { start: place(number, column), end: place(number, column + query.pattern.len() as u32) })
    });
    let hits: Vec<Hit> = hits.filter(|hit| query.from.is_none_or(|from| hit.start < from)).take(100).collect();
    let next = hits.last().map(|hit| hit.start).filter(|_| hits.len() == 100);
    SearchPage { hits, next }
}

fn press_served(model: &mut Model, keys: &str) {
    for key in keys.split(' ') {
        let cmd = press(model, key);
        serve(model, cmd, 3000);
    }
}

fn count(model: &Model) -> Option<String> {
    model.scrollback.as_ref()?.search.as_ref()?.count()
}

/// The text at the pane's top.
fn top(model: &Model) -> String {
    let scrollback = model.scrollback.as_ref().expect("the past is shown");
    scrollback.row(scrollback.parts()[0].line).map_or_else(|| "?".into(), Row::text)
}

fn shows(model: &Model, text: &str) -> bool {
    let scrollback = model.scrollback.as_ref().expect("the past is shown");
    scrollback.parts().iter().any(|part| scrollback.row(part.line).is_some_and(|row| row.text() == text))
}

#[test]
fn the_past_is_entered_from_the_list_and_from_a_pane_and_left_to_where_it_was_entered_from() {
    for (enter, focus) in [("PPage", Focus::Services), ("C-b [", Focus::Services), ("Enter C-b PPage", Focus::Pane)] {
        for leave in ["q", "Escape", "Enter", "End NPage", "C-c"] {
            let mut model = with_history(3000);
            press_served(&mut model, enter);
            let cmd = press(&mut model, "j");
            assert!(!cmd.effects.iter().any(|effect| matches!(effect, Effect::Send(_))), "no key reaches the program");
            press_served(&mut model, leave);
            assert!(model.scrollback.is_none(), "{enter}, {leave}");
            assert_eq!(model.focus, focus, "{enter}, {leave}");
        }
    }
}

#[test]
fn lines_are_asked_for_once_and_not_again_for_every_row() {
    let mut model = with_history(3000);
    let cmd = press(&mut model, "PPage");
    assert_eq!(asked(&cmd), Some((1, 2816, 184)));
    assert_eq!(asked(&press(&mut model, "k")), None, "one request at a time");
    serve(&mut model, cmd, 3000);
    assert_eq!(top(&model), "line 2978");
    assert_eq!(asked(&press(&mut model, "k k k j C-u")), None, "they are known");
    let cmd = press(&mut model, "g");
    assert_eq!(top(&model), "?");
    serve(&mut model, cmd, 3000);
    assert_eq!(top(&model), "line 0");
    press_served(&mut model, "NPage");
    assert_eq!(top(&model), "line 21");
    press_served(&mut model, "C-d k");
    assert_eq!(top(&model), "line 31");
}

#[test]
fn an_answer_that_came_too_late_or_brings_nothing_asks_for_nothing() {
    let mut model = with_history(3000);
    let (number, ..) = asked(&press(&mut model, "PPage")).unwrap();
    let _ = press(&mut model, "q PPage");
    let lines = |number, rows| Msg::Answered {
        purpose: Purpose::Lines { asked: number },
        result: Ok(Response::Lines { first: 2816, rows }),
    };
    assert_eq!(update(&mut model, lines(number, vec![line(0)])), Cmd::none());
    assert_eq!(top(&model), "?");
    assert_eq!(update(&mut model, lines(number + 1, vec![])), Cmd::redraw());
    let result = Err(Failure::new(FailureKind::UnknownName, "there is no service `web`").into());
    let (asked, ..) = asked(&press(&mut model, "k")).unwrap();
    let cmd = update(&mut model, Msg::Answered { purpose: Purpose::Lines { asked }, result });
    assert_eq!((cmd.effects, notice(&model)), (vec![], "there is no service `web`"));
}

#[test]
fn output_is_noted_and_moves_nothing_until_the_user_moves() {
    let mut model = with_history(3000);
    press_served(&mut model, "C-b [ k k");
    assert_eq!(top(&model), "line 2998");
    let _ = update(&mut model, Msg::Frame(output(3100, "more")));
    let scrollback = model.scrollback.as_ref().unwrap();
    assert!(scrollback.news);
    assert_eq!((top(&model).as_str(), scrollback.scrolled()), ("line 2998", (2, 3000)));
    let cmd = press(&mut model, "k");
    serve(&mut model, cmd, 3100);
    let scrollback = model.scrollback.as_ref().unwrap();
    assert_eq!((top(&model).as_str(), scrollback.scrolled(), scrollback.news), ("line 2997", (103, 3100), false));
}

#[test]
fn a_full_screen_program_has_no_history_and_it_says_so() {
    let mut model = with_history(10);
    let _ = update(&mut model, Msg::Frame(PaneFrame { modes: Modes::ALTERNATE_SCREEN, ..output(10, "~") }));
    assert_eq!(press(&mut model, "PPage").effects, []);
    assert!(model.scrollback.is_none());
    assert_eq!(notice(&model), "web shows a full-screen program, which has no history");
    let _ = press(&mut model, "j PPage");
    assert_eq!(notice(&model), "worker has not shown anything yet");
}

#[test]
fn another_service_shows_its_live_screen() {
    let mut model = with_history(3000);
    press_served(&mut model, "PPage");
    assert_eq!(press(&mut model, "C-b n").effects, [viewed(2, "worker", (57, 22))]);
    assert!(model.scrollback.is_none());
}

#[test]
fn a_search_goes_upwards_from_what_is_shown_piece_by_piece_and_on_from_the_other_end() {
    let mut model = with_history(3000);
    press_served(&mut model, "C-b [");
    let cmd = press(&mut model, "/ l i n e Space 1 0 0 BSpace BSpace 0 0 Enter");
    assert!(model.scrollback.as_ref().unwrap().search.as_ref().unwrap().goal.is_some());
    assert_eq!(serve(&mut model, cmd, 3000), 3, "the matches, and two pieces of lines around the first");
    assert_eq!(count(&model).as_deref(), Some("1 of 11"));
    assert!(shows(&model, "line 1009"));
    assert_eq!(notice(&model), "");
    press_served(&mut model, "n n N");
    assert!(shows(&model, "line 1008"));
    press_served(&mut model, "g n");
    assert_eq!(notice(&model), "past the oldest line, on from the newest");
    assert!(shows(&model, "line 1009"));
    press_served(&mut model, "G N");
    assert_eq!(notice(&model), "past the newest line, on from the oldest");
    assert!(shows(&model, "line 100"));
}

#[test]
fn a_search_that_finds_nothing_says_so_and_moves_nothing() {
    let mut model = with_history(3000);
    press_served(&mut model, "PPage");
    let before = top(&model);
    press_served(&mut model, "/ x y z Enter");
    assert_eq!((notice(&model), top(&model)), ("nothing matches `xyz`", before));
    press_served(&mut model, "/ b o t t o m Enter n");
    assert_eq!(notice(&model), "there is no other match");
}

#[test]
fn what_is_no_regular_expression_can_be_mended_where_it_was_typed() {
    let mut model = with_history(100);
    let _ = press(&mut model, "C-b [ / a (");
    let Some(Effect::Call { purpose, .. }) = press(&mut model, "Enter").effects.pop() else {
        panic!("nothing was asked")
    };
    let fault = "`a(` is not a regular expression: unclosed group at character 2";
    let result = Err(Failure::new(FailureKind::BadRequest, fault).into());
    let _ = update(&mut model, Msg::Answered { purpose, result });
    let prompt = model.scrollback.as_ref().unwrap().prompt.as_ref().unwrap();
    assert_eq!(prompt.text, "a(");
    assert_eq!(prompt.fault.as_deref(), Some("is not a regular expression: unclosed group at character 2"));
    let _ = press(&mut model, "BSpace");
    assert_eq!(model.scrollback.as_ref().unwrap().prompt.as_ref().unwrap().fault, None);
}

#[test]
fn many_matches_are_counted_so_far_and_the_rest_is_asked_for_when_it_is_needed() {
    let mut model = with_history(5000);
    let cmd = press(&mut model, "C-b [ / l i n e Enter");
    serve(&mut model, cmd, 5000);
    assert_eq!(count(&model).as_deref(), Some("1 of 1000+"));
    let cmd = press(&mut model, "g");
    serve(&mut model, cmd, 5000);
    let cmd = press(&mut model, "n");
    assert!(serve(&mut model, cmd, 5000) >= 40, "page by page down to the oldest");
    assert_eq!(count(&model).as_deref(), Some("4979 of 5000+"));
    assert!(shows(&model, "line 21"));
}

#[test]
fn output_that_came_meanwhile_is_searched_at_the_next_key() {
    let mut model = with_history(100);
    let cmd = press(&mut model, "C-b [ / l i n e Enter");
    serve(&mut model, cmd, 100);
    assert_eq!(count(&model).as_deref(), Some("1 of 100"));
    let _ = update(&mut model, Msg::Frame(output(150, "more")));
    let cmd = press(&mut model, "k");
    serve(&mut model, cmd, 150);
    assert_eq!(count(&model).as_deref(), Some("51 of 150"));
}

#[test]
fn a_search_can_be_called_off_while_it_is_typed_and_while_it_runs() {
    let mut model = with_history(3000);
    press_served(&mut model, "C-b [ / q Escape");
    assert!(model.scrollback.as_ref().unwrap().prompt.is_none());
    press_served(&mut model, "n");
    assert_eq!(notice(&model), "nothing was searched for yet: press /");
    let cmd = press(&mut model, "/ x Enter Escape");
    assert!(model.scrollback.is_some(), "the search ends, and what is shown stays");
    assert_eq!(serve(&mut model, cmd, 3000), 1, "its answer is not followed");
    let first = press(&mut model, "/ x Enter");
    let second = press(&mut model, "/ b o t t o m Enter");
    assert_eq!((asked(&second), serve(&mut model, first, 3000)), (None, 1), "another search takes its place");
    let _ = update(&mut model, Msg::Paste("words".into()));
    assert_eq!(notice(&model), "a paste goes to a program: press q to go back to it first");
    let _ = press(&mut model, "/");
    let _ = update(&mut model, Msg::Paste("a\u{1b}b\nc".repeat(200)));
    assert_eq!(model.scrollback.as_ref().unwrap().prompt.as_ref().unwrap().text, "ab");
}

#[test]
fn after_the_daemon_is_back_lines_are_asked_for_anew() {
    let mut model = with_history(3000);
    let _ = press(&mut model, "PPage");
    let _ = update(&mut model, Msg::Lost);
    let lost = Msg::Answered { purpose: Purpose::Lines { asked: 1 }, result: Err(CallError::Lost) };
    let _ = update(&mut model, lost);
    assert_eq!(press(&mut model, "k").effects, []);
    assert_eq!(press(&mut model, "/ x Enter").effects, []);
    assert_eq!(notice(&model), "not searched: there is no connection to the daemon");
    let cmd = update(&mut model, Msg::Connected);
    assert!(asked(&cmd).is_some());
}

#[test]
fn a_zoomed_pane_has_the_whole_width_and_the_keys_until_the_list_is_wanted() {
    let mut model = showing(web_and_worker(), SIZE);
    assert_eq!(press(&mut model, "C-b z").effects, [viewed(1, "web", (80, 22))]);
    assert_eq!(model.focus, Focus::Pane);
    assert_eq!(press(&mut model, "C-b z").effects, [viewed(1, "web", (57, 22))]);
    assert_eq!(model.focus, Focus::Pane);
    let _ = press(&mut model, "C-b z");
    assert_eq!(press(&mut model, "C-b s").effects, [viewed(1, "web", (57, 22))]);
    assert_eq!((model.focus, model.arrangement), (Focus::Services, Arrangement::Panes));
    let mut none = showing(workspace(vec![]), SIZE);
    assert_eq!(press(&mut none, "C-b z").effects, []);
    assert_eq!(notice(&none), "there is no service to zoom");
}
