//! The home's certificate authority on the disk: made once, private to its user, taken up by every daemon, and made anew before it runs
//! out or where it is damaged.

mod bundle;
mod door;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use locald_keeper::Home;
use locald_machine::Root;
use locald_proxy::{Authority, AuthorityError, Kept};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::state_file;
pub use bundle::variables;
pub use door::OpenDoor;

/// The longest owner's name in a certificate; a common name has 64 characters at most (RFC 5280, appendix A).
const MAX_OWNER: usize = 30;

/// An authority that holds for less is replaced in any case: the certificates that it makes would hold for longer than itself.
pub const LAST: Duration = Duration::from_hours(31 * 24);
/// An authority that holds for less is replaced when somebody is there to have the new one trusted.
pub const SOON: Duration = Duration::from_hours(180 * 24);

/// The authority of a home.
pub struct HomeAuthority {
    /// What makes certificates.
    pub(crate) authority: Arc<Authority>,
    /// What is to be trusted.
    pub root: Root,
    /// Until when it holds.
    pub until: Timestamp,
}

/// An authority as it is written down.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    name: String,
    root: String,
    intermediate: String,
    key: String,
    /// In seconds since 1970.
    #[serde(default)]
    until: u64,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthority {
    /// A file or folder cannot be written.
    #[error("failed to write below {}", .path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Certificates cannot be made.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

impl HomeAuthority {
    /// The home's authority, which is made where there is none, or none that holds for as long as `least`.
    pub fn take_up(home: &Home, least: Duration) -> Result<Self, NoAuthority> {
        let folder = folder(home);
        let failed = |source| NoAuthority::Io { path: folder.clone(), source };
        match DirBuilder::new().mode(0o700).recursive(true).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        // The daemon and a command may both be the first to want one.
        let _lock = lock(&folder.join("lock")).map_err(failed)?;
        let file = folder.join("authority.json");
        let Written { name, root, intermediate, key, until } = state_file::read(&file).value;
        let kept = Kept { name, root, intermediate, key, until: SystemTime::UNIX_EPOCH + Duration::from_secs(until) };
        match Authority::new(&kept) {
            Ok(authority) if kept.until >= SystemTime::now() + least => {
                // Whoever removed it wants it back.
                write_root(&folder, &kept.root).map_err(failed)?;
                return Self::new(authority, &kept, &folder);
            }
            Ok(_) => info!(name = kept.name, "the certificate authority runs out; another one is made"),
            Err(error) if !kept.key.is_empty() => {
                warn!(file = %file.display(), %error, "the certificate authority is damaged; another one is made");
                let _ = fs::rename(&file, file.with_extension("json.corrupt"));
            }
            Err(_) => {}
        }
        let kept = Kept::create(&owner())?;
        let authority = Authority::new(&kept)?;
        info!(name = kept.name, "made a certificate authority");
        write(&file, &kept).map_err(failed)?;
        write_root(&folder, &kept.root).map_err(failed)?;
        Self::new(authority, &kept, &folder)
    }

    /// What is to be trusted, without making it where there is none.
    pub fn root(home: &Home) -> Option<Root> {
        let folder = folder(home);
        let text = fs::read(folder.join("authority.json")).ok()?;
        let written: Written = serde_json::from_slice(&text).ok()?;
        Root::new(&written.name, root_file(&folder), &written.root)
    }

    fn new(authority: Authority, kept: &Kept, folder: &Path) -> Result<Self, NoAuthority> {
        let root = Root::new(&kept.name, root_file(folder), &kept.root);
        let root =
            root.ok_or_else(|| NoAuthority::Io { path: folder.to_owned(), source: io::ErrorKind::InvalidData.into() })?;
        let until = Timestamp::try_from(kept.until).unwrap_or(Timestamp::MAX);
        Ok(Self { authority: Arc::new(authority), root, until })
    }
}

/// The certificate that is to be trusted, as a file; it need not be there.
pub(crate) fn root_of(home: &Home) -> PathBuf {
    root_file(&folder(home))
}

fn folder(home: &Home) -> PathBuf {
    home.state_dir().join("ca")
}

fn root_file(folder: &Path) -> PathBuf {
    folder.join("root.pem")
}

fn write(file: &Path, kept: &Kept) -> io::Result<()> {
    let Kept { name, root, intermediate, key, until } = kept.clone();
    let until = until.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    state_file::write(file, &Written { name, root, intermediate, key, until })
}

/// The certificate that is trusted, for programs that take one from a file.
fn write_root(folder: &Path, root: &str) -> io::Result<()> {
    let file = root_file(folder);
    if fs::read_to_string(&file).is_ok_and(|known| known == root) {
        return Ok(());
    }
    state_file::replace(&file, root.as_bytes())
}

/// Waits until nobody else has it; given back when it is dropped.
fn lock(path: &Path) -> io::Result<File> {
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// Whose authority it is: user and machine.
fn owner() -> String {
    let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let user = user.unwrap_or_else(|| rustix::process::geteuid().as_raw().to_string());
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let owner = format!("{user}@{machine}").chars().filter(char::is_ascii_graphic).take(MAX_OWNER).collect::<String>();
    if owner == "@" { "somebody".to_owned() } else { owner }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn home(scratch: &Path) -> Home {
        let folders = ["run", "state", "config"].map(|name| scratch.join(name).into_os_string());
        let home = Home::from_arguments(folders.into_iter()).unwrap();
        home.prepare().unwrap();
        home
    }

    fn take_up(home: &Home, least: Duration) -> HomeAuthority {
        HomeAuthority::take_up(home, least).unwrap()
    }

    #[test]
    fn an_authority_is_made_once_and_nobody_else_reads_its_key() {
        let scratch = tempfile::tempdir().unwrap();
        let home = home(scratch.path());
        assert_eq!(HomeAuthority::root(&home), None);
        let first = take_up(&home, LAST).root;
        let folder = home.state_dir().join("ca");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("authority.json"))), (0o700, 0o600));
        let root = fs::read_to_string(folder.join("root.pem")).unwrap();
        fs::remove_file(folder.join("root.pem")).unwrap();
        assert_eq!(take_up(&home, SOON).root, first);
        assert_eq!(HomeAuthority::root(&home), Some(first));
        assert_eq!(fs::read_to_string(folder.join("root.pem")).unwrap(), root);
        let text = fs::read_to_string(folder.join("authority.json")).unwrap();
        assert_eq!(text.matches("PRIVATE KEY").count(), 2, "one key, and that of the root is not there");
    }

    #[test]
    fn a_damaged_authority_is_set_aside() {
        let scratch = tempfile::tempdir().unwrap();
        let home = home(scratch.path());
        take_up(&home, LAST);
        let file = home.state_dir().join("ca/authority.json");
        let text = fs::read_to_string(&file).unwrap().replace("BEGIN PRIVATE", "BEGIN PUBLIC");
        fs::write(&file, text).unwrap();
        take_up(&home, LAST);
        assert!(file.with_extension("json.corrupt").exists());
    }

    #[test]
    fn an_authority_is_replaced_before_it_runs_out() {
        let scratch = tempfile::tempdir().unwrap();
        let home = home(scratch.path());
        let first = take_up(&home, LAST);
        let years = first.until.duration_since(Timestamp::now()).as_hours() / 24;
        assert!((3649..=3650).contains(&years), "{years}");
        let file = home.state_dir().join("ca/authority.json");
        let mut written: Written = state_file::read(&file).value;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        written.until = now + 100 * 24 * 60 * 60;
        state_file::write(&file, &written).unwrap();
        assert_eq!(take_up(&home, LAST).root, first.root, "a daemon goes on with it");
        let next = take_up(&home, SOON);
        assert_ne!(next.root, first.root, "whoever has it trusted gets the next");
        assert_eq!(take_up(&home, LAST).root, next.root);
    }

    #[test]
    fn two_who_come_first_at_once_have_the_same_authority() {
        let scratch = tempfile::tempdir().unwrap();
        let home = home(scratch.path());
        let roots: Vec<Root> = std::thread::scope(|scope| {
            let both = [0; 2].map(|_| scope.spawn(|| take_up(&home, LAST).root));
            both.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(roots[0], roots[1]);
    }
}
