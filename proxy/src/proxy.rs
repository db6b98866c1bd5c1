//! The proxy itself: its routes, and the doors at which it takes connections.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::headers::Origin;
use crate::host::HostName;
use crate::limits::MAX_CONNECTIONS;
use crate::route::Route;
use crate::routes::Routes;
use crate::slow::Slow;

/// Passes requests on to where their host names lead.
#[derive(Debug)]
pub struct Proxy {
    /// Proxies in front of this one.
    trusted_peers: Vec<IpAddr>,
    routes: RwLock<Arc<Routes<Arc<Route>>>>,
    until_told: Duration,
    until_told_of_an_answer: Duration,
    slow: Arc<Slow>,
    /// For connections.
    places: Arc<Semaphore>,
    leaving: watch::Sender<bool>,
}

/// How long a person waits for a page before being told what is going on.
const UNTIL_TOLD: Duration = Duration::from_millis(800);

/// The same, of an answer: pages that take a second or two to make are nothing to be told of.
const UNTIL_TOLD_OF_AN_ANSWER: Duration = Duration::from_secs(3);

impl Default for Proxy {
    fn default() -> Self {
        Self { until_told_of_an_answer: UNTIL_TOLD_OF_AN_ANSWER, ..Self::showing_pages_after(UNTIL_TOLD) }
    }
}

impl Proxy {
    /// The proxy, which believes these peers, and nobody else, what they say of where a request comes from.
    #[must_use]
    pub fn believing(self, trusted_peers: Vec<IpAddr>) -> Self {
        Self { trusted_peers, ..self }
    }

    /// The proxy, which has at most so many connections at one time. Each may need two descriptors.
    #[must_use]
    pub fn admitting(self, connections: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(connections.clamp(1, MAX_CONNECTIONS))), ..self }
    }

    pub(crate) fn places(&self) -> &Arc<Semaphore> {
        &self.places
    }

    pub(crate) fn believes(&self, peer: IpAddr) -> bool {
        self.trusted_peers.contains(&peer.to_canonical())
    }

    /// One that has a person wait for so long before it says with a page that a back end, or its answer, is on its way.
    pub fn showing_pages_after(until_told: Duration) -> Self {
        Self {
            trusted_peers: Vec::new(),
            routes: RwLock::default(),
            until_told,
            until_told_of_an_answer: until_told,
            slow: Arc::default(),
            places: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            leaving: watch::Sender::new(false),
        }
    }

    pub(crate) fn until_told(&self) -> Duration {
        self.until_told
    }

    pub(crate) fn until_told_of_an_answer(&self) -> Duration {
        self.until_told_of_an_answer
    }

    /// The answers of which a person has been told that they are on their way.
    pub(crate) fn slow(&self) -> &Arc<Slow> {
        &self.slow
    }

    /// Lets nobody in any more, and has those go who are in: each connection once its answers are through, and all of them after `grace`.
    /// Says whether that was time enough. Whoever has a socket still may let others in there.
    pub async fn leave(&self, grace: Duration) -> bool {
        self.leaving.send_replace(true);
        timeout(grace, self.leaving.closed()).await.is_ok()
    }

    /// Resolves [`left`] once everybody is to go, and holds that up while it is there.
    pub(crate) fn leaving(&self) -> watch::Receiver<bool> {
        self.leaving.subscribe()
    }

    /// These are the routes from now on. Requests that are on their way stay on it.
    pub fn set_routes(&self, routes: Routes<Arc<Route>>) {
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
    }

    pub(crate) fn routes(&self) -> Arc<Routes<Arc<Route>>> {
        self.routes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The beginnings of paths that lead somewhere at a name, in order.
    pub(crate) fn paths(&self, host: &HostName) -> Vec<String> {
        let routes = self.routes();
        let at_host = routes.iter().filter(|(pattern, _, _)| pattern.matches(host));
        let mut paths: Vec<String> = at_host.map(|(_, prefix, _)| format!("{host}{prefix}")).collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// Every route, once.
    pub(crate) fn all(&self) -> Vec<Arc<Route>> {
        let mut all: Vec<Arc<Route>> = Vec::new();
        for (_, _, route) in self.routes().iter() {
            if all.iter().all(|known| !Arc::ptr_eq(known, route)) {
                all.push(route.clone());
            }
        }
        all
    }

    /// Whether whoever holds the other end of a connection may see what there is. Where there is nothing, nobody is asked.
    pub(crate) fn trusts(&self, origin: &Origin) -> bool {
        let routes = self.routes();
        let any = routes.iter().next();
        any.is_none_or(|(_, _, route)| origin.is_privy(route.operator()))
    }

    /// The first host name of each route, in order.
    pub(crate) fn homes(&self) -> Vec<String> {
        let mut homes: Vec<String> = self.routes().iter().map(|(_, _, route)| route.home().to_string()).collect();
        homes.sort();
        homes.dedup();
        homes
    }
}

/// Resolves once everybody is to go.
pub(crate) async fn left(leaving: &mut watch::Receiver<bool>) {
    // Its sender lives as long as the proxy, which whoever waits here holds.
    let _ = leaving.wait_for(|is_leaving| *is_leaving).await;
}
