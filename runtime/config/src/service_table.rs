//! The table of a service: every setting is read before anything is given up, so that all faults of a service come at once.
//!
//! What a single value means stands in the file of its setting; here is what they mean together.

use std::collections::BTreeSet;
use std::path::Path;

use crate::fault::{Invalid, quoted};
use crate::interpolate::ServiceReference;
use crate::keys::SERVICE;
use crate::name::ServiceName;
use crate::reader::{Reader, type_of};
use crate::service::Service;
use crate::settings::backoff::Backoff;
use crate::settings::command::Command;
use crate::settings::depends_on::{self, Wanted};
use crate::settings::health::{Health, HealthCheck};
use crate::settings::kind::Kind;
use crate::settings::port::Port;
use crate::settings::probe::Probe;
use crate::settings::protocol::Protocol;
use crate::settings::signal::StopSignal;
use crate::settings::start::Start;
use crate::settings::{concurrency, cwd, env, hosts, paths, ports, requests, timeout};
use crate::tree::{Entry, Table, Value};

/// What is read of a service. What its dependencies lead to is known once all are read.
pub(crate) struct Read {
    pub(crate) name: ServiceName,
    /// Unless it has faults.
    pub(crate) service: Option<Service>,
    pub(crate) wanted: Vec<Wanted>,
    /// What its values ask of services.
    pub(crate) references: Vec<ServiceReference>,
}

/// Reads one service; `None` where not even a name or a table is there.
pub(crate) fn read(reader: &mut Reader, entry: &Entry, root: &Path) -> Option<Read> {
    read_table(reader, entry, root, false)
}

/// Looks at what would hold for a service, were there one.
pub(crate) fn check_template(reader: &mut Reader, entry: &Entry, root: &Path) {
    read_table(reader, entry, root, true);
}

fn read_table(reader: &mut Reader, entry: &Entry, root: &Path, is_template: bool) -> Option<Read> {
    reader.references.clear();
    let name: Option<ServiceName> = reader.accept(entry.key_place, entry.key.parse());
    let place = format!("service {}", quoted(&entry.key));
    let Value::Table(table) = &entry.node.value else {
        let found = type_of(&entry.node.value);
        let message = format!("{place}: expected a table, found {found}");
        let help =
            format!("write {}, and `command` on a line of its own", quoted(&format!("[services.{}]", entry.key)));
        reader.fault(entry.node.place, Invalid::new(message, format!("this is {found}")).with_help(help));
        return None;
    };
    let meant = reader.check_keys(table, &place, SERVICE);
    let command = reader.setting(table, "command", Command::read);
    // A mistyped `command` has been reported as an unknown key.
    if table.get("command").is_none() && !meant.contains(&"command") && !is_template {
        let invalid = Invalid::new(format!("{place} has no `command`"), "needs a `command`");
        reader.missing(entry.key_place, invalid);
    }
    let kind = reader.setting(table, "type", Reader::parsed);
    let cwd = reader.setting(table, "cwd", |reader, entry| cwd::read(reader, entry, root));
    let env = reader.setting(table, "env", env::read).unwrap_or_default();
    let port = reader.setting(table, "port", |reader, entry| reader.number(entry, Port::from_number));
    let ports = reader.setting(table, "ports", |reader, entry| ports::read(reader, entry, port.unwrap_or_default()));
    let listen = reader.setting(table, "listen", Reader::boolean);
    let hosts = reader.setting(table, "hosts", hosts::read).unwrap_or_default();
    let paths = reader.setting(table, "paths", paths::read).unwrap_or_default();
    let strip_path = reader.setting(table, "strip_path", Reader::boolean);
    let host_header = reader.setting(table, "host_header", Reader::parsed);
    let protocol = reader.setting(table, "protocol", Reader::parsed);
    let mut wanted = reader.setting(table, "depends_on", depends_on::read).unwrap_or_default();
    let health = reader.setting(table, "health", Health::read);
    let start = reader.setting(table, "start", Reader::parsed);
    let idle_stop = reader.setting(table, "idle_stop", |reader, entry| reader.time(entry, requests::IDLE_STOPS));
    let hold = reader.setting(table, "hold", |reader, entry| reader.time(entry, requests::HOLDS));
    let restart = reader.setting(table, "restart", Reader::parsed);
    let backoff = reader.setting(table, "backoff", Backoff::read);
    let concurrency =
        reader.setting(table, "concurrency", |reader, entry| reader.number(entry, concurrency::from_number));
    let tty = reader.setting(table, "tty", Reader::boolean);
    let size = reader.setting(table, "size", Reader::parsed);
    let stop_signal = reader.setting(table, "stop_signal", |reader, entry| {
        reader.parsed_or_number(entry, "a signal's name or number", StopSignal::from_number)
    });
    let stop_timeout = reader.setting(table, "stop_timeout", |reader, entry| reader.time(entry, timeout::TIMES));
    let escape = reader.setting(table, "escape", Reader::parsed);

    // What is listed says more.
    let mut known: BTreeSet<String> = wanted.iter().map(|wanted| wanted.on.clone()).collect();
    let references = std::mem::take(&mut reader.references);
    for reference in &references {
        if known.insert(reference.service.clone()) {
            wanted.push(Wanted::referred(&reference.service, reference.place));
        }
    }
    let name = name?;
    let Some(command) = command else { return Some(Read { name, service: None, wanted, references }) };
    let plain = Service::new(name.clone(), command, root);
    let service = Service {
        kind: kind.unwrap_or(plain.kind),
        cwd: cwd.unwrap_or(plain.cwd),
        env,
        port: port.unwrap_or(plain.port),
        ports: ports.unwrap_or_default(),
        listen: listen.unwrap_or(plain.listen),
        hosts,
        paths,
        strip_path: strip_path.unwrap_or(plain.strip_path),
        host_header,
        protocol: protocol.unwrap_or(plain.protocol),
        health: health.unwrap_or(plain.health),
        start: start.unwrap_or(plain.start),
        idle_stop,
        hold: hold.unwrap_or(plain.hold),
        restart: restart.unwrap_or(plain.restart),
        backoff: backoff.unwrap_or(plain.backoff),
        concurrency: concurrency.unwrap_or(plain.concurrency),
        tty: tty.unwrap_or(plain.tty),
        size: size.unwrap_or(plain.size),
        stop_signal: stop_signal.unwrap_or(plain.stop_signal),
        stop_timeout: stop_timeout.unwrap_or(plain.stop_timeout),
        escape: escape.unwrap_or(plain.escape),
        ..plain
    };
    check(reader, table, &service);
    Some(Read { name, service: Some(service), wanted, references })
}

/// What is well on its own and contradicts something else.
fn check(reader: &mut Reader, table: &Table, service: &Service) {
    let mut refuse = |key: &str, message: &str, label: &str| {
        if let Some(entry) = table.get(key) {
            reader.fault(entry.key_place, Invalid::new(message, label));
        }
    };
    if service.kind == Kind::Worker {
        if service.port != Port::Leased {
            refuse("port", "a worker has no `port`", "`type` is \"worker\"");
        }
        if !service.ports.is_empty() {
            refuse("ports", "a worker has no `ports`", "`type` is \"worker\"");
        }
        if service.listen {
            refuse("listen", "a worker has no port to `listen` on", "`type` is \"worker\"");
        }
        if !service.hosts.is_empty() {
            refuse("hosts", "a worker has no port to be reached at", "`type` is \"worker\"");
        }
        if service.protocol != Protocol::default() {
            refuse("protocol", "a worker has no port to be spoken to at", "`type` is \"worker\"");
        }
        if service.start == Start::OnRequest {
            refuse("start", "a worker gets no requests", "`type` is \"worker\"");
        }
        for key in ["paths", "host_header", "idle_stop", "hold"] {
            refuse(key, "a worker gets no requests", "`type` is \"worker\"");
        }
        if let Health::Asked(HealthCheck { probe: Probe::Http { .. } | Probe::Tcp(None), .. }) = service.health {
            refuse("health", "a worker has no port to be asked at", "`type` is \"worker\"");
        }
    }
    if service.concurrency > 1 && matches!(service.port, Port::Fixed(_)) {
        refuse("port", "a fixed `port` can be had by one alone", "`concurrency` is more than 1");
    }
    if service.concurrency > 1 && service.ports.iter().any(|it| it.port != Port::Leased) {
        refuse("ports", "a fixed port can be had by one alone", "`concurrency` is more than 1");
    }
}
