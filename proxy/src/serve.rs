//! Taking connections of a listener, and speaking HTTP on each.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::ear::seldom;
use crate::exchange::{Entrance, answer, refuse};
use crate::framing::Framing;
use crate::headers::Origin;
use crate::limits::{BUFFER, MAX_HEAD, MAX_HEADERS, MAX_RESETS, WINDOW};
use crate::preface::Preface;
use crate::proxy::{Proxy, left};
use crate::tap::Tap;
use crate::target::Refusal;
use crate::tls::{self, Authority, Certificates};

/// The pause after a connection could not be taken, mostly for want of descriptors.
const RELIEF: Duration = Duration::from_millis(100);
/// How long a client may take for its first octets, and then to agree on how to speak TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the first request of a connection may take that was let in right before everybody is to go.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// The first octet of a TLS connection: a record of the handshake (RFC 8446 §5.1). No request of HTTP begins with it.
const HANDSHAKE: u8 = 22;
/// How a client of HTTP/2 begins where nobody has asked what it speaks (RFC 9113 §3.4). No method of HTTP/1.1 is called so, and who
/// sends the beginning of it in pieces is taken for a client of that.
const PREFACE: &[u8] = b"PRI";

impl Proxy {
    /// Takes connections for as long as this is polled.
    pub async fn serve_http(self: Arc<Self>, listener: TcpListener) {
        self.take(listener, speak_plainly).await;
    }

    /// Takes connections that speak TLS, with certificates of `supplied`, else of `authority`, for as long as this is polled. Those that do not are sent to
    /// where they should have asked, except for WebSockets, which are passed on.
    ///
    /// # Errors
    /// TLS cannot be spoken at all.
    pub async fn serve_https(
        self: Arc<Self>,
        listener: TcpListener,
        authority: Arc<Authority>,
        supplied: Arc<dyn Certificates>,
    ) -> Result<(), rustls::Error> {
        let acceptor = TlsAcceptor::from(tls::server(self.clone(), authority, supplied)?);
        let speak = move |proxy, stream, entrance| speak_tls(proxy, acceptor.clone(), stream, entrance);
        self.take(listener, speak).await;
        Ok(())
    }

    async fn take<F: Future<Output = ()> + Send + 'static>(
        self: Arc<Self>,
        listener: TcpListener,
        speak: impl Fn(Arc<Self>, TcpStream, Entrance) -> F,
    ) {
        let mut leaving = self.leaving();
        loop {
            let next = async {
                // The semaphore is never closed.
                let place = self.places().clone().acquire_owned().await.ok()?;
                Some((place, accept(&listener).await?))
            };
            let next = tokio::select! {
                () = left(&mut leaving) => return,
                next = next => next,
            };
            let Some((place, (stream, client))) = next else { continue };
            let Ok(entrance) = entrance(&self, &stream, client) else { continue };
            let speaking = speak(self.clone(), stream, entrance);
            tokio::spawn(async move {
                speaking.await;
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

fn entrance(proxy: &Proxy, stream: &TcpStream, client: SocketAddr) -> io::Result<Entrance> {
    stream.set_nodelay(true)?;
    let origin = Origin::new(client, stream.local_addr()?, proxy.believes(client.ip()));
    Ok(Entrance { origin, certificate: None, lacks_tls: false })
}

/// What a client says first, without taking it; octets that are not there yet are 0. `None` if it takes too long, or everybody is to go.
async fn first<const OCTETS: usize>(stream: &TcpStream, leaving: &mut watch::Receiver<bool>) -> Option<[u8; OCTETS]> {
    let mut first = [0; OCTETS];
    let said = tokio::select! {
        said = timeout(HANDSHAKE_TIMEOUT, stream.peek(&mut first)) => said.ok()?.ok()?,
        () = async { left(leaving).await; sleep(LAST_MOMENT).await } => return None,
    };
    (said > 0).then_some(first)
}

async fn speak_plainly(proxy: Arc<Proxy>, stream: TcpStream, entrance: Entrance) {
    let mut leaving = proxy.leaving();
    match first::<{ PREFACE.len() }>(&stream, &mut leaving).await {
        Some(first) if first == PREFACE => speak_http2(proxy, stream, entrance).await,
        Some(_) => speak_http1(proxy, stream, entrance).await,
        None => {}
    }
}

async fn speak_tls(proxy: Arc<Proxy>, acceptor: TlsAcceptor, stream: TcpStream, entrance: Entrance) {
    // Whoever is about to agree on TLS is in.
    let mut leaving = proxy.leaving();
    match first::<1>(&stream, &mut leaving).await {
        Some([HANDSHAKE]) => {}
        Some(_) => return speak_http1(proxy, stream, Entrance { lacks_tls: true, ..entrance }).await,
        None => return,
    }
    let stream = match timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return debug!(%error, "a client and the proxy do not agree on TLS"),
        Err(_) => return,
    };
    let (_, session) = stream.get_ref();
    let certificate = session.server_name().and_then(|name| name.parse().ok());
    let speaks_http2 = session.alpn_protocol() == Some(b"h2");
    let mut entrance = Entrance { certificate, ..entrance };
    entrance.origin.is_secure = true;
    if speaks_http2 {
        speak_http2(proxy, stream, entrance).await;
    } else {
        speak_http1(proxy, stream, entrance).await;
    }
}

async fn speak_http1(
    proxy: Arc<Proxy>,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    entrance: Entrance,
) {
    let leaving = proxy.leaving();
    let reader = Framing::new();
    let seen = reader.seen();
    let stream = Tap { stream, reader };
    let entrance = Arc::new(entrance);
    let first = Arc::new(Notify::new());
    let asked = first.clone();
    let service = service_fn(move |request| {
        asked.notify_one();
        let (proxy, entrance) = (proxy.clone(), entrance.clone());
        let seen = seen.clone();
        async move {
            if seen.has_two_lengths() {
                return Ok::<_, Infallible>(refuse(request, Refusal::TwoLengths));
            }
            let response = answer(&proxy, request, &entrance).await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                seen.end();
            }
            Ok(response)
        }
    });
    let connection = http1::Builder::new()
        // What watches the framing sees to that, without a timer for each request.
        .header_read_timeout(None)
        .max_header_size(MAX_HEAD)
        .max_buf_size(BUFFER)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let (mut connection, mut leaving) = (pin!(connection), leaving);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = seldom(told_to_go(&mut leaving, &first)) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

async fn speak_http2(
    proxy: Arc<Proxy>,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    entrance: Entrance,
) {
    let leaving = proxy.leaving();
    let stream = Tap { stream, reader: Preface::new() };
    let entrance = Arc::new(entrance);
    let first = Arc::new(Notify::new());
    let asked = first.clone();
    let service = service_fn(move |request| {
        asked.notify_one();
        let (proxy, entrance) = (proxy.clone(), entrance.clone());
        async move { Ok::<_, Infallible>(answer(&proxy, request, &entrance).await) }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .max_header_list_size(MAX_HEAD as u32)
        // A page that is loaded anew while it loads drops hundreds of streams, which is no attack.
        .max_pending_accept_reset_streams(MAX_RESETS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        // WebSockets (RFC 8441).
        .enable_connect_protocol()
        .serve_connection(TokioIo::new(stream), service);
    let (mut connection, mut leaving) = (pin!(connection), leaving);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        has_asked = seldom(told_to_go(&mut leaving, &first)) => {
            connection.as_mut().graceful_shutdown();
            if !has_asked {
                // It may never say how it speaks, which the end of the connection waits for.
                return;
            }
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

/// Resolves once everybody is to go, and whoever has just come has asked for something: a connection that has not brought a request
/// yet would be closed before it is read. Says whether it has.
async fn told_to_go(leaving: &mut watch::Receiver<bool>, first: &Notify) -> bool {
    left(leaving).await;
    timeout(LAST_MOMENT, first.notified()).await.is_ok()
}
