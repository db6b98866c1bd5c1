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
struct Place {
    wanted: Wanted,
    expectation: Expectation,
    monitor: PortMonitor,
    /// Who listened on this machine when the service was last looked at, or about to begin.
    listening: Option<Arc<[Listening]>>,
}

/// Which port a service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    None,
    Leased,
    Fixed(u16),
}

/// A port that a service was to have, and somebody else has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) port: u16,
    /// Who has it, as far as can be seen.
    pub(crate) owner: Option<String>,
    /// The port that the service has instead from now on, if it may have another.
    pub(crate) instead: Option<u16>,
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
            let wanted = match (definition.kind, definition.port) {
                (Kind::Worker, _) => Wanted::None,
                (Kind::Exec, Port::Leased) => Wanted::Leased,
                (Kind::Exec, Port::Fixed(port)) => Wanted::Fixed(port),
            };
            // One that has a port keeps it: it may be listening there, so that the port looks taken. Before a run it is claimed anyway.
            if wanted == Wanted::Leased && self.ports.leased(&id.to_string()).is_none() {
                leased.push(id.to_string());
            }
            let expectation = definition.opens_port;
            let mut places = self.places();
            let fresh = || Place { wanted, expectation, monitor: PortMonitor::default(), listening: None };
            let place = places.entry(id.clone()).or_insert_with(fresh);
            (place.wanted, place.expectation) = (wanted, expectation);
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
        match self.places().get(id)?.wanted {
            Wanted::None => None,
            Wanted::Leased => self.ports.leased(&id.to_string()),
            Wanted::Fixed(port) => Some(port),
        }
    }

    /// The port that files give to the service of that name, or to the first of several that run under it; 0 where they give none.
    pub(super) fn said(&self, project: &ProjectId, service: &str) -> u16 {
        let places = self.places();
        let place = |service: String| places.get(&ServiceId { project: project.clone(), service });
        match place(service.to_owned()).or_else(|| place(format!("{service}.1"))).map(|place| place.wanted) {
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
        self.places().get(id)?.monitor.stray(promise)
    }

    /// The ports on which a service was last seen listening.
    pub(crate) fn found(&self, id: &ServiceId) -> BTreeSet<u16> {
        self.places().get(id).map(|place| place.monitor.found().clone()).unwrap_or_default()
    }

    /// Sees to it that the service's port can be had for its next run.
    ///
    /// # Errors
    /// Who has it.
    pub(super) fn claim(&self, id: &ServiceId) -> Result<(), String> {
        let listening = self.scanner.listening();
        let wanted = self.places().get_mut(id).map_or(Wanted::None, |place| {
            (place.monitor, place.listening) = (PortMonitor::default(), Some(listening));
            place.wanted
        });
        match wanted {
            Wanted::None => Ok(()),
            Wanted::Leased => self.ports.lease(&id.to_string()).map(drop).map_err(|error| error.to_string()),
            Wanted::Fixed(port) if is_free(port) => Ok(()),
            Wanted::Fixed(port) => Err(Conflict { port, owner: self.owner(port), instead: None }.to_string()),
        }
    }

    /// After a run that complained of its port: who has it, if somebody does, and another port for the next run.
    pub(super) fn resolve_conflict(&self, id: &ServiceId) -> Option<Conflict> {
        let port = self.port(id)?;
        if is_free(port) {
            return None;
        }
        let is_leased = self.places().get(id)?.wanted == Wanted::Leased;
        let owner = self.owner(port);
        let instead = is_leased.then(|| self.ports.renew(&id.to_string()).ok()).flatten();
        Some(Conflict { port, owner, instead })
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
            return place.monitor.look(promise, found);
        }
        let scan = self.scanner.look();
        let found = scan.ports(pid);
        self.places().get_mut(id).map_or_else(Vec::new, |place| {
            place.listening = Some(scan.listening());
            place.monitor.look(promise, found)
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
        Some(match (expectation, port) {
            (Expectation::Own, Some(port)) => Promise::Own(port),
            _ => Promise::Any(port),
        })
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<ServiceId, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.owner {
            Some(owner) => write!(f, "port {} is in use by {owner}", self.port),
            None => write!(f, "port {} is in use by a process of another user", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

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
        assert!(refused.ends_with(&format!("(pid {})", std::process::id())), "{refused}");
        let conflict = addresses.resolve_conflict(&id("web")).unwrap();
        assert_eq!(conflict.instead, None, "whoever asked for one port is given no other");
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
