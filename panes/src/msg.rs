//! What can happen to a workspace, and what it then wants done.

use std::time::Duration;

use locald_api::{
    Activity, Attention, CallError, ClientMessage, Failure, Input, PaneFrame, Request, Response, ServiceId,
    ServiceUsage, Workspace,
};
use ratatui::layout::Size;
use serde::{Deserialize, Serialize};

use crate::mouse::Mouse;
use crate::options::Outcome;
use crate::reconnect::Unreached;
use crate::settings::Settings;
use crate::theme::Appearance;

/// Everything that can happen, from the terminal, the daemon and the loop itself.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Msg {
    /// A key was pressed, by its name.
    Key(String),
    /// Text was pasted.
    Paste(String),
    /// Something happened with the mouse.
    Mouse(Mouse),
    /// The outer terminal gained or lost the focus.
    Attention(Attention),
    /// What [`Model::timer`](crate::model::Model::timer) asked for.
    Timer(Timer),
    /// The terminal has this size now.
    Resize(Size),
    /// The terminal's background is like this.
    Background(Appearance),
    /// The user's settings were read anew, or cannot be used, for this reason.
    Settings(Result<Settings, String>),
    /// There is a connection to a daemon, for the first time or again.
    Connected,
    /// An attempt to connect failed, and there will be another.
    ConnectFailed(Unreached),
    /// The connection ended.
    Lost,
    /// The daemon has been gone for so long that the user should know why.
    Overdue,
    /// The state of everything.
    Workspace(Box<Workspace>),
    /// Changed rows of a pane.
    Frame(PaneFrame),
    /// A program that the user typed into wants this text in the clipboard.
    Clipboard {
        /// Whose program.
        service: ServiceId,
        /// The text.
        text: String,
    },
    /// What the user typed did not reach a program.
    NotTyped {
        /// Whose program.
        service: ServiceId,
        /// Why.
        failure: Failure,
    },
    /// What programs have done.
    Activity(Vec<Activity>),
    /// What all services use.
    Usage(Vec<ServiceUsage>),
    /// What the terminal was sent last has arrived there.
    Painted,
    /// A request was answered.
    Answered {
        /// What it was for.
        purpose: Purpose,
        /// What came of it.
        result: Result<Response, CallError>,
    },
}

/// Something that happens after a while, if nothing happens before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Timer {
    /// All keys are shown that may follow the prefix.
    TellKeys,
    /// A selection goes on beyond the pane's edge, where the mouse is.
    Scroll,
}

impl Timer {
    /// How long it takes.
    pub(crate) fn delay(self) -> Duration {
        match self {
            // Longer than it takes somebody who knows the next key.
            Self::TellKeys => Duration::from_millis(600),
            Self::Scroll => Duration::from_millis(40),
        }
    }
}

/// What a request was for, so that its answer can be told in those terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// Watching the workspace.
    Watch,
    /// What the caller wanted asked at the start.
    Initial,
    /// Lines of history, to be shown or copied.
    Lines {
        /// Which request it is.
        asked: u64,
    },
    /// A page of what is searched for.
    Search {
        /// Which request it is.
        asked: u64,
    },
    /// A key of the user's on one service.
    Act {
        /// What the user wanted.
        verb: Verb,
        /// The service's name.
        service: String,
    },
    /// Pinning a pane, or no longer so.
    Pin,
    /// Opening a shell.
    Shell,
}

/// What a user does to a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verb {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Stop and start it.
    Restart,
}

/// What the loop is to do. Done in order; what was asked later may replace what it makes needless.
#[derive(Debug, Default, PartialEq)]
#[must_use = "an effect not carried out leaves the daemon and the model out of step"]
pub(crate) struct Cmd {
    /// Whether the screen looks different now.
    pub(crate) redraw: bool,
    /// What is to be done elsewhere.
    pub(crate) effects: Vec<Effect>,
}

/// Something to be done outside of the model.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Tell the daemon.
    Send(ClientMessage),
    /// Ask the daemon; the answer comes as [`Msg::Answered`].
    Call {
        /// What is asked.
        request: Box<Request>,
        /// What for.
        purpose: Purpose,
    },
    /// Put this into the outer terminal's clipboard.
    Copy(String),
    /// End the workspace.
    Leave(Outcome),
}

impl Cmd {
    /// Nothing to do.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// The screen looks different.
    pub(crate) fn redraw() -> Self {
        Self { redraw: true, effects: Vec::new() }
    }

    /// One effect, and the screen looks as before.
    pub(crate) fn effect(effect: Effect) -> Self {
        Self { redraw: false, effects: vec![effect] }
    }

    /// A message to the daemon.
    pub(crate) fn send(message: ClientMessage) -> Self {
        Self::effect(Effect::Send(message))
    }

    /// Both, this one first.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.redraw |= other.redraw;
        for effect in other.effects {
            self.push(effect);
        }
        self
    }

    /// Adds an effect. Keys typed in one go travel in one message, and of several views only the last matters.
    fn push(&mut self, effect: Effect) {
        use ClientMessage::{Input as Typed, View};
        match (self.effects.last_mut(), effect) {
            (
                Some(Effect::Send(Typed { service, input: Input::Keys(keys) })),
                Effect::Send(Typed { service: same, input: Input::Keys(more) }),
            ) if *service == same => keys.extend(more),
            (Some(Effect::Send(View(old))), Effect::Send(View(new))) => *old = new,
            (_, effect) => self.effects.push(effect),
        }
    }
}

#[cfg(test)]
mod tests {
    use locald_api::{ProjectId, ServiceId};

    use super::*;

    fn key(service: &str, key: &str) -> Cmd {
        let service = ServiceId { project: ProjectId("shop".into()), service: service.into() };
        Cmd::send(ClientMessage::Input { service, input: Input::Keys(vec![key.into()]) })
    }

    #[test]
    fn keys_typed_in_one_go_travel_in_one_message_and_in_order() {
        let cmd = key("web", "a").and(key("web", "C-c")).and(key("db", "b")).and(key("web", "c"));
        let sent: Vec<_> = cmd
            .effects
            .iter()
            .map(|effect| match effect {
                Effect::Send(ClientMessage::Input { service, input: Input::Keys(keys) }) => {
                    format!("{} {}", service.service, keys.join(" "))
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(sent, ["web a C-c", "db b", "web c"]);
    }
}
