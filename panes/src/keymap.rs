//! Which key does what, and how the screen says so.
//!
//! Keys stand here by their tmux names. The hints next to each table are written by hand, most useful first, because a
//! narrow screen shows only the first few.

/// Opens the table of commands while keys go to a program.
pub(crate) const PREFIX: &str = "C-b";

/// Something the user can do, whatever key it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Select the service above.
    Previous,
    /// Select the service below.
    Next,
    /// Select the first service.
    First,
    /// Select the last service.
    Last,
    /// Select the service at this place of the list, counted from 0.
    Nth(usize),
    /// Let keys go to the selected service.
    FocusPane,
    /// Let keys go to the list.
    FocusServices,
    /// Stop the selected service if it runs, and start it.
    Restart,
    /// Start the selected service.
    Start,
    /// Stop the selected service.
    Stop,
    /// Leave; everything keeps running.
    Detach,
    /// Show all keys.
    Help,
    /// Type the prefix itself.
    SendPrefix,
}

/// What a key does while an overlay is open.
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

/// A key in the list of services.
pub(crate) fn services(key: &str) -> Option<Action> {
    Some(match key {
        "Up" | "k" => Action::Previous,
        "Down" | "j" => Action::Next,
        "Home" | "g" => Action::First,
        "End" | "G" => Action::Last,
        "Enter" | "Right" | "l" => Action::FocusPane,
        "r" => Action::Restart,
        "s" => Action::Start,
        "x" => Action::Stop,
        "q" | "d" => Action::Detach,
        "?" => Action::Help,
        digit => Action::Nth(nth(digit)?),
    })
}

/// A key after the prefix.
pub(crate) fn prefixed(key: &str) -> Option<Action> {
    Some(match key {
        PREFIX => Action::SendPrefix,
        "d" => Action::Detach,
        "Up" | "p" => Action::Previous,
        "Down" | "n" => Action::Next,
        "s" | "Escape" | "Left" => Action::FocusServices,
        "r" => Action::Restart,
        "x" => Action::Stop,
        "?" => Action::Help,
        digit => Action::Nth(nth(digit)?),
    })
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

fn nth(key: &str) -> Option<usize> {
    match key.as_bytes() {
        [digit @ b'1'..=b'9'] => Some(usize::from(digit - b'1')),
        _ => None,
    }
}

/// A key as shown, and what it does in a word or two.
pub(crate) type Hint = (&'static str, &'static str);

/// For the status line while keys go to the list.
pub(crate) const SERVICES_HINTS: &[Hint] = &[
    ("enter", "open"),
    ("?", "help"),
    ("q", "detach"),
    ("r", "restart"),
    ("s", "start"),
    ("x", "stop"),
    ("↑↓", "select"),
];

/// For the status line while there is no daemon to ask anything of.
pub(crate) const OFFLINE_HINTS: &[Hint] = &[("q", "quit"), ("?", "help"), ("enter", "open")];

/// For the status line while there is no service to do anything to.
pub(crate) const EMPTY_HINTS: &[Hint] = &[("?", "help"), ("q", "detach")];

/// For the status line while keys go to a program.
pub(crate) const PANE_HINTS: &[Hint] =
    &[("C-b s", "services"), ("C-b d", "detach"), ("C-b ?", "help"), ("C-b n", "next"), ("C-b r", "restart")];

/// For the status line after the prefix.
pub(crate) const PREFIX_HINTS: &[Hint] = &[
    ("d", "detach"),
    ("s", "services"),
    ("n p", "next, previous"),
    ("r", "restart"),
    ("x", "stop"),
    ("?", "help"),
    ("C-b", "send C-b"),
];

/// For the status line while an overlay is open.
pub(crate) const OVERLAY_HINTS: &[Hint] = &[("esc", "close"), ("↑↓", "scroll")];

/// All keys, by where they work.
pub(crate) const HELP: &[(&str, &[Hint])] = &[
    (
        "In the list of services",
        &[
            ("↑ ↓ k j", "select a service"),
            ("1 to 9", "select by position"),
            ("home end", "first, last"),
            ("enter → l", "type into the service"),
            ("r", "restart"),
            ("s", "start"),
            ("x", "stop"),
            ("q d", "detach; everything keeps running"),
        ],
    ),
    (
        "In a service, after C-b",
        &[
            ("s esc ←", "back to the services"),
            ("n ↓", "next service"),
            ("p ↑", "previous service"),
            ("1 to 9", "service by position"),
            ("r", "restart"),
            ("x", "stop"),
            ("d", "detach; everything keeps running"),
            ("C-b", "send C-b to the program"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_select_by_position_and_zero_does_not() {
        assert_eq!(services("1"), Some(Action::Nth(0)));
        assert_eq!(prefixed("9"), Some(Action::Nth(8)));
        assert_eq!(services("0"), None);
        assert_eq!(services("12"), None);
    }

    #[test]
    fn every_key_that_a_hint_promises_is_bound() {
        let typed = |shown: &'static str| match shown {
            "enter" => "Enter",
            "esc" => "Escape",
            other => other,
        };
        for (shown, _) in
            SERVICES_HINTS.iter().chain(OFFLINE_HINTS).chain(EMPTY_HINTS).filter(|(shown, _)| *shown != "↑↓")
        {
            assert!(services(typed(shown)).is_some(), "{shown}");
        }
        for (shown, _) in PREFIX_HINTS.iter().flat_map(|(keys, what)| keys.split(' ').map(move |key| (key, what))) {
            assert!(prefixed(shown).is_some(), "{shown}");
        }
        for (shown, _) in PANE_HINTS {
            assert!(prefixed(shown.strip_prefix("C-b ").unwrap()).is_some(), "{shown}");
        }
    }
}
