//! What crosses the control socket: ids, requests, notices and pane frames, how they are framed, and the client.
//!
//! Control messages are JSON, so that a client and a daemon of different versions can still tell each other what is wrong;
//! pane frames are a compact binary form, because they are sent at every change of a screen. This crate knows neither how a
//! request is carried out nor how a frame is painted.

pub mod activity;
pub mod client;
pub mod containment;
pub mod explain;
pub mod failure;
pub mod frame;
pub mod hello;
pub mod id;
pub mod input;
pub mod logs;
pub mod message;
pub mod modes;
pub mod palette;
pub mod peer;
pub mod registry;
pub mod request;
pub mod response;
pub mod row;
pub mod search;
pub mod status;
pub mod style;
pub mod usage;
mod varint;
pub mod view;
pub mod wire;

pub use activity::{Activity, CommandMark, Notification, Progress};
pub use client::{CallError, Client, ConnectError, Event, Events};
pub use containment::Containment;
pub use explain::{EndedRun, Explanation, Need, Next, Probe};
pub use failure::{Failure, FailureKind};
pub use frame::{Cursor, CursorShape, PaneFrame};
pub use hello::{Hello, PROTOCOL, Refused, Welcome};
pub use id::{PaneId, ProjectId, ServiceId};
pub use input::{Input, Modifiers, Mouse, MouseAction, MouseButton};
pub use logs::{LogEvent, LogLine, LogQuery, LogStream};
pub use message::{ClientMessage, ServerMessage};
pub use modes::Modes;
pub use palette::Palette;
pub use registry::RegisteredProject;
pub use request::{Request, Target};
pub use response::{Capture, Change, DaemonInfo, LogPage, MAX_HANDED_OVER, ProxyPorts, Response, ServiceChange};
pub use row::{Cells, Link, Row, Run};
pub use search::{Case, Hit, Order, Place, SearchPage, SearchQuery};
pub use status::{Exit, NamedPort, ProjectStatus, ServiceState, ServiceStatus, Workspace};
pub use style::{Color, Style, Underline};
pub use usage::{ServiceUsage, Usage};
pub use view::{Attention, Role, View, WatchedPane};
