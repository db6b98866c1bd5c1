//! The state of projects and services as clients see it.

use serde::{Deserialize, Serialize};

use crate::{ProjectId, ServiceId, Usage};

/// Everything at one moment. A later one has a higher revision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Rises with every change during one daemon's life.
    pub revision: u64,
    /// All loaded projects, ordered by name.
    pub projects: Vec<ProjectStatus>,
    /// All services, grouped by project, within one in the order of its configuration.
    pub services: Vec<ServiceStatus>,
    /// The pinned services, in the order in which they are shown. All clients share them.
    #[serde(default)]
    pub pins: Vec<ServiceId>,
    /// What keeps the daemon from doing its whole work, such as a log that cannot be written; empty when all is well.
    #[serde(default)]
    pub degraded: Vec<String>,
}

/// A project that is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectStatus {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub root: String,
    /// What is wrong with its files, each with its place, while what they said before stays in force; empty when all is well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// A service at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its id.
    pub id: ServiceId,
    /// Its name within the project.
    pub name: String,
    /// The project's name.
    pub project: String,
    /// What kind of service it is, such as `exec`.
    pub kind: String,
    /// What it is doing.
    pub state: ServiceState,
    /// Its process while it runs.
    pub pid: Option<u32>,
    /// How its last run ended.
    pub exit: Option<Exit>,
    /// How often it was started again since the project came up.
    pub restarts: u64,
    /// When its current or last run began, RFC 3339 in UTC.
    pub started_at: Option<String>,
    /// The ports that it is told, the first one first.
    pub ports: Vec<u16>,
    /// Those beside the first, with the name that each has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named_ports: Vec<NamedPort>,
    /// The port on which it listens instead of its own, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stray_port: Option<u16>,
    /// Where it can be reached now: the URLs of its name, the one to show first, then that of its port, which every program finds.
    pub urls: Vec<String>,
    /// The URLs of its name, whether it runs or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<String>,
    /// Why its name is not the one that it would be, as of a framework that takes no name of several labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_reason: Option<String>,
    /// Further host names, in A-labels (RFC 5890), `*.` before those that stand for all names below one, and a path
    /// behind those that it shares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Where those of them lead that stand for one name each, in the same order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alias_urls: Vec<String>,
    /// Why host names of its configuration lead nowhere, one sentence for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_hosts: Vec<String>,
    /// Why it is in this state, where that needs saying.
    pub reason: Option<String>,
    /// How it is known that it is well or not, such as `http`; absent where nothing is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<String>,
    /// When it is started again, RFC 3339 in UTC, while it is in backoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<String>,
    /// What its processes use; absent where nobody asked for it, or where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What is wrong with keeping its log; absent when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_fault: Option<String>,
}

/// A port of a service that has a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPort {
    /// Its name, unique in the service.
    pub name: String,
    /// Its number.
    pub port: u16,
    /// Where it can be reached now, as [`ServiceStatus::urls`] has it of the first port.
    pub urls: Vec<String>,
    /// The URLs of its host name, whether anybody listens or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<String>,
}

/// What a service is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// Not running, because nobody started it or somebody stopped it.
    Stopped,
    /// Not running, and started by the next request for it.
    Idle,
    /// Wanted, and not started yet because of what it depends on.
    Waiting,
    /// Being started, or running and not known to be well yet.
    Starting,
    /// Running, and well as far as anybody can tell.
    Ready,
    /// Running, and not well.
    Unhealthy,
    /// Asked to stop, not gone yet.
    Stopping,
    /// Ended by itself, and not well.
    Exited,
    /// Ended by itself with exit code 0.
    Completed,
    /// Ended by itself; started again after a pause.
    Backoff,
    /// Ended by itself so often that it is not started again.
    CrashLoop,
    /// Could not be started.
    Failed,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Unseen: whoever watched it was killed.
    Unknown,
}

impl ServiceState {
    /// The state's word, as shown and as sent.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Unhealthy => "unhealthy",
            Self::Stopping => "stopping",
            Self::Exited => "exited",
            Self::Completed => "completed",
            Self::Backoff => "backoff",
            Self::CrashLoop => "crash-loop",
            Self::Failed => "failed",
        }
    }

    /// Whether a process of the service may be alive in this state.
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Starting | Self::Ready | Self::Unhealthy | Self::Stopping)
    }
}
