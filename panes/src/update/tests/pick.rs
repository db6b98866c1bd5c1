//! What the workspace promises to select and to copy.

use locald_api::{Modes, MouseAction, MouseButton, PaneFrame, Row};

use super::*;
use crate::msg::Timer;
use crate::screen::tests::row;
use crate::testing::{click, mouse};

const LEFT: MouseAction = MouseAction::Press(MouseButton::Left);
const DRAG: MouseAction = MouseAction::Motion(Some(MouseButton::Left));
const LET_GO: MouseAction = MouseAction::Release(MouseButton::Left);
/// Where the pane begins.
const X: u16 = 23;
const Y: u16 = 1;

/// A workspace whose first service shows these rows at the bottom of its screen, below a hundred lines of history.
fn with_rows(rows: &[&str]) -> Model {
    let mut model = showing(web_and_worker(), SIZE);
    let changed: Vec<(u16, &str)> = (22 - rows.len() as u16..).zip(rows.iter().copied()).collect();
    let _ = update(&mut model, Msg::Frame(PaneFrame { history_end: 100, ..frame(1, (57, 22), &changed) }));
    model
}

fn line(number: u64) -> Row {
    row(&format!("line {number}"))
}

/// Answers requests for lines as the daemon does, until there are none; returns what was copied.
fn served(model: &mut Model, mut cmd: Cmd) -> Option<String> {
    loop {
        let copied = cmd.effects.iter().find_map(|effect| match effect {
            Effect::Copy(text) => Some(text.clone()),
            _ => None,
        });
        if copied.is_some() {
            return copied;
        }
        let asked = cmd.effects.iter().find_map(|effect| match effect {
            Effect::Call { request, purpose: Purpose::Lines { asked } } => match **request {
                Request::Lines { first, count, .. } => Some((*asked, first, count)),
                _ => None,
            },
            _ => None,
        });
        let (asked, first, count) = asked?;
        let rows = (first..(first + u64::from(count)).min(100)).map(line).collect();
        cmd = update(
            model,
            Msg::Answered { purpose: Purpose::Lines { asked }, result: Ok(Response::Lines { first, rows }) },
        );
    }
}

/// What the last of these keys copies.
fn copied(model: &mut Model, keys: &str) -> Option<String> {
    keys.split(' ').fold(None, |_, key| {
        let cmd = press(model, key);
        served(model, cmd)
    })
}

#[test]
fn a_selection_by_keys_is_copied_and_the_past_stays_or_is_left() {
    let mut model = with_rows(&["one two three", "four"]);
    assert_eq!(copied(&mut model, "C-b [ v Up y").as_deref(), Some("one two three\nf"));
    assert_eq!(notice(&model), "copied 2 lines");
    assert!(model.scrollback.is_some());
    assert_eq!(copied(&mut model, "w v e Enter").as_deref(), Some("two"));
    assert_eq!(notice(&model), "copied 3 characters");
    assert!(model.scrollback.is_none());
}

#[test]
fn lines_and_blocks_are_selected_and_the_other_end_can_move_too() {
    let mut model = with_rows(&["abcd", "efgh", "ijkl"]);
    assert_eq!(copied(&mut model, "C-b [ V k y").as_deref(), Some("efgh\nijkl"));
    assert_eq!(copied(&mut model, "$ C-v Up h y").as_deref(), Some("cd\ngh"));
    assert_eq!(copied(&mut model, "0 v $ o l y").as_deref(), Some("bcd"));
}

#[test]
fn a_selection_reaches_into_history_and_its_lines_are_asked_for() {
    let mut model = with_rows(&["bottom"]);
    let all: Vec<String> = (0..100).map(|line| format!("line {line}")).collect();
    let text = copied(&mut model, "C-b [ V g y").expect("a copy");
    assert_eq!(text.lines().take(100).collect::<Vec<_>>(), all);
    assert_eq!(text.lines().last(), Some("bottom"));
}

#[test]
fn without_a_selection_nothing_is_copied_and_escape_gives_one_up_before_it_leaves() {
    let mut model = with_rows(&["text"]);
    assert_eq!(copied(&mut model, "C-b [ y"), None);
    assert_eq!(notice(&model), "nothing is selected: v space selects");
    assert_eq!(copied(&mut model, "v v y"), None, "the same key ends it");
    let _ = press(&mut model, "v Escape");
    assert!(model.scrollback.as_ref().expect("the past").pick.is_none());
    let _ = press(&mut model, "Escape");
    assert!(model.scrollback.is_none());
}

#[test]
fn what_is_dragged_over_is_copied_when_the_button_is_let_go() {
    let mut model = with_rows(&["one two", "three"]);
    let _ = mouse(&mut model, LEFT, X + 4, Y + 20, 1);
    assert!(model.scrollback.is_none(), "a click alone selects nothing");
    let _ = mouse(&mut model, DRAG, X + 2, Y + 21, 1);
    let cmd = mouse(&mut model, LET_GO, X + 2, Y + 21, 1);
    assert_eq!(served(&mut model, cmd).as_deref(), Some("two\nthr"));
    assert!(model.scrollback.is_none(), "and the screen is live again");
    let cmd = click(&mut model, X + 1, Y + 21, 1);
    assert_eq!(served(&mut model, cmd), None);
}

#[test]
fn a_double_click_copies_a_word_and_a_triple_click_a_line() {
    let mut model = with_rows(&["see https://localhost/a now"]);
    let cmd = click(&mut model, X + 8, Y + 21, 2);
    assert_eq!(served(&mut model, cmd).as_deref(), Some("https://localhost/a"));
    let cmd = click(&mut model, X + 8, Y + 21, 3);
    assert_eq!(served(&mut model, cmd).as_deref(), Some("see https://localhost/a now"));
}

#[test]
fn a_selection_beyond_the_edge_goes_on_into_history_while_the_button_is_held() {
    let mut model = with_rows(&["bottom"]);
    let _ = mouse(&mut model, LEFT, X + 2, Y + 21, 1);
    let cmd = mouse(&mut model, DRAG, X, 0, 1);
    let _ = served(&mut model, cmd);
    assert_eq!(model.timer(), Some(Timer::Scroll));
    for _ in 0..5 {
        let cmd = update(&mut model, Msg::Timer(Timer::Scroll));
        let _ = served(&mut model, cmd);
    }
    let _ = mouse(&mut model, DRAG, X, Y + 3, 1);
    assert_eq!(model.timer(), None, "within the pane nothing goes on by itself");
    let _ = mouse(&mut model, DRAG, X, 0, 1);
    let cmd = mouse(&mut model, LET_GO, X, 0, 1);
    let text = served(&mut model, cmd).expect("a copy");
    assert_eq!((text.lines().next(), text.lines().last()), (Some("line 95"), Some("bot")));
}

#[test]
fn a_full_screen_programs_screen_can_be_selected_too() {
    let mut model = showing(web_and_worker(), SIZE);
    let changed = [(0, "~ vim"), (1, "text")];
    let _ = update(
        &mut model,
        Msg::Frame(PaneFrame { modes: Modes::ALTERNATE_SCREEN, history_end: 100, ..frame(1, (57, 22), &changed) }),
    );
    let cmd = click(&mut model, X + 2, Y + 1, 2);
    assert_eq!(served(&mut model, cmd).as_deref(), Some("text"));
    assert_eq!(copied(&mut model, "C-b [ V g y").as_deref().map(|text| text.lines().next()), Some(Some("~ vim")));
}

#[test]
fn what_a_program_wants_in_the_clipboard_is_put_there_and_said_unless_it_is_too_much() {
    let mut model = with_rows(&[]);
    let clipboard = |text: String| Msg::Clipboard { service: id("shop", "web"), text };
    let cmd = update(&mut model, clipboard("one\ntwo".into()));
    assert_eq!((cmd.effects, notice(&model)), (vec![Effect::Copy("one\ntwo".into())], "web copied 2 lines"));
    let cmd = update(&mut model, clipboard("x".repeat(600 << 10)));
    assert_eq!((cmd.effects, notice(&model)), (vec![], "web wanted more than 512 KiB in the clipboard"));
}

#[test]
fn a_copy_that_needs_a_lost_daemon_is_not_made_and_that_is_said() {
    let mut model = with_rows(&["bottom"]);
    let _ = press(&mut model, "C-b [ V g");
    let _ = update(&mut model, Msg::Lost);
    let _ = press(&mut model, "y");
    assert_eq!(notice(&model), "not copied: there is no connection to the daemon");
}
