//! What is on the screen: the overview, panes, one of them alone; and which of them keys go to.

use locald_api::Request;

use super::daemon::call;
use super::keys::notify;
use super::{scroll, select, watch};
use crate::layout::{Arrangement, Direction, Sidebar};
use crate::model::{Focus, Model, Notice};
use crate::msg::{Cmd, Purpose};

/// Arranges the screen anew; what is shown of the past goes along with its pane.
pub(super) fn arrange(model: &mut Model, arrangement: Arrangement) -> Cmd {
    model.arrangement = arrangement;
    scroll::fit(model).and(watch(model)).and(Cmd::redraw())
}

/// Lets keys go to the selected service's program.
pub(super) fn focus_pane(model: &mut Model) -> Cmd {
    if model.selected.is_none() {
        return notify(model, Notice::warning("there is no service to open"));
    }
    model.chosen = true;
    model.focus = Focus::Pane;
    match model.arrangement {
        Arrangement::Overview => arrange(model, Arrangement::Panes),
        Arrangement::Panes | Arrangement::Zoomed => Cmd::redraw(),
    }
}

/// Lets keys go to the list, which is the overview where there is none beside panes.
pub(super) fn focus_services(model: &mut Model) -> Cmd {
    model.focus = Focus::Services;
    model.scrollback = None;
    model.arrangement = Arrangement::Panes;
    let has_list = model.areas().sidebar.width > 0;
    arrange(model, if has_list { Arrangement::Panes } else { Arrangement::Overview })
}

/// Shows how all services do, or the panes again.
pub(super) fn overview(model: &mut Model) -> Cmd {
    if model.arrangement == Arrangement::Overview {
        return arrange(model, Arrangement::Panes);
    }
    model.focus = Focus::Services;
    model.scrollback = None;
    arrange(model, Arrangement::Overview)
}

/// Shows the pane alone, or what was beside it again. Without a list to see keys go to the pane.
pub(super) fn zoom(model: &mut Model) -> Cmd {
    let arrangement = match model.arrangement {
        Arrangement::Zoomed => Arrangement::Panes,
        _ if model.selected.is_none() => return notify(model, Notice::warning("there is no service to zoom")),
        Arrangement::Overview | Arrangement::Panes => Arrangement::Zoomed,
    };
    model.arrangement = arrangement;
    focus_pane(model).and(arrange(model, arrangement))
}

/// Hides the list beside panes, or shows it again.
pub(super) fn toggle_sidebar(model: &mut Model) -> Cmd {
    model.sidebar = match model.sidebar {
        Sidebar::Shown => Sidebar::Hidden,
        Sidebar::Hidden => Sidebar::Shown,
    };
    match model.focus {
        Focus::Services => focus_services(model),
        Focus::Pane => arrange(model, Arrangement::Panes),
    }
}

/// Lets keys go to the pane that lies there. To the left of all panes is the list; a single pane has the next and the previous
/// service below and above it.
pub(super) fn focus_towards(model: &mut Model, direction: Direction) -> Cmd {
    let Some(selected) = model.selected.clone() else { return Cmd::none() };
    let stage = model.stage();
    if let Some(service) = stage.neighbour(&selected, direction) {
        model.chosen = true;
        model.focus = Focus::Pane;
        return select(model, service).and(watch(model)).and(Cmd::redraw());
    }
    match direction {
        Direction::Left if model.arrangement != Arrangement::Zoomed => focus_services(model),
        Direction::Up if stage.all == 1 => super::keys::step(model, |index, _| index.saturating_sub(1)),
        Direction::Down if stage.all == 1 => super::keys::step(model, |index, _| index + 1),
        Direction::Left | Direction::Right | Direction::Up | Direction::Down => Cmd::none(),
    }
}

/// Pins the selected service for all workspaces, or takes its pin away. Without any pin left there is the overview again.
pub(super) fn toggle_pin(model: &mut Model) -> Cmd {
    let Some(service) = model.selected.clone() else {
        return notify(model, Notice::warning("there is no service to pin"));
    };
    if !model.connection.is_up() {
        return notify(model, Notice::warning("not done: there is no connection to the daemon"));
    }
    model.chosen = true;
    if !model.is_pinned(&service) {
        let shown = match model.arrangement {
            Arrangement::Overview => arrange(model, Arrangement::Panes),
            Arrangement::Panes | Arrangement::Zoomed => Cmd::none(),
        };
        return shown.and(call(Request::Pin { service, place: None }, Purpose::Pin));
    }
    let is_last = model.pinned().count() == 1;
    let shown = if is_last && model.arrangement == Arrangement::Panes { overview(model) } else { Cmd::none() };
    shown.and(call(Request::Unpin { service }, Purpose::Pin))
}
