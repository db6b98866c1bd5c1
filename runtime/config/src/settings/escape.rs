//! `escape`: what becomes of processes that a service started and that outlived it.

use std::str::FromStr;

use crate::fault::{Invalid, quoted};
use crate::nearest::nearest;

const NAMES: [&str; 2] = ["kill", "leave"];

/// What happens on stop to processes that left the service's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Escape {
    /// They end with the service.
    #[default]
    Kill,
    /// They are left alone, on purpose.
    Leave,
}

impl FromStr for Escape {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "kill" => Ok(Self::Kill),
            "leave" => Ok(Self::Leave),
            _ => Err(Invalid::new(format!("`escape` cannot be {}", quoted(text)), "unknown value")
                .with_choice(nearest(text, NAMES), &NAMES)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_two_ways() {
        assert_eq!("kill".parse(), Ok(Escape::Kill));
        assert_eq!("leave".parse(), Ok(Escape::Leave));
    }

    #[test]
    fn another_word_is_answered_with_the_nearest_or_with_both() {
        let help = |text: &str| text.parse::<Escape>().unwrap_err().help.unwrap();
        assert_eq!(help("leaves"), "did you mean `leave`?");
        assert_eq!(help("spare"), "allowed: `kill` and `leave`");
    }
}
