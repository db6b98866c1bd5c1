//! What a program is sent for a key: xterm's sequences in their default ("legacy") form. What it is sent when it asked
//! for another form is in `encode_extended`.
//!
//! Source of the tables: "Xterm Control Sequences", sections "PC-Style Function Keys" and "VT220-Style Function Keys".

use crate::encode_extended::encode_extended;
use crate::{FunctionKey, Key, KeyCode, Keypad, Modes, Modifiers};

const ESC: u8 = 0x1b;

/// Appends to `out` what a program in `modes` is sent for `key`. Never nothing.
pub fn encode(key: &Key, modes: &Modes, out: &mut Vec<u8>) {
    if encode_extended(key, modes, out) {
        return;
    }
    let modifiers = key.modifiers();
    match key.code() {
        KeyCode::Char(c) => character(*c, modifiers, out),
        KeyCode::Cluster(cluster) => with_alt(cluster.as_str().as_bytes(), modifiers, out),
        KeyCode::Up => cursor(b'A', modifiers, *modes, out),
        KeyCode::Down => cursor(b'B', modifiers, *modes, out),
        KeyCode::Right => cursor(b'C', modifiers, *modes, out),
        KeyCode::Left => cursor(b'D', modifiers, *modes, out),
        KeyCode::Home => cursor(b'H', modifiers, *modes, out),
        KeyCode::End => cursor(b'F', modifiers, *modes, out),
        KeyCode::Insert => tilde(2, modifiers, out),
        KeyCode::Delete => tilde(3, modifiers, out),
        KeyCode::PageUp => tilde(5, modifiers, out),
        KeyCode::PageDown => tilde(6, modifiers, out),
        KeyCode::Backspace if modifiers.contains(Modifiers::CONTROL) => with_alt(b"\x08", modifiers, out),
        KeyCode::Backspace => with_alt(b"\x7f", modifiers, out),
        KeyCode::Tab if modifiers.contains(Modifiers::SHIFT) => with_alt(b"\x1b[Z", modifiers, out),
        KeyCode::Tab => with_alt(b"\t", modifiers, out),
        KeyCode::BackTab => with_alt(b"\x1b[Z", modifiers, out),
        KeyCode::Enter => with_alt(b"\r", modifiers, out),
        KeyCode::Escape => with_alt(b"\x1b", modifiers, out),
        KeyCode::Function(number) => function(*number, modifiers, out),
        KeyCode::Keypad(key) => keypad(*key, modifiers, *modes, out),
    }
}

fn with_alt(bytes: &[u8], modifiers: Modifiers, out: &mut Vec<u8>) {
    if modifiers.contains(Modifiers::ALT) {
        out.push(ESC);
    }
    out.extend_from_slice(bytes);
}

fn character(c: char, modifiers: Modifiers, out: &mut Vec<u8>) {
    if modifiers.contains(Modifiers::CONTROL)
        && let Some(control) = control(c)
    {
        return with_alt(&[control], modifiers, out);
    }
    let c = if modifiers.contains(Modifiers::SHIFT) { uppercase(c) } else { c };
    with_alt(c.encode_utf8(&mut [0; 4]).as_bytes(), modifiers, out);
}

/// The control character of a key. Digits stand for the controls that share their key on a US keyboard.
pub(crate) fn control(c: char) -> Option<u8> {
    match c {
        ' ' | '2' => Some(0),
        '3'..='7' => Some(c as u8 - b'3' + ESC),
        '8' | '?' => Some(0x7f),
        '/' => Some(0x1f),
        '@'..='~' => Some(c as u8 & 0x1f),
        _ => None,
    }
}

fn uppercase(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

/// The modifiers as a parameter, if there are any.
fn parameter(modifiers: Modifiers) -> Option<u8> {
    (modifiers != Modifiers::NONE).then(|| modifiers.bits() + 1)
}

fn cursor(letter: u8, modifiers: Modifiers, modes: Modes, out: &mut Vec<u8>) {
    match parameter(modifiers) {
        Some(parameter) => lettered(parameter, letter, out),
        None if modes.application_cursor => out.extend_from_slice(&[ESC, b'O', letter]),
        None => out.extend_from_slice(&[ESC, b'[', letter]),
    }
}

fn lettered(parameter: u8, letter: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("\x1b[1;{parameter}").as_bytes());
    out.push(letter);
}

fn tilde(number: u8, modifiers: Modifiers, out: &mut Vec<u8>) {
    let sequence = match parameter(modifiers) {
        Some(parameter) => format!("\x1b[{number};{parameter}~"),
        None => format!("\x1b[{number}~"),
    };
    out.extend_from_slice(sequence.as_bytes());
}

fn function(key: FunctionKey, modifiers: Modifiers, out: &mut Vec<u8>) {
    /// From F5 on; the gaps are where the VT220 had keys of other names.
    const NUMBERS: [u8; 16] = [15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34];
    let index = usize::from(key.number() - 1);
    if let Some(&letter) = b"PQRS".get(index) {
        return match parameter(modifiers) {
            Some(parameter) => lettered(parameter, letter, out),
            None => out.extend_from_slice(&[ESC, b'O', letter]),
        };
    }
    tilde(NUMBERS[index - 4], modifiers, out);
}

/// In application mode Alt still counts; Control and Shift have no form there.
fn keypad(key: Keypad, modifiers: Modifiers, modes: Modes, out: &mut Vec<u8>) {
    let (letter, c) = match key {
        Keypad::Zero => (b'p', '0'),
        Keypad::One => (b'q', '1'),
        Keypad::Two => (b'r', '2'),
        Keypad::Three => (b's', '3'),
        Keypad::Four => (b't', '4'),
        Keypad::Five => (b'u', '5'),
        Keypad::Six => (b'v', '6'),
        Keypad::Seven => (b'w', '7'),
        Keypad::Eight => (b'x', '8'),
        Keypad::Nine => (b'y', '9'),
        Keypad::Divide => (b'o', '/'),
        Keypad::Multiply => (b'j', '*'),
        Keypad::Minus => (b'm', '-'),
        Keypad::Plus => (b'k', '+'),
        Keypad::Period => (b'n', '.'),
        Keypad::Enter => (b'M', '\r'),
    };
    if modes.application_keypad {
        with_alt(&[ESC, b'O', letter], modifiers, out);
    } else {
        character(c, modifiers, out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded_in(modes: Modes, name: &str) -> String {
        let mut out = Vec::new();
        encode(&Key::parse(name).unwrap_or_else(|error| panic!("{error}")), &modes, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn check(modes: Modes, table: &[(&str, &str)]) {
        for (name, expected) in table {
            assert_eq!(encoded_in(modes, name), *expected, "{name}");
        }
    }

    #[test]
    fn keys_without_modifiers_are_as_in_xterms_tables() {
        let table = [
            ("Up", "\x1b[A"),
            ("Down", "\x1b[B"),
            ("Right", "\x1b[C"),
            ("Left", "\x1b[D"),
            ("Home", "\x1b[H"),
            ("End", "\x1b[F"),
            ("Insert", "\x1b[2~"),
            ("Delete", "\x1b[3~"),
            ("PageUp", "\x1b[5~"),
            ("PageDown", "\x1b[6~"),
            ("F1", "\x1bOP"),
            ("F2", "\x1bOQ"),
            ("F3", "\x1bOR"),
            ("F4", "\x1bOS"),
            ("F5", "\x1b[15~"),
            ("F6", "\x1b[17~"),
            ("F7", "\x1b[18~"),
            ("F8", "\x1b[19~"),
            ("F9", "\x1b[20~"),
            ("F10", "\x1b[21~"),
            ("F11", "\x1b[23~"),
            ("F12", "\x1b[24~"),
            ("F13", "\x1b[25~"),
            ("F14", "\x1b[26~"),
            ("F15", "\x1b[28~"),
            ("F16", "\x1b[29~"),
            ("F17", "\x1b[31~"),
            ("F18", "\x1b[32~"),
            ("F19", "\x1b[33~"),
            ("F20", "\x1b[34~"),
            ("Enter", "\r"),
            ("Tab", "\t"),
            ("BTab", "\x1b[Z"),
            ("Escape", "\x1b"),
            ("BSpace", "\x7f"),
            ("Space", " "),
            ("a", "a"),
            ("é", "é"),
            ("e\u{301}", "e\u{301}"),
            ("KP5", "5"),
            ("KPEnter", "\r"),
        ];
        check(Modes::default(), &table);
    }

    #[test]
    fn cursor_keys_follow_decckm_until_modified() {
        let modes = Modes { application_cursor: true, ..Modes::default() };
        check(
            modes,
            &[("Up", "\x1bOA"), ("Left", "\x1bOD"), ("Home", "\x1bOH"), ("End", "\x1bOF"), ("C-Up", "\x1b[1;5A")],
        );
        check(modes, &[("PageUp", "\x1b[5~"), ("F1", "\x1bOP")]);
    }

    #[test]
    fn the_keypad_follows_deckpam() {
        let modes = Modes { application_keypad: true, ..Modes::default() };
        let table = [
            ("KP*", "j"),
            ("KP+", "k"),
            ("KP-", "m"),
            ("KP.", "n"),
            ("KP/", "o"),
            ("KP0", "p"),
            ("KP1", "q"),
            ("KP2", "r"),
            ("KP3", "s"),
            ("KP4", "t"),
            ("KP5", "u"),
            ("KP6", "v"),
            ("KP7", "w"),
            ("KP8", "x"),
            ("KP9", "y"),
            ("KPEnter", "M"),
        ];
        for (name, letter) in table {
            assert_eq!(encoded_in(modes, name), format!("\x1bO{letter}"));
        }
        check(modes, &[("M-KP0", "\x1b\x1bOp"), ("0", "0"), ("Enter", "\r")]);
    }

    #[test]
    fn modifiers_are_one_more_than_the_sum_of_their_bits() {
        for (prefix, parameter) in
            [("S-", 2), ("M-", 3), ("M-S-", 4), ("C-", 5), ("C-S-", 6), ("C-M-", 7), ("C-M-S-", 8)]
        {
            let encoded = |name| encoded_in(Modes::default(), &format!("{prefix}{name}"));
            assert_eq!(encoded("Right"), format!("\x1b[1;{parameter}C"));
            assert_eq!(encoded("End"), format!("\x1b[1;{parameter}F"));
            assert_eq!(encoded("F2"), format!("\x1b[1;{parameter}Q"));
            assert_eq!(encoded("F5"), format!("\x1b[15;{parameter}~"));
            assert_eq!(encoded("Delete"), format!("\x1b[3;{parameter}~"));
        }
    }

    #[test]
    fn control_gives_control_characters() {
        let table = [
            ("C-a", "\x01"),
            ("C-A", "\x01"),
            ("^C", "\x03"),
            ("C-z", "\x1a"),
            ("C-Space", "\0"),
            ("C-@", "\0"),
            ("C-2", "\0"),
            ("C-3", "\x1b"),
            ("C-[", "\x1b"),
            ("C-4", "\x1c"),
            ("C-\\", "\x1c"),
            ("C-5", "\x1d"),
            ("C-]", "\x1d"),
            ("C-6", "\x1e"),
            ("C-^", "\x1e"),
            ("C-7", "\x1f"),
            ("C-_", "\x1f"),
            ("C-/", "\x1f"),
            ("C-8", "\x7f"),
            ("C-?", "\x7f"),
            ("C-1", "1"),
            ("C-9", "9"),
            ("C-é", "é"),
            ("C-BSpace", "\x08"),
            ("C-Enter", "\r"),
        ];
        check(Modes::default(), &table);
    }

    #[test]
    fn alt_is_an_escape_in_front() {
        let table = [
            ("M-x", "\x1bx"),
            ("C-M-x", "\x1b\x18"),
            ("M-é", "\x1bé"),
            ("M-Enter", "\x1b\r"),
            ("M-BSpace", "\x1b\x7f"),
            ("C-M-BSpace", "\x1b\x08"),
            ("M-Escape", "\x1b\x1b"),
        ];
        check(Modes::default(), &table);
    }

    #[test]
    fn shift_is_seen_where_a_terminal_can_say_it() {
        check(Modes::default(), &[("S-a", "A"), ("S-ß", "ß"), ("S-1", "1"), ("S-Tab", "\x1b[Z"), ("M-S-a", "\x1bA")]);
    }

    proptest! {
        #[test]
        fn every_key_sends_something(c in any::<char>(), prefix in "(C-)?(M-)?(S-)?", application in any::<bool>()) {
            let modes = Modes { application_cursor: application, application_keypad: application, ..Modes::default() };
            let sent = encoded_in(modes, &format!("{prefix}{c}"));
            prop_assert!(!sent.is_empty());
        }
    }
}
