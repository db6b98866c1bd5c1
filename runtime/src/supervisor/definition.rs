//! A service as it was last configured: everything needed to run it again without reading a file, except the environment.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use locald_config::{
    Backoff, Condition, Escape, Health, HostHeader, Kind, NamedPort, OnUnhealthy, PathAt, PlainHttp, Port, Protocol,
    Restart, Service, SizePolicy, Start, Variable,
};
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::graph::{Graph, Need};
use crate::panes::sizing::Policy;

/// How long a shell may take to end.
const SHELL_GRACE: Duration = Duration::from_secs(3);

/// One service's settings, resolved.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Definition {
    /// Its own name: that of the configuration or, where several run beside each other, that with a number.
    pub(crate) name: String,
    /// Its name in the configuration.
    pub(crate) family: String,
    pub(crate) kind: Kind,
    /// The program and its arguments, references in them not filled in.
    pub(crate) arguments: Vec<String>,
    pub(crate) directory: PathBuf,
    /// The variables of all services of the project, in order.
    pub(crate) shared: Vec<Variable>,
    /// Whether variables tell it of a file with all certificates of authorities.
    #[serde(default)]
    pub(crate) ca_env: bool,
    /// The service's own variables, in order.
    pub(crate) environment: Vec<Variable>,
    pub(crate) port: Port,
    /// Further ports, by name.
    #[serde(default)]
    pub(crate) ports: Vec<NamedPort>,
    /// Whether it is given the socket of its port.
    pub(crate) listen: bool,
    /// Host names beside those that its name makes.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// What the proxy speaks to it.
    #[serde(default)]
    pub(crate) protocol: Protocol,
    /// Beginnings of paths by which it shares names.
    #[serde(default)]
    pub(crate) paths: Vec<PathAt>,
    #[serde(default)]
    pub(crate) strip_path: bool,
    /// What it gets as the `Host` of a request, if not what the client asked for.
    #[serde(default)]
    pub(crate) host_header: Option<HostHeader>,
    /// What becomes of requests without TLS.
    #[serde(default)]
    pub(crate) http: PlainHttp,
    /// Whether it is expected to listen on a port before it is of use.
    pub(crate) opens_port: Expectation,
    pub(crate) needs: Vec<Needed>,
    pub(crate) health: Health,
    pub(crate) start: Start,
    /// After so long without a request it ends, and waits for one.
    #[serde(default)]
    pub(crate) idle_stop: Option<Duration>,
    /// How long requests wait for it while it is on its way.
    #[serde(default = "usual_hold")]
    pub(crate) hold: Duration,
    pub(crate) restart: Restart,
    pub(crate) backoff: Backoff,
    /// Whether it has a terminal.
    pub(crate) terminal: bool,
    /// Who decides the terminal's size.
    pub(crate) size: Policy,
    pub(crate) stop_signal: i32,
    pub(crate) stop_timeout: Duration,
    /// Whether processes in a session of their own are spared when it stops.
    pub(crate) leave_escaped: bool,
    /// Where it comes from.
    #[serde(default)]
    pub(crate) origin: Origin,
}

/// Where a service comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    #[default]
    Configuration,
    /// It is a shell that somebody opened, and goes when its run ends.
    Opened,
}

/// That a service depends on another, by its name in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Needed {
    pub(crate) on: String,
    pub(crate) condition: Condition,
    pub(crate) timeout: Option<Duration>,
}

/// Whether a service is expected to listen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Expectation {
    /// It may, but nothing says so.
    #[default]
    None,
    /// On some port: another service waits for it to be well, and nothing else tells that.
    Any,
    /// On its own port, which was set, or which its command or its variables refer to.
    Own,
}

impl Definition {
    /// The services of a project, those that run several times as often as they do.
    pub(crate) fn all_of(project: &locald_config::Project) -> Vec<Self> {
        let services = project.services.iter();
        let each = services.flat_map(|service| {
            let mut definition = Self { http: project.http, ..Self::new(service, project) };
            let is_waited_for = project
                .services
                .iter()
                .flat_map(|other| &other.depends_on)
                .any(|dependency| dependency.on == service.name && dependency.condition == Condition::Healthy);
            if definition.opens_port == Expectation::None && definition.kind == Kind::Exec && is_waited_for {
                definition.opens_port = Expectation::Any;
            }
            definition.instances(service.concurrency)
        });
        each.collect()
    }

    fn instances(self, count: u16) -> Vec<Self> {
        match count {
            0 | 1 => vec![self],
            _ => (1..=count).map(|number| Self { name: format!("{}.{number}", self.family), ..self.clone() }).collect(),
        }
    }

    /// A shell that somebody opens in a project.
    pub(super) fn shell(name: &str, program: String, directory: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            family: name.to_owned(),
            kind: Kind::Worker,
            arguments: vec![program],
            directory,
            environment: Vec::new(),
            shared: Vec::new(),
            ca_env: false,
            port: Port::Leased,
            ports: Vec::new(),
            listen: false,
            hosts: Vec::new(),
            protocol: Protocol::default(),
            paths: Vec::new(),
            strip_path: false,
            host_header: None,
            http: PlainHttp::default(),
            opens_port: Expectation::None,
            needs: Vec::new(),
            health: Health::Unsaid,
            start: Start::Manual,
            idle_stop: None,
            hold: usual_hold(),
            restart: Restart::No,
            backoff: Backoff::default(),
            terminal: true,
            size: Policy::default(),
            // What a terminal that is closed tells a shell; a shell does not end by SIGTERM.
            stop_signal: rustix::process::Signal::HUP.as_raw(),
            stop_timeout: SHELL_GRACE,
            leave_escaped: true,
            origin: Origin::Opened,
        }
    }

    /// Whether it is started again when it is found not to be well.
    pub(crate) fn restarts_when_unhealthy(&self) -> bool {
        matches!(&self.health, Health::Asked(check) if check.on_unhealthy == OnUnhealthy::Restart)
    }
}

/// What the services depend on, by their places. A name that is not there any more is nothing to wait for.
pub(super) fn graph(definitions: &[Definition]) -> Graph {
    let needs = definitions.iter().map(|definition| {
        let each = definition.needs.iter().flat_map(|needed| {
            let of_family = definitions.iter().enumerate().filter(|(_, other)| other.family == needed.on);
            of_family.map(|(on, _)| Need { on, condition: needed.condition, patience: needed.timeout })
        });
        each.collect()
    });
    Graph::new(definitions.iter().map(|definition| definition.name.clone()).collect(), needs.collect())
}

impl Definition {
    /// The settings of a service, and what it shares with all others.
    fn new(service: &Service, project: &locald_config::Project) -> Self {
        let arguments = service.command.arguments();
        let needs = service.depends_on.iter().map(|dependency| Needed {
            on: dependency.on.to_string(),
            condition: dependency.condition,
            timeout: dependency.timeout,
        });
        let values = service.env.iter().map(|variable| &variable.value);
        let refers = arguments.iter().chain(values).any(|text| refers_to_port(text));
        let own = service.kind == Kind::Exec && (service.port != Port::Leased || service.listen || refers);
        Self {
            name: service.name.to_string(),
            family: service.name.to_string(),
            kind: service.kind,
            arguments,
            directory: service.cwd.clone(),
            shared: project.env.clone(),
            ca_env: project.ca_env,
            environment: service.env.clone(),
            port: service.port,
            ports: service.ports.clone(),
            listen: service.listen,
            hosts: service.hosts.clone(),
            protocol: service.protocol,
            paths: service.paths.clone(),
            strip_path: service.strip_path,
            host_header: service.host_header.clone(),
            http: PlainHttp::default(),
            opens_port: if own { Expectation::Own } else { Expectation::None },
            needs: needs.collect(),
            health: service.health.clone(),
            start: service.start,
            idle_stop: service.idle_stop,
            hold: service.hold,
            restart: service.restart,
            backoff: service.backoff,
            terminal: service.tty,
            size: size_policy(service.size),
            stop_signal: service.stop_signal.number(),
            stop_timeout: service.stop_timeout,
            leave_escaped: service.escape == Escape::Leave,
            origin: Origin::Configuration,
        }
    }
}

/// What a definition of an earlier release meant.
fn usual_hold() -> Duration {
    locald_config::HOLD
}

fn size_policy(configured: SizePolicy) -> Policy {
    match configured {
        SizePolicy::Latest => Policy::Latest,
        SizePolicy::Smallest => Policy::Smallest,
        SizePolicy::Largest => Policy::Largest,
        SizePolicy::Fixed(size) => Policy::Fixed { columns: size.columns, rows: size.rows },
    }
}

/// A use of the variable `PORT`, as a shell or a program's own language would write it. Made once: it costs more than all else of reading a
/// service.
static USE_OF_PORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // A pattern of ours: it is right or a test fails.
    Regex::new(r"\$(PORT\b|\{PORT[:}\-])|environ\b.{0,8}\bPORT\b|\benv\b.{0,6}\bPORT\b|getenv.{0,4}\bPORT\b").ok()
});

fn refers_to_port(text: &str) -> bool {
    USE_OF_PORT.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A service about which nothing is said but its name.
    pub(crate) fn plain(name: &str) -> Definition {
        Definition {
            name: name.to_owned(),
            family: name.to_owned(),
            kind: Kind::Exec,
            arguments: vec!["true".to_owned()],
            directory: PathBuf::from("/"),
            shared: Vec::new(),
            ca_env: false,
            environment: Vec::new(),
            port: Port::Leased,
            ports: Vec::new(),
            listen: false,
            hosts: Vec::new(),
            protocol: Protocol::default(),
            paths: Vec::new(),
            strip_path: false,
            host_header: None,
            http: PlainHttp::default(),
            opens_port: Expectation::None,
            needs: Vec::new(),
            health: Health::Unsaid,
            start: Start::Auto,
            idle_stop: None,
            hold: usual_hold(),
            restart: Restart::No,
            backoff: Backoff::default(),
            terminal: true,
            size: Policy::default(),
            stop_signal: 15,
            stop_timeout: Duration::from_secs(10),
            leave_escaped: false,
            origin: Origin::Configuration,
        }
    }

    fn definitions(text: &str) -> Vec<Definition> {
        let project = locald_config::parse_manifest("locald.toml".as_ref(), text, "/project".as_ref());
        Definition::all_of(&project.unwrap())
    }

    #[test]
    fn a_command_that_uses_its_port_is_expected_to_listen_on_it() {
        for text in [
            "serve -p $PORT",
            "serve ${PORT}",
            "x ${PORT:-80}",
            "os.environ['PORT']",
            "process.env.PORT",
            "getenv(\"PORT\")",
        ] {
            assert!(refers_to_port(text), "{text}");
        }
        for text in ["serve", "serve $PORTAL", "echo PORT", "$XPORT", "environment PORTAL"] {
            assert!(!refers_to_port(text), "{text}");
        }
    }

    #[test]
    fn who_is_expected_to_listen() {
        let found = definitions(
            "[services]\n\
             plain = { command = 'x' }\n\
             fixed = { command = 'x', port = 3000 }\n\
             uses = { command = 'x $PORT' }\n\
             worker = { command = 'x $PORT', type = 'worker' }\n\
             needed = { command = 'x' }\n\
             needs = { command = 'x', depends_on = ['needed', 'worker'] }\n",
        );
        let expected: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.opens_port)).collect();
        let (none, any, own) = (Expectation::None, Expectation::Any, Expectation::Own);
        let right =
            [("plain", none), ("fixed", own), ("uses", own), ("worker", none), ("needed", any), ("needs", none)];
        assert_eq!(expected, right);
    }

    #[test]
    fn several_of_a_service_have_numbers_and_are_waited_for_together() {
        let found = definitions(
            "[services]\nweb = { command = 'x', concurrency = 3 }\nlast = { command = 'x', depends_on = ['web'] }\n",
        );
        let names: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.family.as_str())).collect();
        assert_eq!(names, [("web.1", "web"), ("web.2", "web"), ("web.3", "web"), ("last", "last")]);
        assert_eq!(graph(&found).with_needs(&[3]), [0, 1, 2, 3]);
    }
}
