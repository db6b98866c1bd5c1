//! What the mouse does, as the outer terminal tells it, and what was painted where it did it.

use std::time::{Duration, Instant};

use locald_api::{Modifiers, MouseAction, MouseButton, ServiceId};
use ratatui::crossterm::event::{self, KeyModifiers, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use serde::{Deserialize, Serialize};

use crate::keymap::{Action, Scroll};

/// Presses further apart than this are not one double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// Something that happened with the mouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mouse {
    pub(crate) action: MouseAction,
    /// On the whole screen.
    pub(crate) at: Position,
    pub(crate) modifiers: Modifiers,
    /// How many presses in quick succession at the same place this is the last of: 2 is a double click. 1 for all else.
    pub(crate) clicks: u8,
    /// What the user saw there.
    pub(crate) target: Target,
}

/// What is to be seen somewhere on the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Target {
    /// Nothing that the mouse could do something with.
    #[default]
    Nothing,
    /// A service's screen or its past, which fills this area.
    Pane { service: ServiceId, area: Rect },
    /// The line above a service's screen.
    Title(ServiceId),
    /// A service in the list.
    Service(ServiceId),
    /// The key of a command.
    Command(Action),
    /// The key of a command of the past.
    Scroll(Scroll),
    /// Text laid over the screen.
    Overlay,
}

/// What was painted where. Filled by the views, so that a click always means what was seen.
#[derive(Debug, Default)]
pub(crate) struct Targets(Vec<(Rect, Target)>);

impl Targets {
    /// `target` was painted here, over whatever was painted before.
    pub(crate) fn add(&mut self, area: Rect, target: Target) {
        self.0.push((area, target));
    }

    /// What is to be seen at this place.
    pub(crate) fn at(&self, place: Position) -> Target {
        let found = self.0.iter().rev().find(|(area, _)| area.contains(place));
        found.map_or(Target::Nothing, |(_, target)| target.clone())
    }
}

/// Which movements of the mouse the outer terminal is to report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Reports {
    /// None; the mouse is the terminal's own.
    #[default]
    Nothing,
    /// Buttons, the wheel, and movements while a button is held.
    Buttons,
    /// All movements.
    Motion,
}

/// Counts presses in quick succession.
#[derive(Debug, Default)]
pub(crate) struct Clicks {
    last: Option<(Instant, Position, MouseButton)>,
    count: u8,
}

impl Clicks {
    /// What the outer terminal told, if it is something that a mouse can do to us.
    pub(crate) fn mouse(&mut self, event: MouseEvent, targets: &Targets, now: Instant) -> Mouse {
        let (action, at) = (action(event.kind), Position::new(event.column, event.row));
        let clicks = match action {
            MouseAction::Press(button) if !is_wheel(button) => self.press(button, at, now),
            _ => 1,
        };
        Mouse { action, at, modifiers: modifiers(event.modifiers), clicks, target: targets.at(at) }
    }

    fn press(&mut self, button: MouseButton, at: Position, now: Instant) -> u8 {
        let again = self
            .last
            .is_some_and(|(then, place, same)| now.duration_since(then) <= DOUBLE && (place, same) == (at, button));
        // A fourth press begins anew.
        self.count = if again { self.count % 3 + 1 } else { 1 };
        self.last = Some((now, at, button));
        self.count
    }
}

/// Whether it is a turn of the wheel, which has no release.
pub(crate) fn is_wheel(button: MouseButton) -> bool {
    use MouseButton::{WheelDown, WheelLeft, WheelRight, WheelUp};
    matches!(button, WheelUp | WheelDown | WheelLeft | WheelRight)
}

fn action(kind: MouseEventKind) -> MouseAction {
    let button = |button| match button {
        event::MouseButton::Left => MouseButton::Left,
        event::MouseButton::Middle => MouseButton::Middle,
        event::MouseButton::Right => MouseButton::Right,
    };
    match kind {
        MouseEventKind::Down(pressed) => MouseAction::Press(button(pressed)),
        MouseEventKind::Up(released) => MouseAction::Release(button(released)),
        MouseEventKind::Drag(held) => MouseAction::Motion(Some(button(held))),
        MouseEventKind::Moved => MouseAction::Motion(None),
        MouseEventKind::ScrollUp => MouseAction::Press(MouseButton::WheelUp),
        MouseEventKind::ScrollDown => MouseAction::Press(MouseButton::WheelDown),
        MouseEventKind::ScrollLeft => MouseAction::Press(MouseButton::WheelLeft),
        MouseEventKind::ScrollRight => MouseAction::Press(MouseButton::WheelRight),
    }
}

fn modifiers(held: KeyModifiers) -> Modifiers {
    Modifiers::default()
        .with(Modifiers::SHIFT, held.contains(KeyModifiers::SHIFT))
        .with(Modifiers::ALT, held.contains(KeyModifiers::ALT))
        .with(Modifiers::CONTROL, held.contains(KeyModifiers::CONTROL))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRESS: MouseEventKind = MouseEventKind::Down(event::MouseButton::Left);

    fn event(kind: MouseEventKind, column: u16) -> MouseEvent {
        MouseEvent { kind, column, row: 0, modifiers: KeyModifiers::NONE }
    }

    #[test]
    fn presses_count_as_one_click_only_at_the_same_place_and_in_quick_succession() {
        let (mut clicks, targets, start) = (Clicks::default(), Targets::default(), Instant::now());
        let mut press = |column, after| {
            let now = start + Duration::from_millis(after);
            clicks.mouse(event(MouseEventKind::Up(event::MouseButton::Left), column), &targets, now);
            clicks.mouse(event(PRESS, column), &targets, now).clicks
        };
        assert_eq!([press(1, 0), press(1, 200), press(1, 400), press(1, 600)], [1, 2, 3, 1]);
        assert_eq!([press(1, 2000), press(2, 2100), press(2, 2600)], [1, 1, 1]);
    }

    #[test]
    fn what_was_painted_last_is_what_is_seen() {
        let mut targets = Targets::default();
        targets.add(Rect::new(0, 0, 9, 9), Target::Command(Action::Help));
        targets.add(Rect::new(2, 2, 3, 3), Target::Overlay);
        assert_eq!(targets.at(Position::new(3, 3)), Target::Overlay);
        assert_eq!(targets.at(Position::new(5, 3)), Target::Command(Action::Help));
        assert_eq!(targets.at(Position::new(9, 3)), Target::Nothing);
    }
}
