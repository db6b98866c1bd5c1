//! Keys and their names. A key travels as its name, so every key has one, and the name leads back to the same key.
//!
//! The names themselves are in `key_names`; what a program is sent for a key is in `encode`.

use std::fmt;
use std::ops::BitOr;

use unicode_segmentation::UnicodeSegmentation;

use crate::key_names;

/// A key with the modifiers held.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: Modifiers,
}

/// What a key is, without its modifiers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the keys are named as they are printed on a keyboard")]
pub enum KeyCode {
    /// A key that types a character. Space is one of them.
    Char(char),
    /// A key that types one character of several code points.
    Cluster(Cluster),
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Insert,
    Delete,
    Backspace,
    Tab,
    /// Tab backwards, what most terminals report for Shift and Tab.
    BackTab,
    Enter,
    Escape,
    /// One of the function keys F1 to F20.
    Function(FunctionKey),
    /// A key of the numeric keypad.
    Keypad(Keypad),
}

/// The keys of the numeric keypad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the keys are named as they are printed on a keyboard")]
pub enum Keypad {
    Zero,
    One,
    Two,
    Three,
    Four,
    Five,
    Six,
    Seven,
    Eight,
    Nine,
    Divide,
    Multiply,
    Minus,
    Plus,
    Period,
    Enter,
}

/// The number of a function key, from 1 to 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionKey(u8);

/// A character of several code points and at most 64 bytes, as Unicode segments text, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cluster(Box<str>);

/// The modifiers held with a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Modifiers(u8);

/// A name that is no key's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no key named `{name}`")]
pub struct UnknownKey {
    /// The name as it was given, cut off when it is much longer than any key's.
    pub name: String,
    /// The name that was perhaps meant.
    pub nearest: Option<String>,
}

/// The longest name of a key without its modifiers, in bytes.
const MAX_NAME: usize = 64;

impl Key {
    /// A key with modifiers. A control character becomes the key that sends it: `Char('\r')` is Enter.
    pub fn new(code: KeyCode, modifiers: Modifiers) -> Self {
        let KeyCode::Char(c @ ('\0'..' ' | '\x7f')) = code else {
            return Self { code, modifiers };
        };
        let code = match c {
            '\t' => KeyCode::Tab,
            '\r' => KeyCode::Enter,
            '\x1b' => KeyCode::Escape,
            '\x7f' => KeyCode::Backspace,
            _ => {
                let letter = char::from(c as u8 | 0x40).to_ascii_lowercase();
                let code = KeyCode::Char(if c == '\0' { ' ' } else { letter });
                return Self { code, modifiers: modifiers | Modifiers::CONTROL };
            }
        };
        Self { code, modifiers }
    }

    /// What the key is, without its modifiers.
    pub fn code(&self) -> &KeyCode {
        &self.code
    }

    /// The modifiers held with it.
    pub fn modifiers(&self) -> Modifiers {
        self.modifiers
    }

    /// Reads the name of a key, as tmux names keys: `a`, `Enter`, `F5`, `KP7`, after any of `C-`, `M-` and `S-` in any
    /// order; `^x` is `C-x`. Case matters only in a single character.
    pub fn parse(name: &str) -> Result<Self, UnknownKey> {
        let (modifiers, rest) = Modifiers::strip(name);
        match parse_code(rest) {
            Some((code, more)) => Ok(Self::new(code, modifiers | more)),
            None => Err(unknown(name, rest)),
        }
    }
}

/// Reads what follows the `C-`, `M-` and `S-` of a name; a caret still counts as a modifier.
fn parse_code(name: &str) -> Option<(KeyCode, Modifiers)> {
    if name.len() > MAX_NAME {
        return None;
    }
    if let Some(code) = character(name).or_else(|| key_names::code(name)) {
        return Some((code, Modifiers::NONE));
    }
    let code = character(name.strip_prefix('^')?)?;
    Some((code, Modifiers::CONTROL))
}

fn character(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => Some(KeyCode::Char(c)),
        _ => Cluster::new(name).map(KeyCode::Cluster),
    }
}

fn unknown(name: &str, rest: &str) -> UnknownKey {
    let modifiers = &name[..name.len() - rest.len()];
    UnknownKey {
        name: name[..name.floor_char_boundary(MAX_NAME)].to_owned(),
        nearest: key_names::nearest(rest).filter(|_| name.len() <= MAX_NAME).map(|near| format!("{modifiers}{near}")),
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.modifiers)?;
        match &self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Cluster(cluster) => f.write_str(cluster.as_str()),
            KeyCode::Function(key) => write!(f, "F{}", key.number()),
            code => f.write_str(key_names::name(code)),
        }
    }
}

impl std::str::FromStr for Key {
    type Err = UnknownKey;

    fn from_str(name: &str) -> Result<Self, UnknownKey> {
        Self::parse(name)
    }
}

impl FunctionKey {
    /// The function key of that number, if there is one.
    pub fn new(number: u8) -> Option<Self> {
        (1..=20).contains(&number).then_some(Self(number))
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl Cluster {
    /// Takes a text if it is one character of several code points.
    pub fn new(text: &str) -> Option<Self> {
        let single = text.len() <= MAX_NAME && text.chars().nth(1).is_some() && text.graphemes(true).count() == 1;
        (single && !text.contains(char::is_control)).then(|| Self(text.into()))
    }

    /// The code points of the character.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Modifiers {
    /// No modifier.
    pub const NONE: Self = Self(0);
    /// Shift. The bits are those of xterm's modifier parameter, which is one more than their sum.
    pub const SHIFT: Self = Self(1);
    /// Alt, or Meta.
    pub const ALT: Self = Self(2);
    /// Control.
    pub const CONTROL: Self = Self(4);

    /// Whether all of `others` are held.
    pub fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// The bits as xterm counts them.
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// Takes the modifiers off the front of a name. The last character is never one: `C--` is Control and minus.
    fn strip(name: &str) -> (Self, &str) {
        let (mut modifiers, mut rest) = (Self::NONE, name);
        loop {
            let modifier = match rest.as_bytes() {
                [b'C' | b'c', b'-', _, ..] => Self::CONTROL,
                [b'M' | b'm', b'-', _, ..] => Self::ALT,
                [b'S' | b's', b'-', _, ..] => Self::SHIFT,
                _ => return (modifiers, rest),
            };
            modifiers = modifiers | modifier;
            rest = &rest[2..];
        }
    }
}

impl BitOr for Modifiers {
    type Output = Self;

    fn bitor(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl fmt::Display for Modifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, prefix) in [(Self::CONTROL, "C-"), (Self::ALT, "M-"), (Self::SHIFT, "S-")] {
            if self.contains(modifier) {
                f.write_str(prefix)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(name: &str) -> Key {
        Key::parse(name).unwrap_or_else(|error| panic!("{error}"))
    }

    fn canonical(name: &str) -> String {
        key(name).to_string()
    }

    #[test]
    fn modifiers_come_in_any_order_and_case() {
        assert_eq!(canonical("S-m-c-Left"), "C-M-S-Left");
        assert_eq!(canonical("M-C-x"), "C-M-x");
        assert_eq!(canonical("C-C-c"), "C-c");
    }

    #[test]
    fn a_caret_is_control_unless_it_is_the_key() {
        assert_eq!(canonical("^C"), "C-C");
        assert_eq!(canonical("M-^x"), "C-M-x");
        assert_eq!(canonical("^"), "^");
        assert_eq!(canonical("C-^"), "C-^");
        assert_eq!(canonical("^^"), "C-^");
    }

    #[test]
    fn dashes_are_keys_at_the_end_of_a_name() {
        assert_eq!(key("-"), Key::new(KeyCode::Char('-'), Modifiers::NONE));
        assert_eq!(key("C--"), Key::new(KeyCode::Char('-'), Modifiers::CONTROL));
        assert!(Key::parse("C-").is_err());
    }

    #[test]
    fn the_case_of_a_name_does_not_matter_but_that_of_a_character_does() {
        assert_eq!(canonical("pgup"), "PageUp");
        assert_eq!(canonical("SPACE"), "Space");
        assert_ne!(key("a"), key("A"));
    }

    #[test]
    fn control_characters_are_the_keys_that_send_them() {
        for (character, name) in
            [("\r", "Enter"), ("\x03", "C-c"), ("\x7f", "BSpace"), ("\0", "C-Space"), ("\x1f", "C-_")]
        {
            assert_eq!(canonical(character), name);
        }
    }

    #[test]
    fn a_character_of_several_code_points_is_a_key() {
        for name in ["e\u{301}", "👨\u{200d}👩\u{200d}👧", "🇪🇪", "क्ष", "C-🇪🇪", "^\u{301}"] {
            assert_eq!(canonical(name), name);
        }
        assert!(Key::parse("日本").is_err());
        assert!(Key::parse("\r\n").is_err());
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest_one() {
        let nearest = |name| Key::parse(name).unwrap_err().nearest;
        assert_eq!(nearest("Entr").as_deref(), Some("Enter"));
        assert_eq!(nearest("C-M-rihgt").as_deref(), Some("C-M-Right"));
        assert_eq!(nearest("F21").as_deref(), Some("F20"));
        assert_eq!(nearest("hello world"), None);
        assert_eq!(Key::parse("").unwrap_err().to_string(), "there is no key named ``");
        assert_eq!(Key::parse(&"é".repeat(1000)).unwrap_err().name.len(), MAX_NAME);
    }

    fn any_code() -> impl Strategy<Value = KeyCode> {
        let named: Vec<_> = key_names::all().collect();
        prop_oneof![
            any::<char>().prop_map(KeyCode::Char),
            proptest::char::range('\0', '\u{ff}').prop_map(KeyCode::Char),
            proptest::sample::select(named),
            (any::<char>(), proptest::char::range('\u{300}', '\u{36f}'))
                .prop_filter_map("one cluster", |(base, mark)| {
                    Cluster::new(&format!("{base}{mark}")).map(KeyCode::Cluster)
                }),
        ]
    }

    proptest! {
        #[test]
        fn every_key_has_a_name_that_leads_back_to_it(code in any_code(), bits in 0..8_u8) {
            let key = Key::new(code, Modifiers(bits));
            prop_assert_eq!(Key::parse(&key.to_string()), Ok(key));
        }

        #[test]
        fn any_name_is_a_key_or_an_error(name in "\\PC{0,80}") {
            if let Ok(key) = Key::parse(&name) {
                prop_assert_eq!(Key::parse(&key.to_string()), Ok(key));
            }
        }
    }
}
