//! What the keyboard does.

use locald_api::{ClientMessage, Failure, Input, Request, Role, ServiceId, Target};

use super::daemon::call;
use super::{scroll, search, select, shell, stage};
use crate::keymap::{self, Action, Leaf};
use crate::keyname;
use crate::model::{Connection, Focus, Model, MouseOwner, Notice, Prefix};
use crate::msg::{Cmd, Effect, Purpose, Verb};
use crate::options::Outcome;
use crate::overlay::Overlay;
use crate::wording;

/// The longest paste that still fits a message to the daemon, whatever it has to be escaped to.
const LONGEST_PASTE: usize = 512 << 10;

pub(super) fn press(model: &mut Model, name: String) -> Cmd {
    let read = model.notice.take().is_some();
    let cmd = if model.locked && model.overlay.is_none() {
        while_locked(model, name)
    } else if model.overlay.is_some() {
        leaf_through(model, &name)
    } else if model.scrollback.as_ref().is_some_and(|scrollback| scrollback.prompt.is_some()) {
        search::type_key(model, &name)
    } else if std::mem::replace(&mut model.prefix, Prefix::No) != Prefix::No {
        after_prefix(model, &name).and(Cmd::redraw())
    } else if name == model.keymap.prefix {
        model.prefix = Prefix::Pressed;
        Cmd::redraw()
    } else if model.scrollback.is_some() {
        scroll::press(model, &name)
    } else {
        match model.focus {
            Focus::Services => in_services(model, &name),
            Focus::Pane => type_into_pane(model, Input::Keys(vec![name])),
        }
    };
    if read { cmd.and(Cmd::redraw()) } else { cmd }
}

pub(super) fn paste(model: &mut Model, text: String) -> Cmd {
    if model.overlay.is_none() && model.scrollback.is_some() {
        return search::paste(model, &text);
    }
    if model.focus != Focus::Pane || model.overlay.is_some() {
        return notify(model, Notice::warning("a paste goes to a service: open one first"));
    }
    if text.len() > LONGEST_PASTE {
        return notify(model, Notice::warning(format!("the paste is longer than {} KiB", LONGEST_PASTE >> 10)));
    }
    let pending = std::mem::replace(&mut model.prefix, Prefix::No) != Prefix::No;
    let typed = type_into_pane(model, Input::Paste(text));
    if pending { typed.and(Cmd::redraw()) } else { typed }
}

pub(super) fn notify(model: &mut Model, notice: Notice) -> Cmd {
    model.notice = Some(notice);
    Cmd::redraw()
}

/// Every key but one goes to the program, the prefix too.
fn while_locked(model: &mut Model, name: String) -> Cmd {
    if name == model.keymap.unlock {
        model.locked = false;
        return notify(model, Notice::info("unlocked"));
    }
    // What is typed is to be seen, wherever the wheel has led.
    let left = if model.scrollback.is_some() { scroll::leave(model) } else { Cmd::none() };
    left.and(type_into_pane(model, Input::Keys(vec![name])))
}

fn in_services(model: &mut Model, key: &str) -> Cmd {
    match model.keymap.list(key) {
        Some(action) => act(model, action),
        None if key == "C-c" => {
            let text = format!("press {} to detach; services keep running", model.keymap.typed_in_list(Action::Detach));
            notify(model, Notice::info(text))
        }
        None => Cmd::none(),
    }
}

fn after_prefix(model: &mut Model, key: &str) -> Cmd {
    let keymap = &model.keymap;
    if let Some(action) = keymap.prefixed(key) {
        return act(model, action);
    }
    let (prefix, help) = (&keymap.prefix, keymap.typed_in_pane(Action::Help));
    let text = format!("{prefix} {} does nothing; {help} shows all keys", keyname::shown(key));
    notify(model, Notice::warning(text))
}

fn type_into_pane(model: &mut Model, input: Input) -> Cmd {
    if model.role == Role::Onlooker {
        return only_looks(model);
    }
    let Some(service) = model.selected_service() else { return Cmd::none() };
    if !model.connection.is_up() {
        return notify(model, Notice::warning("not sent: there is no connection to the daemon"));
    }
    let service = service.id.clone();
    model.chosen = true;
    Cmd::send(ClientMessage::Input { service, input })
}

/// What was typed did not reach the program.
pub(super) fn not_typed(model: &mut Model, id: &ServiceId, failure: &Failure) -> Cmd {
    let is_alive = model.services().iter().any(|service| service.id == *id && service.state.is_alive());
    if is_alive {
        return notify(model, Notice::warning(format!("not sent: {failure}")));
    }
    let key = model.keymap.typed_in_pane(Action::Restart);
    let text = format!("{} is not running: press {key} to start it", id.service);
    model.locked = false;
    notify(model, Notice::warning(text))
}

pub(super) fn act(model: &mut Model, action: Action) -> Cmd {
    match action {
        Action::Previous => step(model, |index, _| index.saturating_sub(1)),
        Action::Next => step(model, |index, _| index + 1),
        Action::First => step(model, |_, _| 0),
        Action::Last => step(model, |_, count| count),
        Action::Nth(place) if place >= model.services().len() => {
            notify(model, Notice::warning(format!("there is no service number {}", place + 1)))
        }
        Action::Nth(place) => step(model, |_, _| place),
        Action::FocusPane => stage::focus_pane(model),
        Action::FocusServices => stage::focus_services(model),
        Action::FocusTowards(direction) => stage::focus_towards(model, direction),
        Action::Overview => stage::overview(model),
        Action::Pin => stage::toggle_pin(model),
        Action::Shell => shell::open(model),
        Action::ToggleSidebar => stage::toggle_sidebar(model),
        Action::Restart => ask(model, Verb::Restart),
        Action::Start => ask(model, Verb::Start),
        Action::Stop => ask(model, Verb::Stop),
        Action::Detach => Cmd::effect(Effect::Leave(outcome(model))),
        Action::Help => {
            model.overlay = Some(Overlay::help());
            Cmd::redraw()
        }
        Action::ScrollBack(pages) => scroll::enter(model, pages),
        Action::Zoom => stage::zoom(model),
        Action::SendPrefix if model.focus == Focus::Pane => {
            let prefix = model.keymap.prefix.clone();
            type_into_pane(model, Input::Keys(vec![prefix]))
        }
        Action::SendPrefix => Cmd::none(),
        Action::Lock => lock(model),
        Action::Mouse => toggle_mouse(model),
    }
}

/// Moves the selection to where `to` says, given the place now and the number of services.
pub(super) fn step(model: &mut Model, to: impl Fn(usize, usize) -> usize) -> Cmd {
    let Some(index) = model.selected_index() else { return Cmd::none() };
    let count = model.services().len();
    let target = model.services()[to(index, count).min(count - 1)].id.clone();
    model.chosen = true;
    select(model, target)
}

fn lock(model: &mut Model) -> Cmd {
    let focused = stage::focus_pane(model);
    if model.focus == Focus::Pane {
        model.scrollback = None;
        model.locked = true;
    }
    focused
}

fn toggle_mouse(model: &mut Model) -> Cmd {
    model.gesture = None;
    let (owner, text) = match model.mouse {
        MouseOwner::Workspace => (MouseOwner::Terminal, "the mouse is the terminal's own"),
        MouseOwner::Terminal => (MouseOwner::Workspace, "the mouse is locald's again"),
    };
    model.mouse = owner;
    notify(model, Notice::info(text))
}

pub(super) fn only_looks(model: &mut Model) -> Cmd {
    notify(model, Notice::warning("not done: this workspace only looks on"))
}

fn ask(model: &mut Model, verb: Verb) -> Cmd {
    if model.role == Role::Onlooker {
        return only_looks(model);
    }
    let Some(service) = model.selected_service() else { return Cmd::none() };
    let (name, target) = (service.name.clone(), Target { root: None, names: vec![service.id.to_string()] });
    model.chosen = true;
    if !model.connection.is_up() {
        return notify(model, Notice::warning("not done: there is no connection to the daemon"));
    }
    let request = match verb {
        Verb::Start => Request::Start(target),
        Verb::Stop => Request::Stop(target),
        Verb::Restart => Request::Restart(target),
    };
    let told = notify(model, Notice::info(wording::underway(verb, &name)));
    told.and(call(request, Purpose::Act { verb, service: name }))
}

fn outcome(model: &Model) -> Outcome {
    match &model.connection {
        Connection::Up => Outcome::Detached,
        Connection::Lost { why, .. } => {
            let reason = why.clone().unwrap_or_else(|| "the connection to the daemon was lost".into());
            Outcome::Quit { reason }
        }
    }
}

/// A key while an overlay is open: scrolls or closes it, and does nothing else.
fn leaf_through(model: &mut Model, key: &str) -> Cmd {
    let (Some(leaf), Some(open)) = (keymap::overlay(key), &model.overlay) else { return Cmd::none() };
    let (area, _) = open.lay(model.size, &model.keymap, &model.troubles());
    let page = isize::try_from(Overlay::visible_lines(area).max(1)).unwrap_or(1);
    let top = match leaf {
        Leaf::Close => {
            model.overlay = None;
            return Cmd::redraw();
        }
        Leaf::Lines(lines) => open.top.saturating_add_signed(lines),
        Leaf::Pages(pages) => open.top.saturating_add_signed(pages * page),
        Leaf::Top => 0,
        Leaf::Bottom => usize::MAX,
    };
    scroll_overlay(model, top);
    Cmd::redraw()
}

/// Shows the overlay from line `top`, or from as far down as it goes.
pub(super) fn scroll_overlay(model: &mut Model, top: usize) {
    let Some(open) = &model.overlay else { return };
    let (area, lines) = open.lay(model.size, &model.keymap, &model.troubles());
    let last = lines.len().saturating_sub(Overlay::visible_lines(area));
    if let Some(open) = &mut model.overlay {
        open.top = top.min(last);
    }
}
