//! The words of `send-keys`: names of keys, and text to type.
//!
//! A word is text unless it is the name of a key, as in tmux: `'npm test' Enter` types a command and runs it. Which keys a
//! modifier can go with, and what a program then receives, the daemon knows.

use locald_api::Input;

/// Keys with a name of their own: what people write, and tmux's name for it.
const NAMED: &[(&str, &str)] = &[
    ("Enter", "Enter"),
    ("Return", "Enter"),
    ("Escape", "Escape"),
    ("Esc", "Escape"),
    ("Tab", "Tab"),
    ("BTab", "BTab"),
    ("Space", "Space"),
    ("BSpace", "BSpace"),
    ("Backspace", "BSpace"),
    ("Up", "Up"),
    ("Down", "Down"),
    ("Left", "Left"),
    ("Right", "Right"),
    ("Home", "Home"),
    ("End", "End"),
    ("PPage", "PPage"),
    ("PageUp", "PPage"),
    ("PgUp", "PPage"),
    ("NPage", "NPage"),
    ("PageDown", "NPage"),
    ("PgDn", "NPage"),
    ("IC", "IC"),
    ("Insert", "IC"),
    ("DC", "DC"),
    ("Delete", "DC"),
];

/// What `words` type, in order.
pub(crate) fn parse(words: Vec<String>) -> Vec<Input> {
    let mut input = Vec::new();
    for word in words {
        match (key(&word), input.last_mut()) {
            (Some(key), Some(Input::Keys(keys))) => keys.push(key),
            (Some(key), _) => input.push(Input::Keys(vec![key])),
            (None, Some(Input::Text(text))) => text.push_str(&word),
            (None, _) => input.push(Input::Text(word)),
        }
    }
    input
}

/// `words` typed as they are, whatever they are called.
pub(crate) fn literal(words: &[String]) -> Vec<Input> {
    vec![Input::Text(words.concat())]
}

/// The key that `word` names. One with a modifier always names one, so that `C-entre` is refused instead of typed.
fn key(word: &str) -> Option<String> {
    if let Some(char) = word.strip_prefix('^').filter(|rest| rest.chars().count() == 1) {
        return Some(format!("C-{}", char.to_ascii_lowercase()));
    }
    let base =
        ["C-", "M-", "S-"].iter().find_map(|modifier| word.strip_prefix(modifier)).filter(|base| !base.is_empty());
    if let Some(base) = base {
        let modifier = &word[..2];
        return Some(format!("{modifier}{}", key(base).unwrap_or_else(|| base.to_owned())));
    }
    if is_keypad(word) {
        return Some(word.to_owned());
    }
    let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, name)| (*name).to_owned());
    named.or_else(|| is_function_key(word).then(|| word.to_ascii_uppercase()))
}

/// `KP0` to `KP9`, `KPEnter` and the keypad's signs.
fn is_keypad(word: &str) -> bool {
    let rest = word.strip_prefix("KP");
    rest.is_some_and(|rest| {
        rest == "Enter" || (rest.len() == 1 && rest.contains(|char: char| "0123456789/*-+.".contains(char)))
    })
}

fn is_function_key(word: &str) -> bool {
    let number = word.strip_prefix(['F', 'f']).filter(|digits| !digits.starts_with(['0', '+']));
    number.and_then(|digits| digits.parse::<u8>().ok()).is_some_and(|number| (1..=20).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Vec<Input> {
        parse(words.iter().map(ToString::to_string).collect())
    }

    fn keys(keys: &[&str]) -> Input {
        Input::Keys(keys.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn words_are_text_unless_they_name_a_key() {
        let text = |text: &str| Input::Text(text.to_owned());
        assert_eq!(parsed(&["npm test", "Enter"]), [text("npm test"), keys(&["Enter"])]);
        assert_eq!(parsed(&["C-c", "Up", "f5", "enter"]), [keys(&["C-c", "Up", "F5", "Enter"])]);
        assert_eq!(parsed(&["a", "b", "^C", "F21", "F05", "C-"]), [text("ab"), keys(&["C-c"]), text("F21F05C-")]);
        assert_eq!(parsed(&["KP5", "KPEnter", "KPx", "KPA"]), [keys(&["KP5", "KPEnter"]), text("KPxKPA")]);
        assert_eq!(parsed(&["C-M-PageUp", "M-é", "C--"]), [keys(&["C-M-PPage", "M-é", "C--"])]);
    }

    #[test]
    fn a_mistyped_key_with_a_modifier_is_left_for_the_daemon_to_refuse() {
        assert_eq!(parsed(&["C-entre"]), [keys(&["C-entre"])]);
    }

    #[test]
    fn literal_words_are_typed_as_they_are() {
        assert_eq!(literal(&["Enter".to_owned(), "C-c".to_owned()]), [Input::Text("EnterC-c".to_owned())]);
    }
}
