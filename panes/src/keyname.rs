//! Key events of the outer terminal as tmux key names, the form in which keys travel and keymaps are written.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The highest function key that has a name.
const LAST_FUNCTION_KEY: u8 = 20;

/// The modifiers that no key name has.
const UNNAMED: KeyModifiers = KeyModifiers::SUPER.union(KeyModifiers::HYPER).union(KeyModifiers::META);

/// The name of a key that was pressed, such as `a`, `C-c`, `M-x`, `C-S-Left` or `BSpace`. Keys without a name cannot be bound or
/// sent.
///
/// Shift is part of a character, `A`, unless Control goes with it, `C-S-a`: only terminals with a keyboard protocol tell
/// that from `C-a`.
pub(crate) fn of(key: &KeyEvent) -> Option<String> {
    if key.kind == KeyEventKind::Release || key.modifiers.intersects(UNNAMED) {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let mut shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let base = match key.code {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(char) if char.is_control() => return None,
        KeyCode::Char(char) if control => {
            shift |= char.is_uppercase();
            controlled(char).to_string()
        }
        KeyCode::Char(char) => {
            shift = false;
            char.to_string()
        }
        KeyCode::F(number @ 1..=LAST_FUNCTION_KEY) => format!("F{number}"),
        KeyCode::Tab if !shift => "Tab".to_owned(),
        KeyCode::Tab | KeyCode::BackTab => {
            shift = false;
            "BTab".to_owned()
        }
        other => named(other)?.to_owned(),
    };
    let mut name = String::new();
    for (held, prefix) in [(control, "C-"), (key.modifiers.contains(KeyModifiers::ALT), "M-"), (shift, "S-")] {
        if held {
            name.push_str(prefix);
        }
    }
    Some(name + &base)
}

/// Keys that are no characters: the name they travel by, how they are shown, and what else they may be called in a configuration.
const NAMED: &[(&str, &str, &[&str])] = &[
    ("Enter", "enter", &["Return"]),
    ("Escape", "esc", &["Esc"]),
    ("Space", "space", &[]),
    ("Tab", "tab", &[]),
    ("BTab", "S-tab", &[]),
    ("BSpace", "backspace", &["Backspace"]),
    ("Up", "↑", &[]),
    ("Down", "↓", &[]),
    ("Left", "←", &[]),
    ("Right", "→", &[]),
    ("Home", "home", &[]),
    ("End", "end", &[]),
    ("PPage", "pgup", &["PageUp", "PgUp"]),
    ("NPage", "pgdn", &["PageDown", "PgDn"]),
    ("IC", "insert", &["Insert"]),
    ("DC", "delete", &["Delete"]),
];

/// A key's name as it is shown to people.
pub(crate) fn shown(name: &str) -> String {
    let (modifiers, base) = name.split_at(modifiers(name));
    let shown = NAMED.iter().find(|(name, ..)| *name == base).map_or(base, |(_, shown, _)| shown);
    format!("{modifiers}{shown}")
}

/// The names of keys that are no characters, as a configuration may write them.
pub fn key_names() -> impl Iterator<Item = String> {
    let named = NAMED.iter().flat_map(|(name, _, others)| std::iter::once(name).chain(*others));
    named.map(|name| (*name).to_owned()).chain((1..=LAST_FUNCTION_KEY).map(|number| format!("F{number}")))
}

/// Reads the name of a key as somebody writes it: modifiers in any order, and case only where it is that of a character. Returns the
/// name by which the same key is told when it is pressed.
pub(crate) fn parse(written: &str) -> Option<String> {
    let (mut control, mut alt, mut shift) = (false, false, false);
    let mut base = written;
    while let [modifier, b'-', _, ..] = base.as_bytes() {
        match modifier {
            b'C' | b'c' => control = true,
            b'M' | b'm' => alt = true,
            b'S' | b's' => shift = true,
            _ => break,
        }
        base = &base[2..];
    }
    if let Some(rest) = base.strip_prefix('^').filter(|rest| !rest.is_empty()) {
        (control, base) = (true, rest);
    }
    let base = match (base.chars().next()?, base.chars().nth(1)) {
        (' ', None) => "Space".to_owned(),
        (char, None) if char.is_control() => return None,
        // Shift is part of a character, unless Control goes with it.
        (char, None) if control => char.to_lowercase().to_string(),
        (char, None) if std::mem::take(&mut shift) => {
            let upper = char.to_uppercase().to_string();
            // Which sign is on a key with Shift, only the keyboard knows.
            if upper == char.to_string() && !char.is_uppercase() {
                return None;
            }
            upper
        }
        (char, None) => char.to_string(),
        _ => match named_as(base)? {
            "Tab" | "BTab" if shift || base.eq_ignore_ascii_case("BTab") => {
                shift = false;
                "BTab".to_owned()
            }
            name => name.to_owned(),
        },
    };
    let held = [(control, "C-"), (alt, "M-"), (shift, "S-")];
    Some(held.into_iter().filter(|(held, _)| *held).map(|(_, prefix)| prefix).collect::<String>() + &base)
}

/// The name by which a key travels that is no character.
fn named_as(written: &str) -> Option<&'static str> {
    /// The function keys' names.
    const FUNCTION: [&str; LAST_FUNCTION_KEY as usize] = [
        "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12", "F13", "F14", "F15", "F16", "F17",
        "F18", "F19", "F20",
    ];
    let is = |name: &str| name.eq_ignore_ascii_case(written);
    let named = NAMED.iter().find(|(name, _, others)| is(name) || others.iter().any(|other| is(other)));
    named.map(|(name, ..)| *name).or_else(|| FUNCTION.into_iter().find(|name| is(name)))
}

/// Whether the key types a character, or ends or mends what is typed.
pub(crate) fn is_typed(name: &str) -> bool {
    let plain = modifiers(name) == 0;
    plain && (name.chars().nth(1).is_none() || ["Enter", "Space", "BSpace", "Tab"].contains(&name))
}

/// How long the modifiers of a name are, in bytes. The last character is never one: `C--` is Control and minus.
fn modifiers(name: &str) -> usize {
    let mut at = 0;
    while matches!(name.as_bytes()[at..], [b'C' | b'M' | b'S', b'-', _, ..]) {
        at += 2;
    }
    at
}

/// The character that a control key is named for. Terminals without a keyboard protocol send the bytes 0x1c to 0x1f, which
/// crossterm reports as the digits 4 to 7.
fn controlled(char: char) -> char {
    match char {
        '4' => '\\',
        '5' => ']',
        '6' => '^',
        '7' => '_',
        other => other.to_lowercase().next().unwrap_or(other),
    }
}

fn named(code: KeyCode) -> Option<&'static str> {
    Some(match code {
        KeyCode::Backspace => "BSpace",
        KeyCode::Enter => "Enter",
        KeyCode::Esc => "Escape",
        KeyCode::Up => "Up",
        KeyCode::Down => "Down",
        KeyCode::Left => "Left",
        KeyCode::Right => "Right",
        KeyCode::Home => "Home",
        KeyCode::End => "End",
        KeyCode::PageUp => "PPage",
        KeyCode::PageDown => "NPage",
        KeyCode::Delete => "DC",
        KeyCode::Insert => "IC",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(code: KeyCode, modifiers: KeyModifiers) -> Option<String> {
        of(&KeyEvent::new(code, modifiers))
    }

    #[test]
    fn every_key_has_the_name_that_tmux_gives_it() {
        const NONE: KeyModifiers = KeyModifiers::NONE;
        const C: KeyModifiers = KeyModifiers::CONTROL;
        const M: KeyModifiers = KeyModifiers::ALT;
        const S: KeyModifiers = KeyModifiers::SHIFT;
        let table = [
            (KeyCode::Char('a'), NONE, "a"),
            (KeyCode::Char('A'), S, "A"),
            (KeyCode::Char('é'), NONE, "é"),
            (KeyCode::Char('-'), NONE, "-"),
            (KeyCode::Char(' '), NONE, "Space"),
            (KeyCode::Char(' '), C, "C-Space"),
            (KeyCode::Char(' '), M, "M-Space"),
            (KeyCode::Char('c'), C, "C-c"),
            (KeyCode::Char('C'), C | S, "C-S-c"),
            (KeyCode::Char('c'), C | S, "C-S-c"),
            (KeyCode::Char('C'), C, "C-S-c"),
            (KeyCode::Char(' '), C | S, "C-S-Space"),
            (KeyCode::Char('<'), M, "M-<"),
            (KeyCode::Char('4'), C, "C-\\"),
            (KeyCode::Char('5'), C, "C-]"),
            (KeyCode::Char('6'), C, "C-^"),
            (KeyCode::Char('7'), C, "C-_"),
            (KeyCode::Char('x'), M, "M-x"),
            (KeyCode::Char('X'), M | S, "M-X"),
            (KeyCode::Char('x'), C | M, "C-M-x"),
            (KeyCode::Up, NONE, "Up"),
            (KeyCode::Left, S, "S-Left"),
            (KeyCode::Right, C | M | S, "C-M-S-Right"),
            (KeyCode::F(5), NONE, "F5"),
            (KeyCode::F(12), S, "S-F12"),
            (KeyCode::Backspace, NONE, "BSpace"),
            (KeyCode::Backspace, M, "M-BSpace"),
            (KeyCode::Tab, NONE, "Tab"),
            (KeyCode::Tab, S, "BTab"),
            (KeyCode::BackTab, S, "BTab"),
            (KeyCode::Enter, NONE, "Enter"),
            (KeyCode::Enter, S, "S-Enter"),
            (KeyCode::Enter, C, "C-Enter"),
            (KeyCode::BackTab, C | S, "C-BTab"),
            (KeyCode::F(13), NONE, "F13"),
            (KeyCode::Esc, NONE, "Escape"),
            (KeyCode::Delete, NONE, "DC"),
            (KeyCode::Insert, NONE, "IC"),
            (KeyCode::Home, NONE, "Home"),
            (KeyCode::End, NONE, "End"),
            (KeyCode::PageUp, NONE, "PPage"),
            (KeyCode::PageDown, C, "C-NPage"),
        ];
        for (code, modifiers, expected) in table {
            assert_eq!(name(code, modifiers).as_deref(), Some(expected), "{code:?} with {modifiers:?}");
        }
    }

    #[test]
    fn a_key_that_no_program_could_be_sent_has_no_name() {
        assert_eq!(name(KeyCode::Char('c'), KeyModifiers::SUPER), None);
        for code in [KeyCode::F(21), KeyCode::CapsLock, KeyCode::Null, KeyCode::Char('\u{1b}')] {
            assert_eq!(name(code, KeyModifiers::NONE), None, "{code:?}");
        }
    }

    #[test]
    fn names_are_shown_as_keyboards_have_them() {
        let table =
            [("a", "a"), ("C-b", "C-b"), ("C--", "C--"), ("C-M-PPage", "C-M-pgup"), ("S-Up", "S-↑"), ("-", "-")];
        for (name, expected) in table {
            assert_eq!(shown(name), expected);
        }
    }

    #[test]
    fn keys_may_be_written_in_many_ways() {
        let table = [
            ("C-a", "C-a"),
            ("c-A", "C-a"),
            ("^a", "C-a"),
            ("C-S-a", "C-S-a"),
            ("S-M-c-left", "C-M-S-Left"),
            ("S-a", "A"),
            ("M-A", "M-A"),
            ("-", "-"),
            ("C--", "C--"),
            ("^", "^"),
            ("pageup", "PPage"),
            ("Backspace", "BSpace"),
            ("S-Tab", "BTab"),
            ("space", "Space"),
            (" ", "Space"),
            ("f12", "F12"),
            ("é", "é"),
        ];
        for (written, expected) in table {
            assert_eq!(parse(written).as_deref(), Some(expected), "{written}");
        }
        for wrong in ["", "C-", "Entr", "F21", "F0", "ab", "S-5", "\u{1b}", "C-\u{7}"] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn every_key_that_can_be_pressed_can_be_written_as_it_is_told() {
        let all = [KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SHIFT].into_iter();
        let codes = ('!'..='~').map(KeyCode::Char).chain((1..=LAST_FUNCTION_KEY).map(KeyCode::F));
        let named =
            [KeyCode::Char(' '), KeyCode::Up, KeyCode::PageUp, KeyCode::BackTab, KeyCode::Enter, KeyCode::Delete];
        for code in codes.chain(named) {
            for modifiers in all.clone() {
                let name = name(code, modifiers).unwrap();
                assert_eq!(parse(&name).as_deref(), Some(name.as_str()), "{code:?} with {modifiers:?}");
            }
        }
        for name in key_names() {
            assert!(parse(&name).is_some(), "{name}");
        }
    }
}
