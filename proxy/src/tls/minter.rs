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

    fn certificate(&self, host: &HostName) -> Option<Arc<CertifiedKey>> {
        // Nobody can have certificates made, and memory filled, by asking for names at random.
        if !self.proxy.routes().knows(host) && !directory::is_meant(host) {
            return None;
        }
        if let Some(Certified(supplied)) = self.supplied.of(host) {
            return Some(supplied);
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(host).filter(|made| made.at.elapsed().is_ok_and(|age| age < DAYS * 2 / 3)) {
            return Some(known.key.clone());
        }
        let key = match self.authority.certify(host) {
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
            && let Some(oldest) = made.iter().min_by_key(|(_, made)| made.at).map(|(host, _)| host.clone())
        {
            made.remove(&oldest);
        }
        made.insert(host.clone(), Made { key: key.clone(), at: SystemTime::now() });
        Some(key)
    }
}

impl ResolvesServerCert for Minter {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.certificate(&hello.server_name()?.parse().ok()?)
    }
}

impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Minter").finish_non_exhaustive()
    }
}
