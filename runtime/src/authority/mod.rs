//! The home's certificate authorities on the disk: each made once, private to its user, taken up by every daemon, and made anew before it
//! runs out or where it is damaged. One is for names below `localhost` and `test`, and one more for each further suffix.

mod bundle;
mod door;
mod on_disk;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use locald_keeper::Home;
use locald_machine::{Root, lock};
use locald_proxy::{Authority, AuthorityError, Kept, Scope};

pub use bundle::variables;
pub use door::OpenDoor;

/// An authority that holds for less is replaced in any case: the certificates that it makes would hold for longer than itself.
pub const LAST: Duration = Duration::from_hours(31 * 24);
/// An authority that holds for less is replaced when somebody is there to have the new one trusted.
pub const SOON: Duration = Duration::from_hours(180 * 24);

/// In which folder of the first authority those of further suffixes have their folders.
const FURTHER: &str = "suffixes";

/// The authorities of a home.
pub struct HomeAuthority {
    /// What makes certificates.
    pub(crate) authority: Arc<Authority>,
    /// What is to be trusted: that of `localhost` and `test` first, then one for each further suffix.
    pub roots: Vec<HomeRoot>,
}

/// What is to be trusted for some names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeRoot {
    /// The suffix that it is for; `None`: `localhost` and `test`.
    pub suffix: Option<String>,
    /// The certificate.
    pub root: Root,
    /// Until when it holds.
    pub until: Timestamp,
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
    /// The home's authorities, that of each of these further suffixes included. One is made where there is none, or none that holds for as
    /// long as `least`.
    pub fn take_up(home: &Home, suffixes: &[String], least: Duration) -> Result<Self, NoAuthority> {
        let own = folder(home);
        make_folder(&own)?;
        // The daemon and a command may both be the first to want one.
        let failed = |source| NoAuthority::Io { path: own.clone(), source };
        let _lock = lock(&own.join("lock")).map_err(failed)?;
        let (mut all, mut roots) = (Vec::new(), Vec::new());
        for suffix in std::iter::once(None).chain(suffixes.iter().map(Some)) {
            // What is no name was refused where it is configured.
            let Some(scope) = scope(suffix) else { continue };
            let folder = suffix.map_or_else(|| own.clone(), |suffix| own.join(FURTHER).join(suffix));
            make_folder(&folder)?;
            let kept = on_disk::take_up(&folder, scope, least)?;
            roots.push(HomeRoot::new(suffix.cloned(), &kept, &folder)?);
            all.push(kept);
        }
        bundle::write_roots(&own, &all).map_err(failed)?;
        Ok(Self { authority: Arc::new(Authority::new(&all)?), roots })
    }

    /// What is to be trusted, without making it where there is none. Suffixes that are configured no more are among them.
    pub fn roots(home: &Home) -> Vec<HomeRoot> {
        let own = folder(home);
        let further = fs::read_dir(own.join(FURTHER)).into_iter().flatten().flatten();
        let mut further: Vec<String> = further.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        further.sort();
        let all = std::iter::once((None, own.clone()))
            .chain(further.into_iter().map(|suffix| (Some(suffix.clone()), own.join(FURTHER).join(suffix))));
        let found = all.filter_map(|(suffix, folder)| {
            let kept = on_disk::look(&folder, scope(suffix.as_ref())?)?;
            HomeRoot::new(suffix, &kept, &folder).ok()
        });
        found.collect()
    }
}

impl HomeRoot {
    fn new(suffix: Option<String>, kept: &Kept, folder: &Path) -> Result<Self, NoAuthority> {
        let root = Root::new(&kept.name, on_disk::root_file(folder), &kept.root);
        let root =
            root.ok_or_else(|| NoAuthority::Io { path: folder.to_owned(), source: io::ErrorKind::InvalidData.into() })?;
        let until = Timestamp::try_from(kept.until).unwrap_or(Timestamp::MAX);
        Ok(Self { suffix, root, until })
    }

    /// The suffixes that it is for, as people read them.
    pub fn told(&self) -> &str {
        self.suffix.as_deref().unwrap_or("localhost, test")
    }
}

/// What an authority for this suffix may vouch for; `None` if it is no name.
fn scope(suffix: Option<&String>) -> Option<Scope> {
    suffix.map_or(Some(Scope::Machine), |suffix| suffix.parse().ok().map(Scope::Below))
}

fn folder(home: &Home) -> PathBuf {
    home.state_dir().join("ca")
}

fn make_folder(folder: &Path) -> Result<(), NoAuthority> {
    match DirBuilder::new().mode(0o700).recursive(true).create(folder) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            Err(NoAuthority::Io { path: folder.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::SystemTime;

    use super::on_disk::Written;
    use super::*;
    use crate::state_file;

    fn home(scratch: &Path) -> Home {
        let folders = ["run", "state", "config"].map(|name| scratch.join(name).into_os_string());
        let home = Home::from_arguments(folders.into_iter()).unwrap();
        home.prepare().unwrap();
        home
    }

    fn take_up(home: &Home, least: Duration) -> HomeRoot {
        HomeAuthority::take_up(home, &[], least).unwrap().roots.remove(0)
    }

    fn with(home: &Home, suffixes: &[&str]) -> Vec<HomeRoot> {
        let suffixes: Vec<String> = suffixes.iter().map(ToString::to_string).collect();
        HomeAuthority::take_up(home, &suffixes, LAST).unwrap().roots
    }

    #[test]
    fn an_authority_is_made_once_and_nobody_else_reads_its_key() {
        let scratch = tempfile::tempdir().unwrap();
        let home = home(scratch.path());
        assert_eq!(HomeAuthority::roots(&home), []);
        let first = take_up(&home, LAST);
        let folder = home.state_dir().join("ca");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("authority.json"))), (0o700, 0o600));
        let root = fs::read_to_string(folder.join("root.pem")).unwrap();
        fs::remove_file(folder.join("root.pem")).unwrap();
        assert_eq!(take_up(&home, SOON), first);
        assert_eq!(HomeAuthority::roots(&home), [first]);
        assert_eq!(fs::read_to_string(folder.join("root.pem")).unwrap(), root);
        let text = fs::read_to_string(folder.join("authority.json")).unwrap();
        assert_eq!(text.matches("PRIVATE KEY").count(), 2, "one key, and that of the root is not there");
    }

    #[test]
    fn a_further_suffix_has_an_authority_of_its_own_which_stays_while_it_is_not_configured() {
        let scratch = tempfile::tempdir().unwrap();
        let home = home(scratch.path());
        let own = take_up(&home, LAST);
        let all = with(&home, &["corp.internal", "lab.home.arpa"]);
        let told: Vec<&str> = all.iter().map(HomeRoot::told).collect();
        assert_eq!((&all[0], &told[..]), (&own, &["localhost, test", "corp.internal", "lab.home.arpa"][..]));
        let folder = home.state_dir().join("ca/suffixes/corp.internal");
        assert_eq!(all[1].root.file, folder.join("root.pem"));
        let key = fs::metadata(folder.join("authority.json")).unwrap().permissions().mode();
        assert_eq!(key & 0o777, 0o600);
        assert_ne!(all[1].root.name, all[2].root.name);
        let together = home.state_dir().join("ca/roots.pem");
        let text = fs::read_to_string(&together).unwrap();
        let each = all.iter().map(|it| fs::read_to_string(&it.root.file).unwrap());
        assert_eq!(text, each.collect::<String>());
        assert_eq!(with(&home, &[]), [own]);
        assert!(!together.exists(), "one alone has a file already");
        assert_eq!(HomeAuthority::roots(&home), all);
        assert_eq!(with(&home, &["corp.internal"])[1], all[1]);
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
