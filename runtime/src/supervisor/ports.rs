//! Ports leased to services: one each, stable over restarts of everything, none twice.
//!
//! The range lies outside the kernel's range for outgoing connections (`ip_local_port_range`), so a lease is not taken by accident.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use tracing::warn;

const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// The leases of this home, kept in a file.
#[derive(Debug)]
pub(crate) struct Ports {
    file: PathBuf,
    leases: Mutex<BTreeMap<String, u16>>,
    saving: Mutex<()>,
    is_free: fn(u16) -> bool,
}

/// No port is left in the range.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no port between {FIRST} and {} is free", FIRST + COUNT - 1)]
pub(crate) struct NoPort;

impl Ports {
    /// Reads the leases. A file that makes no sense is set aside; then services get new ports.
    pub(crate) fn open(file: PathBuf) -> Self {
        Self::open_where(file, is_free)
    }

    /// [`Ports::open`] with another idea of which ports are free.
    fn open_where(file: PathBuf, is_free: fn(u16) -> bool) -> Self {
        let leases = match fs::read(&file).map(|text| serde_json::from_slice(&text)) {
            Ok(Ok(leases)) => leases,
            Ok(Err(error)) => {
                let aside = file.with_extension("json.corrupt");
                warn!(file = %file.display(), %error, "the port leases cannot be read; set aside");
                let _ = fs::rename(&file, aside);
                BTreeMap::new()
            }
            Err(_) => BTreeMap::new(),
        };
        Self { file, leases: Mutex::new(leases), saving: Mutex::new(()), is_free }
    }

    /// The port for a service's next run.
    pub(crate) fn lease(&self, service: &str) -> Result<u16, NoPort> {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&port) = leases.get(service)
            && (self.is_free)(port)
        {
            return Ok(port);
        }
        let taken: Vec<u16> = leases.values().copied().collect();
        let free = candidates(service).find(|port| !taken.contains(port) && (self.is_free)(*port)).ok_or(NoPort)?;
        leases.insert(service.to_owned(), free);
        drop(leases);
        if let Err(error) = self.save() {
            warn!(file = %self.file.display(), %error, "the port leases cannot be saved");
        }
        Ok(free)
    }

    /// The port that a service was given last.
    pub(crate) fn leased(&self, service: &str) -> Option<u16> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner).get(service).copied()
    }

    /// Saves the leases as they are by then. Whoever only asks for a port does not wait for the disk.
    fn save(&self) -> io::Result<()> {
        let _one_at_a_time = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut temporary = self.file.clone();
        temporary.set_extension("json.new");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(&leases)?)?;
        file.sync_all()?;
        fs::rename(&temporary, &self.file)
    }
}

/// All ports, beginning at one that depends on the service, so that separate homes rarely want the same.
fn candidates(service: &str) -> impl Iterator<Item = u16> {
    let mut hasher = DefaultHasher::new();
    service.hash(&mut hasher);
    let start = (hasher.finish() % u64::from(COUNT)) as u16;
    (0..COUNT).map(move |step| FIRST + (start + step) % COUNT)
}

/// Whether nobody has the port bound, on either address family.
fn is_free(port: u16) -> bool {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    // A machine without IPv6 has nobody on it either.
    let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port))
        .map_or_else(|error| error.kind() != io::ErrorKind::AddrInUse, |_| true);
    v4 && v6
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the first port that a service asks for is somebody else's.
    fn all_but_the_first_of_web(port: u16) -> bool {
        candidates("a:web").next() != Some(port)
    }

    #[test]
    fn a_lease_is_stable_and_never_given_twice() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("ports.json");
        let (one, two) = {
            let ports = Ports::open_where(file.clone(), |_| true);
            (ports.lease("a:web").unwrap(), ports.lease("a:api").unwrap())
        };
        assert_ne!(one, two);
        assert_eq!(Ports::open_where(file, |_| true).lease("a:web").unwrap(), one);
    }

    #[test]
    fn a_port_that_somebody_else_has_is_not_leased() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("ports.json");
        let before = Ports::open_where(file.clone(), |_| true).lease("a:web").unwrap();
        assert_ne!(Ports::open_where(file, all_but_the_first_of_web).lease("a:web").unwrap(), before);
    }

    #[test]
    fn a_port_is_not_free_while_somebody_listens_on_either_family() {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert!(!is_free(v4.local_addr().unwrap().port()));
        if let Ok(v6) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) {
            assert!(!is_free(v6.local_addr().unwrap().port()));
        }
    }

    #[test]
    fn without_a_free_port_there_is_no_lease() {
        let scratch = tempfile::tempdir().unwrap();
        let ports = Ports::open_where(scratch.path().join("ports.json"), |_| false);
        assert_eq!(ports.lease("a:web").unwrap_err().to_string(), "no port between 20000 and 29999 is free");
    }

    #[test]
    fn a_scribbled_file_is_set_aside_and_not_lost() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("ports.json");
        fs::write(&file, "{oops").unwrap();
        Ports::open_where(file.clone(), |_| true).lease("a:web").unwrap();
        assert_eq!(fs::read_to_string(scratch.path().join("ports.json.corrupt")).unwrap(), "{oops");
    }
}
