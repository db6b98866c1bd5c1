//! What crosses the control socket: ids, requests, notices and pane frames, how they are framed, and the client.
//!
//! Control messages are JSON, so that a client and a daemon of different versions can still tell each other what is wrong;
//! pane frames are a compact binary form, because they are sent at every change of a screen. This crate knows neither how a
//! request is carried out nor how a frame is painted.

pub mod client;
pub mod failure;
pub mod frame;
pub mod hello;
pub mod id;
pub mod logs;
pub mod message;
pub mod peer;
pub mod request;
pub mod response;
pub mod status;
mod varint;
pub mod wire;

pub use client::{CallError, Client, ConnectError, Event, Events};
pub use failure::{Failure, FailureKind};
pub use frame::{Cells, Color, Cursor, CursorShape, Modes, PaneFrame, Row, Run, Style};
pub use hello::{Hello, PROTOCOL, Refused, Welcome};
pub use id::{PaneId, ProjectId, ServiceId};
pub use logs::{LogEvent, LogLine, LogQuery, LogStream};
pub use message::{ClientMessage, Input, ServerMessage, View, WatchedPane};
pub use request::{Request, Target};
pub use response::{Capture, Change, DaemonInfo, LogPage, Response, ServiceChange};
pub use status::{Exit, ProjectStatus, ServiceState, ServiceStatus, Workspace};
