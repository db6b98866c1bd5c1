//! A connection of HTTP/2 without TLS, over which all requests to a back end go.

use std::sync::{Mutex, PoisonError};

use hyper::client::conn::http2;
use hyper::header::{CONNECTION, EXPECT, HOST, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use hyper::http::uri::{Authority, Parts, Scheme};
use hyper::{Request, Uri, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::limits::MAX_HEAD;
use crate::upload::Upload;

/// Takes requests, however many are on their way.
pub(crate) type Streams = http2::SendRequest<Upload>;

/// The connection, if there is one.
#[derive(Default)]
pub(super) struct Shared(Mutex<Option<Streams>>);

impl Shared {
    pub(super) fn get(&self) -> Option<Streams> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(|streams| !streams.is_closed())
    }

    pub(super) fn set(&self, streams: &Streams) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(streams.clone());
    }
}

pub(super) async fn open(stream: TcpStream) -> hyper::Result<Streams> {
    let (streams, connection) = http2::Builder::new(TokioExecutor::new())
        .max_header_list_size(MAX_HEAD as u32)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(4 << 20)
        .handshake(TokioIo::new(stream))
        .await?;
    tokio::spawn(async move {
        // What ends it is told to whoever waits for an answer.
        let _ = connection.await;
    });
    Ok(streams)
}

/// Gives a request of HTTP/1.1 the form of HTTP/2, in which nothing is said of the connection (RFC 9113 §8.2.2, §8.3.1).
pub(super) fn as_http2(request: &mut Request<Upload>) {
    let host = request.headers_mut().remove(HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let mut parts = Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.path_and_query = request.uri().path_and_query().cloned();
    parts.authority = authority;
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    *request.version_mut() = Version::HTTP_2;
    // Nobody tells when a back end asks for a body over HTTP/2, so that it is sent without being asked for.
    for name in [CONNECTION, TRANSFER_ENCODING, UPGRADE, EXPECT] {
        request.headers_mut().remove(name);
    }
}

/// Gives a request back the form of HTTP/1.1 that it had, for another back end.
pub(super) fn as_http1(request: &mut Request<Upload>) {
    if request.version() != Version::HTTP_2 {
        return;
    }
    if let Some(host) = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok()) {
        request.headers_mut().insert(HOST, host);
    }
    if let Some(path) = request.uri().path_and_query().cloned() {
        *request.uri_mut() = Uri::from(path);
    }
    *request.version_mut() = Version::HTTP_11;
    crate::headers::frame(request);
}
