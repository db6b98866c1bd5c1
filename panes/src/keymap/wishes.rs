//! What the user's configuration changes in the tables: commands on other keys, or on none.
//!
//! A command stays where it works: in the list, after the prefix, in the past, or in several of these. There it is on the wished keys
//! and no others, and whatever was on them by default no longer is.

use super::{Action, COMMANDS, Keymap, SCROLL_COMMANDS, Table};
use crate::keyname;

/// Keys that somebody wants a command on, as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The command's name, or `prefix` or `unlock`.
    pub command: String,
    /// Names of keys. None, or a single empty one: the command is to be on no key.
    pub keys: Vec<String>,
}

/// A wish that cannot be fulfilled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFault {
    /// Which of the wishes.
    pub wish: usize,
    /// Which of its keys; `None` where it is the command.
    pub key: Option<usize>,
    /// What is wrong.
    pub why: WhyNot,
}

/// Why a wish cannot be fulfilled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// No command has this name, see [`command_names`].
    #[error("there is no command `{0}`")]
    UnknownCommand(String),
    /// No key has this name, see [`key_names`](crate::key_names).
    #[error("there is no key `{0}`")]
    UnknownKey(String),
    /// The key is wished for two commands in the same place.
    #[error("`{key}` is on `{other}` already")]
    Taken {
        /// The key as it is written.
        key: String,
        /// The command that has it.
        other: String,
    },
    /// It must be on exactly one key.
    #[error("`{0}` needs exactly one key")]
    NotOne(&'static str),
    /// The key could no longer be typed into programs.
    #[error("`{0}` has to be typed into programs")]
    Typed(String),
}

const PREFIX: &str = "prefix";
const UNLOCK: &str = "unlock";

/// The names that wishes can have.
pub fn command_names() -> impl Iterator<Item = &'static str> {
    let commands = COMMANDS.iter().filter(|command| command.action != Action::SendPrefix).map(|command| command.name);
    [PREFIX, UNLOCK].into_iter().chain(commands).chain(SCROLL_COMMANDS.iter().map(|command| command.name))
}

/// The wishes being fulfilled.
#[derive(Default)]
struct Fulfilment {
    /// Keys that were wished, by place, with the command that has them.
    list: Table<String>,
    prefixed: Table<String>,
    scrollback: Table<String>,
    faults: Vec<KeyFault>,
}

impl Keymap {
    /// The default tables, as far as `wishes` do not change them.
    ///
    /// # Errors
    /// All wishes that cannot be fulfilled.
    pub fn with(wishes: &[Wish]) -> Result<Self, Vec<KeyFault>> {
        let (mut keymap, mut fulfilment) = (Self::default(), Fulfilment::default());
        for (index, wish) in wishes.iter().enumerate() {
            fulfilment.fulfil(index, wish, &mut keymap);
        }
        if fulfilment.faults.is_empty() { Ok(keymap) } else { Err(fulfilment.faults) }
    }
}

impl Fulfilment {
    fn fulfil(&mut self, index: usize, wish: &Wish, keymap: &mut Keymap) {
        let name = wish.command.as_str();
        let keys = self.keys(index, wish);
        if name == PREFIX {
            return self.single(index, wish, PREFIX, &keys, &mut keymap.prefix);
        }
        if name == UNLOCK {
            return self.single(index, wish, UNLOCK, &keys, &mut keymap.unlock);
        }
        let command = COMMANDS.iter().find(|it| it.name == name && it.action != Action::SendPrefix);
        let scrolling = SCROLL_COMMANDS.iter().find(|it| it.name == name);
        match (command, scrolling) {
            (None, None) => self.refuse(index, None, WhyNot::UnknownCommand(name.into())),
            (command, scrolling) => {
                if let Some(command) = command {
                    if command.is_in_list() {
                        let taken = put(&mut keymap.list, &mut self.list, name, &keys, command.action);
                        self.refuse_all(index, wish, taken);
                    }
                    if command.is_prefixed() {
                        let taken = put(&mut keymap.prefixed, &mut self.prefixed, name, &keys, command.action);
                        self.refuse_all(index, wish, taken);
                    }
                }
                if let Some(command) = scrolling {
                    let taken = put(&mut keymap.scrollback, &mut self.scrollback, name, &keys, command.action);
                    self.refuse_all(index, wish, taken);
                }
            }
        }
    }

    /// The wished keys by the names in which they travel, with their places in the wish.
    fn keys(&mut self, index: usize, wish: &Wish) -> Vec<(usize, String)> {
        if matches!(wish.keys.as_slice(), [none] if none.is_empty()) {
            return Vec::new();
        }
        let mut keys = Vec::new();
        for (place, written) in wish.keys.iter().enumerate() {
            match keyname::parse(written) {
                Some(key) => keys.push((place, key)),
                None => self.refuse(index, Some(place), WhyNot::UnknownKey(written.clone())),
            }
        }
        keys
    }

    /// A key that is not on a command but says where commands begin, or a lock ends.
    fn single(&mut self, index: usize, wish: &Wish, name: &'static str, keys: &[(usize, String)], to: &mut String) {
        match keys {
            [(place, key)] if keyname::is_typed(key) => {
                self.refuse(index, Some(*place), WhyNot::Typed(wish.keys[*place].clone()));
            }
            [(_, key)] => to.clone_from(key),
            // What was no key has been told.
            _ if keys.len() < wish.keys.len() && !wish.keys.iter().all(String::is_empty) => {}
            _ => self.refuse(index, None, WhyNot::NotOne(name)),
        }
    }

    fn refuse_all(&mut self, index: usize, wish: &Wish, taken: Vec<(usize, String)>) {
        for (place, other) in taken {
            let told = self.faults.iter().any(|fault| fault.wish == index && fault.key == Some(place));
            if !told {
                self.refuse(index, Some(place), WhyNot::Taken { key: wish.keys[place].clone(), other });
            }
        }
    }

    fn refuse(&mut self, wish: usize, key: Option<usize>, why: WhyNot) {
        self.faults.push(KeyFault { wish, key, why });
    }
}

/// Puts a command on its wished keys and takes those from whatever has them by default. Returns those that another wish has taken.
fn put<A: Copy + PartialEq>(
    table: &mut Table<A>,
    wished: &mut Table<String>,
    name: &str,
    keys: &[(usize, String)],
    action: A,
) -> Vec<(usize, String)> {
    let mut taken = Vec::new();
    table.retain(|(_, bound)| *bound != action);
    for (place, key) in keys {
        if let Some((_, other)) = wished.iter().find(|(bound, _)| bound == key) {
            taken.push((*place, other.clone()));
            continue;
        }
        table.retain(|(bound, _)| bound != key);
        table.push((key.clone(), action));
        wished.push((key.clone(), name.to_owned()));
    }
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keymap::Scroll;

    fn wish(command: &str, keys: &[&str]) -> Wish {
        Wish { command: command.into(), keys: keys.iter().map(|key| (*key).to_owned()).collect() }
    }

    fn with(wishes: &[(&str, &[&str])]) -> Result<Keymap, Vec<String>> {
        let wishes: Vec<_> = wishes.iter().map(|(command, keys)| wish(command, keys)).collect();
        let told = |fault: &KeyFault| format!("{} {:?} {}", fault.wish, fault.key, fault.why);
        Keymap::with(&wishes).map_err(|faults| faults.iter().map(told).collect())
    }

    #[test]
    fn a_wished_key_takes_the_place_of_the_default_ones() {
        let keymap = with(&[("zoom", &["Z", "C-z"]), ("prefix", &["c-A"])]).unwrap();
        assert_eq!((keymap.prefixed("Z"), keymap.prefixed("C-z")), (Some(Action::Zoom), Some(Action::Zoom)));
        assert_eq!((keymap.prefixed("z"), keymap.prefix.as_str()), (None, "C-a"));
    }

    #[test]
    fn a_command_that_works_in_several_places_gets_its_keys_in_all_of_them() {
        let keymap = with(&[("restart", &["R"])]).unwrap();
        assert_eq!((keymap.list("R"), keymap.prefixed("R")), (Some(Action::Restart), Some(Action::Restart)));
        assert_eq!((keymap.list("r"), keymap.prefixed("r"), keymap.scrollback("R")), (None, None, None));
        assert_eq!(with(&[("search", &["?"])]).unwrap().scrollback("?"), Some(Scroll::Search));
    }

    #[test]
    fn a_wish_takes_a_key_from_the_command_that_has_it_by_default() {
        let keymap = with(&[("zoom", &["x"])]).unwrap();
        assert_eq!((keymap.prefixed("x"), keymap.list("x")), (Some(Action::Zoom), Some(Action::Stop)));
    }

    #[test]
    fn a_command_can_be_on_no_key() {
        for none in [&[][..], &[""]] {
            let keymap = with(&[("stop", none)]).unwrap();
            assert_eq!((keymap.list("x"), keymap.prefixed("x")), (None, None));
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_where() {
        let faults = with(&[
            ("zom", &["z"]),
            ("zoom", &["z", "Entr"]),
            ("detach", &["z"]),
            ("prefix", &["a"]),
            ("unlock", &[]),
            ("prefix", &["C-a", "C-b"]),
        ]);
        assert_eq!(
            faults.unwrap_err(),
            [
                "0 None there is no command `zom`",
                "1 Some(1) there is no key `Entr`",
                "2 Some(0) `z` is on `zoom` already",
                "3 Some(0) `a` has to be typed into programs",
                "4 None `unlock` needs exactly one key",
                "5 None `prefix` needs exactly one key",
            ]
        );
    }

    #[test]
    fn every_command_can_be_wished_for() {
        for name in command_names() {
            assert!(with(&[(name, &["C-M-F7"])]).is_ok(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_wished_no_key_is_on_two_commands(wishes in proptest::collection::vec(
            (0usize..50, proptest::collection::vec(prop_oneof!["[a-z]", "C-[a-z]", "F1?[0-9]", "\\PC{0,3}"], 0..3)), 0..6)) {
            let names: Vec<_> = command_names().collect();
            let wishes: Vec<_> =
                wishes.into_iter().map(|(name, keys)| Wish { command: names[name % names.len()].into(), keys }).collect();
            if let Ok(keymap) = Keymap::with(&wishes) {
                for (index, (key, _)) in keymap.prefixed.iter().enumerate() {
                    prop_assert!(keymap.prefixed[..index].iter().all(|(other, _)| other != key));
                }
            }
        }
    }
}
