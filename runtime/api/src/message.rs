//! The control messages of both directions.

use serde::{Deserialize, Serialize};

use crate::{Failure, Hello, PaneId, Refused, Request, Response, ServiceId, Welcome, Workspace};

/// From a client to the daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientMessage {
    /// First of all.
    Hello(Hello),
    /// Asks for something; answered by one [`ServerMessage::Response`] of the same `id`.
    Request {
        /// Chosen by the client, unique among its open requests.
        id: u64,
        /// What is asked.
        request: Box<Request>,
    },
    /// The client no longer wants the answer to this request.
    Cancel {
        /// The request's id.
        id: u64,
    },
    /// Which panes the client shows from now on; replaces what it said before.
    View(View),
    /// The client has painted this frame and is ready for the pane's next.
    Ack {
        /// The pane.
        pane: PaneId,
        /// The frame's sequence number.
        sequence: u64,
    },
    /// Something typed into a pane.
    Input {
        /// The service whose pane it is.
        service: ServiceId,
        /// What was typed.
        input: Input,
    },
}

/// From the daemon to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerMessage {
    /// The client may go on.
    Welcome(Welcome),
    /// The client is not served; the connection ends.
    Refused(Refused),
    /// The answer to a request.
    Response {
        /// The request's id.
        id: u64,
        /// What came of it.
        result: Result<Box<Response>, Failure>,
    },
    /// The state of everything, sent to clients that watch it: always the latest, never each step on the way.
    Workspace(Box<Workspace>),
}

/// Which panes a client shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The visible panes. Frames are sent for these and no others.
    pub panes: Vec<WatchedPane>,
}

/// A pane that a client shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedPane {
    /// The client's number for it.
    pub pane: PaneId,
    /// Whose screen it shows.
    pub service: ServiceId,
    /// The columns the client has for it.
    pub columns: u16,
    /// The rows the client has for it.
    pub rows: u16,
    /// Whether this pane has the focus, so that its size becomes the terminal's.
    #[serde(default)]
    pub focused: bool,
}

/// What a person types into a pane. The daemon encodes it for the modes that the pane's program has set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Keys by tmux's names: `a`, `C-c`, `M-Left`, `S-Tab`, `F5`, `Space`.
    Keys(Vec<String>),
    /// Text from a clipboard; bracketed when the program asked for that.
    Paste(String),
    /// Text as it is, each character a key without a modifier.
    Text(String),
}
