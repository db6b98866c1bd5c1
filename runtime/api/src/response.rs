//! What the daemon answers.

use serde::{Deserialize, Serialize};

use crate::{
    Containment, Exit, Explanation, LogLine, ProjectStatus, RegisteredProject, Row, SearchPage, ServiceId,
    ServiceStatus,
};

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Response {
    /// It is done, and there is nothing to tell.
    Done,
    /// What happened to each service that was meant.
    Changes(Vec<ServiceChange>),
    /// The projects and services that were meant.
    Status {
        /// Their projects.
        projects: Vec<ProjectStatus>,
        /// The services.
        services: Vec<ServiceStatus>,
        /// What keeps the daemon from doing its whole work.
        degraded: Vec<String>,
    },
    /// The services that were meant, explained.
    Explanations(Vec<Explanation>),
    /// A page of logs.
    Logs(LogPage),
    /// A screen's text.
    Capture(Capture),
    /// A shell that was opened.
    Opened(ServiceId),
    /// Rows of history.
    Lines {
        /// The absolute number of the first row sent.
        first: u64,
        /// The rows.
        rows: Vec<Row>,
    },
    /// A page of what a search found.
    Hits(SearchPage),
    /// The projects that are known.
    Projects(Vec<RegisteredProject>),
    /// The daemon and its keeper.
    Daemon(DaemonInfo),
    /// The ports of the proxy.
    ProxyPorts(ProxyPorts),
    /// Host names, each once, in order.
    HostNames(Vec<String>),
}

/// The most sockets that [`Request::TakeSockets`](crate::Request::TakeSockets) hands over.
pub const MAX_HANDED_OVER: usize = 8;

/// Where the proxy listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyPorts {
    /// For HTTP, if at all.
    pub http: Option<u16>,
    /// For HTTPS, if at all.
    pub https: Option<u16>,
    /// Ports that it could not open and would take if somebody handed them over: 80, 443 or both.
    pub wanting: Vec<u16>,
}

/// A page of log lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogPage {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// Where the next page goes on.
    pub cursor: String,
    /// Nothing more is there now.
    pub end: bool,
}

/// What a request did to one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceChange {
    /// The service.
    pub service: ServiceId,
    /// The project's name, for display.
    pub project: String,
    /// What was done.
    pub change: Change,
}

/// What was done to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was started.
    Started {
        /// Its process.
        pid: u32,
    },
    /// It waits for a request, which starts it.
    Idle,
    /// It was running already, and still is.
    AlreadyRunning {
        /// Its process.
        pid: u32,
    },
    /// It was stopped.
    Stopped {
        /// How its process ended.
        exit: Exit,
        /// Processes below it that outlived it and were killed, by name.
        killed: Vec<String>,
        /// Processes below it that were left alone, because the service says `escape = "leave"`.
        left: Vec<String>,
    },
    /// It was not running, so there was nothing to stop.
    WasNotRunning,
    /// It is started once what it depends on allows that, which will not happen by itself.
    Waiting {
        /// What it waits for, and how that is.
        reason: String,
    },
    /// It could not be started.
    Failed {
        /// Why.
        reason: String,
    },
}

/// The text of a screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Whose screen.
    pub service: ServiceId,
    /// Its columns.
    pub columns: u16,
    /// Its rows.
    pub rows: u16,
    /// The cursor's row and column, from 0.
    pub cursor: (u16, u16),
    /// The title the program set.
    pub title: String,
    /// How many lines of history stand above the screen's rows in `lines`.
    pub history: u32,
    /// The lines, history first.
    pub lines: Vec<String>,
}

/// The daemon and its keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonInfo {
    /// The daemon's process.
    pub pid: u32,
    /// The keeper's process.
    pub keeper_pid: u32,
    /// The control socket.
    pub socket: String,
    /// The daemon's release.
    pub version: String,
    /// Seconds since the daemon started.
    pub uptime_seconds: u64,
    /// Seconds since the keeper started.
    pub keeper_uptime_seconds: u64,
    /// How often the keeper has started a daemon again after it failed.
    pub daemon_failures: u32,
    /// Where the daemon's own log is.
    pub log: String,
    /// What keeps the daemon from doing its whole work.
    pub degraded: Vec<String>,
    /// By which means services are ended.
    #[serde(default)]
    pub containment: Containment,
}
