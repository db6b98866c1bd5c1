//! What a client can ask.

use serde::{Deserialize, Serialize};

use crate::{LogQuery, ProjectId, SearchQuery, ServiceId};

/// A request. Each says which [`Response`](crate::Response) answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Loads the project in `root` and starts its services, or the named ones. Answered by `Changes`.
    Up {
        /// The folder that holds `locald.toml` or `Procfile`, absolute.
        root: String,
        /// Services to start; all when empty.
        services: Vec<String>,
        /// The environment of the shell that asks; the base of every service's environment.
        environment: Vec<(String, String)>,
        /// Of a project that is up already, start only services that are new in its configuration: one that somebody stopped
        /// stays so, and a job that is done is not done again.
        #[serde(default)]
        only_new: bool,
        /// Not to be answered while a service that failed may still come to be ready by itself, nor any longer once one has failed
        /// for good.
        #[serde(default)]
        wait: bool,
    },
    /// Stops all services of a project and forgets it. Answered by `Changes`.
    Down(Target),
    /// Starts services of a loaded project. Answered by `Changes`.
    Start(Target),
    /// Stops services and returns once nothing of them is left. Answered by `Changes`.
    Stop(Target),
    /// Stops and starts services. Answered by `Changes`.
    Restart(Target),
    /// Answered by `Status`.
    Status(Target),
    /// Why services are as they are, and what comes next. Answered by `Explanations`.
    Explain(Target),
    /// One page of logs. Answered by `Logs`.
    Logs(LogQuery),
    /// The text of a service's screen. Answered by `Capture`.
    Capture {
        /// Exactly one service.
        target: Target,
        /// How many lines of history above the screen.
        history: u32,
        /// With SGR sequences for colours and attributes.
        ansi: bool,
    },
    /// Types into a service. Answered by `Done`.
    SendKeys {
        /// Exactly one service.
        target: Target,
        /// What to type, in order.
        input: Vec<crate::Input>,
    },
    /// Rows of a service's history by absolute line number. Answered by `Lines`.
    Lines {
        /// Whose history.
        service: ServiceId,
        /// The first absolute line wanted.
        first: u64,
        /// How many; the daemon may send fewer.
        count: u32,
    },
    /// Where a service's history and screen match a regular expression. Answered by `Hits`.
    Search(SearchQuery),
    /// Opens a shell in a project's folder, with the project's environment: a service of kind `shell` that is gone once the shell
    /// ends, and survives the daemon until then. Answered by `Opened`, once it runs.
    OpenShell {
        /// The project, which must be up.
        project: ProjectId,
    },
    /// Ends a shell, and what runs in it. Answered by `Done`, once it is gone.
    CloseShell {
        /// The shell.
        service: ServiceId,
    },
    /// Pins a service for all clients, or moves one that is pinned. Answered by `Done`.
    Pin {
        /// Which service.
        service: ServiceId,
        /// Its place among those pinned, from 0; the last when absent.
        #[serde(default)]
        place: Option<usize>,
    },
    /// Takes a service's pin away. Answered by `Done`, also if it had none.
    Unpin {
        /// Which service.
        service: ServiceId,
    },
    /// The projects that are known, up or not. Answered by `Projects`.
    Projects,
    /// Has a project start with the daemon, or no longer. Answered by `Done`.
    PinProject {
        /// Its folder, absolute.
        root: String,
        /// Its name, in case that it is not known yet.
        name: String,
        /// Whether it is to.
        pinned: bool,
    },
    /// Forgets projects that are not up, with their logs and ports. Answered by `Done`.
    ForgetProjects {
        /// Their folders, absolute.
        roots: Vec<String>,
    },
    /// From now on, and until the connection ends, the client gets the [`Workspace`](crate::Workspace) at every change,
    /// and the [`Activity`](crate::Activity) of all services.
    /// Answered by `Done`.
    WatchWorkspace,
    /// Where the proxy listens. Answered by `ProxyPorts`.
    ProxyPorts,
    /// Has the proxy listen on sockets that the client hands over: the daemon connects to a Unix socket of the client's, and is sent one
    /// message, an octet for each socket (`h`: HTTP, `s`: HTTPS) with the sockets themselves (SCM_RIGHTS), at most
    /// [`MAX_HANDED_OVER`](crate::MAX_HANDED_OVER). They must listen, on addresses of loopback. Answered by `ProxyPorts`.
    TakeSockets {
        /// The path of the client's socket, absolute.
        from: String,
    },
    /// The host names that lead to services of projects that are up. Answered by `HostNames`.
    HostNames,
    /// Answered by `Daemon`.
    DaemonStatus,
    /// Something was done to the machine outside of locald's folders: the daemon looks at what. Answered by `Done`.
    MachineChanged,
    /// Replaces the daemon's process and stops nothing. Answered by `Done`, just before the daemon goes.
    DaemonRestart,
    /// Stops every service, then the daemon and the keeper. Answered by `Changes`, just before they go.
    Shutdown,
}

/// Which services a request means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The project folder the client stands in: where a bare name is looked up, and what an empty list of names means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// `service` or `project:service`. Empty: all services of the project in `root`, or, for a query without one, of all projects.
    #[serde(default)]
    pub names: Vec<String>,
}
