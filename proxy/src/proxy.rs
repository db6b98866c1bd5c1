//! The proxy itself: its routes, and the doors at which it takes connections.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use crate::route::Route;
use crate::routes::Routes;

/// Passes requests on to where their host names lead.
#[derive(Debug, Default)]
pub struct Proxy {
    /// Proxies in front of this one.
    trusted_peers: Vec<IpAddr>,
    routes: RwLock<Arc<Routes<Arc<Route>>>>,
}

impl Proxy {
    /// A proxy that believes these peers, and nobody else, what they say of where a request comes from.
    pub fn new(trusted_peers: Vec<IpAddr>) -> Self {
        Self { trusted_peers, ..Self::default() }
    }

    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_peers.contains(&peer.to_canonical())
    }

    /// These are the routes from now on. Requests that are on their way stay on it.
    pub fn set_routes(&self, routes: Routes<Arc<Route>>) {
        *self.routes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(routes);
    }

    pub(crate) fn routes(&self) -> Arc<Routes<Arc<Route>>> {
        self.routes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first host name of each route, in order.
    pub(crate) fn homes(&self) -> Vec<String> {
        let mut homes: Vec<String> = self.routes().iter().map(|(_, route)| route.home().to_string()).collect();
        homes.sort();
        homes.dedup();
        homes
    }
}
