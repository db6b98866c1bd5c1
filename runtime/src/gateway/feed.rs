//! Routes that follow services: their names, and where each is, in each of its lives.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use locald_api::{ProjectId, ServiceId};
use locald_config::{PlainHttp, Protocol};
use locald_proxy::{Activity, Backend, HostName, PathPrefix, Pattern, Proxy, Route, Routes, Upstream};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::backend::absent;
use super::caretaker::{Caretaker, wake};
use super::idleness::Idleness;
use crate::sites::{Site, family};
use crate::supervisor::{Definition, Rested, Seeming, Service, Supervisor, seeming};

/// The routes of all services.
#[derive(Default)]
pub(super) struct Feeds {
    feeds: BTreeMap<Key, Feed>,
    /// The names that the routes were last made of.
    names: Vec<(Key, Site)>,
}

/// A service, or several that run beside each other.
pub(super) type Key = (ProjectId, String);

struct Feed {
    manner: Manner,
    /// How long it is idle, if that is of interest.
    idleness: Option<Idleness>,
    /// One for its first port, then one for each that has a name.
    outlets: Vec<Outlet>,
}

/// One of the ports of a service, and what is known of it.
struct Outlet {
    /// The port's name; `None`: the first.
    port: Option<String>,
    route: Arc<Route>,
    backend: watch::Sender<Backend>,
    /// Where it is in the current lives of the service.
    lives: BTreeMap<Life, Arc<Upstream>>,
}

/// One of the ports of a service, and where it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// The port's name; `None`: the first.
    port: Option<String>,
    home: HostName,
    /// The URL that is shown: with TLS only if browsers trust who vouches for it.
    url: Option<String>,
}

/// What a route says of requests for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Manner {
    hold: Duration,
    idle_stop: Option<Duration>,
    strip_path: bool,
    /// The name and the port by which it is addressed, if not by those that were asked for.
    host_header: Option<(HostName, Option<u16>)>,
    /// Requests without TLS are sent to this port.
    secure_port: Option<u16>,
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
        let (mut names, mut is_other) = (Vec::new(), false);
        for project in supervisor.snapshot() {
            let mut families: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
            for service in &project.services {
                families.entry(family(&service.pane.id.service)).or_default().push(service);
            }
            for (called, site) in supervisor.sites.of_project(&project.id) {
                let services = families.remove(called.as_str()).unwrap_or_default();
                let Some(definition) = project.definitions.iter().find(|it| it.family == called) else { continue };
                let key = (project.id.clone(), called);
                let manner = Manner::of(definition, supervisor.sites.secure_port());
                let places = places(&site, |home| supervisor.sites.shown_url(home));
                let mut feed = match self.feeds.remove(&key) {
                    Some(feed) if feed.is_of(&places) && feed.manner == manner => feed,
                    former => {
                        is_other = true;
                        Feed::new(&key, places, manner, &project.name, &Arc::downgrade(supervisor), former)
                    }
                };
                feed.refresh(&key.1, &site, &services, supervisor);
                self.feeds.insert(key.clone(), feed);
                names.push((key, site));
            }
        }
        if names == self.names && !is_other {
            return;
        }
        self.feeds.retain(|key, _| names.iter().any(|(known, _)| known == key));
        proxy.set_routes(self.routes(&names));
        self.names = names;
    }

    /// When the first of them has been idle for long enough, if nobody asks for anything until then.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.feeds.values().filter_map(|feed| feed.idleness.as_ref()?.due()).min()
    }

    /// How long those are idle that end by themselves.
    pub(super) fn idle(&self) -> BTreeMap<Key, Idleness> {
        self.feeds.iter().filter_map(|(key, feed)| Some((key.clone(), feed.idleness.clone()?))).collect()
    }

    /// Has those end that have been idle for long enough.
    pub(super) async fn rest(&mut self, supervisor: &Arc<Supervisor>) {
        for ((project, family), feed) in &mut self.feeds {
            let Some(idleness) = feed.idleness.as_mut() else { continue };
            if idleness.due().is_none_or(|due| due > Instant::now()) {
                continue;
            }
            // First nobody is sent there any more, then it is looked whether somebody was: a request counts before it asks where to go.
            let before: Vec<Backend> =
                feed.outlets.iter().map(|outlet| outlet.backend.send_replace(Backend::Idle)).collect();
            let rested = if idleness.is_busy() { None } else { supervisor.rest(project, family).await.ok() };
            match rested {
                Some(Rested::Yes) => {
                    info!(%project, service = family, "nobody has asked it for anything; it is stopped until somebody does");
                    feed.outlets.iter_mut().for_each(|outlet| outlet.lives.clear());
                    idleness.note(false);
                    // Whoever has come in between has asked for something that ran.
                    if idleness.is_busy() {
                        wake(supervisor.clone(), project.clone(), family.clone());
                    }
                }
                other => {
                    if let Some(Rested::NeededBy(by)) = other {
                        info!(%project, service = family, by, "nobody has asked it for anything, but it is needed");
                    }
                    idleness.put_off();
                    for (outlet, before) in feed.outlets.iter().zip(before) {
                        outlet.backend.send_replace(before);
                    }
                }
            }
        }
    }

    fn routes(&self, names: &[(Key, Site)]) -> Routes<Arc<Route>> {
        let mut routes = Routes::default();
        let own = names.iter().flat_map(|(key, site)| {
            let first = site.names.iter().map(|name| (None, name));
            let others = site
                .ports
                .iter()
                .flat_map(|(port, of_port)| of_port.names.iter().map(move |name| (Some(port.as_str()), name)));
            first.chain(others).map(move |(port, name)| ((key, port), Pattern::Exact(name.clone())))
        });
        // What somebody asked for comes after what all have by their names.
        let asked =
            names.iter().flat_map(|(key, site)| site.asked.iter().map(move |pattern| ((key, None), pattern.clone())));
        let all = own.chain(asked).map(|(place, pattern)| (place, pattern, PathPrefix::root()));
        // A path that somebody asked for is another than all paths.
        let paths = names.iter().flat_map(|(key, site)| {
            site.paths.iter().map(move |(pattern, prefix)| ((key, None), pattern.clone(), prefix.clone()))
        });
        for ((key, port), pattern, prefix) in all.chain(paths) {
            let Some(outlet) = self.feeds.get(key).and_then(|feed| feed.outlet(port)) else { continue };
            if let Err(taken) = routes.add_at(pattern, prefix, outlet.route.clone()) {
                warn!(service = key.1, project = %key.0, %taken, "a host name leads to another service");
            }
        }
        routes
    }
}

impl Manner {
    /// `secure_port`: where TLS is spoken.
    fn of(definition: &Definition, secure_port: Option<u16>) -> Self {
        let Definition { hold, idle_stop, strip_path, http, .. } = *definition;
        // It was a name when the configuration was read.
        let host_header = definition.host_header.as_ref().and_then(|it| HostName::of_authority(it.as_str()).ok());
        let secure_port = secure_port.filter(|_| http == PlainHttp::Redirect);
        Self { hold, idle_stop, strip_path, host_header, secure_port }
    }
}

impl Feed {
    /// `former`: the one of before, of other names or another manner. What is known of the service stays known: requests that are on
    /// their way count on, and those that wait for it learn when it is there.
    fn new(
        key: &Key,
        places: Vec<Place>,
        manner: Manner,
        group: &str,
        supervisor: &Weak<Supervisor>,
        former: Option<Self>,
    ) -> Self {
        let (idleness, mut known) = former.map_or_else(Default::default, |it| (it.idleness, it.outlets));
        let idleness = manner.idle_stop.map(|limit| match idleness {
            Some(idleness) => idleness.with_limit(limit),
            None => Idleness::new(Activity::new(), limit),
        });
        let outlet = |Place { port, home, url }: Place| {
            let (project, family) = key.clone();
            let caretaker = Caretaker { supervisor: supervisor.clone(), project, family };
            let known = known.extract_if(.., |outlet| outlet.port == port).next();
            let (backend, lives) = known.map_or_else(
                || (watch::Sender::new(Backend::Starting { note: None }), BTreeMap::new()),
                |outlet| (outlet.backend, outlet.lives),
            );
            let name = port.as_ref().map_or_else(|| key.1.clone(), |port| format!("{} ({port})", key.1));
            let route = Route::new(name, home, backend.subscribe(), manner.hold, Arc::new(caretaker));
            let route = route.of_group(group.to_owned()).called(key.1.clone()).shown_at(url);
            // Paths lead to the first port.
            let route = if manner.strip_path && port.is_none() { route.stripped() } else { route };
            let route = match manner.secure_port {
                Some(port) => route.secured(port),
                None => route,
            };
            let route = match &manner.host_header {
                Some((name, port)) => route.addressed_as(name, *port),
                None => route,
            };
            // Whoever asks at one of the ports asks the service.
            let route = match &idleness {
                Some(idleness) => route.counted(idleness.activity().clone()),
                None => route,
            };
            Outlet { port, route: Arc::new(route), backend, lives }
        };
        let outlets = places.into_iter().map(outlet).collect();
        Self { manner, idleness, outlets }
    }

    /// Whether it was made for the same ports at the same names and URLs.
    fn is_of(&self, places: &[Place]) -> bool {
        let is_at = |(outlet, place): (&Outlet, &Place)| {
            let route = &outlet.route;
            (&outlet.port, route.home(), route.shown_url()) == (&place.port, &place.home, place.url.as_deref())
        };
        self.outlets.len() == places.len() && self.outlets.iter().zip(places).all(is_at)
    }

    fn outlet(&self, port: Option<&str>) -> Option<&Outlet> {
        self.outlets.iter().find(|outlet| outlet.port.as_deref() == port)
    }

    fn refresh(&mut self, name: &str, site: &Site, services: &[&Service], supervisor: &Supervisor) {
        for outlet in &mut self.outlets {
            outlet.refresh(name, site, services, supervisor);
        }
        let runs = self.outlets.first().is_some_and(|first| !first.lives.is_empty());
        if let Some(idleness) = &mut self.idleness {
            idleness.note(runs);
        }
    }
}

/// The ports of a site, the first one first, each with the name that is shown, and the URL that `shown_url` makes of it.
fn places(site: &Site, shown_url: impl Fn(&HostName) -> Option<String>) -> Vec<Place> {
    let named = site.ports.iter().map(|(port, of_port)| (Some(port.clone()), &of_port.home));
    let all = std::iter::once((None, &site.home)).chain(named);
    all.map(|(port, home)| Place { port, home: home.clone(), url: shown_url(home) }).collect()
}

impl Outlet {
    fn refresh(&mut self, name: &str, site: &Site, services: &[&Service], supervisor: &Supervisor) {
        let addresses = &supervisor.addresses;
        // What is said of the protocol is said of the first port.
        let is_http2 = site.protocol == Protocol::Http2 && self.port.is_none();
        let mut lives = BTreeMap::new();
        let mut absence = None;
        for service in services {
            let view = service.view().borrow().clone();
            let id = &service.pane.id;
            let pid = view.state.pid().filter(|_| seeming(&view.state) == Seeming::There);
            let port = || match &self.port {
                None => addresses.address(id),
                named => addresses.port_named(id, named.as_deref()),
            };
            match pid.and_then(|pid| Some((pid, port()?))) {
                Some((pid, port)) => {
                    let life = Life { service: id.clone(), pid, port, is_http2 };
                    let known = self.lives.get(&life).cloned();
                    let new = if life.is_http2 { Upstream::http2 } else { Upstream::new };
                    lives.insert(life, known.unwrap_or_else(|| Arc::new(new(port))));
                }
                // One that is on its way says more than one that is not.
                None => match (absent(name, &view), &absence) {
                    (idle @ Backend::Idle, None | Some(Backend::Down { .. })) => absence = Some(idle),
                    (coming @ Backend::Starting { .. }, None | Some(Backend::Idle | Backend::Down { .. })) => {
                        absence = Some(coming);
                    }
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
        (Backend::Idle, Backend::Idle) => true,
        (Backend::Down { reason: one, .. }, Backend::Down { reason: other, .. }) => one == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sites::PortSite;
    use crate::supervisor::plain;

    const MANNER: Manner = Manner {
        hold: Duration::from_secs(30),
        idle_stop: Some(Duration::from_mins(1)),
        strip_path: false,
        host_header: None,
        secure_port: None,
    };

    fn name(host: &str) -> HostName {
        host.parse().unwrap()
    }

    /// A service at this name, with a port `admin` below it.
    fn site(home: &str) -> Site {
        Site {
            home: name(home),
            because: None,
            names: vec![name(home)],
            asked: Vec::new(),
            refused: BTreeSet::default(),
            protocol: Protocol::default(),
            paths: Vec::new(),
            ports: BTreeMap::from([(
                "admin".to_owned(),
                PortSite { home: name(&format!("admin.{home}")), names: Vec::new() },
            )]),
        }
    }

    fn feed(home: &str, manner: Manner, former: Option<Feed>) -> Feed {
        let key = (ProjectId("shop".to_owned()), "web".to_owned());
        Feed::new(&key, places(&site(home), plain_url), manner, "shop", &Weak::new(), former)
    }

    #[expect(clippy::unnecessary_wraps, reason = "there need not be any")]
    fn plain_url(home: &HostName) -> Option<String> {
        Some(format!("http://{home}"))
    }

    #[test]
    fn what_is_known_of_a_service_outlives_its_name_and_what_is_said_of_its_requests() {
        for (home, manner) in [
            ("other.localhost", MANNER),
            ("shop.localhost", Manner { hold: Duration::ZERO, ..MANNER }),
            ("shop.localhost", Manner { idle_stop: Some(Duration::from_mins(2)), ..MANNER }),
        ] {
            let mut former = feed("shop.localhost", MANNER, None);
            let counted = former.idleness.as_ref().unwrap().activity().clone();
            let upstream = Arc::new(Upstream::new(1));
            let waiting: Vec<_> = former.outlets.iter().map(|outlet| outlet.backend.subscribe()).collect();
            let service = ServiceId { project: ProjectId("shop".to_owned()), service: "web".to_owned() };
            let life = Life { service, pid: 1, port: 1, is_http2: false };
            former.outlets[0].lives.insert(life, upstream.clone());
            let feed = feed(home, manner.clone(), Some(former));
            assert!(Arc::ptr_eq(feed.idleness.as_ref().unwrap().activity(), &counted), "requests count on");
            assert_eq!((feed.manner, feed.outlets[0].route.home()), (manner, &name(home)));
            assert!(feed.outlets[0].lives.values().all(|known| Arc::ptr_eq(known, &upstream)));
            assert_eq!(feed.outlets.iter().map(|outlet| outlet.lives.len()).collect::<Vec<_>>(), [1, 0]);
            for (outlet, mut waiting) in feed.outlets.iter().zip(waiting) {
                outlet.backend.send_replace(Backend::Idle);
                assert!(matches!(*waiting.borrow_and_update(), Backend::Idle), "whoever waits learns of it");
            }
        }
    }

    #[test]
    fn a_route_is_made_anew_and_shown_with_tls_once_browsers_trust_its_authority() {
        let secure = |home: &HostName| Some(format!("https://{home}:8443"));
        let site = site("shop.localhost");
        let former = feed("shop.localhost", MANNER, None);
        assert!(former.is_of(&places(&site, plain_url)) && !former.is_of(&places(&site, secure)));
        let key = (ProjectId("shop".to_owned()), "web".to_owned());
        let feed = Feed::new(&key, places(&site, secure), MANNER, "shop", &Weak::new(), Some(former));
        assert!(feed.is_of(&places(&site, secure)));
        let shown: Vec<_> = feed.outlets.iter().filter_map(|outlet| outlet.route.shown_url()).collect();
        assert_eq!(shown, ["https://shop.localhost:8443", "https://admin.shop.localhost:8443"]);
    }

    #[test]
    fn whoever_is_sent_to_tls_is_sent_to_the_port_that_it_has_now() {
        let manner = |http, port| Manner::of(&Definition { http, ..plain("web") }, port).secure_port;
        assert_eq!(manner(PlainHttp::Redirect, Some(8443)), Some(8443));
        assert_eq!(manner(PlainHttp::Redirect, Some(443)), Some(443));
        assert_eq!(manner(PlainHttp::Serve, Some(443)), None);
    }
}
