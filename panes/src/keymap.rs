//! Which key does what, and how the screen says so.
//!
//! Keys stand here by their tmux names. The hints next to each table are written by hand, most useful first, because a
//! narrow screen shows only the first few.

use crate::hunt::Way;

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
    /// Look through the selected service's past, from so many screens above its end.
    ScrollBack(isize),
    /// Show the pane alone, or no longer so.
    Zoom,
    /// Type the prefix itself.
    SendPrefix,
}

/// What a key does while the user looks through a service's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scroll {
    /// Move by rows.
    Rows(isize),
    /// Move by halves of a screen.
    Halves(isize),
    /// Move by screens.
    Pages(isize),
    /// To the oldest line.
    Oldest,
    /// To the newest.
    Newest,
    /// Ask for a text to search for.
    Search,
    /// To the next match this way.
    Again(Way),
    /// Stop what goes on, or go back to the live screen.
    Cancel,
    /// Back to the live screen.
    Leave,
    /// Show all keys.
    Help,
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
        "PPage" => Action::ScrollBack(1),
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
        "[" => Action::ScrollBack(0),
        "PPage" => Action::ScrollBack(1),
        "z" => Action::Zoom,
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

/// A key while the user looks through a service's past.
pub(crate) fn scrollback(key: &str) -> Option<Scroll> {
    Some(match key {
        "Up" | "k" => Scroll::Rows(-1),
        "Down" | "j" => Scroll::Rows(1),
        "C-u" => Scroll::Halves(-1),
        "C-d" => Scroll::Halves(1),
        "PPage" => Scroll::Pages(-1),
        "NPage" | "Space" => Scroll::Pages(1),
        "Home" | "g" => Scroll::Oldest,
        "End" | "G" => Scroll::Newest,
        "/" => Scroll::Search,
        "n" => Scroll::Again(Way::Up),
        "N" => Scroll::Again(Way::Down),
        "Escape" | "C-c" => Scroll::Cancel,
        "q" | "Enter" => Scroll::Leave,
        "?" => Scroll::Help,
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
    ("pgup", "scroll back"),
];

/// For the status line while there is no daemon to ask anything of.
pub(crate) const OFFLINE_HINTS: &[Hint] = &[("q", "quit"), ("?", "help"), ("enter", "open")];

/// For the status line while there is no service to do anything to.
pub(crate) const EMPTY_HINTS: &[Hint] = &[("?", "help"), ("q", "detach")];

/// For the status line while keys go to a program.
pub(crate) const PANE_HINTS: &[Hint] = &[
    ("C-b s", "services"),
    ("C-b d", "detach"),
    ("C-b ?", "help"),
    ("C-b [", "scroll"),
    ("C-b z", "zoom"),
    ("C-b n", "next"),
];

/// For the status line while keys go to a program whose pane is alone.
pub(crate) const ZOOMED_HINTS: &[Hint] =
    &[("C-b z", "unzoom"), ("C-b d", "detach"), ("C-b ?", "help"), ("C-b [", "scroll"), ("C-b s", "services")];

/// For the status line while the user looks through a service's past.
pub(crate) const SCROLLBACK_HINTS: &[Hint] =
    &[("q", "back"), ("/", "search"), ("↑↓", "scroll"), ("home", "oldest"), ("?", "help")];

/// For the same once something was searched for.
pub(crate) const FOUND_HINTS: &[Hint] =
    &[("q", "back"), ("n N", "above, below"), ("/", "search"), ("↑↓", "scroll"), ("?", "help")];

/// For the status line while a text to search for is typed.
pub(crate) const PROMPT_HINTS: &[Hint] = &[("enter", "search"), ("esc", "cancel")];

/// For the status line after the prefix.
pub(crate) const PREFIX_HINTS: &[Hint] = &[
    ("d", "detach"),
    ("s", "services"),
    ("[", "scroll"),
    ("z", "zoom"),
    ("?", "help"),
    ("n p", "next, previous"),
    ("r", "restart"),
    ("x", "stop"),
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
            ("pgup", "scroll back"),
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
            ("[ pgup", "scroll back"),
            ("z", "the pane alone, and back"),
            ("d", "detach; everything keeps running"),
            ("C-b", "send C-b to the program"),
        ],
    ),
    (
        "While scrolling back",
        &[
            ("↑ ↓ k j", "by lines"),
            ("pgup pgdn", "by screens; space is pgdn"),
            ("C-u C-d", "by half screens"),
            ("home end", "oldest, newest; also g, G"),
            ("/", "search upwards"),
            ("n N", "next match above, below"),
            ("q esc enter", "back to the live screen"),
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
            "pgup" => "PPage",
            "home" => "Home",
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
        for (shown, _) in SCROLLBACK_HINTS.iter().chain(FOUND_HINTS).filter(|(shown, _)| *shown != "↑↓") {
            assert!(shown.split(' ').all(|key| scrollback(typed(key)).is_some()), "{shown}");
        }
        for (shown, _) in PANE_HINTS.iter().chain(ZOOMED_HINTS) {
            assert!(prefixed(shown.strip_prefix("C-b ").unwrap()).is_some(), "{shown}");
        }
    }
}
