//! A server on loopback that shows a certificate of the authority, so that it can be tried who believes it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use locald_machine::Door;
use locald_proxy::{Backend, HostName, Operator, Pattern, Proxy, Route, Routes};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::HomeAuthority;

/// No service is ever called so: it would be below its project.
const NAME: &str = "locald-trust-check.localhost";

/// It is open until it is dropped.
pub struct OpenDoor {
    /// Where it is.
    pub door: Door,
    serving: JoinHandle<()>,
    _backend: watch::Sender<Backend>,
}

impl Drop for OpenDoor {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl HomeAuthority {
    /// Opens a door. It is the proxy itself, with a name that leads nowhere: what matters has happened by then.
    pub async fn open_door(&self) -> io::Result<OpenDoor> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let door = Door { host: NAME.to_owned(), port: listener.local_addr()?.port() };
        let (proxy, host) = (Arc::new(Proxy::default()), NAME.parse::<HostName>());
        let host = host.map_err(io::Error::other)?;
        let nothing = Backend::Down { reason: "There is nothing here.".to_owned(), hint: String::new() };
        let backend = watch::Sender::new(nothing);
        let route = Route::new("check".to_owned(), host.clone(), backend.subscribe(), Duration::ZERO, Arc::new(Nobody));
        let mut routes = Routes::default();
        routes.add(Pattern::Exact(host), Arc::new(route)).map_err(io::Error::other)?;
        proxy.set_routes(routes);
        let serving = proxy.serve_https(listener, self.authority.clone(), Arc::new(()));
        let serving = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "TLS cannot be spoken");
            }
        });
        Ok(OpenDoor { door, serving, _backend: backend })
    }
}

struct Nobody;

impl Operator for Nobody {
    fn last_lines(&self) -> Vec<String> {
        Vec::new()
    }

    fn start(&self) {}

    fn wake(&self) {}

    fn trusts(&self, _client: SocketAddr, _proxy: SocketAddr) -> bool {
        false
    }
}
