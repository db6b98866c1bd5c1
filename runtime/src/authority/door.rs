//! A server on loopback that shows certificates of the home's authorities, so that it can be tried who believes them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use locald_machine::Door;
use locald_proxy::{Backend, HostName, Operator, Pattern, Proxy, Route, Routes};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{HomeAuthority, HomeRoot};

/// No service is ever called so: it would be below its project.
const LABEL: &str = "locald-trust-check";

/// It is open until it is dropped.
pub struct OpenDoor {
    port: u16,
    serving: JoinHandle<()>,
    _backend: watch::Sender<Backend>,
}

impl Drop for OpenDoor {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl OpenDoor {
    /// Where a certificate is shown that this one vouches for.
    pub fn door(&self, root: &HomeRoot) -> Door {
        Door { host: name(root), port: self.port }
    }
}

fn name(root: &HomeRoot) -> String {
    format!("{LABEL}.{}", root.suffix.as_deref().unwrap_or("localhost"))
}

impl HomeAuthority {
    /// Opens a door. It is the proxy itself, with names that lead nowhere: what matters has happened by then.
    pub async fn open_door(&self) -> io::Result<OpenDoor> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let proxy = Arc::new(Proxy::default());
        let nothing = Backend::Down { reason: "There is nothing here.".to_owned(), hint: String::new() };
        let backend = watch::Sender::new(nothing);
        let mut routes = Routes::default();
        for root in &self.roots {
            let host = name(root).parse::<HostName>().map_err(io::Error::other)?;
            let (home, watched) = (host.clone(), backend.subscribe());
            let route = Route::new("check".to_owned(), home, watched, Duration::ZERO, Arc::new(Nobody));
            routes.add(Pattern::Exact(host), Arc::new(route)).map_err(io::Error::other)?;
        }
        proxy.set_routes(routes);
        let serving = proxy.serve_https(listener, self.authority.clone(), Arc::new(()));
        let serving = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "TLS cannot be spoken");
            }
        });
        Ok(OpenDoor { port, serving, _backend: backend })
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
