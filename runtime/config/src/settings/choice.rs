//! A setting that is one of a few words.

use crate::fault::{Invalid, quoted};
use crate::nearest::nearest;

/// The value that `text` names among `words`; `key` is the setting, for the message.
pub(crate) fn choose<T: Copy>(key: &str, text: &str, words: &[(&str, T)]) -> Result<T, Invalid> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let invalid = Invalid::new(format!("`{key}` cannot be {}", quoted(text)), "unknown value");
    Err(invalid.with_choice(nearest(text, known.iter().copied()), &known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_word_is_answered_with_the_nearest_or_with_all() {
        let words = [("kill", 1), ("leave", 2)];
        assert_eq!(choose("escape", "leave", &words), Ok(2));
        let help = |text: &str| choose("escape", text, &words).unwrap_err().help.unwrap();
        assert_eq!(help("leaves"), "did you mean `leave`?");
        assert_eq!(help("spare"), "allowed: `kill` and `leave`");
    }
}
