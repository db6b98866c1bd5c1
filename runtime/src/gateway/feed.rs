//! Routes that follow services: their names, and where each is, in each of its lives.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use locald_api::{ProjectId, ServiceId};
use locald_config::Protocol;
use locald_proxy::{Backend, Pattern, Proxy, Route, Routes, Upstream};
use tokio::sync::watch;
use tracing::warn;

use super::backend::absent;
use super::caretaker::Caretaker;
use crate::sites::{Site, family};
use crate::supervisor::{Seeming, Service, Supervisor, seeming};

/// How long a request waits for a service that is on its way.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes of all services.
#[derive(Default)]
pub(super) struct Feeds {
    feeds: BTreeMap<Key, Feed>,
    /// The names that the routes were last made of.
    names: Vec<(Key, Site)>,
}

/// A service, or several that run beside each other.
type Key = (ProjectId, String);

struct Feed {
    route: Arc<Route>,
    backend: watch::Sender<Backend>,
    /// Where it is in its current lives.
    lives: BTreeMap<Life, Arc<Upstream>>,
}

/// One life of a service, at one port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Life {
    service: ServiceId,
    pid: u32,
    port: u16,
    /// It is spoken to by HTTP/2.
    is_http2: bool,
}

impl Feeds {
    /// Makes the routes what the services are now.
    pub(super) fn refresh(&mut self, proxy: &Proxy, supervisor: &Arc<Supervisor>) {
        let mut names = Vec::new();
        for project in supervisor.snapshot() {
            let mut families: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
            for service in &project.services {
                families.entry(family(&service.pane.id.service)).or_default().push(service);
            }
            for (called, site) in supervisor.sites.of_project(&project.id) {
                let services = families.remove(called.as_str()).unwrap_or_default();
                let key = (project.id.clone(), called);
                let feed = self.feeds.entry(key.clone()).or_insert_with(|| Feed::new(&key, &site, supervisor));
                if *feed.route.home() != site.home {
                    *feed = Feed::new(&key, &site, supervisor);
                }
                feed.refresh(&key.1, &site, &services, supervisor);
                names.push((key, site));
            }
        }
        if names == self.names {
            return;
        }
        self.feeds.retain(|key, _| names.iter().any(|(known, _)| known == key));
        proxy.set_routes(self.routes(&names));
        self.names = names;
    }

    fn routes(&self, names: &[(Key, Site)]) -> Routes<Arc<Route>> {
        let mut routes = Routes::default();
        let own =
            names.iter().flat_map(|(key, site)| site.names.iter().map(move |name| (key, Pattern::Exact(name.clone()))));
        // What somebody asked for comes after what all have by their names.
        let asked = names.iter().flat_map(|(key, site)| site.asked.iter().map(move |pattern| (key, pattern.clone())));
        for (key, pattern) in own.chain(asked) {
            let Some(feed) = self.feeds.get(key) else { continue };
            if let Err(taken) = routes.add(pattern, feed.route.clone()) {
                warn!(service = key.1, project = %key.0, %taken, "a host name leads to another service");
            }
        }
        routes
    }
}

impl Feed {
    fn new(key: &Key, site: &Site, supervisor: &Arc<Supervisor>) -> Self {
        let (project, family) = key.clone();
        let caretaker = Caretaker { supervisor: Arc::downgrade(supervisor), project, family };
        let backend = watch::Sender::new(Backend::Starting { note: None });
        let route = Route::new(key.1.clone(), site.home.clone(), backend.subscribe(), PATIENCE, Arc::new(caretaker));
        Self { route: Arc::new(route), backend, lives: BTreeMap::new() }
    }

    fn refresh(&mut self, name: &str, site: &Site, services: &[&Service], supervisor: &Supervisor) {
        let mut lives = BTreeMap::new();
        let mut absence = None;
        for service in services {
            let view = service.view().borrow().clone();
            let id = &service.pane.id;
            let pid = view.state.pid().filter(|_| seeming(&view.state) == Seeming::There);
            match pid.and_then(|pid| Some((pid, supervisor.addresses.address(id)?))) {
                Some((pid, port)) => {
                    let life = Life { service: id.clone(), pid, port, is_http2: site.protocol == Protocol::Http2 };
                    let known = self.lives.get(&life).cloned();
                    let new = if life.is_http2 { Upstream::http2 } else { Upstream::new };
                    lives.insert(life, known.unwrap_or_else(|| Arc::new(new(port))));
                }
                // One that is on its way says more than one that is not.
                None => match (absent(name, &view), &absence) {
                    (coming @ Backend::Starting { .. }, None | Some(Backend::Down { .. })) => absence = Some(coming),
                    (other, None) => absence = Some(other),
                    _ => {}
                },
            }
        }
        if !lives.is_empty() && lives.keys().eq(self.lives.keys()) {
            return;
        }
        self.lives = lives;
        let now = if self.lives.is_empty() {
            absence.unwrap_or_else(|| Backend::Down { reason: "It is gone.".to_owned(), hint: String::new() })
        } else {
            Backend::Ready(self.lives.values().cloned().collect())
        };
        self.backend.send_if_modified(|known| {
            let is_new = !is_same(known, &now);
            *known = now;
            is_new
        });
    }
}

fn is_same(one: &Backend, other: &Backend) -> bool {
    match (one, other) {
        (Backend::Ready(one), Backend::Ready(other)) => {
            one.iter().zip(other.iter()).all(|(one, other)| Arc::ptr_eq(one, other)) && one.len() == other.len()
        }
        (Backend::Starting { note: one }, Backend::Starting { note: other }) => one == other,
        (Backend::Down { reason: one, .. }, Backend::Down { reason: other, .. }) => one == other,
        _ => false,
    }
}
