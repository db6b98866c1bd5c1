//! One back end: a port on loopback during one life of the process behind it, and the connections to it.
//!
//! Whoever hands routes over makes a new one for each life, so that no connection of an earlier process is ever used again.

mod dial;
mod idle;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::limits::MAX_HEAD;
use crate::upload::Upload;
use idle::Idle;

pub(crate) use dial::DialError;

/// A connection that takes one request at a time.
pub(crate) type Sender = http1::SendRequest<Upload>;

/// A back end.
pub struct Upstream {
    port: u16,
    /// Which address family answered last.
    family: AtomicU8,
    idle: Idle,
    since: Instant,
}

/// A connection, and whether requests have gone over it before.
pub(crate) struct Connection {
    pub(crate) sender: Sender,
    pub(crate) is_used: bool,
}

impl Upstream {
    /// The process that listens on this port of loopback, on either address family.
    pub fn new(port: u16) -> Self {
        Self { port, family: AtomicU8::new(dial::V4), idle: Idle::default(), since: Instant::now() }
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
    pub(crate) async fn idle(&self, within: Duration) -> Option<Connection> {
        self.idle.take(within).await.map(|sender| Connection { sender, is_used: true })
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Connection, DialError> {
        let (stream, family) = dial::dial(self.port, self.family.load(Ordering::Relaxed)).await?;
        self.family.store(family, Ordering::Relaxed);
        let sender = handshake(stream).await.map_err(|error| DialError::Failed(io::Error::other(error)))?;
        Ok(Connection { sender, is_used: false })
    }

    /// Keeps a connection for the next request.
    pub(crate) fn keep(&self, sender: Sender) {
        self.idle.put(sender);
    }
}

async fn handshake(stream: TcpStream) -> hyper::Result<Sender> {
    // Small writes are what interactive programs make; the kernel must not gather them.
    let _ = stream.set_nodelay(true);
    let (sender, connection) = http1::Builder::new().max_header_size(MAX_HEAD).handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // What ends it is told to whoever waits for its answer.
        let _ = connection.with_upgrades().await;
    });
    Ok(sender)
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("port", &self.port).finish_non_exhaustive()
    }
}
