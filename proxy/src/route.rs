//! Where requests go: a back end that comes and goes, and what those who wait for it are told.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::header::HeaderValue;
use tokio::sync::watch;

use crate::activity::Activity;
use crate::host::HostName;
use crate::upstream::Upstream;

/// Where requests for some names go.
pub struct Route {
    name: String,
    /// What commands call it.
    word: String,
    home: HostName,
    backend: watch::Receiver<Backend>,
    patience: Duration,
    operator: Arc<dyn Operator>,
    activity: Option<Arc<Activity>>,
    group: String,
    is_stripped: bool,
    secure_port: Option<u16>,
    shown_url: Option<String>,
    /// What the back end gets as `Host`, if not what the client asked for.
    host_header: Option<HeaderValue>,
    turn: AtomicUsize,
}

/// What pages of the proxy may ask about a back end that is not there.
pub trait Operator: Send + Sync {
    /// What it printed last, oldest first, without anything that must not be shown.
    fn last_lines(&self) -> Vec<String>;
    /// Starts it. Does not wait for it.
    fn start(&self);
    /// A request has come for it while it waits for one. Does not wait for it.
    fn wake(&self);
    /// Whether whoever holds the other end of this connection may see what it prints, and start it. `client` is that end. Asked on
    /// behalf of all routes: who has been trusted once is so for as long as the connection lasts.
    fn trusts(&self, client: SocketAddr, proxy: SocketAddr) -> bool;
}

/// What takes the requests of a route, as of now.
#[derive(Debug, Clone)]
pub enum Backend {
    /// These do, in turn. At least one.
    Ready(Arc<[Arc<Upstream>]>),
    /// Nothing yet, but it is on its way: requests wait.
    Starting {
        /// What it waits for, if that is known.
        note: Option<String>,
    },
    /// Nothing, and it is on its way as soon as somebody asks for it: the operator is told, and the request waits.
    Idle,
    /// Nothing, and nothing will by itself.
    Down {
        /// Why.
        reason: String,
        /// What somebody can do about it.
        hint: String,
    },
}

impl Route {
    /// A route that is shown as `name`, whose first host name is `home`. Requests wait as long as `patience` for a back end that is on
    /// its way.
    pub fn new(
        name: String,
        home: HostName,
        backend: watch::Receiver<Backend>,
        patience: Duration,
        operator: Arc<dyn Operator>,
    ) -> Self {
        Self {
            word: name.clone(),
            name,
            home,
            backend,
            patience,
            operator,
            activity: None,
            group: String::new(),
            is_stripped: false,
            secure_port: None,
            shown_url: None,
            host_header: None,
            turn: AtomicUsize::new(0),
        }
    }

    /// The route, which commands call by another name than the one that is shown.
    #[must_use]
    pub fn called(self, word: String) -> Self {
        Self { word, ..self }
    }

    /// The route, as one of several that belong together where all are listed.
    #[must_use]
    pub fn of_group(self, group: String) -> Self {
        Self { group, ..self }
    }

    /// The route, whose back end does not get the beginning of the path by which it was found.
    #[must_use]
    pub fn stripped(self) -> Self {
        Self { is_stripped: true, ..self }
    }

    /// The route, whose requests without TLS are sent to this port, where TLS is spoken.
    #[must_use]
    pub fn secured(self, port: u16) -> Self {
        Self { secure_port: Some(port), ..self }
    }

    /// The route, which is shown at this URL where all are listed, however the list was asked for.
    #[must_use]
    pub fn shown_at(self, url: Option<String>) -> Self {
        Self { shown_url: url, ..self }
    }

    /// The route, whose back end is addressed by this name and port, whatever name it was asked for at.
    #[must_use]
    pub fn addressed_as(self, name: &HostName, port: Option<u16>) -> Self {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        // Every name is a value of a header.
        Self { host_header: HeaderValue::try_from(format!("{name}{port}")).ok(), ..self }
    }

    /// The route, with its requests counted.
    #[must_use]
    pub fn counted(self, activity: Arc<Activity>) -> Self {
        Self { activity: Some(activity), ..self }
    }

    /// How it is called where it is shown.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn word(&self) -> &str {
        &self.word
    }

    /// The first of its host names.
    pub fn home(&self) -> &HostName {
        &self.home
    }

    /// The URL at which it is shown, if one was said.
    pub fn shown_url(&self) -> Option<&str> {
        self.shown_url.as_deref()
    }

    pub(crate) fn backend(&self) -> watch::Receiver<Backend> {
        self.backend.clone()
    }

    /// Whether somebody takes its requests now.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(*self.backend.borrow(), Backend::Ready(_))
    }

    pub(crate) fn operator(&self) -> &dyn Operator {
        &*self.operator
    }

    pub(crate) fn activity(&self) -> Option<&Arc<Activity>> {
        self.activity.as_ref()
    }

    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    pub(crate) fn is_stripped(&self) -> bool {
        self.is_stripped
    }

    pub(crate) fn secure_port(&self) -> Option<u16> {
        self.secure_port
    }

    pub(crate) fn host_header(&self) -> Option<&HeaderValue> {
        self.host_header.as_ref()
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// The next of several that take requests in turn.
    pub(crate) fn next<'a>(&self, ready: &'a [Arc<Upstream>]) -> Option<&'a Arc<Upstream>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        ready.get(turn.checked_rem(ready.len())?)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("name", &self.name).field("home", &self.home).finish_non_exhaustive()
    }
}
