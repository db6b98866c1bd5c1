//! One service: the handle by which everyone else asks it for something, and what is known of it.

mod memory;
mod task;

use std::sync::Arc;

use locald_api::{Change, Exit};
use tokio::sync::{mpsc, oneshot, watch};

use super::blocker::Blocker;
use super::controller::ServiceController;
use super::definition::Definition;
use super::fingerprint::Fingerprint;
use super::graph::{Advice, Seen};
use super::state::State;
use crate::health::{Doctor, LastProbe};
use crate::panes::Pane;
pub(crate) use memory::{PastRun, Remembered};
use task::Task;

/// Controls one service. Cloning is cheap; dropping handles never stops the service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) pane: Arc<Pane>,
    pub(crate) kind: &'static str,
    handle: Handle,
}

/// What a service is made from.
pub(crate) struct ServiceParts {
    pub(crate) kind: &'static str,
    pub(crate) controller: Box<dyn ServiceController>,
    pub(crate) definition: Definition,
    /// As an earlier daemon left it.
    pub(crate) remembered: Remembered,
    pub(crate) memory: Memory,
    pub(crate) doctor: Box<dyn Doctor>,
    pub(crate) imprint: Imprint,
    pub(crate) turns: Turns,
}

/// Who says when it is a service's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turns {
    /// It has one whenever it wants one: it depends on nobody.
    Free,
    /// The graph of its project.
    OfProject,
}

/// The way to a service's task.
#[derive(Clone, Debug)]
struct Handle {
    requests: mpsc::Sender<Request>,
    view: watch::Receiver<View>,
}

/// What is known of a service at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) state: State,
    /// How its last run ended.
    pub(crate) exit: Option<Exit>,
    /// How often it was started again since the project came up.
    pub(crate) restarts: u64,
    /// When its current or last run began, in nanoseconds since the Unix epoch.
    pub(crate) since: Option<u64>,
    /// What it runs without, though it depends on it.
    pub(crate) without: Vec<Blocker>,
    /// What there is to say of its port.
    pub(crate) port_note: Option<String>,
    /// What was found when it was last asked how it is.
    pub(crate) probed: Option<LastProbe>,
    /// Runs that have ended, the latest last.
    pub(crate) history: Arc<[PastRun]>,
}

/// Says what a run would be made from now.
pub(crate) type Imprint = Box<dyn Fn(&Definition) -> Option<Fingerprint> + Send>;

/// Keeps what is to be remembered.
pub(crate) type Memory = Box<dyn Fn(&Remembered) + Send>;

#[derive(Debug)]
enum Request {
    Ask {
        what: Asked,
        done: oneshot::Sender<Change>,
        /// Told as soon as the wish is known, long before it is fulfilled.
        noted: oneshot::Sender<()>,
    },
    /// It does not wait for its turn any more.
    Free,
    Redefine {
        definition: Box<Definition>,
        /// What a run would be made from now, had it been started from the shell that it was started from, and from that of now.
        prints: Option<[Fingerprint; 2]>,
        /// Told whether its run, or what was tried last, was made from something else.
        is_another: oneshot::Sender<bool>,
    },
    Advise(Advice),
}

/// What a service can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To run. The answer says how it is once there is something to say.
    Start,
    /// To run. The answer says whether it is ready, or never will be by itself.
    StartPatiently,
    /// To run once a request comes, unless it runs already.
    Await,
    /// To run, if it waits for a request.
    Demand,
    /// To end, and to run again once a request comes.
    Rest,
    Stop,
    Restart,
    /// As a restart, unless somebody has stopped it meanwhile.
    Renew,
}

/// A wish that a service has taken note of.
pub(crate) struct Wish(oneshot::Receiver<Change>);

/// The service's task is gone: the daemon is shutting down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the daemon is shutting down")]
pub(crate) struct ServiceGone;

impl Service {
    /// Takes charge of a service.
    pub(crate) fn spawn(pane: Arc<Pane>, parts: ServiceParts) -> Self {
        let (name, kind) = (pane.id.to_string(), parts.kind);
        Self { pane, kind, handle: Task::new(parts).spawn(name) }
    }

    /// Tells the service what is wanted of it, and returns once it knows; what becomes of it, the wish tells.
    pub(crate) async fn ask(&self, what: Asked) -> Result<Wish, ServiceGone> {
        self.handle.ask(what).await
    }

    /// Stops the service, whoever depends on it, and returns once nothing of it is left.
    pub(crate) async fn stop_at_once(&self) -> Result<Change, ServiceGone> {
        let wish = self.ask(Asked::Stop).await?;
        self.handle.requests.send(Request::Free).await.map_err(|_| ServiceGone)?;
        wish.done().await
    }

    /// Changes its settings: at once what needs no other run, and all from the next start on. Says whether it takes a restart for them
    /// to hold, because its run, or what was tried last, was made from something else than `prints`.
    pub(super) async fn redefine(
        &self,
        definition: Definition,
        prints: Option<[Fingerprint; 2]>,
    ) -> Result<bool, ServiceGone> {
        let (is_another, wait) = oneshot::channel();
        let redefine = Request::Redefine { definition: Box::new(definition), prints, is_another };
        self.handle.requests.send(redefine).await.map_err(|_| ServiceGone)?;
        wait.await.map_err(|_| ServiceGone)
    }

    /// Tells it what its project's graph has found.
    pub(super) async fn advise(&self, advice: Advice) {
        // A task that is gone needs no advice.
        let _ = self.handle.requests.send(Request::Advise(advice)).await;
    }

    /// What is known of it now, and a way to wait for changes.
    pub(crate) fn view(&self) -> watch::Receiver<View> {
        self.handle.view.clone()
    }

    /// How it is, for those who depend on it.
    pub(super) fn seen(&self) -> Seen {
        let view = self.handle.view.borrow();
        Seen { state: view.state.clone(), exit: view.exit }
    }
}

impl Wish {
    /// What became of it: for a start once it is well, has failed to be, or cannot go on; for a stop once nothing is left.
    pub(crate) async fn done(self) -> Result<Change, ServiceGone> {
        self.0.await.map_err(|_| ServiceGone)
    }
}

impl Handle {
    async fn ask(&self, what: Asked) -> Result<Wish, ServiceGone> {
        let (done, wait) = oneshot::channel();
        let (noted, wait_noted) = oneshot::channel();
        self.requests.send(Request::Ask { what, done, noted }).await.map_err(|_| ServiceGone)?;
        wait_noted.await.map_err(|_| ServiceGone)?;
        Ok(Wish(wait))
    }
}

#[cfg(test)]
mod tests;
