//! Waiting for a back end that is on its way, or that is ready by its own word and does not take connections yet.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::exchange::Entrance;
use crate::failure::Failure;
use crate::route::{Backend, Route};
use crate::upstream::{Connection, DialError, Need, Upstream};

/// The pause before a port is tried again on which nobody listens.
const PAUSE: Duration = Duration::from_millis(50);
/// How long such a port is tried, of a back end that has been there for long: development servers restart in place.
const RESTARTS: Duration = Duration::from_secs(2);

/// How long news of a process's end may take.
const NEWS: Duration = Duration::from_millis(200);
/// How lately a connection must have been used for a request that cannot be sent twice. Servers close those that are idle for some
/// seconds, and a request that meets that moment is lost.
pub(crate) const RECENT: Duration = Duration::from_secs(1);

/// A request's wait for its back end.
pub(crate) struct Wait {
    route: Arc<Route>,
    backend: watch::Receiver<Backend>,
    /// How the request has come.
    entrance: Arc<Entrance>,
    begun: Instant,
    /// When whoever asked is shown something instead of waiting on.
    gives_up: Instant,
}

impl Wait {
    /// `at_most`: a person watches, who is told after this long what is going on.
    pub(crate) fn new(route: Arc<Route>, entrance: Arc<Entrance>, at_most: Option<Duration>) -> Self {
        let begun = Instant::now();
        let patience = at_most.map_or(route.patience(), |most| most.min(route.patience()));
        Self { backend: route.backend(), route, entrance, begun, gives_up: begun + patience }
    }

    /// The back end whose turn it is.
    pub(crate) async fn upstream(&mut self) -> Result<Arc<Upstream>, Failure> {
        loop {
            let now = self.backend.borrow_and_update().clone();
            match now {
                Backend::Ready(ready) => match self.route.next(&ready) {
                    Some(upstream) => return Ok(upstream.clone()),
                    None => return Err(Failure::down(&self.route, "it has no address", "")),
                },
                Backend::Down { reason, hint } => return Err(Failure::down(&self.route, &reason, &hint)),
                Backend::Starting { note } => self.change(note.as_deref()).await?,
                Backend::Idle => {
                    // Another user of this machine has nothing started.
                    if !self.entrance.origin.is_privy(self.route.operator()) {
                        return Err(Failure::idle(&self.route));
                    }
                    self.route.operator().wake();
                    self.change(None).await?;
                }
            }
        }
    }

    /// Returns once there is news, as long as there is patience.
    async fn change(&mut self, note: Option<&str>) -> Result<(), Failure> {
        tokio::select! {
            changed = self.backend.changed() => changed.map_err(|_| Failure::down(&self.route, "it is gone", "")),
            () = sleep_until(self.gives_up) => Err(Failure::starting(&self.route, note)),
        }
    }

    /// Whether a back end that has just broken off makes room for another, of which news may be on its way.
    pub(crate) async fn is_replaced(&mut self, upstream: &Arc<Upstream>) -> bool {
        let is_known = |backend: &Backend| match backend {
            Backend::Ready(ready) => ready.iter().any(|known| Arc::ptr_eq(known, upstream)),
            Backend::Starting { .. } | Backend::Idle | Backend::Down { .. } => false,
        };
        timeout(NEWS, self.backend.wait_for(|backend| !is_known(backend))).await.is_ok()
    }

    /// A connection to a back end, and whose it is. `reuse`: one of an earlier request will do that was used within this time.
    pub(crate) async fn connection(
        &mut self,
        reuse: Option<Duration>,
        need: Need,
    ) -> Result<(Connection, Arc<Upstream>), Failure> {
        loop {
            let upstream = self.upstream().await?;
            if let Some(within) = reuse
                && let Some(connection) = upstream.idle(within, need).await
            {
                return Ok((connection, upstream));
            }
            match upstream.connect(need).await {
                Ok(connection) => return Ok((connection, upstream)),
                Err(error @ DialError::Refused(port)) => {
                    let has_begun_lately = upstream.age() < self.route.patience();
                    let is_over = Instant::now() >= self.gives_up || self.backend.has_changed().is_err();
                    match (is_over, has_begun_lately) {
                        (true, true) => {
                            let note = format!("Nobody listens on port {port} yet.");
                            return Err(Failure::starting(&self.route, Some(&note)));
                        }
                        (false, false) if self.begun.elapsed() < RESTARTS => {}
                        (_, false) => return Err(Failure::unreachable(&self.route, &error)),
                        (false, true) => {}
                    }
                    tokio::select! {
                        _ = self.backend.changed() => {}
                        () = sleep(PAUSE) => {}
                    }
                }
                Err(error) => return Err(Failure::unreachable(&self.route, &error)),
            }
        }
    }
}
