//! The certificate of each connection: made when a name is first asked for, and kept while it is asked for again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tracing::warn;

use super::authority::{Authority, DAYS};
use super::supplied::{Certificates, Certified};
use crate::directory;
use crate::host::HostName;
use crate::proxy::Proxy;

/// How many certificates are kept. One takes a quarter of a millisecond to make.
const MAX: usize = 512;

/// Certificates for names that lead somewhere.
pub(super) struct Minter {
    proxy: Arc<Proxy>,
    authority: Arc<Authority>,
    supplied: Arc<dyn Certificates>,
    made: Mutex<HashMap<HostName, Made>>,
}

struct Made {
    key: Arc<CertifiedKey>,
    /// By the clock on the wall, which goes on while a machine sleeps.
    at: SystemTime,
}

impl Minter {
    pub(super) fn new(proxy: Arc<Proxy>, authority: Arc<Authority>, supplied: Arc<dyn Certificates>) -> Self {
        Self { proxy, authority, supplied, made: Mutex::default() }
    }

    fn certificate(&self, host: &HostName, now: SystemTime) -> Option<Arc<CertifiedKey>> {
        // Nobody can have certificates made, and memory filled, by asking for names at random.
        if !self.proxy.routes().knows(host) && !directory::is_meant(host) {
            return None;
        }
        if let Some(Certified(supplied)) = self.supplied.of(host) {
            return Some(supplied);
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |made: &&Made| now.duration_since(made.at).is_ok_and(|age| age < DAYS * 2 / 3);
        if let Some(known) = made.get(host).filter(is_fresh) {
            return Some(known.key.clone());
        }
        let key = match self.authority.certify(host, now) {
            Ok(Some(key)) => Arc::new(key),
            Ok(None) => {
                warn!(%host, "no authority may vouch for this name");
                return None;
            }
            Err(error) => {
                warn!(%host, %error, "no certificate can be made");
                return None;
            }
        };
        if made.len() >= MAX
            && !made.contains_key(host)
            && let Some(oldest) = made.iter().min_by_key(|(_, made)| made.at).map(|(host, _)| host.clone())
        {
            made.remove(&oldest);
        }
        made.insert(host.clone(), Made { key: key.clone(), at: now });
        Some(key)
    }
}

impl ResolvesServerCert for Minter {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.certificate(&hello.server_name()?.parse().ok()?, SystemTime::now())
    }
}

impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use tokio::sync::watch;

    use super::*;
    use crate::host::Pattern;
    use crate::route::{Backend, Operator, Route};
    use crate::routes::Routes;
    use crate::tls::{Kept, Scope};

    struct Nobody;

    impl Operator for Nobody {
        fn last_lines(&self) -> Vec<String> {
            Vec::new()
        }

        fn start(&self) {}

        fn wake(&self) {}

        fn trusts(&self, _client: SocketAddr, _proxy: SocketAddr) -> bool {
            false
        }
    }

    fn host(name: &str) -> HostName {
        name.parse().unwrap()
    }

    /// One for `shop.localhost` and all names below it.
    fn minter() -> Minter {
        let home = host("shop.localhost");
        let (backend, patience) = (watch::Sender::new(Backend::Idle).subscribe(), Duration::ZERO);
        let route = Arc::new(Route::new("shop".to_owned(), home.clone(), backend, patience, Arc::new(Nobody)));
        let mut routes = Routes::default();
        routes.add(Pattern::Exact(home.clone()), route.clone()).unwrap();
        routes.add(Pattern::Below(home), route).unwrap();
        let proxy = Arc::new(Proxy::default());
        proxy.set_routes(routes);
        let authority = Authority::new(&[Kept::create("me@here", Scope::Machine).unwrap()]).unwrap();
        Minter::new(proxy, Arc::new(authority), Arc::new(()))
    }

    #[test]
    fn a_certificate_is_made_anew_after_two_thirds_of_its_time_and_when_the_clock_was_set_back() {
        let (minter, made) = (minter(), SystemTime::now());
        let at = |now| minter.certificate(&host("shop.localhost"), now).unwrap();
        let (first, day) = (at(made), Duration::from_hours(24));
        assert!(Arc::ptr_eq(&first, &at(made + 20 * day - Duration::from_secs(1))));
        let second = at(made + 20 * day);
        assert_ne!(first.cert[0], second.cert[0]);
        assert!(Arc::ptr_eq(&second, &at(made + 40 * day - Duration::from_secs(1))));
        // What holds from a later time on holds not yet.
        assert_ne!(at(made).cert[0], second.cert[0]);
    }

    #[test]
    fn so_many_certificates_are_kept_and_the_oldest_makes_room_for_a_new_one() {
        let (minter, begun) = (minter(), SystemTime::now());
        let at = |second| begun + Duration::from_secs(second);
        let certificate = |number: usize, second| {
            let host = host(&format!("n{number}.shop.localhost"));
            minter.certificate(&host, at(second)).unwrap()
        };
        let kept = || minter.made.lock().unwrap().len();
        let first: Vec<_> = (0..MAX).zip(0..).map(|(number, second)| certificate(number, second)).collect();
        let later = 1000;
        certificate(MAX, later);
        assert_eq!(kept(), MAX);
        assert!(Arc::ptr_eq(&first[1], &certificate(1, later)), "those that were made after it stay");
        assert!(!Arc::ptr_eq(&first[0], &certificate(0, later)), "it was the oldest");
        // One that is only made anew takes nobody's room.
        let long_after = 20 * 24 * 3600 + 100;
        certificate(2, long_after);
        assert!(Arc::ptr_eq(&first[MAX - 1], &certificate(MAX - 1, later)));
        assert_eq!(kept(), MAX);
        assert!(minter.certificate(&host("other.localhost"), begun).is_none());
    }
}
