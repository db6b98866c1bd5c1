//! What a program is sent for the mouse and for the focus of its terminal.
//!
//! Source: "Xterm Control Sequences", section "Mouse Tracking".

use crate::{Modes, Modifiers, MouseEncoding, MouseMode};

/// Something that happened with the mouse, at a cell counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mouse {
    /// What happened.
    pub action: MouseAction,
    /// Counted from 0 at the top.
    pub row: u16,
    /// Counted from 0 at the left.
    pub column: u16,
    /// The modifiers held.
    pub modifiers: Modifiers,
}

/// What can happen with a mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MouseAction {
    /// A button went down, or the wheel turned a notch.
    Press(MouseButton),
    /// A button came up.
    Release(MouseButton),
    /// It moved, perhaps with a button held.
    Motion(Option<MouseButton>),
}

/// The buttons of a mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum MouseButton {
    Left,
    Middle,
    Right,
    WheelUp,
    WheelDown,
    WheelLeft,
    WheelRight,
    Back,
    Forward,
}

impl MouseButton {
    fn code(self) -> u8 {
        match self {
            Self::Left => 0,
            Self::Middle => 1,
            Self::Right => 2,
            Self::WheelUp => 64,
            Self::WheelDown => 65,
            Self::WheelLeft => 66,
            Self::WheelRight => 67,
            Self::Back => 128,
            Self::Forward => 129,
        }
    }
}

/// What stands for no button in particular.
const NO_BUTTON: u8 = 3;
const MOTION: u8 = 32;

/// Appends to `out` what a program in `modes` is sent for the mouse. Nothing if it did not ask for such an event, or
/// cannot be told of a place so far away.
pub fn encode_mouse(mouse: &Mouse, modes: &Modes, out: &mut Vec<u8>) {
    if !wants(modes.mouse, mouse.action) {
        return;
    }
    let sgr = modes.mouse_encoding == MouseEncoding::Sgr;
    let button = match mouse.action {
        MouseAction::Press(button) => button.code(),
        MouseAction::Release(button) if sgr => button.code(),
        MouseAction::Release(_) => NO_BUTTON,
        MouseAction::Motion(button) => button.map_or(NO_BUTTON, MouseButton::code) + MOTION,
    };
    let code = if modes.mouse == MouseMode::Press { button } else { button + modifiers(mouse.modifiers) };
    let (column, row) = (u32::from(mouse.column) + 1, u32::from(mouse.row) + 1);
    if sgr {
        let last = if matches!(mouse.action, MouseAction::Release(_)) { 'm' } else { 'M' };
        return out.extend_from_slice(format!("\x1b[<{code};{column};{row}{last}").as_bytes());
    }
    let parts = [u32::from(code) + 32, column + 32, row + 32];
    let most = if modes.mouse_encoding == MouseEncoding::Utf8 { 2047 } else { 255 };
    if parts.iter().any(|&part| part > most) {
        return;
    }
    out.extend_from_slice(b"\x1b[M");
    for part in parts {
        match char::from_u32(part) {
            Some(c) if most > 255 => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => out.push(part as u8),
        }
    }
}

/// Appends to `out` what a program in `modes` is sent when its terminal gained the focus, or lost it.
pub fn encode_focus(gained: bool, modes: &Modes, out: &mut Vec<u8>) {
    if modes.focus {
        out.extend_from_slice(if gained { b"\x1b[I" } else { b"\x1b[O" });
    }
}

fn wants(mode: MouseMode, action: MouseAction) -> bool {
    match (mode, action) {
        (MouseMode::Press, MouseAction::Press(button)) => button.code() < NO_BUTTON,
        (MouseMode::Off | MouseMode::Press, _) | (MouseMode::PressRelease, MouseAction::Motion(_)) => false,
        (MouseMode::ButtonMotion, MouseAction::Motion(button)) => button.is_some(),
        // A wheel does not come up again.
        (_, MouseAction::Release(button)) => !(64..128).contains(&button.code()),
        _ => true,
    }
}

fn modifiers(held: Modifiers) -> u8 {
    let bits = [(Modifiers::SHIFT, 4), (Modifiers::ALT, 8), (Modifiers::CONTROL, 16)];
    bits.iter().filter(|(modifier, _)| held.contains(*modifier)).map(|(_, bit)| bit).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(mouse: MouseMode, mouse_encoding: MouseEncoding, event: Mouse) -> Vec<u8> {
        let mut out = Vec::new();
        encode_mouse(&event, &Modes { mouse, mouse_encoding, ..Modes::default() }, &mut out);
        out
    }

    fn at(row: u16, column: u16, action: MouseAction) -> Mouse {
        Mouse { action, row, column, modifiers: Modifiers::NONE }
    }

    const PRESS: MouseAction = MouseAction::Press(MouseButton::Left);
    const RELEASE: MouseAction = MouseAction::Release(MouseButton::Left);
    const DRAG: MouseAction = MouseAction::Motion(Some(MouseButton::Right));
    const HOVER: MouseAction = MouseAction::Motion(None);
    const WHEEL: MouseAction = MouseAction::Press(MouseButton::WheelDown);

    #[test]
    fn a_program_gets_the_events_it_asked_for() {
        let all = [PRESS, RELEASE, DRAG, HOVER, WHEEL];
        let got = |mode| all.map(|action| !sent(mode, MouseEncoding::Sgr, at(0, 0, action)).is_empty());
        assert_eq!(got(MouseMode::Off), [false; 5]);
        assert_eq!(got(MouseMode::Press), [true, false, false, false, false]);
        assert_eq!(got(MouseMode::PressRelease), [true, true, false, false, true]);
        assert_eq!(got(MouseMode::ButtonMotion), [true, true, true, false, true]);
        assert_eq!(got(MouseMode::AnyMotion), [true; 5]);
        let up = MouseAction::Release(MouseButton::WheelUp);
        assert!(sent(MouseMode::AnyMotion, MouseEncoding::Sgr, at(0, 0, up)).is_empty());
    }

    #[test]
    fn each_encoding_is_as_xterm_has_it() {
        let any = |encoding, event| sent(MouseMode::AnyMotion, encoding, event);
        assert_eq!(any(MouseEncoding::Sgr, at(4, 299, PRESS)), b"\x1b[<0;300;5M");
        assert_eq!(any(MouseEncoding::Sgr, at(4, 2, RELEASE)), b"\x1b[<0;3;5m");
        assert_eq!(any(MouseEncoding::Sgr, at(0, 0, HOVER)), b"\x1b[<35;1;1M");
        assert_eq!(any(MouseEncoding::Default, at(0, 1, PRESS)), b"\x1b[M \"!");
        assert_eq!(any(MouseEncoding::Default, at(0, 1, RELEASE)), b"\x1b[M#\"!");
        assert_eq!(any(MouseEncoding::Default, at(0, 222, DRAG)), b"\x1b[MB\xff!");
        assert_eq!(any(MouseEncoding::Default, at(0, 223, PRESS)), b"");
        assert_eq!(any(MouseEncoding::Utf8, at(0, 223, WHEEL)), "\x1b[Ma\u{100}!".as_bytes());
        assert_eq!(any(MouseEncoding::Utf8, at(0, 2015, PRESS)), b"");
        let modifiers = Modifiers::SHIFT | Modifiers::CONTROL | Modifiers::ALT;
        assert_eq!(any(MouseEncoding::Sgr, Mouse { modifiers, ..at(0, 0, WHEEL) }), b"\x1b[<93;1;1M");
    }

    #[test]
    fn focus_is_told_when_asked_for() {
        let mut out = Vec::new();
        encode_focus(true, &Modes::default(), &mut out);
        assert!(out.is_empty());
        let modes = Modes { focus: true, ..Modes::default() };
        encode_focus(true, &modes, &mut out);
        encode_focus(false, &modes, &mut out);
        assert_eq!(out, b"\x1b[I\x1b[O");
    }
}
