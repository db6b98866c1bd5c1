//! Everything the user can do, each with the name it has in `[keys]` and the keys it is on unless that says otherwise.
//!
//! The help and the manual are made from these tables. Commands next to each other that say the same share a line there.

use serde::{Deserialize, Serialize};

use crate::layout::Direction;
use crate::search::Way;
use crate::selection::Shape;

/// Something the user can do, whatever key it is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Let keys go to the pane that lies there.
    FocusTowards(Direction),
    /// Show how all services do, or no longer so.
    Overview,
    /// Pin the selected service, or take its pin away.
    Pin,
    /// Open a shell in the project.
    Shell,
    /// Hide the list beside panes, or show it again.
    ToggleSidebar,
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
    /// Let every key go to the program, until the key that unlocks.
    Lock,
    /// Leave the mouse to the outer terminal, or take it again.
    Mouse,
}

/// What a key does while the user looks through a service's past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Begin to select, or end it.
    Select(Shape),
    /// Exchange the ends of the selection.
    Swap,
    /// Move the cursor of the selection.
    Go(Motion),
    /// Copy what is selected.
    Copy,
    /// Copy what is selected, if something is, and go back to the live screen.
    Finish,
    /// Stop what goes on, or go back to the live screen.
    Cancel,
    /// Back to the live screen.
    Leave,
    /// Show all keys.
    Help,
}

/// Where the cursor of a selection goes, beside up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Motion {
    Left,
    Right,
    WordLeft,
    WordRight,
    WordEnd,
    LineStart,
    /// To the first that is not blank.
    LineText,
    LineEnd,
}

/// Keys by name, the one to be shown in hints first.
type Keys = &'static [&'static str];

/// A command of the list, of a pane after the prefix, or of both.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    pub(crate) action: Action,
    /// In the list.
    pub(crate) list: Keys,
    /// After the prefix.
    pub(crate) prefixed: Keys,
    /// As the help says it.
    pub(crate) does: &'static str,
}

impl Command {
    /// Whether it can be given in the list.
    pub(crate) fn is_in_list(&self) -> bool {
        !self.list.is_empty()
    }

    /// Whether it can be given after the prefix.
    pub(crate) fn is_prefixed(&self) -> bool {
        // Its own key is whatever the prefix is.
        !self.prefixed.is_empty() || self.action == Action::SendPrefix
    }
}

/// A command of the past.
#[derive(Debug)]
pub(crate) struct ScrollCommand {
    pub(crate) name: &'static str,
    pub(crate) action: Scroll,
    pub(crate) keys: Keys,
    /// As the help says it.
    pub(crate) does: &'static str,
}

/// The commands of the list and of panes.
pub(crate) const COMMANDS: &[Command] = &[
    command("previous", Action::Previous, &["Up", "k"], &["p"], "select a service"),
    command("next", Action::Next, &["Down", "j"], &["n"], "select a service"),
    command("first", Action::First, &["Home", "g"], &[], "first, last"),
    command("last", Action::Last, &["End", "G"], &[], "first, last"),
    command("open", Action::FocusPane, &["Enter", "Right", "l"], &[], "type into the service"),
    command("services", Action::FocusServices, &[], &["s", "Escape"], "back to the services"),
    command("focus-left", Action::FocusTowards(Direction::Left), &[], &["Left"], "the pane that lies there"),
    command("focus-right", Action::FocusTowards(Direction::Right), &[], &["Right"], "the pane that lies there"),
    command("focus-up", Action::FocusTowards(Direction::Up), &[], &["Up"], "the pane that lies there"),
    command("focus-down", Action::FocusTowards(Direction::Down), &[], &["Down"], "the pane that lies there"),
    command("pin", Action::Pin, &["p"], &["P"], "pin its pane, or unpin it"),
    command("shell", Action::Shell, &["c"], &["c"], "a shell in the project"),
    command("overview", Action::Overview, &["w", "Escape"], &["w"], "the overview, and back"),
    command("restart", Action::Restart, &["r"], &["r"], "restart"),
    command("start", Action::Start, &["s"], &[], "start"),
    command("stop", Action::Stop, &["x"], &["x"], "stop"),
    command("scroll", Action::ScrollBack(0), &[], &["["], "scroll back"),
    command("scroll-page", Action::ScrollBack(1), &["PPage"], &["PPage"], "scroll back"),
    command("zoom", Action::Zoom, &[], &["z"], "the pane alone, and back"),
    command("sidebar", Action::ToggleSidebar, &["b"], &["b"], "hide or show the list"),
    command("detach", Action::Detach, &["q", "d"], &["d"], "detach; all runs on"),
    command("lock", Action::Lock, &[], &["L"], "every key to the program"),
    command("mouse", Action::Mouse, &["m"], &["m"], "mouse off and on"),
    command("help", Action::Help, &["?"], &["?"], "all keys"),
    command("send-prefix", Action::SendPrefix, &[], &[], "typed into the program"),
];

/// The commands of the past.
pub(crate) const SCROLL_COMMANDS: &[ScrollCommand] = &[
    scrolling("line-up", Scroll::Rows(-1), &["Up", "k"], "by lines"),
    scrolling("line-down", Scroll::Rows(1), &["Down", "j"], "by lines"),
    scrolling("page-up", Scroll::Pages(-1), &["PPage"], "by screens"),
    scrolling("page-down", Scroll::Pages(1), &["NPage", "C-f"], "by screens"),
    scrolling("half-up", Scroll::Halves(-1), &["C-u"], "by half screens"),
    scrolling("half-down", Scroll::Halves(1), &["C-d"], "by half screens"),
    scrolling("oldest", Scroll::Oldest, &["Home", "g"], "oldest, newest"),
    scrolling("newest", Scroll::Newest, &["End", "G"], "oldest, newest"),
    scrolling("search", Scroll::Search, &["/"], "search upwards"),
    scrolling("match-above", Scroll::Again(Way::Up), &["n"], "next match above, below"),
    scrolling("match-below", Scroll::Again(Way::Down), &["N"], "next match above, below"),
    scrolling("select", Scroll::Select(Shape::Cells), &["v", "Space"], "select, and no longer"),
    scrolling("select-lines", Scroll::Select(Shape::Lines), &["V"], "select lines, a block"),
    scrolling("select-block", Scroll::Select(Shape::Block), &["C-v"], "select lines, a block"),
    scrolling("left", Scroll::Go(Motion::Left), &["Left", "h"], "the cursor left, right"),
    scrolling("right", Scroll::Go(Motion::Right), &["Right", "l"], "the cursor left, right"),
    scrolling("word-left", Scroll::Go(Motion::WordLeft), &["b"], "by words, to their ends"),
    scrolling("word-right", Scroll::Go(Motion::WordRight), &["w"], "by words, to their ends"),
    scrolling("word-end", Scroll::Go(Motion::WordEnd), &["e"], "by words, to their ends"),
    scrolling("line-start", Scroll::Go(Motion::LineStart), &["0"], "the line's start, text, end"),
    scrolling("line-text", Scroll::Go(Motion::LineText), &["^"], "the line's start, text, end"),
    scrolling("line-end", Scroll::Go(Motion::LineEnd), &["$"], "the line's start, text, end"),
    scrolling("other-end", Scroll::Swap, &["o"], "to the selection's other end"),
    scrolling("copy", Scroll::Copy, &["y"], "copy"),
    scrolling("finish", Scroll::Finish, &["Enter"], "copy, and back to live"),
    scrolling("live", Scroll::Leave, &["q"], "back to the live screen"),
    scrolling("cancel", Scroll::Cancel, &["Escape", "C-c"], "back to the live screen"),
    scrolling("scroll-help", Scroll::Help, &["?"], "all keys"),
];

const fn command(name: &'static str, action: Action, list: Keys, prefixed: Keys, does: &'static str) -> Command {
    Command { name, action, list, prefixed, does }
}

const fn scrolling(name: &'static str, action: Scroll, keys: Keys, does: &'static str) -> ScrollCommand {
    ScrollCommand { name, action, keys, does }
}
