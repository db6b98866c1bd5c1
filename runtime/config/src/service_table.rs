//! The table of a service: every setting is read before anything is given up, so that all faults of a service come at once.
//!
//! What a single value means stands in the file of its setting; here is what they mean together.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::fault::{Invalid, quoted};
use crate::keys::SERVICE;
use crate::name::ServiceName;
use crate::reader::{Entry, Reader, find, type_of};
use crate::service::Service;
use crate::settings::backoff::Backoff;
use crate::settings::command::Command;
use crate::settings::depends_on::{self, Wanted};
use crate::settings::health::{Health, HealthCheck};
use crate::settings::kind::Kind;
use crate::settings::port::Port;
use crate::settings::probe::Probe;
use crate::settings::signal::StopSignal;
use crate::settings::{concurrency, cwd, env, timeout};

/// Reads one service, its dependencies apart: what they lead to is known once all are read.
pub(crate) fn read(reader: &mut Reader, entry: Entry<'_>, root: &Path) -> Option<(Service, Vec<Wanted>)> {
    let name: Option<ServiceName> = reader.accept(entry.key_span(), entry.key().parse());
    let place = format!("service {}", quoted(entry.key()));
    let DeValue::Table(table) = entry.value() else {
        let found = type_of(entry.value());
        let message = format!("{place}: expected a table, found {found}");
        let help =
            format!("write {}, and `command` on a line of its own", quoted(&format!("[services.{}]", entry.key())));
        reader.fault(entry.value_span(), Invalid::new(message, format!("this is {found}")).with_help(help));
        return None;
    };
    let meant = reader.check_keys(table, &place, SERVICE);
    let command = find(table, "command").map(|entry| Command::read(reader, entry));
    // A mistyped `command` has been reported as an unknown key.
    if command.is_none() && !meant.contains(&"command") {
        let invalid = Invalid::new(format!("{place} has no `command`"), "needs a `command`");
        reader.missing(entry.key_span(), invalid);
    }
    let kind = find(table, "type").and_then(|entry| reader.parsed(entry));
    let cwd = find(table, "cwd").and_then(|entry| cwd::read(reader, entry, root));
    let env = find(table, "env").map(|entry| env::read(reader, entry)).unwrap_or_default();
    let port = find(table, "port").and_then(|entry| reader.number(entry, Port::from_number));
    let listen = find(table, "listen").and_then(|entry| reader.boolean(entry));
    let wanted = find(table, "depends_on").map(|entry| depends_on::read(reader, entry)).unwrap_or_default();
    let health = find(table, "health").and_then(|entry| Health::read(reader, entry));
    let start = find(table, "start").and_then(|entry| reader.parsed(entry));
    let restart = find(table, "restart").and_then(|entry| reader.parsed(entry));
    let backoff = find(table, "backoff").and_then(|entry| Backoff::read(reader, entry));
    let concurrency = find(table, "concurrency").and_then(|entry| reader.number(entry, concurrency::from_number));
    let tty = find(table, "tty").and_then(|entry| reader.boolean(entry));
    let size = find(table, "size").and_then(|entry| reader.parsed(entry));
    let stop_signal = find(table, "stop_signal")
        .and_then(|entry| reader.parsed_or_number(entry, "a signal's name or number", StopSignal::from_number));
    let stop_timeout = find(table, "stop_timeout").and_then(|entry| reader.time(entry, timeout::TIMES));
    let escape = find(table, "escape").and_then(|entry| reader.parsed(entry));

    let plain = Service::new(name?, command.flatten()?, root);
    let service = Service {
        kind: kind.unwrap_or(plain.kind),
        cwd: cwd.unwrap_or(plain.cwd),
        env,
        port: port.unwrap_or(plain.port),
        listen: listen.unwrap_or(plain.listen),
        health: health.unwrap_or(plain.health),
        start: start.unwrap_or(plain.start),
        restart: restart.unwrap_or(plain.restart),
        backoff: backoff.unwrap_or(plain.backoff),
        concurrency: concurrency.unwrap_or(plain.concurrency),
        tty: tty.unwrap_or(plain.tty),
        size,
        stop_signal: stop_signal.unwrap_or(plain.stop_signal),
        stop_timeout: stop_timeout.unwrap_or(plain.stop_timeout),
        escape: escape.unwrap_or(plain.escape),
        ..plain
    };
    check(reader, table, &service);
    Some((service, wanted))
}

/// What is well on its own and contradicts something else.
fn check(reader: &mut Reader, table: &DeTable<'_>, service: &Service) {
    let mut refuse = |key: &str, message: &str, label: &str| {
        if let Some(entry) = find(table, key) {
            reader.fault(entry.key_span(), Invalid::new(message, label));
        }
    };
    if service.kind == Kind::Worker {
        if service.port != Port::Leased {
            refuse("port", "a worker has no `port`", "`type` is \"worker\"");
        }
        if service.listen {
            refuse("listen", "a worker has no port to `listen` on", "`type` is \"worker\"");
        }
        if let Health::Asked(HealthCheck { probe: Probe::Http { .. } | Probe::Tcp(None), .. }) = service.health {
            refuse("health", "a worker has no port to be asked at", "`type` is \"worker\"");
        }
    }
    if service.concurrency > 1 && matches!(service.port, Port::Fixed(_)) {
        refuse("port", "a fixed `port` can be had by one alone", "`concurrency` is more than 1");
    }
}
