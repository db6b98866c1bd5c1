//! Ports leased to services: one each, stable over restarts of everything, none twice, whatever home they belong to.
//!
//! A home remembers its own leases. Which of them count is settled in a table that all homes of a user share: who comes first has a
//! port until its home is gone. The range lies outside the kernel's range for outgoing connections (`ip_local_port_range`), so a
//! lease is not taken by accident.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use locald_keeper::Home;
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::state_file;

const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;
/// The name of the table in its folder.
const TABLE: &str = "ports.json";
/// How long another home may hold the table. Nobody does more with it than read and write it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The leases of this home.
#[derive(Debug)]
pub(crate) struct Ports {
    /// The folder of what lasts, by which this home is known to others.
    home: PathBuf,
    sharing: Sharing,
    leases: Mutex<Leases>,
    is_free: fn(u16) -> bool,
}

/// What a home does with the table of all, which lies in this folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sharing {
    None,
    Reads(PathBuf),
    Writes(PathBuf),
}

impl Sharing {
    /// As it is for a home. A sandbox writes nothing outside of itself, so it only looks.
    pub(crate) fn of(home: &Home) -> Self {
        if home.is_sandbox() {
            return Self::Reads(Home::shared_path());
        }
        match Home::shared_dir() {
            Ok(folder) => Self::Writes(folder),
            Err(error) => {
                warn!(%error, "ports are not shared with other homes");
                Self::None
            }
        }
    }
}

#[derive(Debug, Default)]
struct Leases {
    ports: BTreeMap<String, u16>,
    /// Those that are known to be in the table.
    settled: BTreeSet<u16>,
}

/// What all homes share: who has which port.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Table {
    ports: BTreeMap<u16, Claim>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    home: PathBuf,
    service: String,
}

/// No port is left in the range.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no port between {FIRST} and {} is free", FIRST + COUNT - 1)]
pub(crate) struct NoPort;

impl Ports {
    /// Reads the leases of the home whose lasting files are in `home`. A file that makes no sense is set aside; then services get
    /// new ports.
    pub(crate) fn open(home: &Path, sharing: Sharing) -> Self {
        Self::open_where(home, sharing, is_free)
    }

    /// [`Ports::open`] with another idea of which ports are free.
    fn open_where(home: &Path, sharing: Sharing, is_free: fn(u16) -> bool) -> Self {
        let file = home.join("ports.json");
        let leases = Mutex::new(Leases { ports: state_file::read(&file).value, settled: BTreeSet::new() });
        Self { home: home.to_owned(), sharing, leases, is_free }
    }

    /// Gives back the ports of all services of the projects whose ids end with `suffix`.
    pub(crate) fn forget(&self, suffix: &str) {
        let is_theirs = |service: &str| service.split(':').next().is_some_and(|project| project.ends_with(suffix));
        let mut leases = self.leases();
        let before = leases.ports.len();
        leases.ports.retain(|service, _| !is_theirs(service));
        if leases.ports.len() == before {
            return;
        }
        let kept: BTreeSet<u16> = leases.ports.values().copied().collect();
        leases.settled.retain(|port| kept.contains(port));
        let (shared, mut table) = self.table();
        table.ports.retain(|_, claim| claim.home != self.home || !is_theirs(&claim.service));
        if let Some(shared) = shared {
            shared.write(&table);
        }
        if let Err(error) = state_file::write(&self.home.join("ports.json"), &leases.ports) {
            warn!(home = %self.home.display(), %error, "the port leases cannot be saved");
        }
    }

    /// The port for a service's next run.
    pub(crate) fn lease(&self, service: &str) -> Result<u16, NoPort> {
        self.lease_all(&[service.to_owned()])?;
        self.leased(service).ok_or(NoPort)
    }

    /// Another port than the one that a service has, which somebody else holds.
    pub(crate) fn renew(&self, service: &str) -> Result<u16, NoPort> {
        let mut leases = self.leases();
        if let Some(port) = leases.ports.remove(service) {
            leases.settled.remove(&port);
        }
        drop(leases);
        self.lease(service)
    }

    /// Sees to it that each of these services has a port, together, as each new one is written down.
    pub(crate) fn lease_all(&self, services: &[String]) -> Result<(), NoPort> {
        let mut leases = self.leases();
        let has_one = |service: &&String| {
            let port = leases.ports.get(service.as_str());
            port.is_some_and(|port| leases.settled.contains(port) && (self.is_free)(*port))
        };
        let without: Vec<&String> = services.iter().filter(|service| !has_one(service)).collect();
        if without.is_empty() {
            return Ok(());
        }
        let before = leases.ports.clone();
        let (shared, mut table) = self.table();
        table.ports.retain(|_, claim| claim.home == self.home || claim.home.is_dir());
        for service in without {
            let port = self.choose(service, &leases.ports, &table).ok_or(NoPort)?;
            table.ports.retain(|_, claim| claim.home != self.home || claim.service != *service);
            table.ports.insert(port, Claim { home: self.home.clone(), service: service.clone() });
            leases.ports.insert(service.clone(), port);
            leases.settled.insert(port);
        }
        if let Some(shared) = shared {
            shared.write(&table);
        }
        if before != leases.ports
            && let Err(error) = state_file::write(&self.home.join("ports.json"), &leases.ports)
        {
            warn!(home = %self.home.display(), %error, "the port leases cannot be saved");
        }
        Ok(())
    }

    /// The table as it is now, and the right to change it, if this home has that.
    fn table(&self) -> (Option<SharedTable>, Table) {
        match &self.sharing {
            Sharing::None => (None, Table::default()),
            Sharing::Reads(folder) => {
                let text = std::fs::read(folder.join(TABLE)).unwrap_or_default();
                (None, serde_json::from_slice(&text).unwrap_or_default())
            }
            Sharing::Writes(folder) => {
                let shared = SharedTable::open(folder);
                let table = shared.as_ref().map(SharedTable::read).unwrap_or_default();
                (shared, table)
            }
        }
    }

    /// The port that a service had, or the first that nobody has.
    fn choose(&self, service: &str, leases: &BTreeMap<String, u16>, table: &Table) -> Option<u16> {
        let others: BTreeSet<u16> =
            leases.iter().filter(|(other, _)| *other != service).map(|(_, port)| *port).collect();
        let is_ours = |port: u16| table.ports.get(&port).is_none_or(|claim| claim.home == self.home);
        let known = leases.get(service).copied();
        let mut ports = known.into_iter().chain(candidates(service));
        ports.find(|&port| !others.contains(&port) && is_ours(port) && (self.is_free)(port))
    }

    /// The port that a service was given last.
    pub(crate) fn leased(&self, service: &str) -> Option<u16> {
        self.leases().ports.get(service).copied()
    }

    fn leases(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The table, and the right to change it until this is dropped.
struct SharedTable {
    file: PathBuf,
    _locked: File,
}

impl SharedTable {
    /// `None`: somebody does not let go of it. Ports are checked anyway before they are used.
    fn open(folder: &Path) -> Option<Self> {
        let lock = rustix::fs::open(
            folder.join("ports.lock"),
            OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC,
            Mode::RUSR | Mode::WUSR,
        );
        let lock = lock.map(File::from).ok()?;
        let begun = Instant::now();
        while flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            if begun.elapsed() > PATIENCE {
                warn!(folder = %folder.display(), "somebody does not let go of the table of ports");
                return None;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Some(Self { file: folder.join(TABLE), _locked: lock })
    }

    fn read(&self) -> Table {
        state_file::read(&self.file).value
    }

    fn write(&self, table: &Table) {
        if let Err(error) = state_file::write(&self.file, table) {
            warn!(file = %self.file.display(), %error, "the table of ports cannot be saved");
        }
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
pub(super) fn is_free(port: u16) -> bool {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    // A machine without IPv6 has nobody on it either.
    let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port))
        .map_or_else(|error| error.kind() != io::ErrorKind::AddrInUse, |_| true);
    v4 && v6
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Where the first port that a service asks for is somebody else's.
    fn all_but_the_first_of_web(port: u16) -> bool {
        candidates("a:web").next() != Some(port)
    }

    fn open(home: &Path) -> Ports {
        Ports::open_where(home, Sharing::None, |_| true)
    }

    #[test]
    fn a_lease_is_stable_and_never_given_twice() {
        let scratch = tempfile::tempdir().unwrap();
        let (one, two) = {
            let ports = open(scratch.path());
            (ports.lease("a:web").unwrap(), ports.lease("a:api").unwrap())
        };
        assert_ne!(one, two);
        assert_eq!(open(scratch.path()).lease("a:web").unwrap(), one);
    }

    #[test]
    fn a_port_that_somebody_else_has_is_not_leased() {
        let scratch = tempfile::tempdir().unwrap();
        let before = open(scratch.path()).lease("a:web").unwrap();
        let ports = Ports::open_where(scratch.path(), Sharing::None, all_but_the_first_of_web);
        assert_ne!(ports.lease("a:web").unwrap(), before);
    }

    #[test]
    fn a_renewed_lease_is_another_port_which_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let ports = Ports::open_where(scratch.path(), Sharing::None, all_but_the_first_of_web);
        let first = ports.lease("a:web").unwrap();
        // The one that had it first is still busy when a new one is chosen.
        let renewed = Ports { is_free: |_| true, ..ports };
        renewed.leases().ports.insert("a:other".to_owned(), first);
        let second = renewed.renew("a:web").unwrap();
        assert_ne!(first, second);
        assert_eq!(renewed.lease("a:web").unwrap(), second);
    }

    #[test]
    fn the_ports_of_a_forgotten_project_are_free_for_others() {
        let (shared, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let homes = two_homes(scratch.path());
        let open = |home: &Path| Ports::open_where(home, Sharing::Writes(shared.path().to_owned()), |_| true);
        let ports = open(&homes[0]);
        let (gone, kept) = (ports.lease("a-1b:web").unwrap(), ports.lease("c-2d:web").unwrap());
        ports.forget("-1b");
        assert_eq!((ports.leased("a-1b:web"), ports.leased("c-2d:web")), (None, Some(kept)));
        assert_eq!(open(&homes[1]).lease("a-1b:web").unwrap(), gone);
    }

    fn two_homes(scratch: &Path) -> [PathBuf; 2] {
        ["one", "two"].map(|name| {
            let home = scratch.join(name);
            fs::create_dir(&home).unwrap();
            home
        })
    }

    #[test]
    fn homes_do_not_give_each_others_ports_away_until_one_is_gone() {
        let (shared, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let homes = two_homes(scratch.path());
        let open = |home: &Path| Ports::open_where(home, Sharing::Writes(shared.path().to_owned()), |_| true);
        let first = open(&homes[0]).lease("a:web").unwrap();
        let second = open(&homes[1]).lease("a:web").unwrap();
        assert_ne!(first, second);
        assert_eq!([open(&homes[0]).lease("a:web").unwrap(), open(&homes[1]).lease("a:web").unwrap()], [first, second]);
        fs::remove_dir_all(&homes[0]).unwrap();
        assert_eq!(open(&homes[1]).lease("b:web").map(|port| port != second).ok(), Some(true));
        let third = scratch.path().join("three");
        fs::create_dir(&third).unwrap();
        assert_eq!(open(&third).lease("a:web").unwrap(), first);
    }

    #[test]
    fn a_home_that_only_looks_keeps_off_the_ports_of_others_and_writes_nothing() {
        let (shared, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let homes = two_homes(scratch.path());
        let folder = || shared.path().to_owned();
        let looks = Ports::open_where(&homes[1], Sharing::Reads(folder()), |_| true);
        let first = Ports::open_where(&homes[0], Sharing::Writes(folder()), |_| true).lease("a:web").unwrap();
        let table = fs::read(shared.path().join(TABLE)).unwrap();
        assert_ne!(looks.lease("a:web").unwrap(), first);
        assert_eq!(fs::read(shared.path().join(TABLE)).unwrap(), table);
    }

    #[test]
    fn a_port_that_another_home_took_meanwhile_is_lost_to_it() {
        let (shared, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let homes = two_homes(scratch.path());
        let open = |home: &Path| Ports::open_where(home, Sharing::Writes(shared.path().to_owned()), |_| true);
        let first = open(&homes[0]).lease("a:web").unwrap();
        // As after a restart of the machine, which empties the table.
        fs::remove_file(shared.path().join("ports.json")).unwrap();
        assert_eq!(open(&homes[1]).lease("a:web").unwrap(), first);
        assert_ne!(open(&homes[0]).lease("a:web").unwrap(), first);
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
        let ports = Ports::open_where(scratch.path(), Sharing::None, |_| false);
        assert_eq!(ports.lease("a:web").unwrap_err().to_string(), "no port between 20000 and 29999 is free");
    }

    #[test]
    fn a_scribbled_file_is_set_aside_and_not_lost() {
        let scratch = tempfile::tempdir().unwrap();
        fs::write(scratch.path().join("ports.json"), "{oops").unwrap();
        open(scratch.path()).lease("a:web").unwrap();
        assert_eq!(fs::read_to_string(scratch.path().join("ports.json.corrupt")).unwrap(), "{oops");
    }
}
