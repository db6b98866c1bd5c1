//! The ports on which the proxy lets people in, while it runs: those that it began with, and better ones that a command hands in.
//!
//! Who has a URL with the port of before keeps it: services have it in their environment, people in their browser. Those sockets stay
//! open beside the new ones, also for the next daemon, until the keeper ends.

use std::io;
use std::net::{IpAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use locald_api::{Failure, FailureKind, ProxyPorts};
use locald_config::Entrance;
use locald_proxy::{Authority, Proxy};
use tokio::runtime::Handle;
use tracing::{error, info, warn};

use super::certificates::Supplied;
use super::listeners::{Listeners, Scheme};
use super::received;
use super::settings::Settings;
use crate::keeper_link::KeeperLink;
use crate::sites::Entrances;
use crate::supervisor::Supervisor;

/// What listens, and all that is needed to have something else listen.
pub(crate) struct Doors {
    parts: DoorsParts,
    /// In the order of [`Scheme::ALL`].
    open: Mutex<[Listeners; 2]>,
    /// Sockets of before, to be served as well.
    former: Mutex<Vec<(Scheme, TcpListener)>>,
    /// What could not be done as it was asked for.
    notices: Mutex<Vec<String>>,
}

pub(super) struct DoorsParts {
    /// Where all of it goes on.
    pub(super) thread: Handle,
    pub(super) proxy: Arc<Proxy>,
    pub(super) authority: Option<Arc<Authority>>,
    pub(super) supplied: Arc<Supplied>,
    pub(super) keeper: Arc<KeeperLink>,
    pub(super) supervisor: Weak<Supervisor>,
    pub(super) settings: Settings,
    pub(super) notices: Vec<String>,
}

impl Doors {
    /// `former`: sockets of an earlier daemon beside its main ones, by the keeper's names.
    pub(super) fn new(
        mut parts: DoorsParts,
        http: Listeners,
        https: Listeners,
        former: Vec<(String, OwnedFd)>,
    ) -> Self {
        let former = former
            .into_iter()
            .filter_map(|(key, socket)| Some((Scheme::of_former_key(&key)?, TcpListener::from(socket))));
        let notices = Mutex::new(std::mem::take(&mut parts.notices));
        Self { parts, open: Mutex::new([http, https]), former: Mutex::new(former.collect()), notices }
    }

    /// Lets everybody in. Called once.
    pub(super) fn open_all(&self) {
        let open = self.open();
        for (scheme, listeners) in Scheme::ALL.into_iter().zip(&*open) {
            match listeners.try_clone() {
                Ok(listeners) => self.serve(scheme, listeners),
                Err(error) => error!(%error, "the proxy's sockets cannot be used"),
            }
        }
        drop(open);
        let former = std::mem::take(&mut *lock(&self.former));
        for (scheme, listener) in former {
            match Listeners::handed_in(vec![listener]) {
                Ok(listeners) => self.serve(scheme, listeners),
                Err(error) => warn!(%error, "a former socket of the proxy cannot be used"),
            }
        }
    }

    /// What could not be done as it was asked for.
    pub(crate) fn notices(&self) -> Vec<String> {
        lock(&self.notices).clone()
    }

    /// Where the proxy listens, and which ports it would rather have.
    pub(crate) fn ports(&self) -> ProxyPorts {
        let open = self.open();
        let [http, https] = [0, 1].map(|at| open[at].port());
        let wanting = Scheme::ALL.into_iter().zip([http, https]).filter_map(|(scheme, port)| {
            let usual = scheme.usual()[0];
            (port != Some(usual) && self.wants(scheme)).then_some(usual)
        });
        ProxyPorts { http, https, wanting: wanting.collect() }
    }

    /// Whether the usual port of a scheme is welcome.
    fn wants(&self, scheme: Scheme) -> bool {
        let settings = &self.parts.settings;
        let entrance = match scheme {
            Scheme::Http => settings.http,
            Scheme::Https if self.parts.authority.is_none() => Entrance::Off,
            Scheme::Https => settings.https,
        };
        let is_meant = entrance == Entrance::Usual || entrance == Entrance::Port(scheme.usual()[0]);
        is_meant && settings.bind.iter().all(|address| is_usual(*address))
    }

    /// Takes the sockets that a command hands out at the socket `from`.
    ///
    /// # Errors
    /// What is wrong with them. Then nothing is taken.
    pub(crate) async fn take(&self, from: PathBuf) -> Result<ProxyPorts, Failure> {
        let received = tokio::task::spawn_blocking(move || received::receive(&from)).await;
        let received = received.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?;
        let received = received.map_err(|error| Failure::new(FailureKind::BadRequest, error.to_string()))?;
        self.move_all(received)?;
        if let Some(supervisor) = self.parts.supervisor.upgrade() {
            let ProxyPorts { http, https, .. } = self.ports();
            supervisor.sites.set_entrances(Entrances { http, https });
            supervisor.touch();
        }
        Ok(self.ports())
    }

    /// Has each scheme listen on its sockets, or none of them.
    fn move_all(&self, received: Vec<(Scheme, Vec<TcpListener>)>) -> Result<(), Failure> {
        if let Some((scheme, _)) = received.iter().find(|(scheme, _)| !self.may_have(*scheme)) {
            return Err(Failure::new(FailureKind::BadRequest, format!("the proxy is not to speak {scheme}")));
        }
        let ready = received.into_iter().map(|(scheme, sockets)| {
            let listeners = Listeners::handed_in(sockets)?;
            Ok((scheme, listeners.try_clone()?, listeners))
        });
        let ready: io::Result<Vec<_>> = ready.collect();
        let ready =
            ready.map_err(|error| Failure::new(FailureKind::Internal, format!("a socket cannot be used: {error}")))?;
        for (scheme, serving, listeners) in ready {
            self.move_to(scheme, serving, listeners);
        }
        Ok(())
    }

    fn may_have(&self, scheme: Scheme) -> bool {
        match scheme {
            Scheme::Http => self.parts.settings.http != Entrance::Off,
            Scheme::Https => self.parts.authority.is_some(),
        }
    }

    /// Has a scheme listen on these sockets, `serving` being the same once more; those of before stay beside them.
    fn move_to(&self, scheme: Scheme, serving: Listeners, listeners: Listeners) {
        let mut open = self.open();
        let place = &mut open[scheme as usize];
        if place.port() == listeners.port() {
            // Two who hand in the same: sockets of one port are one socket, or the second could not have been opened.
            return;
        }
        // First what was there, as the new ones take its name.
        place.hold_former(scheme, &self.parts.keeper);
        place.release_unless_in(&listeners, scheme, &self.parts.keeper);
        listeners.hold_all(scheme, &self.parts.keeper);
        info!(%scheme, from = place.port(), to = listeners.port(), "the proxy has another port");
        *place = listeners;
        drop(open);
        lock(&self.notices).retain(|notice| !notice.starts_with(&format!("{scheme}: ")));
        self.serve(scheme, serving);
    }

    fn serve(&self, scheme: Scheme, listeners: Listeners) {
        let DoorsParts { thread, proxy, .. } = &self.parts;
        let _on_it = thread.enter();
        for listener in listeners.into_async() {
            match (scheme, self.parts.authority.clone()) {
                (Scheme::Http, _) => {
                    thread.spawn(proxy.clone().serve_http(listener));
                }
                (Scheme::Https, None) => {}
                (Scheme::Https, Some(authority)) => {
                    let serving = proxy.clone().serve_https(listener, authority, self.parts.supplied.clone());
                    thread.spawn(async move {
                        if let Err(error) = serving.await {
                            error!(%error, "TLS cannot be spoken");
                        }
                    });
                }
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, [Listeners; 2]> {
        lock(&self.open)
    }
}

/// Whether this is one of the two addresses that are listened on where nothing else was said.
fn is_usual(address: IpAddr) -> bool {
    ["127.0.0.1", "::1"].iter().any(|usual| usual.parse() == Ok(address))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use locald_keeper::{Receiver, ToKeeper, channel};

    use super::*;

    /// Without TLS, at one port of these addresses; and what the keeper is told.
    fn doors(addresses: &[&str]) -> (Doors, Receiver) {
        let (ours, keepers) = UnixStream::pair().unwrap();
        let settings = Settings {
            http: Entrance::Usual,
            https: Entrance::Off,
            bind: Vec::new(),
            trusted_peers: Vec::new(),
            page_after: None,
            certificates: Vec::new(),
            suffixes: Vec::new(),
        };
        let parts = DoorsParts {
            thread: Handle::current(),
            proxy: Arc::new(Proxy::default()),
            authority: None,
            supplied: Arc::default(),
            keeper: Arc::new(KeeperLink::over(ours)),
            supervisor: Weak::new(),
            settings,
            notices: Vec::new(),
        };
        let http = Listeners::handed_in(at_one_port(addresses)).unwrap();
        (Doors::new(parts, http, Listeners::default(), Vec::new()), channel(keepers).unwrap().1)
    }

    /// The first decides on the port.
    fn at_one_port(addresses: &[&str]) -> Vec<TcpListener> {
        let mut port = 0;
        let listener = |address: &&str| {
            let listener = TcpListener::bind((*address, port)).unwrap();
            port = listener.local_addr().unwrap().port();
            listener
        };
        addresses.iter().map(listener).collect()
    }

    #[tokio::test]
    async fn what_the_keeper_has_under_the_names_of_urls_is_of_one_port_though_fewer_addresses_are_handed_in() {
        let (doors, mut keeper) = doors(&["127.0.0.1", "127.0.0.2"]);
        let before = doors.ports().http.unwrap();
        doors.move_all(vec![(Scheme::Http, at_one_port(&["127.0.0.1"]))]).unwrap();
        assert_ne!(doors.ports().http, Some(before));
        let hold = |key: String| ToKeeper::Hold { key };
        for order in [
            hold(format!("proxy-former/http/127.0.0.1:{before}")),
            hold(format!("proxy-former/http/127.0.0.2:{before}")),
            ToKeeper::Release { key: "proxy/http/127.0.0.2".to_owned() },
            hold("proxy/http/127.0.0.1".to_owned()),
        ] {
            assert_eq!(keeper.receive::<ToKeeper>().unwrap().0, order);
        }
    }

    #[tokio::test]
    async fn sockets_of_which_one_is_not_wanted_are_all_refused() {
        let (doors, _keeper) = doors(&["127.0.0.1"]);
        let before = doors.ports().http;
        let both = Scheme::ALL.map(|scheme| (scheme, at_one_port(&["127.0.0.1"])));
        let refused = doors.move_all(both.into()).unwrap_err();
        assert_eq!(refused.message, "the proxy is not to speak HTTPS");
        assert_eq!(doors.ports().http, before);
    }
}
