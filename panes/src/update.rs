//! What each message does to the model, and what is to be done about it. Pure: no clock, no I/O.

mod answers;
mod daemon;
mod keys;
mod mouse;
mod pick;
mod scroll;
mod search;

use crate::model::{Connection, Model, Prefix, Watch};
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
            model.size = size;
            let top = model.overlay.as_ref().map_or(0, |overlay| overlay.top);
            keys::scroll_overlay(model, top);
            scroll::fit(model).and(watch(model)).and(Cmd::redraw())
        }
        Msg::Background(background) => {
            model.theme = model.theme_choice.theme(background, model.theme.depth);
            Cmd::redraw()
        }
        Msg::Timer(Timer::Scroll) => mouse::scroll_on(model),
        Msg::Connected => daemon::connected(model),
        Msg::ConnectFailed(unreached) => daemon::connect_failed(model, unreached),
        Msg::Lost => daemon::lost(model),
        Msg::Overdue => daemon::overdue(model),
        Msg::Workspace(workspace) => daemon::take_workspace(model, *workspace),
        Msg::Frame(frame) => daemon::take_frame(model, frame),
        Msg::Clipboard { service, text } => pick::pass_on(model, &service, text),
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

/// Tells the daemon which pane is shown, if that has changed since it was told last.
fn watch(model: &mut Model) -> Cmd {
    if model.connection != Connection::Up {
        return Cmd::none();
    }
    let attention = model.attention;
    let wanted = model.selected.clone().zip(model.pane_size());
    let Some((service, size)) = wanted else {
        return match model.watch.take() {
            Some(_) => Cmd::send(ClientMessage::View(View { role: model.role, ..View::default() })),
            None => Cmd::none(),
        };
    };
    let pane = match &model.watch {
        Some(watch) if watch.service == service && watch.size == size && watch.attention == attention => {
            return Cmd::none();
        }
        Some(watch) if watch.service == service => watch.pane,
        _ => {
            model.watches = model.watches.wrapping_add(1);
            PaneId(model.watches)
        }
    };
    model.watch = Some(Watch { pane, service: service.clone(), size, attention });
    let watched = WatchedPane { pane, service, columns: size.width, rows: size.height, focused: true };
    Cmd::send(ClientMessage::View(View { panes: vec![watched], role: model.role, attention, ..View::default() }))
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
