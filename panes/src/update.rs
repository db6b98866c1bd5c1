//! What each message does to the model, and what is to be done about it. Pure: no clock, no I/O.

mod answers;
mod daemon;
mod keys;
mod mouse;
mod pick;
mod scroll;
mod search;
mod settings;
mod shell;
mod stage;

use crate::layout::{self, Arrangement};
use crate::model::{Connection, Measuring, Model, Prefix, Watch};
use crate::msg::{Cmd, Msg, Timer};

use locald_api::{ClientMessage, PaneId, ServiceId, View, WatchedPane};

/// Takes `msg` in.
pub(crate) fn update(model: &mut Model, msg: Msg) -> Cmd {
    match msg {
        Msg::Key(key) => keys::press(model, key),
        Msg::Paste(text) => keys::paste(model, text),
        Msg::Mouse(mouse) => mouse::take(model, &mouse),
        Msg::Attention(attention) => {
            model.attention = attention;
            watch(model)
        }
        Msg::Timer(Timer::TellKeys) => {
            if model.prefix == Prefix::Pressed {
                model.prefix = Prefix::Told;
            }
            Cmd::redraw()
        }
        Msg::Resize(size) => {
            model.size = layout::painted(size);
            let top = model.overlay.as_ref().map_or(0, |overlay| overlay.top);
            keys::scroll_overlay(model, top);
            scroll::fit(model).and(watch(model)).and(Cmd::redraw())
        }
        Msg::Background(background) => {
            model.background = background;
            model.theme = model.theme_choice.theme(background, model.theme.depth);
            Cmd::redraw()
        }
        Msg::Settings(read) => settings::take(model, read),
        Msg::Timer(Timer::Scroll) => mouse::scroll_on(model),
        Msg::Connected => daemon::connected(model),
        Msg::ConnectFailed(unreached) => daemon::connect_failed(model, unreached),
        Msg::Lost => daemon::lost(model),
        Msg::Overdue => daemon::overdue(model),
        Msg::Workspace(workspace) => daemon::take_workspace(model, *workspace),
        Msg::Frame(frame) => daemon::take_frame(model, frame),
        Msg::Clipboard { service, text } => pick::pass_on(model, &service, text),
        Msg::NotTyped { service, failure } => keys::not_typed(model, &service, &failure),
        Msg::Activity(activities) => daemon::take_activity(model, &activities),
        Msg::Usage(usage) => daemon::take_usage(model, usage),
        Msg::Painted => acknowledge(model),
        Msg::Answered { purpose, result } => answers::answered(model, &purpose, result),
    }
}

/// Selects a service.
fn select(model: &mut Model, service: ServiceId) -> Cmd {
    if model.selected.as_ref() == Some(&service) {
        return Cmd::none();
    }
    model.selected = Some(service);
    model.scrollback = None;
    model.locked = false;
    watch(model).and(Cmd::redraw())
}

/// Tells the daemon which panes are shown, if that has changed since it was told last.
fn watch(model: &mut Model) -> Cmd {
    if model.connection != Connection::Up {
        return Cmd::none();
    }
    let wanted = model.wanted_panes();
    let mut watches = Vec::with_capacity(wanted.len());
    for (service, size) in wanted {
        let known = model.watches.iter().find(|watch| watch.service == service);
        let pane = known.map_or_else(|| new_number(&mut model.latest_watch), |watch| watch.pane);
        let focused = model.selected.as_ref() == Some(&service);
        watches.push(Watch { pane, service, size, focused, attention: model.attention });
    }
    for watch in &watches {
        model.marks.see(&watch.service);
    }
    let measuring = match model.arrangement {
        Arrangement::Overview => Measuring::On,
        Arrangement::Panes | Arrangement::Zoomed => Measuring::Off,
    };
    if model.watches == watches && model.measuring == measuring {
        return Cmd::none();
    }
    let told = |watch: &Watch| WatchedPane {
        pane: watch.pane,
        service: watch.service.clone(),
        columns: watch.size.width,
        rows: watch.size.height,
        focused: watch.focused,
    };
    let panes = watches.iter().map(told).collect();
    let view = View { panes, role: model.role, attention: model.attention, usage: measuring == Measuring::On };
    (model.watches, model.measuring) = (watches, measuring);
    Cmd::send(ClientMessage::View(view))
}

fn new_number(latest: &mut u32) -> PaneId {
    *latest = latest.wrapping_add(1);
    PaneId(*latest)
}

/// Tells the daemon that what it sent has been painted, so that it may send more.
fn acknowledge(model: &mut Model) -> Cmd {
    let painted = std::mem::take(&mut model.unpainted);
    painted
        .into_iter()
        .map(|(pane, sequence)| Cmd::send(ClientMessage::Ack { pane, sequence }))
        .fold(Cmd::none(), Cmd::and)
}

#[cfg(test)]
mod tests;
