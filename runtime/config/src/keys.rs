//! Which keys there are and what each may hold: one table, from which the readers, the reference's test and the schema take it.

use crate::settings::{
    backoff, concurrency, depends_on, escape, health, kind, plain_http, ports, protocol, restart, start,
};

/// One key of a table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The key itself.
    pub name: &'static str,
    /// What it is for, as one sentence.
    pub about: &'static str,
    /// What it may hold.
    pub shape: Shape,
}

/// What a value looks like. What it means is checked by the setting itself.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Any text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// `false` alone.
    False,
    /// A whole number from one to another.
    Integer(i64, i64),
    /// Any number.
    Number,
    /// Text such as `10s`, or whole seconds.
    Time,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// A list of such values.
    List(&'static Shape),
    /// A table of these keys.
    Table(&'static [Key]),
    /// A table whose keys are the user's.
    Map(&'static Shape),
    /// Any of these.
    Any(&'static [Shape]),
}

impl Key {
    const fn new(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, about, shape }
    }
}

const PORTS: Shape = Shape::Integer(0, 65_535);
const COMMAND: Shape = Shape::Any(&[Shape::Text, Shape::List(&Shape::Text)]);
const SCALAR: Shape = Shape::Any(&[Shape::Text, Shape::Number, Shape::Boolean]);
const ENV: Shape = Shape::Map(&Shape::Any(&[Shape::Text, Shape::Number, Shape::Boolean, Shape::Table(VARIABLE)]));

const ENV_OF_ALL: Key = Key::new("env", ENV, "Variables of all services.");
const DEFAULTS_OF_SERVICES: Key =
    Key::new("defaults", Shape::Table(DEFAULTS), "What holds for services of a name, in projects that have them.");

/// The tables of a `locald.toml`.
pub const MANIFEST: &[Key] = &[
    Key::new("project", Shape::Table(PROJECT), "The project itself."),
    ENV_OF_ALL,
    Key::new("services", Shape::Map(&Shape::Table(SERVICE)), "The services, by name."),
];

/// The tables of a `locald.workspace.toml`.
pub const WORKSPACE_FILE: &[Key] = &[ENV_OF_ALL, DEFAULTS_OF_SERVICES];

/// The keys of `[defaults]`.
pub(crate) const DEFAULTS: &[Key] =
    &[Key::new("services", Shape::Map(&Shape::Table(SERVICE)), "What holds for services, by name.")];

/// The keys of `[project]`.
pub(crate) const PROJECT: &[Key] = &[
    Key::new("name", Shape::Text, "The project's name [default: the folder's]."),
    Key::new(
        "keep_env",
        Shape::Boolean,
        "Whether a project that is pinned starts from the shell that ran `up` [default: false].",
    ),
    Key::new(
        "ca_env",
        Shape::Boolean,
        "Whether variables lead programs to a file of all trusted certificates, locald's own among them [default: false].",
    ),
    Key::new(
        "http",
        Shape::Word(|| words(plain_http::WORDS)),
        "What becomes of requests without TLS [default: serve].",
    ),
];

/// The keys of a service.
pub(crate) const SERVICE: &[Key] = &[
    Key::new("type", Shape::Word(|| words(kind::WORDS)), "The kind of service [default: exec]."),
    Key::new("command", COMMAND, "What to run: a line for the shell, or a program and its arguments."),
    Key::new("cwd", Shape::Text, "The folder to run it in [default: the project's]."),
    Key::new("env", ENV, "Variables of this service."),
    Key::new("port", PORTS, "The port to listen on; 0: one that locald chooses [default: 0]."),
    Key::new("ports", Shape::Map(&Shape::Any(&[PORTS, Shape::Word(ports::words)])), "Further ports, by name."),
    Key::new("hosts", COMMAND, "Further host names, below `.localhost`, `.test` or one of the user's `suffixes`."),
    Key::new("paths", COMMAND, "Beginnings of paths at the project's name, or at another one, that lead here."),
    Key::new("strip_path", Shape::Boolean, "Whether the service gets paths without that beginning [default: false]."),
    Key::new("host_header", Shape::Text, "The `Host` that the service gets [default: what the client asked for]."),
    Key::new(
        "protocol",
        Shape::Word(|| words(protocol::WORDS)),
        "What the proxy speaks to the service [default: http1].",
    ),
    Key::new("listen", Shape::Boolean, "Whether locald opens the port and hands the socket over [default: false]."),
    Key::new(
        "depends_on",
        Shape::Any(&[Shape::List(&Shape::Text), Shape::Map(&Shape::Any(&[Shape::Table(DEPENDENCY), Shape::False]))]),
        "Services that come first.",
    ),
    Key::new("health", Shape::Any(&[Shape::Table(HEALTH), Shape::False]), "How it is known that the service is well."),
    Key::new("start", Shape::Word(|| words(start::WORDS)), "When the service starts [default: auto]."),
    Key::new(
        "idle_stop",
        Shape::Time,
        "After so long without a request it is stopped until the next [default: never].",
    ),
    Key::new("hold", Shape::Time, "How long requests wait for it while it starts [default: 30s]."),
    Key::new("restart", Shape::Word(|| words(restart::WORDS)), "Whether it is started again [default: no]."),
    Key::new("backoff", Shape::Table(BACKOFF), "How long to wait before it is started again."),
    Key::new(
        "concurrency",
        Shape::Integer(1, concurrency::MAX as i64),
        "How many of it run beside each other [default: 1].",
    ),
    Key::new("tty", Shape::Boolean, "Whether it runs in a terminal [default: true]."),
    Key::new(
        "size",
        Shape::Text,
        "A fixed size of the terminal, such as 80x25, or whose word counts among those that show it: latest, smallest or largest.",
    ),
    Key::new(
        "stop_signal",
        Shape::Any(&[Shape::Text, Shape::Integer(1, 31)]),
        "The signal that asks it to end [default: SIGTERM].",
    ),
    Key::new("stop_timeout", Shape::Time, "How long it may take to end [default: 10s]."),
    Key::new("escape", Shape::Word(|| words(escape::WORDS)), "What becomes of what it left behind [default: kill]."),
];

/// The keys of a variable that is more than its value.
pub(crate) const VARIABLE: &[Key] = &[
    Key::new("value", SCALAR, "The value."),
    Key::new("secret", Shape::Boolean, "Whether it must not be shown [default: what its name says]."),
];

/// The keys of `health`.
pub(crate) const HEALTH: &[Key] = &[
    Key::new("http", Shape::Text, "Ask for this path by HTTP."),
    Key::new(
        "status",
        Shape::Any(&[Shape::Text, Shape::Integer(100, 599)]),
        "Statuses that are well [default: 200-399].",
    ),
    Key::new("headers", Shape::Map(&Shape::Text), "Headers sent with it."),
    Key::new("tcp", Shape::Any(&[Shape::Boolean, PORTS]), "Connect to the service's port, or to this one."),
    Key::new("command", COMMAND, "Run this; it is well when that exits with 0."),
    Key::new("log", Shape::Text, "Wait for a line of output that matches this regular expression."),
    Key::new("notify", Shape::Boolean, "Wait for the service to say so itself, by sd_notify."),
    Key::new("interval", Shape::Time, "The pause between two probes [default: 10s]."),
    Key::new("timeout", Shape::Time, "How long a probe may take [default: 5s]."),
    Key::new(
        "retries",
        Shape::Integer(1, health::MAX_RETRIES as i64),
        "How many failures in a row make it unhealthy [default: 3].",
    ),
    Key::new("start_period", Shape::Time, "How long failures do not count after a start [default: 60s]."),
    Key::new("start_interval", Shape::Time, "The pause between two probes until the first success [default: 200ms]."),
    Key::new(
        "on_unhealthy",
        Shape::Word(|| words(health::ON_UNHEALTHY)),
        "What follows when it becomes unhealthy [default: nothing].",
    ),
];

/// The keys of `backoff`.
pub(crate) const BACKOFF: &[Key] = &[
    Key::new("initial", Shape::Time, "The first pause; each further one is twice as long [default: 500ms]."),
    Key::new("max", Shape::Time, "The longest pause [default: 30s]."),
    Key::new("reset", Shape::Time, "How long it must run for all to begin anew [default: 60s]."),
    Key::new(
        "limit",
        Shape::Integer(0, backoff::MAX_LIMIT as i64),
        "How many restarts in a row are tried; 0: no end [default: 10].",
    ),
];

/// The keys of one dependency.
pub(crate) const DEPENDENCY: &[Key] = &[
    Key::new(
        "condition",
        Shape::Word(|| words(depends_on::CONDITIONS)),
        "How far it must be [default: healthy, or started where nothing tells its health].",
    ),
    Key::new("timeout", Shape::Time, "How long to wait for it [default: as long as it takes]."),
];

/// The tables of a user's `config.toml`.
pub const USER: &[Key] = &[
    Key::new(
        "keys",
        Shape::Map(&Shape::Any(&[Shape::Text, Shape::List(&Shape::Text)])),
        "Keys of the workspace, by action.",
    ),
    Key::new("workspace", Shape::Table(WORKSPACE), "What the workspace looks like."),
    Key::new("proxy", Shape::Table(PROXY), "Where the proxy listens."),
    ENV_OF_ALL,
    DEFAULTS_OF_SERVICES,
];

/// The keys of `[workspace]`.
pub(crate) const WORKSPACE: &[Key] = &[Key::new("theme", Shape::Text, "The workspace's theme.")];

/// The keys of `[proxy]`.
pub(crate) const PROXY: &[Key] = &[
    Key::new("http", ENTRANCE, "The port for HTTP; 0: any that is free; false: none [default: 80, else 8080]."),
    Key::new("https", ENTRANCE, "The port for HTTPS; 0: any that is free; false: none [default: 443, else 8443]."),
    Key::new(
        "page_after",
        Shape::Time,
        "How long a page waits before it says that its service starts [default: 800ms].",
    ),
    Key::new("suffixes", COMMAND, "What host names may end with beside `.localhost` and `.test`."),
    Key::new(
        "certificates",
        Shape::Map(&Shape::Table(CERTIFICATE)),
        "Certificates that somebody has made elsewhere, by host name.",
    ),
    Key::new("bind", COMMAND, "The addresses to listen on, of loopback [default: 127.0.0.1 and ::1]."),
    Key::new(
        "trusted_peers",
        COMMAND,
        "The addresses of proxies whose forwarded headers are believed [default: none].",
    ),
];

/// The keys of a certificate.
pub(crate) const CERTIFICATE: &[Key] = &[
    Key::new("cert", Shape::Text, "The file of the certificate and those above it, as PEM."),
    Key::new("key", Shape::Text, "The file of its key, as PEM."),
];

const ENTRANCE: Shape = Shape::Any(&[PORTS, Shape::False]);

/// The words of a setting, in the order of its table.
fn words<T>(table: &'static [(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(word, _)| *word).collect()
}
