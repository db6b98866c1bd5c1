//! What a service's past looks like, and a pane that is alone.

use locald_api::{CallError, Failure, FailureKind, Hit, Request, Response, SearchPage, SearchQuery};

use super::*;
use crate::msg::Effect;
use crate::screen::tests::row;

/// A service with 3,450 lines of history, none of them known yet.
fn with_history(size: (u16, u16)) -> Model {
    let mut model = running(size);
    let mut frame = output(&model, &["the screen"]);
    frame.history_end = 3450;
    let _ = update(&mut model, Msg::Frame(frame));
    model
}

fn text(number: u64) -> String {
    match number {
        3440 => {
            "3440: a long line of an error, which does not fit and is therefore broken; the Error is told twice".into()
        }
        _ => format!("{number}: GET / 200"),
    }
}

/// Where the one line that is unlike the others holds a text, the newest first.
fn matches(query: &SearchQuery) -> SearchPage {
    let place = |column: usize| locald_api::Place { line: 3440, column: column as u32 };
    let found = |(at, text): (usize, &str)| Hit { start: place(at), end: place(at + text.len()) };
    let mut hits: Vec<Hit> = text(3440).to_lowercase().match_indices(&query.pattern).map(found).collect();
    hits.reverse();
    SearchPage { hits, next: None }
}

fn press_served(model: &mut Model, keys: &str) {
    for key in keys.split(' ') {
        let mut waiting = press(model, key).effects;
        while let Some(effect) = waiting.pop() {
            let Effect::Call { request, purpose } = effect else { continue };
            let response = match *request {
                Request::Lines { first, count, .. } => {
                    let rows = (first..first + u64::from(count)).map(|number| row(&text(number))).collect();
                    Response::Lines { first, rows }
                }
                Request::Search(query) => Response::Hits(matches(&query)),
                _ => continue,
            };
            waiting.extend(update(model, Msg::Answered { purpose, result: Ok(response) }).effects);
        }
    }
}

fn scrolled(size: (u16, u16), keys: &str) -> Model {
    let mut model = with_history(size);
    press_served(&mut model, keys);
    model
}

#[test]
fn the_past_of_a_service_says_how_far_it_is_scrolled_and_that_there_is_more() {
    insta::assert_snapshot!(screen(&scrolled(USUAL, "PPage")), @"
     shop                 │ web  ● ready  vite           scrolled 21 of 3,450 lines
    ▸● web          ready │3429: GET / 200
     ● worker       ready │3430: GET / 200
                          │3431: GET / 200
                          │3432: GET / 200
                          │3433: GET / 200
                          │3434: GET / 200
                          │3435: GET / 200
                          │3436: GET / 200
                          │3437: GET / 200
                          │3438: GET / 200
                          │3439: GET / 200
                          │3440: a long line of an error, which does not fit and is
                          │therefore broken; the Error is told twice
                          │3441: GET / 200
                          │3442: GET / 200
                          │3443: GET / 200
                          │3444: GET / 200
                          │3445: GET / 200
    ──────────────────────│3446: GET / 200
     pid      4121        │3447: GET / 200
     port     20001       │3448: GET / 200
     shop.localhost       │3449: GET / 200
     scrollback  q back   / search   ↑↓ scroll   v select   home oldest   daemon ok
    ");
    insta::assert_snapshot!(screen(&scrolled(SMALL, "PPage k k")), @"
     shop       │ web  ● ready  …  11/3,451
    ▸● web      │ror is told twice
     ● worker   │3441: GET / 200
                │3442: GET / 200
                │3443: GET / 200
                │3444: GET / 200
                │3445: GET / 200
                │3446: GET / 200
                │3447: GET / 200
                │3448: GET / 200
                │3449: GET / 200
     scrollback  q back  / search  ↑↓ scroll
    ");
    let more = |size| {
        let mut model = scrolled(size, "C-b [ g");
        let mut frame = output(&model, &["more"]);
        frame.history_end = 3460;
        let _ = update(&mut model, Msg::Frame(frame));
        model
    };
    insta::assert_snapshot!(screen(&more(USUAL)), @"
     shop                 │ web  ● ready  scrolled 3,450 of 3,450 lines, new output
    ▸● web          ready │0: GET / 200
     ● worker       ready │1: GET / 200
                          │2: GET / 200
                          │3: GET / 200
                          │4: GET / 200
                          │5: GET / 200
                          │6: GET / 200
                          │7: GET / 200
                          │8: GET / 200
                          │9: GET / 200
                          │10: GET / 200
                          │11: GET / 200
                          │12: GET / 200
                          │13: GET / 200
                          │14: GET / 200
                          │15: GET / 200
                          │16: GET / 200
                          │17: GET / 200
    ──────────────────────│18: GET / 200
     pid      4121        │19: GET / 200
     port     20001       │20: GET / 200
     shop.localhost       │21: GET / 200
     scrollback  q back   / search   ↑↓ scroll   v select   home oldest   daemon ok
    ");
    insta::assert_snapshot!(screen(&more(SMALL)), @"
     shop       │ web  ● ready 3,451/3,451+
    ▸● web      │0: GET / 200
     ● worker   │1: GET / 200
                │2: GET / 200
                │3: GET / 200
                │4: GET / 200
                │5: GET / 200
                │6: GET / 200
                │7: GET / 200
                │8: GET / 200
                │9: GET / 200
     scrollback  q back  / search  ↑↓ scroll
    ");
}

#[test]
fn the_past_fills_a_large_screen() {
    insta::assert_snapshot!(screen(&scrolled(LARGE, "PPage")), @"
     shop                           │ web  ● ready  vite                                                                                                                         scrolled 47 of 3,450 lines
    ▸● web                    ready │3403: GET / 200
     ● worker                 ready │3404: GET / 200
                                    │3405: GET / 200
                                    │3406: GET / 200
                                    │3407: GET / 200
                                    │3408: GET / 200
                                    │3409: GET / 200
                                    │3410: GET / 200
                                    │3411: GET / 200
                                    │3412: GET / 200
                                    │3413: GET / 200
                                    │3414: GET / 200
                                    │3415: GET / 200
                                    │3416: GET / 200
                                    │3417: GET / 200
                                    │3418: GET / 200
                                    │3419: GET / 200
                                    │3420: GET / 200
                                    │3421: GET / 200
                                    │3422: GET / 200
                                    │3423: GET / 200
                                    │3424: GET / 200
                                    │3425: GET / 200
                                    │3426: GET / 200
                                    │3427: GET / 200
                                    │3428: GET / 200
                                    │3429: GET / 200
                                    │3430: GET / 200
                                    │3431: GET / 200
                                    │3432: GET / 200
                                    │3433: GET / 200
                                    │3434: GET / 200
                                    │3435: GET / 200
                                    │3436: GET / 200
                                    │3437: GET / 200
                                    │3438: GET / 200
                                    │3439: GET / 200
                                    │3440: a long line of an error, which does not fit and is therefore broken; the Error is told twice
                                    │3441: GET / 200
                                    │3442: GET / 200
                                    │3443: GET / 200
                                    │3444: GET / 200
                                    │3445: GET / 200
                                    │3446: GET / 200
    ────────────────────────────────│3447: GET / 200
     pid      4121                  │3448: GET / 200
     port     20001                 │3449: GET / 200
     https://shop.localhost         │the screen
     scrollback  q back   / search   ↑↓ scroll   v select   home oldest   ? help                                                                                                                  daemon ok
    ");
}

#[test]
fn a_search_shows_what_is_typed_and_marks_what_it_found() {
    insta::assert_snapshot!(screen(&scrolled(USUAL, "PPage / e r r o r")), @"
     shop                 │ web  ● ready  vite           scrolled 21 of 3,450 lines
    ▸● web          ready │3429: GET / 200
     ● worker       ready │3430: GET / 200
                          │3431: GET / 200
                          │3432: GET / 200
                          │3433: GET / 200
                          │3434: GET / 200
                          │3435: GET / 200
                          │3436: GET / 200
                          │3437: GET / 200
                          │3438: GET / 200
                          │3439: GET / 200
                          │3440: a long line of an error, which does not fit and is
                          │therefore broken; the Error is told twice
                          │3441: GET / 200
                          │3442: GET / 200
                          │3443: GET / 200
                          │3444: GET / 200
                          │3445: GET / 200
    ──────────────────────│3446: GET / 200
     pid      4121        │3447: GET / 200
     port     20001       │3448: GET / 200
     shop.localhost       │3449: GET / 200
     scrollback  /error   enter search   esc cancel                       daemon ok
    (cursor in column 19 of line 23)
    ");
    insta::assert_snapshot!(screen(&scrolled(SMALL, "PPage / a Space l o n g Space t e x t Space t o Space f i n d")), @"
     shop       │ web  ● ready  v…  9/3,451
    ▸● web      │3442: GET / 200
     ● worker   │3443: GET / 200
                │3444: GET / 200
                │3445: GET / 200
                │3446: GET / 200
                │3447: GET / 200
                │3448: GET / 200
                │3449: GET / 200
                │the screen
                │
     scrollback  /a long text to find
    (cursor in column 33 of line 11)
    ");
    let found = scrolled(USUAL, "C-b [ / e r r o r Enter");
    insta::assert_snapshot!(screen(&found), @"
     shop                 │ web  ● ready  vite           scrolled 16 of 3,450 lines
    ▸● web          ready │3434: GET / 200
     ● worker       ready │3435: GET / 200
                          │3436: GET / 200
                          │3437: GET / 200
                          │3438: GET / 200
                          │3439: GET / 200
                          │3440: a long line of an error, which does not fit and is
                          │therefore broken; the Error is told twice
                          │3441: GET / 200
                          │3442: GET / 200
                          │3443: GET / 200
                          │3444: GET / 200
                          │3445: GET / 200
                          │3446: GET / 200
                          │3447: GET / 200
                          │3448: GET / 200
                          │3449: GET / 200
                          │the screen
    ──────────────────────│
     pid      4121        │> Local: http://localhost:20001/
     port     20001       │>
     shop.localhost       │
     scrollback  1 of 2   q back   n N above, below   / search            daemon ok
    ");
    let (buffer, _) = painted(&found);
    let marked = |style: ratatui::style::Style| {
        let cells = buffer.content.iter().filter(|cell| Some(cell.bg) == style.bg);
        cells.map(ratatui::buffer::Cell::symbol).collect::<String>()
    };
    assert_eq!((marked(found.theme.found), marked(found.theme.found_here)), ("error".into(), "Error".into()));
    insta::assert_snapshot!(screen(&scrolled(SMALL, "C-b [ / n o t h i n g Enter")), @"
     shop       │ web  ● ready  v…  0/3,451
    ▸● web      │
     ● worker   │> Local: http://localhost:2
                │0001/
                │>
                │
    (5 more like this)
     scrollback  nothing matches `nothing`
    ");
}

#[test]
fn a_search_says_what_it_found_on_a_large_screen() {
    insta::assert_snapshot!(screen(&scrolled(LARGE, "C-b [ / e r r o r Enter")), @"
     shop                           │ web  ● ready  vite                                                                                                                         scrolled 26 of 3,450 lines
    ▸● web                    ready │3424: GET / 200
     ● worker                 ready │3425: GET / 200
                                    │3426: GET / 200
                                    │3427: GET / 200
                                    │3428: GET / 200
                                    │3429: GET / 200
                                    │3430: GET / 200
                                    │3431: GET / 200
                                    │3432: GET / 200
                                    │3433: GET / 200
                                    │3434: GET / 200
                                    │3435: GET / 200
                                    │3436: GET / 200
                                    │3437: GET / 200
                                    │3438: GET / 200
                                    │3439: GET / 200
                                    │3440: a long line of an error, which does not fit and is therefore broken; the Error is told twice
                                    │3441: GET / 200
                                    │3442: GET / 200
                                    │3443: GET / 200
                                    │3444: GET / 200
                                    │3445: GET / 200
                                    │3446: GET / 200
                                    │3447: GET / 200
                                    │3448: GET / 200
                                    │3449: GET / 200
                                    │the screen
                                    │
                                    │> Local: http://localhost:20001/
                                    │>
                                    │
    (13 more like this)
    ────────────────────────────────│
     pid      4121                  │
     port     20001                 │
     https://shop.localhost         │
     scrollback  1 of 2   q back   n N above, below   / search   ↑↓ scroll   ? help                                                                                                               daemon ok
    ");
}

#[test]
fn a_zoomed_pane_is_alone_and_says_how_to_go_back() {
    insta::assert_snapshot!(at_every_size(|size| after(running(size), "C-b z")), @"
    40x12
     web  ● ready  vite               27x10
    VITE v6.0.1 ready in 212 ms

    > Local: http://localhost:2
    >

    (5 more like this)
     web  C-b z unzoom  C-b d detach
    (cursor in column 2 of line 4)

    80x24
     web  ● ready  vite                                                       57x22
    VITE v6.0.1 ready in 212 ms

    > Local: http://localhost:20001/
    >

    (17 more like this)
     web  C-b z unzoom   C-b d detach   C-b ? help   C-b [ scroll         daemon ok
    (cursor in column 2 of line 4)

    200x50
     web  ● ready  vite                                                                                                                                                                              167x48
    VITE v6.0.1 ready in 212 ms

    > Local: http://localhost:20001/
    >

    (43 more like this)
     web  C-b z unzoom   C-b d detach   C-b ? help   C-b [ scroll   C-b s services                                                                                                                daemon ok
    (cursor in column 2 of line 4)
    ");
}

#[test]
fn the_text_to_search_for_is_typed_into_the_bottom_line() {
    insta::assert_snapshot!(bottom_lines(|size| scrolled(size, "PPage / e r r o r")), @"
    scrollback  /error   enter search
    scrollback  /error   enter search   esc cancel                       daemon ok
    scrollback  /error   enter search   esc cancel                                                                                                                                               daemon ok
    ");
}

#[test]
fn a_pattern_that_is_none_says_what_is_wrong_with_it() {
    let faulty = |size| {
        let mut model = scrolled(size, "PPage / (");
        let asked = press(&mut model, "Enter").effects.into_iter().find_map(|effect| match effect {
            Effect::Call { purpose, .. } => Some(purpose),
            _ => None,
        });
        let failure = Failure {
            kind: FailureKind::BadRequest,
            message: "`(` is no pattern: unclosed group".into(),
            hint: None,
            details: None,
        };
        let purpose = asked.expect("a question to the daemon");
        let _ = update(&mut model, Msg::Answered { purpose, result: Err(CallError::Failed(failure)) });
        model
    };
    insta::assert_snapshot!(bottom_lines(faulty), @"
    scrollback  /(   is no pattern: unclos…
    scrollback  /(   is no pattern: unclosed group                       daemon ok
    scrollback  /(   is no pattern: unclosed group                                                                                                                                               daemon ok
    ");
}

#[test]
fn a_selection_shows_its_cursor_and_what_may_be_done_with_it() {
    insta::assert_snapshot!(at_every_size(|size| scrolled(size, "C-b [ k k k v k w")), @"
    40x12
     shop       │ web  ● ready  v…  3/3,451
    ▸● web      │3448: GET / 200
     ● worker   │3449: GET / 200
                │the screen
                │
                │> Local: http://localhost:2
                │0001/
                │>
                │
    (2 more like this)
     scrollback  y copy  esc cancel
    (cursor in column 13 of line 7)

    80x24
     shop                 │ web  ● ready  vite            scrolled 3 of 3,450 lines
    ▸● web          ready │3447: GET / 200
     ● worker       ready │3448: GET / 200
                          │3449: GET / 200
                          │the screen
                          │
                          │> Local: http://localhost:20001/
                          │>
                          │
    (10 more like this)
    ──────────────────────│
     pid      4121        │
     port     20001       │
     shop.localhost       │
     scrollback  y copy   esc cancel   v select   V lines   C-v block     daemon ok
    (cursor in column 25 of line 6)

    200x50
     shop                           │ web  ● ready  vite                                                                                                                          scrolled 3 of 3,450 lines
    ▸● web                    ready │3447: GET / 200
     ● worker                 ready │3448: GET / 200
                                    │3449: GET / 200
                                    │the screen
                                    │
                                    │> Local: http://localhost:20001/
                                    │>
                                    │
    (36 more like this)
    ────────────────────────────────│
     pid      4121                  │
     port     20001                 │
     https://shop.localhost         │
     scrollback  y copy   esc cancel   v select   V lines   C-v block   o other end   ? help                                                                                                      daemon ok
    (cursor in column 35 of line 6)
    ");
}

#[test]
fn a_copy_says_how_much_it_was() {
    insta::assert_snapshot!(bottom_lines(|size| scrolled(size, "C-b [ k k k v k w y")), @"
    scrollback  copied 1 character
    scrollback  copied 2 lines
    scrollback  copied 2 lines
    ");
}
