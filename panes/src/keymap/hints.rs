//! What the status line says of keys, most useful first, because a narrow screen shows only the first few.

use super::{Action, Keymap, Place, Scroll};
use crate::keyname;
use crate::mouse::Target;
use crate::search::Way;
use crate::selection::Shape;

/// Commands whose keys are shown, and what they do in a word or two. One without a key is left out.
pub(crate) type Hint = (Shown, &'static str);

/// What is shown of which keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shown {
    /// The first key of each command in the list.
    List(&'static [Action]),
    /// The prefix, and the command's first key after it.
    InPane(Action),
    /// The first key of each command after the prefix.
    Prefixed(&'static [Action]),
    /// The first key of each command of the past.
    Scrollback(&'static [Scroll]),
    /// The key that ends a lock.
    Unlock,
    /// Keys that nobody can change.
    Fixed(&'static str),
}

impl Keymap {
    /// The keys of a hint as they are shown; `None` where a command has none.
    pub(crate) fn hint(&self, shown: Shown) -> Option<String> {
        let first = |keys: Vec<String>| keys.into_iter().next();
        let each = |keys: Vec<Option<String>>| Some(joined(&keys.into_iter().collect::<Option<Vec<_>>>()?));
        match shown {
            Shown::Fixed(keys) => Some(keys.to_owned()),
            Shown::Unlock => Some(keyname::shown(&self.unlock)),
            Shown::List(actions) => {
                each(actions.iter().map(|action| first(self.shown_all(Place::List, *action))).collect())
            }
            Shown::Prefixed(actions) => {
                each(actions.iter().map(|action| first(self.shown_all(Place::Prefixed, *action))).collect())
            }
            Shown::InPane(action) => {
                let key = first(self.shown_all(Place::Prefixed, action))?;
                Some(format!("{} {key}", keyname::shown(&self.prefix)))
            }
            Shown::Scrollback(actions) => {
                each(actions.iter().map(|action| first(self.shown_in_scrollback(*action))).collect())
            }
        }
    }
}

impl Shown {
    /// What a click on it does, where it is a single command.
    pub(crate) fn target(self) -> Target {
        match self {
            Self::List(&[action]) | Self::Prefixed(&[action]) | Self::InPane(action) => Target::Command(action),
            Self::Scrollback(&[action]) => Target::Scroll(action),
            Self::List(_) | Self::Prefixed(_) | Self::Scrollback(_) | Self::Unlock | Self::Fixed(_) => Target::Nothing,
        }
    }
}

/// Arrows side by side, other keys apart.
fn joined(keys: &[String]) -> String {
    let arrows = keys.iter().all(|key| ["↑", "↓", "←", "→"].contains(&key.as_str()));
    keys.join(if arrows { "" } else { " " })
}

/// For the status line while keys go to the list.
pub(crate) const SERVICES_HINTS: &[Hint] = &[
    (Shown::List(&[Action::FocusPane]), "open"),
    (Shown::List(&[Action::Help]), "help"),
    (Shown::List(&[Action::Detach]), "detach"),
    (Shown::List(&[Action::Pin]), "pin"),
    (Shown::List(&[Action::Restart]), "restart"),
    (Shown::List(&[Action::Start]), "start"),
    (Shown::List(&[Action::Stop]), "stop"),
    (Shown::List(&[Action::Overview]), "overview"),
    (Shown::List(&[Action::Previous, Action::Next]), "select"),
    (Shown::List(&[Action::ScrollBack(1)]), "scroll back"),
];

/// For the status line while there is no daemon to ask anything of.
pub(crate) const OFFLINE_HINTS: &[Hint] = &[
    (Shown::List(&[Action::Detach]), "quit"),
    (Shown::List(&[Action::Help]), "help"),
    (Shown::List(&[Action::FocusPane]), "open"),
];

/// For the status line while there is no service to do anything to.
pub(crate) const EMPTY_HINTS: &[Hint] =
    &[(Shown::List(&[Action::Help]), "help"), (Shown::List(&[Action::Detach]), "detach")];

/// For the status line while keys go to a program.
pub(crate) const PANE_HINTS: &[Hint] = &[
    (Shown::InPane(Action::FocusServices), "services"),
    (Shown::InPane(Action::Detach), "detach"),
    (Shown::InPane(Action::Help), "help"),
    (Shown::InPane(Action::ScrollBack(0)), "scroll"),
    (Shown::InPane(Action::Zoom), "zoom"),
    (Shown::InPane(Action::Next), "next"),
];

/// For the status line while keys go to a program whose pane is alone.
pub(crate) const ZOOMED_HINTS: &[Hint] = &[
    (Shown::InPane(Action::Zoom), "unzoom"),
    (Shown::InPane(Action::Detach), "detach"),
    (Shown::InPane(Action::Help), "help"),
    (Shown::InPane(Action::ScrollBack(0)), "scroll"),
    (Shown::InPane(Action::FocusServices), "services"),
];

/// For the status line while every key goes to a program.
pub(crate) const LOCKED_HINTS: &[Hint] =
    &[(Shown::Unlock, "unlock"), (Shown::Fixed("all other keys"), "to the program")];

/// For the status line while the user looks through a service's past.
pub(crate) const SCROLLBACK_HINTS: &[Hint] = &[
    (Shown::Scrollback(&[Scroll::Leave]), "back"),
    (Shown::Scrollback(&[Scroll::Search]), "search"),
    (Shown::Scrollback(&[Scroll::Rows(-1), Scroll::Rows(1)]), "scroll"),
    (Shown::Scrollback(&[Scroll::Select(Shape::Cells)]), "select"),
    (Shown::Scrollback(&[Scroll::Oldest]), "oldest"),
    (Shown::Scrollback(&[Scroll::Help]), "help"),
];

/// For the same once something was searched for.
pub(crate) const FOUND_HINTS: &[Hint] = &[
    (Shown::Scrollback(&[Scroll::Leave]), "back"),
    (Shown::Scrollback(&[Scroll::Again(Way::Up), Scroll::Again(Way::Down)]), "above, below"),
    (Shown::Scrollback(&[Scroll::Search]), "search"),
    (Shown::Scrollback(&[Scroll::Rows(-1), Scroll::Rows(1)]), "scroll"),
    (Shown::Scrollback(&[Scroll::Help]), "help"),
];

/// For the same while something is selected, or is about to be.
pub(crate) const SELECTING_HINTS: &[Hint] = &[
    (Shown::Scrollback(&[Scroll::Copy]), "copy"),
    (Shown::Scrollback(&[Scroll::Cancel]), "cancel"),
    (Shown::Scrollback(&[Scroll::Select(Shape::Cells)]), "select"),
    (Shown::Scrollback(&[Scroll::Select(Shape::Lines)]), "lines"),
    (Shown::Scrollback(&[Scroll::Select(Shape::Block)]), "block"),
    (Shown::Scrollback(&[Scroll::Swap]), "other end"),
    (Shown::Scrollback(&[Scroll::Help]), "help"),
];

/// For the status line while a text to search for is typed.
pub(crate) const PROMPT_HINTS: &[Hint] = &[(Shown::Fixed("enter"), "search"), (Shown::Fixed("esc"), "cancel")];

/// For the status line after the prefix.
pub(crate) const PREFIX_HINTS: &[Hint] = &[
    (Shown::Prefixed(&[Action::Detach]), "detach"),
    (Shown::Prefixed(&[Action::FocusServices]), "services"),
    (Shown::Prefixed(&[Action::ScrollBack(0)]), "scroll"),
    (Shown::Prefixed(&[Action::Zoom]), "zoom"),
    (Shown::Prefixed(&[Action::Help]), "help"),
    (Shown::Prefixed(&[Action::Pin]), "pin"),
    (Shown::Prefixed(&[Action::Overview]), "overview"),
    (Shown::Prefixed(&[Action::Shell]), "shell"),
    (Shown::Prefixed(&[Action::Next, Action::Previous]), "next, previous"),
    (Shown::Prefixed(&[Action::Restart]), "restart"),
    (Shown::Prefixed(&[Action::Stop]), "stop"),
    (Shown::Prefixed(&[Action::SendPrefix]), "send it"),
];

/// For the status line while an overlay is open.
pub(crate) const OVERLAY_HINTS: &[Hint] = &[(Shown::Fixed("esc"), "close"), (Shown::Fixed("↑↓"), "scroll")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_a_hint_promises_is_on_a_key() {
        let all = [
            SERVICES_HINTS,
            OFFLINE_HINTS,
            EMPTY_HINTS,
            PANE_HINTS,
            ZOOMED_HINTS,
            SCROLLBACK_HINTS,
            FOUND_HINTS,
            PROMPT_HINTS,
            LOCKED_HINTS,
            SELECTING_HINTS,
            PREFIX_HINTS,
            OVERLAY_HINTS,
        ];
        let keymap = Keymap::default();
        for (shown, what) in all.into_iter().flatten() {
            assert!(keymap.hint(*shown).is_some(), "{what}");
        }
    }
}
