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

/// A key's name as it is shown to people.
pub(crate) fn shown(name: &str) -> String {
    let (modifiers, base) = name.split_at(modifiers(name));
    let shown = match base {
        "Up" => "↑",
        "Down" => "↓",
        "Left" => "←",
        "Right" => "→",
        "Enter" => "enter",
        "Escape" => "esc",
        "Space" => "space",
        "Tab" => "tab",
        "BTab" => "S-tab",
        "BSpace" => "backspace",
        "Home" => "home",
        "End" => "end",
        "PPage" => "pgup",
        "NPage" => "pgdn",
        "IC" => "insert",
        "DC" => "delete",
        other => other,
    };
    format!("{modifiers}{shown}")
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
}
