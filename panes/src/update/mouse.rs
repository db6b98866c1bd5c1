//! What the mouse does: to the program that asked for it, else to the workspace.

use locald_api::{ClientMessage, Input, Modes, MouseAction, MouseButton, Role, ServiceId};
use ratatui::layout::{Position, Rect};

use super::keys::{act, scroll_overlay};
use super::{pick, scroll, select, watch};
use crate::keymap::Action;
use crate::model::{Dragging, Focus, Gesture, Model, Prefix};
use crate::mouse::{Mouse, Target};
use crate::msg::Cmd;
use crate::scrollback::{Pick, Place};
use crate::selection::Shape;

/// The rows that one notch of the wheel moves.
const NOTCH: isize = 3;

pub(super) fn take(model: &mut Model, mouse: &Mouse) -> Cmd {
    // A button that is pressed again was let go meanwhile, where nobody could tell.
    model.gesture.take_if(|gesture| mouse.action == MouseAction::Press(gesture.button()));
    if let Some(gesture) = model.gesture.clone() {
        return go_on(model, &gesture, mouse);
    }
    match (mouse.action, &mouse.target) {
        _ if model.overlay.is_some() => over_overlay(model, mouse),
        // What is locked is left by its key alone.
        (_, target) if model.locked && !is_locked_pane(model, target) => Cmd::none(),
        (_, Target::Pane { service, area }) => in_pane(model, mouse, service.clone(), *area),
        (MouseAction::Press(MouseButton::Left), target) => press(model, target, mouse.clicks),
        _ => Cmd::none(),
    }
}

fn is_locked_pane(model: &Model, target: &Target) -> bool {
    matches!(target, Target::Pane { service, .. } if model.selected.as_ref() == Some(service))
}

/// A press on something of the workspace's own.
fn press(model: &mut Model, target: &Target, clicks: u8) -> Cmd {
    let read = model.notice.take().map_or_else(Cmd::none, |_| Cmd::redraw());
    let cmd = match target {
        Target::Service(service) => {
            model.chosen = true;
            model.focus = Focus::Services;
            let selected = select(model, service.clone()).and(watch(model)).and(Cmd::redraw());
            if clicks == 2 { selected.and(act(model, Action::FocusPane)) } else { selected }
        }
        Target::Title(service) => {
            let focused = focus(model, service.clone());
            if clicks == 2 { focused.and(act(model, Action::Zoom)) } else { focused }
        }
        Target::Command(action) => {
            model.prefix = Prefix::No;
            act(model, *action).and(Cmd::redraw())
        }
        Target::Scroll(action) => scroll::act(model, *action),
        Target::Nothing | Target::Pane { .. } | Target::Overlay => Cmd::none(),
    };
    read.and(cmd)
}

fn over_overlay(model: &mut Model, mouse: &Mouse) -> Cmd {
    let top = model.overlay.as_ref().map_or(0, |overlay| overlay.top);
    match mouse.action {
        MouseAction::Press(MouseButton::WheelUp) => scroll_overlay(model, top.saturating_add_signed(-NOTCH)),
        MouseAction::Press(MouseButton::WheelDown) => scroll_overlay(model, top.saturating_add_signed(NOTCH)),
        MouseAction::Press(MouseButton::Left) if mouse.target != Target::Overlay => model.overlay = None,
        _ => return Cmd::none(),
    }
    Cmd::redraw()
}

fn in_pane(model: &mut Model, mouse: &Mouse, service: ServiceId, area: Rect) -> Cmd {
    if is_programs(model, mouse.action, &service) {
        return to_program(model, mouse, service, area);
    }
    match mouse.action {
        MouseAction::Press(MouseButton::WheelUp) => scroll::wheel(model, &service, -NOTCH),
        MouseAction::Press(MouseButton::WheelDown) => scroll::wheel(model, &service, NOTCH),
        MouseAction::Press(MouseButton::Left) => press_in_pane(model, mouse, service, area),
        _ => Cmd::none(),
    }
}

/// A click lets keys go to the pane; a double or triple click also selects what it is on.
fn press_in_pane(model: &mut Model, mouse: &Mouse, service: ServiceId, area: Rect) -> Cmd {
    let focused = focus(model, service.clone());
    if let Some(scrollback) = &mut model.scrollback {
        scrollback.pick = None;
    }
    let at = mouse.at;
    let dragging = Dragging { service, area, from: at, to: at, returns: model.scrollback.is_none() };
    model.gesture = Some(Gesture::Select(dragging.clone()));
    match mouse.clicks {
        2 => focused.and(begin(model, &dragging, Shape::Words)),
        3 => focused.and(begin(model, &dragging, Shape::Lines)),
        _ => focused,
    }
}

/// Begins a selection where the button was pressed, in the past: what the user selects in must not move away.
fn begin(model: &mut Model, dragging: &Dragging, shape: Shape) -> Cmd {
    let entered = if model.scrollback.is_none() { scroll::enter(model, 0) } else { Cmd::none() };
    let place = place(model, dragging, dragging.from);
    if let Some(scrollback) = &mut model.scrollback {
        scrollback.pick = Some(Pick { cursor: place, begun: Some((place, shape)) });
    }
    entered.and(Cmd::redraw())
}

/// What is shown at this place of the pane, or nearest to it.
fn place(model: &Model, dragging: &Dragging, at: Position) -> Place {
    let at = within(at, dragging.area);
    let (row, column) = (at.y - dragging.area.y, at.x - dragging.area.x);
    model.scrollback.as_ref().map_or(Place::default(), |scrollback| scrollback.place_at(row, column))
}

/// The mouse moved with the button held.
fn drag(model: &mut Model, mut dragging: Dragging, to: Position) -> Cmd {
    dragging.to = to;
    let is_begun = model.scrollback.as_ref().is_some_and(|scrollback| scrollback.pick.is_some());
    let shape = if dragging.to == dragging.from { None } else { Some(Shape::Cells) };
    let begun = match shape.filter(|_| !is_begun) {
        Some(shape) => begin(model, &dragging, shape),
        None => Cmd::none(),
    };
    let place = place(model, &dragging, to);
    if let Some(pick) = model.scrollback.as_mut().and_then(|scrollback| scrollback.pick.as_mut()) {
        pick.cursor = place;
    }
    model.gesture = Some(Gesture::Select(dragging));
    begun.and(Cmd::redraw())
}

/// The mouse is still held beyond the pane's edge: what is there comes into sight and is selected too.
pub(super) fn scroll_on(model: &mut Model) -> Cmd {
    let Some(Gesture::Select(dragging)) = model.gesture.clone() else { return Cmd::none() };
    let Some(scrollback) = &mut model.scrollback else { return Cmd::none() };
    scrollback.scroll(if dragging.to.y < dragging.area.y { -1 } else { 1 });
    let to = dragging.to;
    scroll::fetch(model).and(drag(model, dragging, to))
}

/// The button was let go: what was selected is copied.
fn let_go(model: &mut Model, dragging: &Dragging) -> Cmd {
    let is_selected = model.scrollback.as_ref().is_some_and(|scrollback| scrollback.pick.is_some());
    if is_selected { pick::copy(model, dragging.returns) } else { Cmd::none() }
}

/// Whether the program of the pane asked for this, and is to be seen there.
fn is_programs(model: &Model, action: MouseAction, service: &ServiceId) -> bool {
    let Some(screen) = model.screens.get(service).filter(|_| !model.shows_past_of(service)) else { return false };
    let alive = model.services().iter().any(|it| it.id == *service && it.state.is_alive());
    let wanted = match action {
        MouseAction::Press(MouseButton::WheelUp | MouseButton::WheelDown) => screen.modes.takes_wheel(),
        MouseAction::Motion(None) => screen.modes.contains(Modes::MOUSE_MOTION),
        MouseAction::Motion(Some(_)) => screen.modes.contains(Modes::MOUSE_DRAG),
        MouseAction::Press(_) | MouseAction::Release(_) => screen.modes.contains(Modes::MOUSE),
    };
    wanted && alive && model.connection.is_up() && model.role == Role::Participant
}

fn to_program(model: &mut Model, mouse: &Mouse, service: ServiceId, area: Rect) -> Cmd {
    let sent = forward(model, mouse, &service, area);
    match mouse.action {
        MouseAction::Press(button @ (MouseButton::Left | MouseButton::Middle | MouseButton::Right)) => {
            model.gesture = Some(Gesture::Program { service: service.clone(), area, button });
            focus(model, service).and(sent)
        }
        _ => sent,
    }
}

fn forward(model: &Model, mouse: &Mouse, service: &ServiceId, area: Rect) -> Cmd {
    let Some(screen) = model.screens.get(service) else { return Cmd::none() };
    let (top, left) = screen.origin(area.width, area.height);
    let at = within(mouse.at, area);
    let (row, column) = (at.y - area.y + top, at.x - area.x + left);
    let input = Input::Mouse(locald_api::Mouse { action: mouse.action, row, column, modifiers: mouse.modifiers });
    Cmd::send(ClientMessage::Input { service: service.clone(), input })
}

/// What goes on while a button is held belongs to whom it was pressed on.
fn go_on(model: &mut Model, gesture: &Gesture, mouse: &Mouse) -> Cmd {
    let is_end = matches!(mouse.action, MouseAction::Release(_));
    if is_end {
        model.gesture = None;
    }
    match gesture {
        Gesture::Program { service, area, .. } if is_programs(model, mouse.action, service) => {
            forward(model, mouse, service, *area)
        }
        Gesture::Select(dragging) if is_end => let_go(model, dragging),
        Gesture::Select(dragging) if matches!(mouse.action, MouseAction::Motion(_)) => {
            drag(model, dragging.clone(), mouse.at)
        }
        Gesture::Program { .. } | Gesture::Select(_) => Cmd::none(),
    }
}

/// Lets keys go to this pane.
fn focus(model: &mut Model, service: ServiceId) -> Cmd {
    model.notice = None;
    let selected = select(model, service);
    selected.and(act(model, Action::FocusPane)).and(watch(model))
}

/// The nearest place within the area, which is not empty: something was seen in it.
fn within(place: Position, area: Rect) -> Position {
    let (x, y) = (area.right().saturating_sub(1), area.bottom().saturating_sub(1));
    Position::new(place.x.clamp(area.x, x.max(area.x)), place.y.clamp(area.y, y.max(area.y)))
}
