//! What a program is sent for a key when it asked for more than the default form has room for: the kitty keyboard
//! protocol, and xterm's modifyOtherKeys.
//!
//! Sources: "Comprehensive keyboard handling in terminals" and "Xterm Control Sequences". Keys are only ever pressed here,
//! so the flag that asks for releases and repeats changes nothing.

use crate::{Key, KeyCode, Keypad, Modes, Modifiers};

const DISAMBIGUATE: u8 = 1;
const ALTERNATES: u8 = 4;
const EVERYTHING: u8 = 8;
const TEXT: u8 = 16;

/// Appends to `out` what `key` is in an extended form; `false` if its default form is to be sent.
pub(crate) fn encode_extended(key: &Key, modes: &Modes, out: &mut Vec<u8>) -> bool {
    let sequence = match modes.keyboard {
        0 => other_key(key, modes.modify_other_keys),
        flags => kitty(key, flags),
    };
    out.extend_from_slice(sequence.as_deref().unwrap_or_default().as_bytes());
    sequence.is_some()
}

fn kitty(key: &Key, flags: u8) -> Option<String> {
    let modifiers = key.modifiers();
    let everything = flags & EVERYTHING != 0;
    if flags & (DISAMBIGUATE | EVERYTHING) == 0 {
        return None;
    }
    match key.code() {
        KeyCode::Char(c) => character(*c, modifiers, flags),
        KeyCode::Escape => Some(unicode(27, modifiers)),
        KeyCode::Enter if everything || held(modifiers) => Some(unicode(13, modifiers)),
        KeyCode::Tab if everything || held(modifiers) => Some(unicode(9, modifiers)),
        KeyCode::BackTab => Some(unicode(9, modifiers | Modifiers::SHIFT)),
        KeyCode::Backspace if everything || held(modifiers) => Some(unicode(127, modifiers)),
        KeyCode::Up => Some(lettered('A', modifiers)),
        KeyCode::Down => Some(lettered('B', modifiers)),
        KeyCode::Right => Some(lettered('C', modifiers)),
        KeyCode::Left => Some(lettered('D', modifiers)),
        KeyCode::Home => Some(lettered('H', modifiers)),
        KeyCode::End => Some(lettered('F', modifiers)),
        KeyCode::Function(key) => match key.number() {
            1 => Some(lettered('P', modifiers)),
            2 => Some(lettered('Q', modifiers)),
            3 => Some(format!("\x1b[13{}~", parameter(modifiers))),
            4 => Some(lettered('S', modifiers)),
            number @ 13.. if everything => Some(unicode(57376 + u32::from(number - 13), modifiers)),
            _ => None,
        },
        KeyCode::Keypad(key) if everything || held(modifiers) => Some(unicode(keypad(*key), modifiers)),
        _ => None,
    }
}

fn character(c: char, modifiers: Modifiers, flags: u8) -> Option<String> {
    let beyond_shift = modifiers.contains(Modifiers::CONTROL) || modifiers.contains(Modifiers::ALT);
    if flags & EVERYTHING == 0 && !beyond_shift {
        return None;
    }
    let lower = single(c.to_lowercase()).unwrap_or(c);
    let shift = modifiers.contains(Modifiers::SHIFT) || lower != c;
    let modifiers = if shift { modifiers | Modifiers::SHIFT } else { modifiers };
    let upper = if shift { single(c.to_uppercase()).unwrap_or(c) } else { c };
    let mut code = u32::from(lower).to_string();
    if flags & ALTERNATES != 0 && upper != lower {
        code = format!("{code}:{}", u32::from(upper));
    }
    let mut parameter = parameter(modifiers);
    if flags & TEXT != 0 && flags & EVERYTHING != 0 && !beyond_shift {
        let held = if parameter.is_empty() { ";".to_owned() } else { parameter };
        parameter = format!("{held};{}", u32::from(upper));
    }
    Some(format!("\x1b[{code}{parameter}u"))
}

/// xterm's form. On level 1 only what has no other form is sent so, on level 2 everything with a modifier.
fn other_key(key: &Key, level: u8) -> Option<String> {
    let modifiers = key.modifiers();
    let control = modifiers.contains(Modifiers::CONTROL);
    let alt = modifiers.contains(Modifiers::ALT);
    let code = match key.code() {
        KeyCode::Char(c) if level == 2 && (control || alt) => *c,
        KeyCode::Char(c) if level == 1 && control && super::encode::control(*c).is_none() => *c,
        KeyCode::Enter if level > 0 && held(modifiers) && (level == 2 || !alt) => '\r',
        KeyCode::Tab if level > 0 && (control || level == 2 && alt) => '\t',
        KeyCode::Backspace if level == 2 && held(modifiers) => '\x7f',
        KeyCode::Escape if level == 2 && held(modifiers) => '\x1b',
        _ => return None,
    };
    Some(format!("\x1b[27;{};{}~", modifiers.bits() + 1, u32::from(code)))
}

fn held(modifiers: Modifiers) -> bool {
    modifiers != Modifiers::NONE
}

/// The modifiers as a second parameter, if there are any.
fn parameter(modifiers: Modifiers) -> String {
    if held(modifiers) { format!(";{}", modifiers.bits() + 1) } else { String::new() }
}

fn unicode(code: u32, modifiers: Modifiers) -> String {
    format!("\x1b[{code}{}u", parameter(modifiers))
}

fn lettered(letter: char, modifiers: Modifiers) -> String {
    if held(modifiers) { format!("\x1b[1{}{letter}", parameter(modifiers)) } else { format!("\x1b[{letter}") }
}

fn single(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next();
    first.filter(|_| chars.next().is_none())
}

fn keypad(key: Keypad) -> u32 {
    57399
        + match key {
            Keypad::Zero => 0,
            Keypad::One => 1,
            Keypad::Two => 2,
            Keypad::Three => 3,
            Keypad::Four => 4,
            Keypad::Five => 5,
            Keypad::Six => 6,
            Keypad::Seven => 7,
            Keypad::Eight => 8,
            Keypad::Nine => 9,
            Keypad::Period => 10,
            Keypad::Divide => 11,
            Keypad::Multiply => 12,
            Keypad::Minus => 13,
            Keypad::Plus => 14,
            Keypad::Enter => 15,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode;

    fn check(modes: Modes, table: &[(&str, &str)]) {
        for (name, expected) in table {
            let mut out = Vec::new();
            encode(&Key::parse(name).unwrap_or_else(|error| panic!("{error}")), &modes, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), *expected, "{name}");
        }
    }

    #[test]
    fn ambiguous_keys_get_codes_and_typing_stays_typing() {
        let modes = Modes { keyboard: 1, application_cursor: true, ..Modes::default() };
        let table = [
            ("a", "a"),
            ("A", "A"),
            ("Enter", "\r"),
            ("Tab", "\t"),
            ("BSpace", "\x7f"),
            ("Escape", "\x1b[27u"),
            ("C-i", "\x1b[105;5u"),
            ("M-a", "\x1b[97;3u"),
            ("C-S-a", "\x1b[97;6u"),
            ("C-A", "\x1b[97;6u"),
            ("S-Enter", "\x1b[13;2u"),
            ("S-Tab", "\x1b[9;2u"),
            ("Up", "\x1b[A"),
            ("C-Up", "\x1b[1;5A"),
            ("F1", "\x1b[P"),
            ("F3", "\x1b[13~"),
            ("F5", "\x1b[15~"),
            ("PageUp", "\x1b[5~"),
        ];
        check(modes, &table);
    }

    #[test]
    fn everything_can_be_a_code_with_its_text() {
        check(
            Modes { keyboard: 8, ..Modes::default() },
            &[("a", "\x1b[97u"), ("Enter", "\x1b[13u"), ("KP5", "\x1b[57404u")],
        );
        check(Modes { keyboard: 12, ..Modes::default() }, &[("A", "\x1b[97:65;2u"), ("a", "\x1b[97u")]);
        check(
            Modes { keyboard: 24, ..Modes::default() },
            &[("a", "\x1b[97;;97u"), ("A", "\x1b[97;2;65u"), ("C-a", "\x1b[97;5u")],
        );
    }

    #[test]
    fn xterm_sends_other_keys_by_level() {
        let level = |modify_other_keys| Modes { modify_other_keys, ..Modes::default() };
        check(level(0), &[("C-Enter", "\r"), ("C-1", "1")]);
        check(level(1), &[("C-a", "\x01"), ("C-1", "\x1b[27;5;49~"), ("C-Enter", "\x1b[27;5;13~"), ("M-a", "\x1ba")]);
        check(
            level(2),
            &[("C-a", "\x1b[27;5;97~"), ("M-a", "\x1b[27;3;97~"), ("a", "a"), ("S-Enter", "\x1b[27;2;13~")],
        );
    }
}
