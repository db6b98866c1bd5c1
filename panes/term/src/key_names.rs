//! The names of keys that are not characters, as tmux has them, with a few spellings people try.

use crate::{FunctionKey, KeyCode, Keypad};

/// Each key with its names; the first of a key's names is the one it is shown with.
const NAMES: &[(&str, KeyCode)] = &[
    ("Space", KeyCode::Char(' ')),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PgUp", KeyCode::PageUp),
    ("PPage", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("PgDn", KeyCode::PageDown),
    ("NPage", KeyCode::PageDown),
    ("Insert", KeyCode::Insert),
    ("IC", KeyCode::Insert),
    ("Delete", KeyCode::Delete),
    ("DC", KeyCode::Delete),
    ("BSpace", KeyCode::Backspace),
    ("Backspace", KeyCode::Backspace),
    ("BTab", KeyCode::BackTab),
    ("Tab", KeyCode::Tab),
    ("Enter", KeyCode::Enter),
    ("Return", KeyCode::Enter),
    ("Escape", KeyCode::Escape),
    ("Esc", KeyCode::Escape),
    ("KP0", KeyCode::Keypad(Keypad::Zero)),
    ("KP1", KeyCode::Keypad(Keypad::One)),
    ("KP2", KeyCode::Keypad(Keypad::Two)),
    ("KP3", KeyCode::Keypad(Keypad::Three)),
    ("KP4", KeyCode::Keypad(Keypad::Four)),
    ("KP5", KeyCode::Keypad(Keypad::Five)),
    ("KP6", KeyCode::Keypad(Keypad::Six)),
    ("KP7", KeyCode::Keypad(Keypad::Seven)),
    ("KP8", KeyCode::Keypad(Keypad::Eight)),
    ("KP9", KeyCode::Keypad(Keypad::Nine)),
    ("KP/", KeyCode::Keypad(Keypad::Divide)),
    ("KP*", KeyCode::Keypad(Keypad::Multiply)),
    ("KP-", KeyCode::Keypad(Keypad::Minus)),
    ("KP+", KeyCode::Keypad(Keypad::Plus)),
    ("KP.", KeyCode::Keypad(Keypad::Period)),
    ("KPEnter", KeyCode::Keypad(Keypad::Enter)),
];

/// The key of a name, whatever its case.
pub(crate) fn code(name: &str) -> Option<KeyCode> {
    if let Some(number) = name.strip_prefix(['F', 'f']).and_then(|digits| digits.parse().ok()) {
        let canonical = !name[1..].starts_with(['0', '+']);
        return FunctionKey::new(number).filter(|_| canonical).map(KeyCode::Function);
    }
    let (_, code) = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(code.clone())
}

/// The name a key is shown with; empty for characters and function keys, which are no constants.
pub(crate) fn name(code: &KeyCode) -> &'static str {
    NAMES.iter().find(|(_, known)| known == code).map_or("", |(name, _)| name)
}

/// The name most like one that is no key's, if there is one much like it.
pub(crate) fn nearest(name: &str) -> Option<String> {
    let functions = (1..=20).rev().map(|number| format!("F{number}"));
    let names = NAMES.iter().map(|(name, _)| (*name).to_owned()).chain(functions);
    let (distance, near) = names.map(|known| (distance(name, &known), known)).min_by_key(|(distance, _)| *distance)?;
    let alike = distance <= 2 && distance < near.len() && name.len() > distance;
    alike.then_some(near)
}

/// How many characters must be put in, taken out, exchanged, or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().flat_map(char::to_lowercase).collect();
    let other: Vec<char> = other.chars().flat_map(char::to_lowercase).collect();
    let mut rows = vec![(0..=other.len()).collect::<Vec<_>>()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let exchanged = rows[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut least = exchanged.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

/// Every key of the table and every function key, for tests.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = KeyCode> {
    let functions = (1..=20).filter_map(FunctionKey::new).map(KeyCode::Function);
    NAMES.iter().map(|(_, code)| code.clone()).chain(functions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_to_its_key() {
        for (name, key) in NAMES {
            assert_eq!(code(name).as_ref(), Some(key));
            assert_eq!(code(&name.to_lowercase()).as_ref(), Some(key));
        }
    }

    #[test]
    fn function_keys_have_numbers_from_1_to_20() {
        assert_eq!(code("f20"), FunctionKey::new(20).map(KeyCode::Function));
        for name in ["F0", "F21", "F01", "F+1", "F", "F1x", "F999"] {
            assert_eq!(code(name), None, "{name}");
        }
    }

    #[test]
    fn distances_count_edits() {
        assert_eq!(
            (distance("", "ab"), distance("abc", "ABC"), distance("ab", "ba"), distance("kitten", "sitting")),
            (2, 0, 1, 3)
        );
    }
}
