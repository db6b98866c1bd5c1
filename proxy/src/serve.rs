//! Taking connections of a listener, and speaking HTTP on each.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tracing::{debug, warn};

use crate::exchange::{Entrance, answer, refuse};
use crate::framing::Watched;
use crate::headers::Origin;
use crate::limits::{MAX_CONNECTIONS, MAX_HEAD, MAX_HEADERS};
use crate::proxy::Proxy;
use crate::target::Refusal;

/// The pause after a connection could not be taken, mostly for want of descriptors.
const RELIEF: Duration = Duration::from_millis(100);
/// How long the head of a request may take, from its first octet on.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

impl Proxy {
    /// Takes connections for as long as this is polled.
    pub async fn serve_http(self: Arc<Self>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            // The semaphore is never closed.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let Some((stream, client)) = accept(&listener).await else { continue };
            let proxy = self.clone();
            tokio::spawn(async move {
                if let Ok(entrance) = entrance(&stream, client) {
                    speak_http1(proxy, stream, entrance).await;
                }
                drop(place);
            });
        }
    }
}

async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            // A client that is gone already is no trouble of ours.
            if error.kind() != io::ErrorKind::ConnectionAborted {
                warn!(%error, "a connection cannot be taken");
                tokio::time::sleep(RELIEF).await;
            }
            None
        }
    }
}

fn entrance(stream: &TcpStream, client: SocketAddr) -> io::Result<Entrance> {
    stream.set_nodelay(true)?;
    let origin = Origin { client: client.ip(), is_secure: false, port: stream.local_addr()?.port() };
    Ok(Entrance { origin, certificate: None, lacks_tls: false })
}

async fn speak_http1(
    proxy: Arc<Proxy>,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    entrance: Entrance,
) {
    let stream = Watched::new(stream);
    let has_two_lengths = stream.has_two_lengths();
    let entrance = Arc::new(entrance);
    let service = service_fn(move |request| {
        let (proxy, entrance) = (proxy.clone(), entrance.clone());
        let is_ambiguous = has_two_lengths.load(Ordering::Acquire);
        async move {
            if is_ambiguous {
                return Ok::<_, Infallible>(refuse(request, Refusal::TwoLengths));
            }
            Ok(answer(&proxy, request, &entrance).await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_header_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        debug!(%error, "a connection ended early");
    }
}
