//! The control messages of both directions.

use serde::{Deserialize, Serialize};

use crate::{
    Activity, Failure, Hello, Input, Palette, PaneId, Refused, Request, Response, ServiceId, ServiceUsage, View,
    Welcome, Workspace,
};

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
    /// What the client shows from now on; replaces what it said before.
    View(View),
    /// The client has painted this frame and is ready for the pane's next.
    Ack {
        /// The pane.
        pane: PaneId,
        /// The frame's sequence number.
        sequence: u64,
    },
    /// The colours of the client's terminal, from now on.
    Palette(Palette),
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
    /// What programs have done: of each service of which this client does not know the latest. Sent to clients that watch the
    /// workspace, at most every 250 ms.
    Activity(Vec<Activity>),
    /// What all services use: sent while the client's view says that it shows that, at most once a second, and only when
    /// something of it is new.
    Usage(Vec<ServiceUsage>),
    /// A program that the client's user typed into wants this text in the clipboard (OSC 52). Of several only the last is sent.
    Clipboard {
        /// Whose program.
        service: ServiceId,
        /// The text, at most 768 KiB.
        text: String,
    },
    /// What the client's user typed last did not reach a program. Only the daemon knows that: the client's picture of it may be older.
    NotTyped {
        /// Whose program.
        service: ServiceId,
        /// Why.
        failure: Failure,
    },
}
