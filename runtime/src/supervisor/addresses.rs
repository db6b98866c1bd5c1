//! Where each service is to be found: the port it is told, and the ports on which it really listens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use locald_api::{ProjectId, ServiceId};
use locald_config::{Kind, Port};

use super::definition::{Definition, Expectation};
use super::listening::Listening;
use super::port_monitor::{PortMonitor, PortNews, Promise};
use super::ports::{Ports, Sharing, is_free};
use super::scan::Scanner;

/// The addresses of all services.
pub(crate) struct Addresses {
    ports: Ports,
    scanner: Scanner,
    places: Mutex<BTreeMap<ServiceId, Place>>,
}

/// One service's.
#[derive(Default)]
struct Place {
    wanted: Wanted,
    /// Those of its further ports, by their names.
    named: Vec<(String, Wanted)>,
    expectation: Expectation,
    monitor: PortMonitor,
    /// Who listened on this machine when the service was last looked at, or about to begin.
    listening: Option<Arc<[Listening]>>,
}

/// Which port a service has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Wanted {
    #[default]
    None,
    Leased,
    Fixed(u16),
}

/// A port that a service was to have, and somebody else has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) port: u16,
    /// The port's name; `None`: the service's first.
    pub(crate) name: Option<String>,
    /// Who has it, as far as can be seen.
    pub(crate) owner: Option<String>,
    /// The port that the service has instead from now on, if it may have another.
    pub(crate) instead: Option<u16>,
    /// It asks for this port and no other.
    pub(crate) is_fixed: bool,
}

impl Addresses {
    /// The addresses of the home whose lasting files are in `home`.
    pub(crate) fn open(home: &Path, sharing: Sharing) -> Self {
        Self { ports: Ports::open(home, sharing), scanner: Scanner::default(), places: Mutex::default() }
    }

    /// These services have these settings from now on. Those that are to have a port of ours get one.
    pub(super) fn define(&self, services: &[(ServiceId, &Definition)]) {
        let mut leased = Vec::new();
        for (id, definition) in services {
            let (wanted, named) = wanted(definition);
            for lease in leases(id, wanted, &named) {
                // One that has a port keeps it: it may be listening there, so that the port looks taken. Before a run it is claimed
                // anyway.
                if self.ports.leased(&lease).is_none() {
                    leased.push(lease);
                }
            }
            let expectation = definition.opens_port;
            let mut places = self.places();
            let place = places.entry(id.clone()).or_default();
            (place.wanted, place.named, place.expectation) = (wanted, named, expectation);
        }
        // Whoever gets none now is told so when it starts.
        let _ = self.ports.lease_all(&leased);
    }

    pub(super) fn forget(&self, id: &ServiceId) {
        self.places().remove(id);
    }

    /// Gives back the ports of the projects whose ids end with `suffix`.
    pub(super) fn forget_project(&self, suffix: &str) {
        self.ports.forget(suffix);
    }

    /// The port that a service is told to listen on.
    pub(crate) fn port(&self, id: &ServiceId) -> Option<u16> {
        self.port_named(id, None)
    }

    /// The port of a service that has this name; without one, the first.
    pub(crate) fn port_named(&self, id: &ServiceId, name: Option<&str>) -> Option<u16> {
        let wanted = self.places().get(id)?.wanted(name);
        self.number(id, name, wanted)
    }

    /// The further ports of a service, by their names.
    pub(crate) fn named(&self, id: &ServiceId) -> Vec<(String, u16)> {
        let named = self.places().get(id).map(|place| place.named.clone()).unwrap_or_default();
        let number = |(name, wanted): (String, Wanted)| {
            let number = self.number(id, Some(&name), wanted)?;
            Some((name, number))
        };
        named.into_iter().filter_map(number).collect()
    }

    fn number(&self, id: &ServiceId, name: Option<&str>, wanted: Wanted) -> Option<u16> {
        match wanted {
            Wanted::None => None,
            Wanted::Leased => self.ports.leased(&lease(id, name)),
            Wanted::Fixed(port) => Some(port),
        }
    }

    /// The port that files give to the service of that name, or to the first of several that run under it; 0 where they give none.
    pub(super) fn said(&self, project: &ProjectId, service: &str, name: Option<&str>) -> u16 {
        let places = self.places();
        let place = |service: String| places.get(&ServiceId { project: project.clone(), service });
        match place(service.to_owned()).or_else(|| place(format!("{service}.1"))).map(|place| place.wanted(name)) {
            Some(Wanted::Fixed(port)) => port,
            _ => 0,
        }
    }

    /// Where a service is to be found: at its port, or where it listens instead.
    pub(crate) fn address(&self, id: &ServiceId) -> Option<u16> {
        self.stray(id).or_else(|| self.port(id))
    }

    /// The port on which a service listens instead of its own.
    pub(crate) fn stray(&self, id: &ServiceId) -> Option<u16> {
        // Most listen on nothing else, and which port is their own need not be looked up for that.
        if self.places().get(id)?.monitor.found().is_empty() {
            return None;
        }
        let promise = self.promise(id)?;
        self.places().get(id)?.monitor.stray(&promise)
    }

    /// The ports on which a service was last seen listening.
    pub(crate) fn found(&self, id: &ServiceId) -> BTreeSet<u16> {
        self.places().get(id).map(|place| place.monitor.found().clone()).unwrap_or_default()
    }

    /// Sees to it that the service's ports can be had for its next run.
    ///
    /// # Errors
    /// Who has it.
    pub(super) fn claim(&self, id: &ServiceId) -> Result<(), String> {
        let listening = self.scanner.listening();
        let all = self.places().get_mut(id).map_or_else(Vec::new, |place| {
            (place.monitor, place.listening) = (PortMonitor::default(), Some(listening));
            place.all()
        });
        for (name, wanted) in all {
            match wanted {
                Wanted::None => {}
                Wanted::Leased => {
                    self.ports.lease(&lease(id, name.as_deref())).map(drop).map_err(|error| error.to_string())?;
                }
                Wanted::Fixed(port) if is_free(port) => {}
                Wanted::Fixed(port) => {
                    let owner = self.owner(port);
                    return Err(Conflict { port, name, owner, instead: None, is_fixed: true }.to_string());
                }
            }
        }
        Ok(())
    }

    /// After a run that complained of a port: which of its ports somebody has, if any, and another port for the next run.
    pub(super) fn resolve_conflict(&self, id: &ServiceId) -> Option<Conflict> {
        let all = self.places().get(id)?.all();
        all.into_iter().find_map(|(name, wanted)| {
            let port = self.number(id, name.as_deref(), wanted).filter(|port| !is_free(*port))?;
            let owner = self.owner(port);
            let renew = || self.ports.renew(&lease(id, name.as_deref())).ok();
            let instead = (wanted == Wanted::Leased).then(renew).flatten();
            Some(Conflict { port, name, owner, instead, is_fixed: matches!(wanted, Wanted::Fixed(_)) })
        })
    }

    /// Looks on which ports a service listens whose first process is `pid`; says what is new.
    ///
    /// While nobody on the machine has begun or ceased to listen, it is as it was: to ask the kernel for that costs nearly nothing, to
    /// look who has which socket costs a file for each process and each of its descriptors.
    pub(crate) fn look(&self, id: &ServiceId, pid: u32) -> Vec<PortNews> {
        let Some(promise) = self.promise(id) else { return Vec::new() };
        let listening = Some(self.scanner.listening());
        if let Some(place) = self.places().get_mut(id).filter(|place| place.listening == listening) {
            let found = place.monitor.found().clone();
            return place.monitor.look(&promise, found);
        }
        let scan = self.scanner.look();
        let found = scan.ports(pid);
        self.places().get_mut(id).map_or_else(Vec::new, |place| {
            place.listening = Some(scan.listening());
            place.monitor.look(&promise, found)
        })
    }

    /// A port for ourselves, the same each time if it can be had. `name` is no service's.
    pub(crate) fn entrance(&self, name: &str) -> Option<u16> {
        self.ports.lease(name).ok()
    }

    /// Who listens on a port, in words.
    pub(crate) fn holder(&self, port: u16) -> String {
        self.owner(port).unwrap_or_else(|| "a process of another user".to_owned())
    }

    fn owner(&self, port: u16) -> Option<String> {
        self.scanner.look().owner(port).map(|(pid, name)| format!("{name} (pid {pid})"))
    }

    fn promise(&self, id: &ServiceId) -> Option<Promise> {
        let expectation = self.places().get(id)?.expectation;
        let port = self.port(id);
        let aside = self.named(id).into_iter().map(|(_, port)| port).collect();
        Some(Promise { port, is_certain: expectation == Expectation::Own && port.is_some(), aside })
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<ServiceId, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn wanted(&self, name: Option<&str>) -> Wanted {
        let Some(name) = name else { return self.wanted };
        self.named.iter().find(|(known, _)| known == name).map_or(Wanted::None, |(_, wanted)| *wanted)
    }

    /// All of its ports, the first one first.
    fn all(&self) -> Vec<(Option<String>, Wanted)> {
        let named = self.named.iter().map(|(name, wanted)| (Some(name.clone()), *wanted));
        std::iter::once((None, self.wanted)).chain(named).collect()
    }
}

/// Which ports a definition asks for: the first, and those with names.
fn wanted(definition: &Definition) -> (Wanted, Vec<(String, Wanted)>) {
    if definition.kind == Kind::Worker {
        return (Wanted::None, Vec::new());
    }
    let wanted = |port: Port| match port {
        Port::Leased => Wanted::Leased,
        Port::Fixed(port) => Wanted::Fixed(port),
    };
    let named = definition.ports.iter().map(|it| (it.name.to_string(), wanted(it.port)));
    (wanted(definition.port), named.collect())
}

/// The names of a service's leases.
fn leases(id: &ServiceId, wanted: Wanted, named: &[(String, Wanted)]) -> Vec<String> {
    let named = named.iter().map(|(name, wanted)| (Some(name.as_str()), *wanted));
    let all = std::iter::once((None, wanted)).chain(named);
    all.filter(|(_, wanted)| *wanted == Wanted::Leased).map(|(name, _)| lease(id, name)).collect()
}

/// The name of the lease of a port. No name of a service holds a colon.
fn lease(id: &ServiceId, name: Option<&str>) -> String {
    name.map_or_else(|| id.to_string(), |name| format!("{id}:{name}"))
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let owner = self.owner.as_deref().unwrap_or("a process of another user");
        match &self.name {
            None => write!(f, "port {} is in use by {owner}", self.port)?,
            Some(name) => write!(f, "port {} (`{name}`) is in use by {owner}", self.port)?,
        }
        match &self.name {
            _ if !self.is_fixed => Ok(()),
            None => f.write_str("; stop that, or leave out `port` for a free one, given as $PORT"),
            Some(name) => write!(f, "; stop that, or say `{name} = \"auto\"` for a free one"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use locald_config::NamedPort;

    use super::*;
    use crate::supervisor::definition::tests::plain;

    fn id(name: &str) -> ServiceId {
        ServiceId { project: ProjectId("p-1".to_owned()), service: name.to_owned() }
    }

    #[test]
    fn a_fixed_port_is_claimed_while_nobody_has_it_and_its_owner_is_named() {
        let scratch = tempfile::tempdir().unwrap();
        let addresses = Addresses::open(scratch.path(), Sharing::None);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let definition = Definition { port: Port::Fixed(port), ..plain("web") };
        addresses.define(&[(id("web"), &definition)]);
        assert_eq!(addresses.port(&id("web")), Some(port));
        let refused = addresses.claim(&id("web")).unwrap_err();
        assert!(refused.starts_with(&format!("port {port} is in use by ")), "{refused}");
        let mend = "; stop that, or leave out `port` for a free one, given as $PORT";
        assert!(refused.ends_with(&format!("(pid {}){mend}", std::process::id())), "{refused}");
        let conflict = addresses.resolve_conflict(&id("web")).unwrap();
        assert_eq!(conflict.instead, None, "whoever asked for one port is given no other");
    }

    #[test]
    fn further_ports_are_leased_and_claimed_as_the_first_is() {
        let scratch = tempfile::tempdir().unwrap();
        let addresses = Addresses::open(scratch.path(), Sharing::None);
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let busy = taken.local_addr().unwrap().port();
        let named = |name: &str, port: Port| NamedPort { name: name.parse().unwrap(), port };
        let ports = vec![named("admin", Port::Leased), named("hmr", Port::Fixed(busy))];
        addresses.define(&[(id("web"), &Definition { ports, ..plain("web") })]);
        let found = addresses.named(&id("web"));
        assert_eq!(found[1], ("hmr".to_owned(), busy));
        assert_ne!(Some(found[0].1), addresses.port(&id("web")));
        assert_eq!(addresses.port_named(&id("web"), Some("admin")), Some(found[0].1));
        assert_eq!(addresses.port_named(&id("web"), Some("other")), None);
        assert_eq!(addresses.said(&id("web").project, "web", Some("hmr")), busy);
        let refused = addresses.claim(&id("web")).unwrap_err();
        assert!(refused.starts_with(&format!("port {busy} (`hmr`) is in use by ")), "{refused}");
        let mend = "; stop that, or say `hmr = \"auto\"` for a free one";
        assert!(refused.ends_with(&format!("(pid {}){mend}", std::process::id())), "{refused}");
        let conflict = addresses.resolve_conflict(&id("web")).unwrap();
        assert_eq!((conflict.name.as_deref(), conflict.instead), (Some("hmr"), None));
        // The next daemon finds the same.
        let another = Addresses::open(scratch.path(), Sharing::None);
        let ports = vec![named("admin", Port::Leased)];
        another.define(&[(id("web"), &Definition { ports, ..plain("web") })]);
        assert_eq!(another.named(&id("web")), found[..1]);
        another.forget_project("-1");
        assert_eq!(another.named(&id("web")), []);
    }

    #[test]
    fn a_service_that_listens_keeps_its_port_when_it_is_defined_anew() {
        let scratch = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let addresses = Addresses::open(scratch.path(), Sharing::None);
            addresses.define(&[(id("web"), &plain("web"))]);
            let port = addresses.port(&id("web")).unwrap();
            // Somebody outside may have it by now.
            let Ok(_listener) = TcpListener::bind(("127.0.0.1", port)) else { return };
            addresses.define(&[(id("web"), &plain("web"))]);
            assert_eq!(addresses.port(&id("web")), Some(port));
            let another = Addresses::open(scratch.path(), Sharing::None);
            another.define(&[(id("web"), &plain("web"))]);
            assert_eq!(another.port(&id("web")), Some(port), "a new daemon finds it as it was");
        }
    }

    #[test]
    fn a_leased_port_that_somebody_has_taken_is_replaced() {
        let scratch = tempfile::tempdir().unwrap();
        let addresses = Addresses::open(scratch.path(), Sharing::None);
        addresses
            .define(&[(id("web"), &plain("web")), (id("job"), &Definition { kind: Kind::Worker, ..plain("job") })]);
        let port = addresses.port(&id("web")).unwrap();
        assert_eq!(addresses.port(&id("job")), None, "a worker has no port");
        assert!(addresses.resolve_conflict(&id("web")).is_none());
        // Somebody outside may have it by now.
        let Ok(_listener) = TcpListener::bind(("127.0.0.1", port)) else { return };
        let conflict = addresses.resolve_conflict(&id("web")).unwrap();
        assert_eq!((conflict.port, conflict.instead), (port, addresses.port(&id("web"))));
        assert_ne!(conflict.instead, Some(port));
    }
}
