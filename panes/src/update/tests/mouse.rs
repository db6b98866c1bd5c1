//! What the workspace promises to do with the mouse, the focus of its terminal, and a lock.

use locald_api::{Attention, Modes, MouseAction, MouseButton, PaneFrame};

use super::*;
use crate::mouse::Reports;
use crate::msg::Timer;
use crate::testing::{click, mouse};

const LEFT: MouseAction = MouseAction::Press(MouseButton::Left);
const UP: MouseAction = MouseAction::Press(MouseButton::WheelUp);
const DOWN: MouseAction = MouseAction::Press(MouseButton::WheelDown);
const DRAG: MouseAction = MouseAction::Motion(Some(MouseButton::Left));
const LET_GO: MouseAction = MouseAction::Release(MouseButton::Left);

/// A workspace whose first service shows a screen of a program with these modes.
fn with_modes(asked: Modes) -> Model {
    let mut model = showing(web_and_worker(), SIZE);
    let rows = [(0, "top"), (21, "bottom")];
    let _ = update(&mut model, Msg::Frame(PaneFrame { modes: asked, history_end: 100, ..frame(1, (57, 22), &rows) }));
    model
}

fn told(service: &str, action: MouseAction, row: u16, column: u16) -> Effect {
    let input = Input::Mouse(locald_api::Mouse { action, row, column, modifiers: locald_api::Modifiers::default() });
    Effect::Send(ClientMessage::Input { service: id("shop", service), input })
}

#[test]
fn a_program_that_asked_for_the_mouse_gets_it_in_its_own_coordinates() {
    let mut model = with_modes(Modes::MOUSE.with(Modes::MOUSE_DRAG, true));
    // The pane begins in column 23 of row 1.
    assert_eq!(mouse(&mut model, LEFT, 23, 1, 1).effects, [told("web", LEFT, 0, 0)]);
    assert_eq!(model.focus, Focus::Pane, "and keys go there from now on");
    assert_eq!(mouse(&mut model, DRAG, 30, 4, 1).effects, [told("web", DRAG, 3, 7)]);
    assert_eq!(mouse(&mut model, DRAG, 0, 23, 1).effects, [told("web", DRAG, 21, 0)], "at most to the pane's edge");
    assert_eq!(mouse(&mut model, LET_GO, 5, 2, 1).effects, [told("web", LET_GO, 1, 0)], "wherever it is let go");
    assert_eq!(mouse(&mut model, MouseAction::Motion(None), 30, 4, 1).effects, [], "it did not ask for that");
    assert_eq!(mouse(&mut model, UP, 30, 4, 1).effects, [told("web", UP, 3, 7)]);
    assert!(model.scrollback.is_none());
}

#[test]
fn a_full_screen_program_without_the_mouse_is_scrolled_by_the_wheel() {
    let mut model = with_modes(Modes::ALTERNATE_SCREEN.with(Modes::ALTERNATE_SCROLL, true));
    assert_eq!(mouse(&mut model, DOWN, 30, 4, 1).effects, [told("web", DOWN, 3, 7)]);
    let mut model = with_modes(Modes::ALTERNATE_SCREEN);
    assert_eq!(mouse(&mut model, UP, 30, 4, 1).effects, []);
    assert!(model.scrollback.is_none() && model.notice.is_none());
}

#[test]
fn the_wheel_goes_through_the_past_and_back_to_the_live_screen() {
    let mut model = with_modes(Modes::default());
    let _ = mouse(&mut model, DOWN, 30, 4, 1);
    assert!(model.scrollback.is_none());
    let _ = mouse(&mut model, UP, 30, 4, 1);
    let _ = mouse(&mut model, UP, 30, 4, 1);
    assert_eq!(model.scrollback.as_ref().expect("the past").scrolled(), (6, 100));
    let _ = mouse(&mut model, DOWN, 30, 4, 1);
    let _ = mouse(&mut model, DOWN, 30, 4, 1);
    assert!(model.scrollback.as_ref().expect("the past").is_at_end());
    let _ = mouse(&mut model, DOWN, 30, 4, 1);
    assert!(model.scrollback.is_none());
}

#[test]
fn a_click_selects_a_service_a_double_click_opens_it_and_one_in_a_pane_too() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = click(&mut model, 5, 2, 1);
    assert_eq!((selected(&model), model.focus), ("worker", Focus::Services));
    let _ = click(&mut model, 5, 1, 1);
    let _ = click(&mut model, 5, 1, 2);
    assert_eq!((selected(&model), model.focus), ("web", Focus::Pane));
    let _ = click(&mut model, 5, 2, 1);
    assert_eq!((selected(&model), model.focus), ("worker", Focus::Services));
    let _ = click(&mut model, 40, 10, 1);
    assert_eq!((selected(&model), model.focus), ("worker", Focus::Pane));
    let _ = click(&mut model, 5, 15, 1);
    assert_eq!((selected(&model), model.focus), ("worker", Focus::Pane), "there is nothing");
}

#[test]
fn a_click_on_a_key_in_the_status_line_does_what_the_key_does() {
    let mut model = showing(web_and_worker(), SIZE);
    // ` services  enter open   ? help   q detach   p pin   r restart`
    let _ = click(&mut model, 25, 23, 1);
    assert!(model.overlay.is_some());
    let _ = click(&mut model, 1, 1, 1);
    assert!(model.overlay.is_none(), "a click beside it closes it");
    let _ = click(&mut model, 12, 23, 1);
    assert_eq!(model.focus, Focus::Pane);
    let _ = click(&mut model, 7, 23, 1);
    assert_eq!(model.focus, Focus::Services);
    assert_eq!(click(&mut model, 55, 23, 1).effects, [asked(Verb::Restart, "web")]);
}

#[test]
fn the_mouse_can_be_left_to_the_terminal_and_all_movements_are_asked_for_only_if_a_program_wants_them() {
    let mut model = with_modes(Modes::MOUSE.with(Modes::MOUSE_MOTION, true));
    assert_eq!(model.mouse_reports(), Reports::Motion);
    let _ = press(&mut model, "m");
    assert_eq!(model.mouse_reports(), Reports::Nothing);
    let _ = press(&mut model, "Enter C-b m");
    assert_eq!(model.mouse_reports(), Reports::Motion);
    assert_eq!(with_modes(Modes::default()).mouse_reports(), Reports::Buttons);
}

#[test]
fn the_focus_of_the_terminal_is_told_to_the_daemon() {
    let mut model = showing(web_and_worker(), SIZE);
    let attention = |cmd: Cmd| match &cmd.effects[..] {
        [Effect::Send(ClientMessage::View(view))] => Some(view.attention),
        [] => None,
        other => panic!("{other:?}"),
    };
    let away = update(&mut model, Msg::Attention(Attention::Elsewhere));
    assert_eq!(attention(away), Some(Attention::Elsewhere));
    assert_eq!(attention(update(&mut model, Msg::Attention(Attention::Elsewhere))), None);
    assert_eq!(attention(update(&mut model, Msg::Attention(Attention::Here))), Some(Attention::Here));
}

#[test]
fn while_locked_every_key_but_one_goes_to_the_program() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = press(&mut model, "C-b L");
    assert_eq!(press(&mut model, "C-b d q ?").effects, [typed("web", &["C-b", "d", "q", "?"])]);
    let _ = click(&mut model, 5, 2, 1);
    assert_eq!(selected(&model), "web", "nor does the mouse lead away");
    let _ = press(&mut model, "F12");
    assert_eq!(notice(&model), "unlocked");
    assert_eq!(press(&mut model, "C-b d").effects, [Effect::Leave(Outcome::Detached)]);
}

#[test]
fn while_locked_the_wheel_shows_the_past_and_the_next_key_the_live_screen() {
    let mut model = with_modes(Modes::default());
    let _ = press(&mut model, "C-b L");
    let _ = mouse(&mut model, UP, 30, 4, 1);
    assert!(model.locked && model.scrollback.is_some());
    assert_eq!(press(&mut model, "q").effects, [typed("web", &["q"])]);
    assert!(model.locked && model.scrollback.is_none());
}

#[test]
fn a_button_that_is_pressed_again_was_let_go() {
    let mut model = with_modes(Modes::default());
    let _ = mouse(&mut model, LEFT, 30, 4, 1);
    let _ = mouse(&mut model, DRAG, 33, 4, 1);
    let _ = click(&mut model, 5, 2, 1);
    assert_eq!((selected(&model), &model.gesture), ("worker", &None));
    let mut model = with_modes(Modes::MOUSE);
    let right = MouseAction::Press(MouseButton::Right);
    let _ = mouse(&mut model, LEFT, 30, 4, 1);
    assert_eq!(mouse(&mut model, right, 5, 2, 1).effects, [told("web", right, 1, 0)], "another one is part of it");
    let _ = mouse(&mut model, right, 5, 2, 1);
    let _ = click(&mut model, 5, 2, 1);
    assert_eq!(selected(&model), "worker");
}

#[test]
fn a_click_on_a_title_lets_keys_go_to_its_pane_and_a_double_click_zooms_it() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = click(&mut model, 40, 0, 1);
    assert_eq!((model.focus, model.arrangement), (Focus::Pane, Arrangement::Panes));
    let _ = click(&mut model, 40, 0, 2);
    assert_eq!(model.arrangement, Arrangement::Zoomed);
}

#[test]
fn a_lock_ends_with_its_program() {
    let mut model = showing(web_and_worker(), SIZE);
    let _ = press(&mut model, "C-b L");
    let _ = tell(&mut model, workspace(vec![service("shop", "web", ServiceState::Exited)]));
    let failure = Failure::new(FailureKind::NotRunning, "`web` has no terminal to type into");
    let _ = update(&mut model, Msg::NotTyped { service: id("shop", "web"), failure });
    assert_eq!(notice(&model), "web is not running: press C-b r to start it");
    assert_eq!(press(&mut model, "C-b r").effects, [asked(Verb::Restart, "web")]);
}

#[test]
fn what_may_follow_the_prefix_is_shown_to_somebody_who_waits() {
    let mut model = showing(web_and_worker(), SIZE);
    assert_eq!(model.timer(), None);
    let _ = press(&mut model, "C-b");
    assert_eq!(model.timer(), Some(Timer::TellKeys));
    assert!(update(&mut model, Msg::Timer(Timer::TellKeys)).redraw);
    assert_eq!((model.prefix, model.timer()), (Prefix::Told, None), "and no timer goes on");
    let _ = press(&mut model, "n");
    assert_eq!((selected(&model), model.prefix), ("worker", Prefix::No));
}
