//! What clients type and do with the mouse, as the bytes that a pane's program reads.

use locald_api::{Failure, FailureKind, Input, Mouse, MouseAction, MouseButton};
use locald_term::{Key, KeyCode, Modes, Modifiers, MouseMode, Size, encode, encode_mouse, encode_paste};

use crate::panes::Pane;

/// The lines that a program is scrolled by one notch of the wheel, where that is told by cursor keys.
const LINES_PER_NOTCH: usize = 3;

/// Encodes input for the modes of the pane's program, and queues it; waits while the program does not read.
pub(super) async fn type_into(pane: &Pane, input: &Input) -> Result<(), Failure> {
    let bytes = encode_for(pane, input)?;
    let queue = pane.input().ok_or_else(|| no_terminal(pane))?;
    queue.send(&bytes).await.map_err(|_| no_terminal(pane))
}

/// As [`type_into`], without waiting: where the program does not read, the input is dropped.
pub(super) fn type_at_once(pane: &Pane, input: &Input) -> Result<(), Failure> {
    let bytes = encode_for(pane, input)?;
    let queue = pane.input().ok_or_else(|| no_terminal(pane))?;
    let full = |_| Failure::new(FailureKind::NotRunning, format!("`{}` does not read what is typed", pane.id.service));
    queue.send_at_once(&bytes).map_err(full)
}

fn no_terminal(pane: &Pane) -> Failure {
    Failure::new(FailureKind::NotRunning, format!("`{}` has no terminal to type into", pane.id.service))
}

fn encode_for(pane: &Pane, input: &Input) -> Result<Vec<u8>, Failure> {
    let (modes, size) = {
        let screen = pane.undrawn_screen();
        (screen.engine().modes(), screen.size())
    };
    encode_input(input, &modes, size)
}

fn encode_input(input: &Input, modes: &Modes, size: Size) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match input {
        Input::Keys(names) => {
            for name in names {
                encode(&Key::parse(name).map_err(|error| bad_key(&error))?, modes, &mut bytes);
            }
        }
        Input::Paste(text) => encode_paste(text, modes, &mut bytes),
        Input::Text(text) => {
            for character in text.chars() {
                match character {
                    '\n' | '\r' => encode(&Key::new(KeyCode::Enter, Modifiers::default()), modes, &mut bytes),
                    other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
        }
        Input::Mouse(mouse) => use_mouse(*mouse, modes, size, &mut bytes),
    }
    Ok(bytes)
}

fn use_mouse(mouse: Mouse, modes: &Modes, size: Size, bytes: &mut Vec<u8>) {
    if let Some(key) = wheel_key(mouse.action, modes) {
        let key = Key::new(key, Modifiers::NONE);
        return (0..LINES_PER_NOTCH).for_each(|_| encode(&key, modes, bytes));
    }
    let button = |button| match button {
        MouseButton::Left => locald_term::MouseButton::Left,
        MouseButton::Middle => locald_term::MouseButton::Middle,
        MouseButton::Right => locald_term::MouseButton::Right,
        MouseButton::WheelUp => locald_term::MouseButton::WheelUp,
        MouseButton::WheelDown => locald_term::MouseButton::WheelDown,
        MouseButton::WheelLeft => locald_term::MouseButton::WheelLeft,
        MouseButton::WheelRight => locald_term::MouseButton::WheelRight,
        MouseButton::Back => locald_term::MouseButton::Back,
        MouseButton::Forward => locald_term::MouseButton::Forward,
    };
    let action = match mouse.action {
        MouseAction::Press(pressed) => locald_term::MouseAction::Press(button(pressed)),
        MouseAction::Release(released) => locald_term::MouseAction::Release(button(released)),
        MouseAction::Motion(held) => locald_term::MouseAction::Motion(held.map(button)),
    };
    let held = [
        (locald_api::Modifiers::SHIFT, Modifiers::SHIFT),
        (locald_api::Modifiers::ALT, Modifiers::ALT),
        (locald_api::Modifiers::CONTROL, Modifiers::CONTROL),
    ];
    let held = held.into_iter().filter(|(modifier, _)| mouse.modifiers.contains(*modifier));
    let modifiers = held.fold(Modifiers::NONE, |all, (_, modifier)| all | modifier);
    let (row, column) = (mouse.row.min(size.rows() - 1), mouse.column.min(size.columns() - 1));
    encode_mouse(&locald_term::Mouse { action, row, column, modifiers }, modes, bytes);
}

/// The cursor key that a turn of the wheel is for a program that fills the screen and does not know mice.
fn wheel_key(action: MouseAction, modes: &Modes) -> Option<KeyCode> {
    if modes.mouse != MouseMode::Off || !modes.alternate_screen || !modes.alternate_scroll {
        return None;
    }
    match action {
        MouseAction::Press(MouseButton::WheelUp) => Some(KeyCode::Up),
        MouseAction::Press(MouseButton::WheelDown) => Some(KeyCode::Down),
        _ => None,
    }
}

fn bad_key(error: &locald_term::UnknownKey) -> Failure {
    let failure = Failure::new(FailureKind::BadRequest, error.to_string());
    match &error.nearest {
        Some(near) => failure.hint(format!("did you mean `{near}`? To type it as text, use `-l`")),
        None => failure.hint("to type it as text, use `-l`"),
    }
}

#[cfg(test)]
mod tests {
    use locald_term::MouseEncoding;

    use super::*;

    fn sent(action: MouseAction, modes: Modes) -> Vec<u8> {
        let mouse = Mouse { action, row: 4, column: 900, modifiers: locald_api::Modifiers::CONTROL };
        encode_input(&Input::Mouse(mouse), &modes, Size::new(24, 80)).unwrap()
    }

    #[test]
    fn a_program_that_wants_the_mouse_gets_it_within_its_screen() {
        let modes = Modes { mouse: MouseMode::PressRelease, mouse_encoding: MouseEncoding::Sgr, ..Modes::default() };
        assert_eq!(sent(MouseAction::Press(MouseButton::Right), modes), b"\x1b[<18;80;5M");
        assert_eq!(sent(MouseAction::Motion(None), modes), b"");
    }

    #[test]
    fn a_program_that_fills_the_screen_is_scrolled_by_cursor_keys_unless_it_wants_the_wheel_itself() {
        let full = Modes { alternate_screen: true, alternate_scroll: true, ..Modes::default() };
        let (up, down) = (MouseAction::Press(MouseButton::WheelUp), MouseAction::Press(MouseButton::WheelDown));
        assert_eq!(sent(up, full), b"\x1b[A\x1b[A\x1b[A");
        assert_eq!(sent(down, Modes { application_cursor: true, ..full }), b"\x1bOB\x1bOB\x1bOB");
        assert_eq!(sent(MouseAction::Press(MouseButton::Left), full), b"");
        assert_eq!(sent(up, Modes { alternate_scroll: false, ..full }), b"");
        assert_eq!(sent(up, Modes { alternate_screen: false, ..full }), b"");
        let wants = Modes { mouse: MouseMode::AnyMotion, mouse_encoding: MouseEncoding::Sgr, ..full };
        assert_eq!(sent(up, wants), b"\x1b[<80;80;5M");
    }

    #[test]
    fn keys_with_any_modifiers_reach_a_program_that_asked_to_tell_them_apart() {
        let keys = Input::Keys(vec!["S-Enter".into(), "C-M-S-Left".into(), "x".into()]);
        let kitty = Modes { keyboard: 1, ..Modes::default() };
        assert_eq!(encode_input(&keys, &kitty, Size::new(24, 80)).unwrap(), b"\x1b[13;2u\x1b[1;8Dx");
    }
}
