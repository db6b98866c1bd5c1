//! A connection that both ends have agreed to make a WebSocket: bytes both ways, as they come, for as long as either has some.
//!
//! Nothing of the protocol is looked at, so whatever the two have agreed on, subprotocols and extensions included, holds.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::sync::watch;

use crate::activity::{Activity, Counter};
use crate::bridge::{self, Proof, Unproven};
use crate::headers;
use crate::proxy::{Proxy, left};
use crate::tap::Tap;

/// What is on its way at most, in octets and in each direction. Thousands of sockets may be open and idle.
const BUFFER: usize = 4 << 10;

/// A client that asks for a WebSocket.
pub(crate) struct Client {
    upgrade: OnUpgrade,
    /// What a client of HTTP/2 needs besides.
    bridge: Option<Bridge>,
}

struct Bridge {
    proof: Proof,
    /// A connection of HTTP/2 goes once all of its streams have, and this is one that does not end by itself.
    leaving: watch::Receiver<bool>,
}

impl Client {
    /// Whoever has sent this request, if it asks for a WebSocket. It is one of HTTP/1.1 afterwards, in what a back end needs.
    pub(crate) fn of(request: &mut Request<Incoming>, proxy: &Proxy) -> Option<Self> {
        if bridge::is_asked_for(request) {
            let upgrade = hyper::upgrade::on(&mut *request);
            let bridge = Some(Bridge { proof: bridge::ask(request), leaving: proxy.leaving() });
            return Some(Self { upgrade, bridge });
        }
        let is_asked_for = request.version() == Version::HTTP_11 && headers::asks_for_websocket(request.headers());
        is_asked_for.then(|| Self { upgrade: hyper::upgrade::on(request), bridge: None })
    }

    /// Whether this client takes any answer of success for a WebSocket.
    pub(crate) fn takes_success_for_it(&self) -> bool {
        self.bridge.is_some()
    }

    /// Connects this client with a back end that has agreed; the answer becomes the one for this client.
    pub(crate) fn connect(
        self,
        response: &mut Response<Incoming>,
        activity: Option<Arc<Activity>>,
    ) -> Result<(), Unproven> {
        let back_end = hyper::upgrade::on(&mut *response);
        let Some(Bridge { proof, mut leaving }) = self.bridge else {
            tokio::spawn(relay(self.upgrade, back_end, activity));
            return Ok(());
        };
        proof.answer(response)?;
        tokio::spawn(async move {
            tokio::select! {
                () = relay(self.upgrade, back_end, activity) => {}
                () = left(&mut leaving) => {}
            }
        });
        Ok(())
    }
}

/// Passes bytes on until both directions have ended, each for itself, or one has failed, which ends the other.
async fn relay(client: OnUpgrade, back_end: OnUpgrade, activity: Option<Arc<Activity>>) {
    // One that does not come about has ended both.
    let (Ok(client), Ok(back_end)) = (client.await, back_end.await) else { return };
    let mut client = Tap { stream: TokioIo::new(client), reader: Counter(activity.clone()) };
    let mut back_end = Tap { stream: TokioIo::new(back_end), reader: Counter(activity) };
    let _ = copy_bidirectional_with_sizes(&mut client, &mut back_end, BUFFER, BUFFER).await;
}
