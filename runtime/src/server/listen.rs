//! Takes clients in. The listener is the keeper's; a daemon only borrows it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::{Server, connection};

/// Accepts clients for ever. `listeners` brings a new listener when the old one's path was removed.
pub(crate) async fn listen(server: Arc<Server>, mut listeners: mpsc::Receiver<OwnedFd>) {
    let mut listener: Option<UnixListener> = None;
    loop {
        let accepted = tokio::select! {
            new = listeners.recv() => match new {
                Some(new) => {
                    listener = open(new).inspect_err(|error| warn!(%error, "the control socket is unusable")).ok();
                    continue;
                }
                None => return,
            },
            accepted = accept(listener.as_ref()) => accepted,
        };
        match accepted {
            Ok(stream) => {
                let server = server.clone();
                tokio::spawn(async move {
                    if let Err(error) = connection::serve(stream, server).await {
                        debug!(%error, "a client's connection ended");
                    }
                });
            }
            Err(error) => {
                warn!(%error, "a client could not be accepted");
                // Out of descriptors, most likely; trying again at once would only burn the processor.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn accept(listener: Option<&UnixListener>) -> io::Result<tokio::net::UnixStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

fn open(descriptor: OwnedFd) -> io::Result<UnixListener> {
    let listener = std::os::unix::net::UnixListener::from(descriptor);
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}
