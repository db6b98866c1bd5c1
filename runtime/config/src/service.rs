//! One service, every setting resolved.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::name::ServiceName;
use crate::settings::backoff::Backoff;
use crate::settings::command::Command;
use crate::settings::depends_on::Dependency;
use crate::settings::env::Variable;
use crate::settings::escape::Escape;
use crate::settings::health::Health;
use crate::settings::host_header::HostHeader;
use crate::settings::kind::Kind;
use crate::settings::paths::PathAt;
use crate::settings::port::Port;
use crate::settings::ports::NamedPort;
use crate::settings::protocol::Protocol;
use crate::settings::restart::Restart;
use crate::settings::signal::StopSignal;
use crate::settings::size::SizePolicy;
use crate::settings::start::Start;
use crate::settings::{requests, timeout};

/// What to run and how to treat it. Nothing here needs a default any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Unique in the project.
    pub name: ServiceName,
    /// What kind of service it is.
    pub kind: Kind,
    /// What to run.
    pub command: Command,
    /// Where to run it; absolute when the project's root is. Not checked to exist: a build may make it.
    pub cwd: PathBuf,
    /// Variables of this service alone, in the order of the files; each name once.
    pub env: Vec<Variable>,
    /// Where it listens; without meaning for a worker.
    pub port: Port,
    /// Further ports, each with a name; without meaning for a worker.
    pub ports: Vec<NamedPort>,
    /// Whether it is given the open socket of its port instead of opening it (sd_listen_fds(3)).
    pub listen: bool,
    /// Host names beside those that its own name makes, in lower case; `*.` stands for all names below one.
    pub hosts: Vec<String>,
    /// What the proxy speaks to it.
    pub protocol: Protocol,
    /// Beginnings of paths by which it shares names with other services.
    pub paths: Vec<PathAt>,
    /// Whether it gets paths without that beginning.
    pub strip_path: bool,
    /// What it gets as the `Host` of a request, if not what the client asked for.
    pub host_header: Option<HostHeader>,
    /// What comes first, in the order of the file; each service once, never itself, and without circles.
    pub depends_on: Vec<Dependency>,
    /// How it is known that it is well.
    pub health: Health,
    /// When it starts.
    pub start: Start,
    /// After so long without a request it is stopped, and started again by the next one.
    pub idle_stop: Option<Duration>,
    /// How long requests wait for it while it is on its way.
    pub hold: Duration,
    /// Whether it is started again when it ended by itself.
    pub restart: Restart,
    /// The pauses between such starts.
    pub backoff: Backoff,
    /// How many of it run beside each other; at least 1. With more than one they are named `NAME.1` and so on.
    pub concurrency: u16,
    /// Whether it runs in a terminal.
    pub tty: bool,
    /// Who decides the terminal's size.
    pub size: SizePolicy,
    /// Asks it to end.
    pub stop_signal: StopSignal,
    /// How long it may take to end before it is killed.
    pub stop_timeout: Duration,
    /// What becomes of what it left behind.
    pub escape: Escape,
}

impl Service {
    /// A service about which nothing but its command is said.
    pub fn new(name: ServiceName, command: Command, root: &Path) -> Self {
        Self {
            name,
            kind: Kind::default(),
            command,
            cwd: root.to_path_buf(),
            env: Vec::new(),
            port: Port::default(),
            ports: Vec::new(),
            listen: false,
            hosts: Vec::new(),
            protocol: Protocol::default(),
            paths: Vec::new(),
            strip_path: false,
            host_header: None,
            depends_on: Vec::new(),
            health: Health::default(),
            start: Start::default(),
            idle_stop: None,
            hold: requests::HOLD,
            restart: Restart::default(),
            backoff: Backoff::default(),
            concurrency: 1,
            tty: true,
            size: SizePolicy::default(),
            stop_signal: StopSignal::default(),
            stop_timeout: timeout::DEFAULT,
            escape: Escape::default(),
        }
    }

    /// Whether it is asked how it is, or can be: by what is said, or by a port that it is expected to open.
    pub fn is_asked(&self) -> bool {
        match self.health {
            Health::Asked(_) => true,
            Health::Runs => false,
            Health::Unsaid => self.kind == Kind::Exec,
        }
    }
}
