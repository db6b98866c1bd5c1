//! Certificates that the user has made elsewhere: read from their files, and again when those change.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use locald_config::CertificateFiles;
use locald_proxy::{Certificates, Certified, HostName, Pattern};
use tracing::{info, warn};

/// The most that is read of a file, in octets.
const MAX: u64 = 1 << 20;

/// All of them, those of whole names first.
#[derive(Debug, Default)]
pub(super) struct Supplied(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    pattern: Pattern,
    files: CertificateFiles,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// How the files were when they were last read, or that they were not there.
    stamps: Option<[Option<Stamp>; 2]>,
    /// What was read of them when they were last in order.
    certified: Option<Certified>,
}

/// What changes when a file does: its place, its length, and when it was written or may be read by others than before.
type Stamp = (u64, u64, u64, i64, i64);

impl Supplied {
    /// Reads all of them; says what is wrong with any.
    pub(super) fn read(configured: &[CertificateFiles]) -> (Self, Vec<String>) {
        let entries = configured.iter().filter_map(|files| {
            let pattern = files.host.parse().ok()?;
            Some(Entry { pattern, files: files.clone(), known: Mutex::default() })
        });
        let mut entries: Vec<Entry> = entries.collect();
        // Of those below a name, the longer name is the nearer one.
        entries.sort_by_key(|entry| {
            std::cmp::Reverse((matches!(entry.pattern, Pattern::Exact(_)), entry.files.host.len()))
        });
        let notices = entries.iter().filter_map(|entry| {
            let files = &entry.files;
            match entry.refresh() {
                Err(why) => Some(format!("the certificate for {} is not used: {why}", files.host)),
                Ok(()) if is_open(&files.key) => {
                    let key = files.key.display();
                    Some(format!("the key {key} can be read by others; `chmod 600 {key}` ends that"))
                }
                Ok(()) => None,
            }
        });
        let notices = notices.collect();
        (Self(entries), notices)
    }
}

impl Certificates for Supplied {
    fn of(&self, host: &HostName) -> Option<Certified> {
        let entry = self.0.iter().find(|entry| entry.pattern.matches(host))?;
        if let Err(why) = entry.refresh() {
            warn!(host = entry.files.host, why, "a certificate that has changed is not used");
        }
        entry.known.lock().unwrap_or_else(PoisonError::into_inner).certified.clone()
    }
}

impl Entry {
    /// Reads the files, if they are others than they were.
    fn refresh(&self) -> Result<(), String> {
        let CertificateFiles { cert, key, host } = &self.files;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = Some([cert, key].map(|file| stamp(file)));
        if known.stamps == stamps {
            return Ok(());
        }
        let is_news = known.certified.is_some();
        // One that cannot be read is said to be so once, and tried again when it changes.
        known.stamps = stamps;
        let read = |file: &Path| read(file).map_err(|error| format!("{}: {error}", file.display()));
        let certified = Certified::from_pem(&read(cert)?, &read(key)?);
        known.certified =
            Some(certified.map_err(|error| format!("{} and {}: {error}", cert.display(), key.display()))?);
        if is_news {
            info!(host, "a certificate has changed");
        }
        Ok(())
    }
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn stamp(file: &Path) -> Option<Stamp> {
    let found = fs::metadata(file).ok()?;
    Some((found.dev(), found.ino(), found.len(), found.ctime(), found.ctime_nsec()))
}

/// Whether a key is not its owner's alone.
fn is_open(key: &Path) -> bool {
    fs::metadata(key).is_ok_and(|found| found.mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn write(folder: &Path, name: &str) -> CertificateFiles {
        let made = rcgen::generate_simple_self_signed([name.trim_start_matches("*.").to_owned()]).unwrap();
        let (cert, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        CertificateFiles { host: name.to_owned(), cert, key }
    }

    fn of(supplied: &Supplied, host: &str) -> Option<Certified> {
        supplied.of(&host.parse().unwrap())
    }

    #[test]
    fn a_certificate_is_taken_up_again_when_its_files_change_and_stays_while_they_make_no_sense() {
        let scratch = tempfile::tempdir().unwrap();
        let files = write(scratch.path(), "shop.localhost");
        let (supplied, notices) = Supplied::read(std::slice::from_ref(&files));
        assert_eq!(notices, [""; 0]);
        let first = of(&supplied, "shop.localhost").unwrap();
        assert!(first.is_same(&of(&supplied, "shop.localhost").unwrap()) && of(&supplied, "x.localhost").is_none());
        fs::write(&files.cert, "half of it").unwrap();
        assert!(first.is_same(&of(&supplied, "shop.localhost").unwrap()));
        write(scratch.path(), "shop.localhost");
        let second = of(&supplied, "shop.localhost").unwrap();
        assert!(!first.is_same(&second));
        fs::remove_file(&files.key).unwrap();
        assert!(second.is_same(&of(&supplied, "shop.localhost").unwrap()));
    }

    #[test]
    fn what_cannot_be_read_is_said_to_be_so_once_and_tried_again_when_that_may_have_changed() {
        let scratch = tempfile::tempdir().unwrap();
        let files = write(scratch.path(), "shop.localhost");
        fs::remove_file(&files.key).unwrap();
        let (supplied, notices) = Supplied::read(std::slice::from_ref(&files));
        assert_eq!(notices.len(), 1);
        assert_eq!(supplied.0[0].refresh(), Ok(()), "it was said");
        write(scratch.path(), "shop.localhost");
        assert!(of(&supplied, "shop.localhost").is_some());
        let before = stamp(&files.key);
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o400)).unwrap();
        assert_ne!(stamp(&files.key), before);
    }

    #[test]
    fn the_nearest_name_has_its_own() {
        let scratch = tempfile::tempdir().unwrap();
        let all =
            ["*.shop.localhost", "*.eu.shop.localhost", "api.shop.localhost"].map(|name| write(scratch.path(), name));
        let supplied = Supplied::read(&all).0;
        let [shop, eu, api] =
            ["x.shop.localhost", "x.eu.shop.localhost", "api.shop.localhost"].map(|host| of(&supplied, host).unwrap());
        assert!(!shop.is_same(&eu) && !shop.is_same(&api) && !eu.is_same(&api));
        assert!(of(&supplied, "shop.localhost").is_none());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_file_and_a_key_that_others_read_is_told() {
        let scratch = tempfile::tempdir().unwrap();
        let open = write(scratch.path(), "open.localhost");
        fs::set_permissions(&open.key, fs::Permissions::from_mode(0o644)).unwrap();
        let mixed = CertificateFiles { host: "mixed.localhost".to_owned(), ..write(scratch.path(), "mixed.localhost") };
        let mixed = CertificateFiles { key: open.key.clone(), ..mixed };
        let gone =
            CertificateFiles { host: "gone.localhost".to_owned(), cert: "/no/such".into(), key: "/no/such".into() };
        let (_, mut notices) = Supplied::read(&[open, mixed, gone]);
        notices.sort();
        assert!(
            notices[0].starts_with("the certificate for gone.localhost is not used: /no/such: No such file"),
            "{notices:?}"
        );
        assert!(notices[1].ends_with("the key is not that of the certificate"), "{notices:?}");
        assert!(notices[2].contains("open.localhost.key can be read by others; `chmod 600 "), "{notices:?}");
    }
}
