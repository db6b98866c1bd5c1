//! One back end: a port on loopback during one life of the process behind it, and the connections to it.
//!
//! Whoever hands routes over makes a new one for each life, so that no connection of an earlier process is ever used again.

mod dial;
mod idle;
mod line;
mod probe;
mod streams;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::{Request, Response};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::upload::Upload;
use idle::Idle;
use streams::{Shared, Streams};

pub(crate) use dial::DialError;
pub(crate) use line::Line;

/// A back end.
pub struct Upstream {
    port: u16,
    /// Which address family answered last.
    family: AtomicU8,
    /// Whether it speaks HTTP/2, once that is known.
    speaks_http2: OnceCell<bool>,
    idle: Arc<Idle>,
    shared: Shared,
    since: Instant,
}

/// What is to be spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// What the back end is known to speak.
    Any,
    /// HTTP/1.1, which alone can become a WebSocket.
    WebSocket,
    /// HTTP/2, which gRPC is made of: the back end is asked whether it speaks that, if nobody has told.
    Grpc,
}

/// A connection, and whether requests have gone over it before.
pub(crate) struct Connection {
    pub(crate) speaker: Speaker,
    pub(crate) is_used: bool,
}

/// What is spoken on a connection.
pub(crate) enum Speaker {
    Line(Line),
    Streams(Streams),
}

impl Upstream {
    /// The process that listens on this port of loopback, on either address family. It speaks HTTP/1.1; whether HTTP/2 too is found out
    /// when somebody asks it as gRPC does.
    pub fn new(port: u16) -> Self {
        Self {
            port,
            family: AtomicU8::new(dial::V4),
            speaks_http2: OnceCell::new(),
            idle: Arc::default(),
            shared: Shared::default(),
            since: Instant::now(),
        }
    }

    /// One that speaks HTTP/2 without TLS, and expects nothing else from the first octet on (RFC 9113 §3.3).
    pub fn http2(port: u16) -> Self {
        Self { speaks_http2: OnceCell::new_with(Some(true)), ..Self::new(port) }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How long it has been known.
    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// A connection that is left from an earlier request, if one is still good, and was used within this time.
    pub(crate) async fn idle(&self, within: Duration, need: Need) -> Option<Connection> {
        let speaker = if self.is_known_for_http2(need) {
            Speaker::Streams(self.shared.get()?)
        } else {
            Speaker::Line(self.idle.take(within).await?)
        };
        Some(Connection { speaker, is_used: true })
    }

    /// A new connection.
    pub(crate) async fn connect(&self, need: Need) -> Result<Connection, DialError> {
        if need == Need::Grpc && self.speaks_http2.get().is_none() {
            let answer = probe::speaks_http2(self.dial().await?).await;
            if let Some(answer) = answer {
                // Another request may have found out before.
                let _ = self.speaks_http2.set(answer);
            }
        }
        let stream = self.dial().await?;
        let failed = |error| DialError::Failed(io::Error::other(error));
        let speaker = if self.is_known_for_http2(need) {
            let streams = streams::open(stream).await.map_err(failed)?;
            self.shared.set(&streams);
            Speaker::Streams(streams)
        } else {
            Speaker::Line(Line::open(stream).await.map_err(failed)?)
        };
        Ok(Connection { speaker, is_used: false })
    }

    /// Keeps a connection for the next request.
    pub(crate) fn keep(&self, line: Line) {
        self.idle.put(line);
    }

    fn is_known_for_http2(&self, need: Need) -> bool {
        need != Need::WebSocket && self.speaks_http2.get() == Some(&true)
    }

    async fn dial(&self) -> Result<TcpStream, DialError> {
        let (stream, family) = dial::dial(self.port, self.family.load(Ordering::Relaxed)).await?;
        self.family.store(family, Ordering::Relaxed);
        // Small writes are what interactive programs make; the kernel must not gather them.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

impl Speaker {
    /// Asks, and waits for the head of the answer. A request that was never sent is in the error.
    pub(crate) async fn send(
        &mut self,
        mut request: Request<Upload>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Upload>>> {
        match self {
            Self::Line(line) => {
                streams::as_http1(&mut request);
                line.send(request).await
            }
            Self::Streams(streams) => {
                streams::as_http2(&mut request);
                streams.try_send_request(request).await
            }
        }
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("port", &self.port).finish_non_exhaustive()
    }
}
