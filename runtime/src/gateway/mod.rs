//! The proxy as the daemon runs it: on which ports it listens, and which services its routes lead to.

mod backend;
mod caretaker;
mod certificates;
mod deadlines;
mod doors;
mod feed;
mod idleness;
mod listeners;
mod received;
mod settings;
mod thread;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use locald_config::Entrance;
use locald_keeper::Home;
use locald_proxy::Proxy;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::authority::{HomeAuthority, HomeRoot, LAST, SOON};
use crate::descriptors;
use crate::keeper_link::KeeperLink;
use crate::sites::Entrances;
use crate::supervisor::Supervisor;
use certificates::Supplied;
pub(crate) use deadlines::Deadlines;
pub(crate) use doors::Doors;
use doors::DoorsParts;
use feed::Feeds;
use listeners::{Listeners, Neighbours, Scheme};
use settings::Settings;

/// The proxy, ready to take connections.
pub(crate) struct Gateway {
    proxy: Arc<Proxy>,
    doors: Arc<Doors>,
    deadlines: Arc<Deadlines>,
}

impl Gateway {
    /// Takes over the sockets that an earlier daemon had, or opens them, and tells the supervisor where they are. Nobody is let in yet.
    ///
    /// # Errors
    /// The proxy has no thread to work on.
    pub(crate) fn open(
        home: &Home,
        keeper: &Arc<KeeperLink>,
        supervisor: &Arc<Supervisor>,
        mut held: Vec<(String, OwnedFd)>,
    ) -> io::Result<Self> {
        let (settings, mut notices) = Settings::read(home);
        let former = held.extract_if(.., |(key, _)| Scheme::of_former_key(key).is_some()).collect();
        let (mut held, unknown): (Vec<_>, Vec<_>) =
            held.into_iter().partition(|(key, _)| Scheme::of_key(key).is_some());
        for (key, _) in unknown {
            listeners::release(keeper, &key);
        }
        let addresses = &supervisor.addresses;
        let owner = |port| addresses.holder(port);
        let own = || addresses.entrance("proxy/http");
        let neighbours = Neighbours { own: &own, owner: &owner };
        let (http, notice) =
            Listeners::open(Scheme::Http, settings.http, &settings.bind, &neighbours, &mut held, keeper);
        notices.extend(notice);
        let authority =
            (settings.https != Entrance::Off).then(|| HomeAuthority::take_up(home, &settings.suffixes, LAST));
        let (authority, https) = match authority.transpose() {
            Ok(authority) => (authority, settings.https),
            Err(error) => {
                let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
                notices.push(format!("HTTPS: there is no certificate authority: {error}{source}"));
                (None, Entrance::Off)
            }
        };
        let own = || addresses.entrance("proxy/https");
        let neighbours = Neighbours { own: &own, owner: &owner };
        let (https, notice) = Listeners::open(Scheme::Https, https, &settings.bind, &neighbours, &mut held, keeper);
        notices.extend(notice);
        let (supplied, wrong) = Supplied::read(&settings.certificates);
        notices.extend(wrong);
        for notice in &notices {
            warn!(notice, "the proxy does not listen as it was told");
        }
        info!(http = http.port(), https = https.port(), "the proxy listens");
        supervisor.sites.set_suffixes(&settings.suffixes);
        if let Some(authority) = &authority {
            let shown = authority.roots.iter().map(|it| (it.suffix.clone(), it.root.fingerprint.clone()));
            supervisor.sites.set_authorities(shown.collect());
            notices.extend(authority.roots.iter().filter_map(runs_out));
        }
        let authority = authority.map(|authority| authority.authority);
        supervisor.sites.set_entrances(Entrances { http: http.port(), https: https.port() });
        let proxy = settings.page_after.map_or_else(Proxy::default, Proxy::showing_pages_after);
        let proxy = Arc::new(proxy.believing(settings.trusted_peers.clone()).admitting(descriptors::connections()));
        let parts = DoorsParts {
            thread: thread::begin()?,
            proxy: proxy.clone(),
            authority,
            supplied: Arc::new(supplied),
            keeper: keeper.clone(),
            supervisor: Arc::downgrade(supervisor),
            settings,
            notices,
        };
        Ok(Self { proxy, doors: Arc::new(Doors::new(parts, http, https, former)), deadlines: Arc::default() })
    }

    /// What the proxy listens on, and how that is changed.
    pub(crate) fn doors(&self) -> Arc<Doors> {
        self.doors.clone()
    }

    /// When services are stopped that nobody asks for anything.
    pub(crate) fn deadlines(&self) -> Arc<Deadlines> {
        self.deadlines.clone()
    }

    /// Lets everybody in, and keeps the routes as services are, for as long as the supervisor lives. Called from the runtime, once
    /// everything of an earlier daemon is taken over. What comes back is to be told when the daemon goes.
    pub(crate) fn start(self, supervisor: &Arc<Supervisor>) -> Arc<Proxy> {
        let mut feeds = Feeds::default();
        // Nobody must be told that a service is unknown which was there all the time.
        feeds.refresh(&self.proxy, supervisor);
        self.deadlines.set(feeds.idle());
        tokio::spawn(follow(Arc::downgrade(supervisor), self.proxy.clone(), self.deadlines, feeds));
        self.doors.open_all();
        self.proxy
    }
}

/// How long the routes may lag behind: while a large project starts there is a change in each millisecond.
const PAUSE: Duration = Duration::from_millis(5);

/// What to tell of an authority that will have to be replaced.
fn runs_out(root: &HomeRoot) -> Option<String> {
    let left = root.until.duration_since(Timestamp::now());
    let is_soon = left < SignedDuration::try_from(SOON).unwrap_or(SignedDuration::MAX);
    let (of, until) = (root.told(), root.until.strftime("%Y-%m-%d"));
    is_soon.then(|| {
        format!("HTTPS: the certificate authority of {of} holds until {until}; `locald trust` makes the next one")
    })
}

/// Has the routes follow every change of a project or service, and services end that have been idle for long enough.
async fn follow(supervisor: Weak<Supervisor>, proxy: Arc<Proxy>, deadlines: Arc<Deadlines>, mut feeds: Feeds) {
    let Some(mut revision) = supervisor.upgrade().map(|supervisor| supervisor.revision()) else { return };
    // What changed since the first look is looked at again.
    revision.mark_changed();
    loop {
        // A request does not change it; then there is another one, once this one is over.
        let due = feeds.next_due();
        let is_due = tokio::select! {
            changed = revision.changed() => match changed {
                Ok(()) => false,
                Err(_) => return,
            },
            () = until(due) => true,
        };
        let Some(supervisor) = supervisor.upgrade() else { return };
        if is_due {
            feeds.rest(&supervisor).await;
        }
        feeds.refresh(&proxy, &supervisor);
        deadlines.set(feeds.idle());
        drop(supervisor);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Resolves at a deadline; never without one.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
