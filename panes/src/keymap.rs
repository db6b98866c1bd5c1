//! Which key does what: the tables of [`commands`], with what the user's configuration changes in them.
//!
//! Keys stand here by the names in which they travel, see [`crate::keyname`].

mod commands;
mod hints;
mod wishes;

pub(crate) use commands::{Action, COMMANDS, Command, Motion, SCROLL_COMMANDS, Scroll, ScrollCommand};
pub(crate) use hints::{
    EMPTY_HINTS, FOUND_HINTS, Hint, LOCKED_HINTS, OFFLINE_HINTS, OVERLAY_HINTS, PANE_HINTS, PREFIX_HINTS, PROMPT_HINTS,
    SCROLLBACK_HINTS, SELECTING_HINTS, SERVICES_HINTS, ZOOMED_HINTS,
};

pub use wishes::{KeyFault, WhyNot, Wish, command_names};

use serde::{Deserialize, Serialize};

use crate::keyname;

/// Opens the table of commands while keys go to a program, unless the user has chosen another.
const PREFIX: &str = "C-b";
/// Ends a lock, unless the user has chosen another.
const UNLOCK: &str = "F12";

/// What each key does, by where it is pressed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Keymap {
    /// Opens the table of commands while keys go to a program.
    pub(crate) prefix: String,
    /// Ends a lock: the one key that does not go to the program then.
    pub(crate) unlock: String,
    list: Table<Action>,
    prefixed: Table<Action>,
    scrollback: Table<Scroll>,
}

/// Keys and what they do, in the order of the commands.
type Table<A> = Vec<(String, A)>;

/// Where a command can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the list of services.
    List,
    /// After the prefix.
    Prefixed,
}

/// What a key does while an overlay is open. These keys are nobody's to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaf {
    /// Scroll by lines.
    Lines(isize),
    /// Scroll by screens.
    Pages(isize),
    /// To the first line.
    Top,
    /// To the last line.
    Bottom,
    /// Close it.
    Close,
}

impl Default for Keymap {
    fn default() -> Self {
        let table = |keys: fn(&Command) -> &'static [&'static str]| {
            let bound = |command: &'static Command| keys(command).iter().map(|key| ((*key).to_owned(), command.action));
            COMMANDS.iter().flat_map(bound).collect()
        };
        let scrolling =
            |command: &'static ScrollCommand| command.keys.iter().map(|key| ((*key).to_owned(), command.action));
        Self {
            prefix: PREFIX.to_owned(),
            unlock: UNLOCK.to_owned(),
            list: table(|command| command.list),
            prefixed: table(|command| command.prefixed),
            scrollback: SCROLL_COMMANDS.iter().flat_map(scrolling).collect(),
        }
    }
}

impl Keymap {
    /// A key in the list of services. A digit that has no command of its own selects by position.
    pub(crate) fn list(&self, key: &str) -> Option<Action> {
        find(&self.list, key).or_else(|| nth(key))
    }

    /// A key after the prefix. The prefix itself is typed, unless it is on a command.
    pub(crate) fn prefixed(&self, key: &str) -> Option<Action> {
        let own = || (key == self.prefix).then_some(Action::SendPrefix);
        find(&self.prefixed, key).or_else(own).or_else(|| nth(key))
    }

    /// A key while the user looks through a service's past.
    pub(crate) fn scrollback(&self, key: &str) -> Option<Scroll> {
        find(&self.scrollback, key)
    }

    /// All keys of a command, as they are shown.
    pub(crate) fn shown_all(&self, place: Place, action: Action) -> Vec<String> {
        let table = match place {
            Place::List => &self.list,
            Place::Prefixed => &self.prefixed,
        };
        let own = (place, action) == (Place::Prefixed, Action::SendPrefix);
        shown(table, action).chain(own.then(|| keyname::shown(&self.prefix))).collect()
    }

    /// All keys of a command of the past, as they are shown.
    pub(crate) fn shown_in_scrollback(&self, action: Scroll) -> Vec<String> {
        shown(&self.scrollback, action).collect()
    }

    /// A command's first key as it is typed in a program, such as `C-b d`; the command's name where it has none.
    pub(crate) fn typed_in_pane(&self, action: Action) -> String {
        match self.shown_all(Place::Prefixed, action).first() {
            Some(key) => format!("{} {key}", keyname::shown(&self.prefix)),
            None => name(action).to_owned(),
        }
    }

    /// A command's first key in the past; its name where it has none.
    pub(crate) fn typed_in_scrollback(&self, action: Scroll) -> String {
        let name = || SCROLL_COMMANDS.iter().find(|it| it.action == action).map_or("", |it| it.name).to_owned();
        self.shown_in_scrollback(action).into_iter().next().unwrap_or_else(name)
    }

    /// A command's first key in the list; the command's name where it has none.
    pub(crate) fn typed_in_list(&self, action: Action) -> String {
        let keys = self.shown_all(Place::List, action);
        keys.into_iter().next().unwrap_or_else(|| name(action).to_owned())
    }
}

/// A key while an overlay is open.
pub(crate) fn overlay(key: &str) -> Option<Leaf> {
    Some(match key {
        "Up" | "k" => Leaf::Lines(-1),
        "Down" | "j" => Leaf::Lines(1),
        "PPage" | "C-b" => Leaf::Pages(-1),
        "NPage" | "Space" | "C-f" => Leaf::Pages(1),
        "Home" | "g" => Leaf::Top,
        "End" | "G" => Leaf::Bottom,
        "Escape" | "q" | "Enter" | "?" | "C-c" => Leaf::Close,
        _ => return None,
    })
}

fn name(action: Action) -> &'static str {
    COMMANDS.iter().find(|command| command.action == action).map_or("", |command| command.name)
}

fn find<A: Copy>(table: &Table<A>, key: &str) -> Option<A> {
    table.iter().find(|(bound, _)| bound == key).map(|(_, action)| *action)
}

fn shown<A: PartialEq>(table: &Table<A>, action: A) -> impl Iterator<Item = String> {
    table.iter().filter(move |(_, bound)| *bound == action).map(|(key, _)| keyname::shown(key))
}

fn nth(key: &str) -> Option<Action> {
    match key.as_bytes() {
        [digit @ b'1'..=b'9'] => Some(Action::Nth(usize::from(digit - b'1'))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_select_by_position_and_zero_does_not() {
        let keymap = Keymap::default();
        assert_eq!(keymap.list("1"), Some(Action::Nth(0)));
        assert_eq!(keymap.prefixed("9"), Some(Action::Nth(8)));
        assert_eq!(keymap.list("0"), None);
        assert_eq!(keymap.list("12"), None);
    }

    #[test]
    fn the_prefix_after_the_prefix_is_typed() {
        let keymap = Keymap { prefix: "C-a".into(), ..Keymap::default() };
        assert_eq!(keymap.prefixed("C-a"), Some(Action::SendPrefix));
        assert_eq!(keymap.prefixed("C-b"), None);
        assert_eq!(keymap.typed_in_pane(Action::Detach), "C-a d");
    }

    #[test]
    fn no_key_is_on_two_commands_in_the_same_place() {
        fn check<A>(table: &Table<A>) {
            for (index, (key, _)) in table.iter().enumerate() {
                assert!(table[..index].iter().all(|(other, _)| other != key), "{key}");
            }
        }
        let keymap = Keymap::default();
        check(&keymap.list);
        check(&keymap.prefixed);
        check(&keymap.scrollback);
    }
}
