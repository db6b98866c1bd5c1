//! What programs are told of the home's authorities by their environment: a file that some add to what they trust, and one with everything
//! for those that trust one file and nothing else.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use locald_keeper::Home;
use locald_machine::{lock, system_bundle};
use locald_proxy::Kept;
use tracing::warn;

use super::{folder, on_disk};
use crate::state_file;

/// All that is to be trusted, where that is more than one certificate.
const ROOTS: &str = "roots.pem";

/// Node adds what is in this file to what it trusts.
const ADDING: &str = "NODE_EXTRA_CA_CERTS";
/// Whoever reads one of these trusts that file alone: OpenSSL, Ruby and Go; Python's requests; curl.
const REPLACING: [&str; 3] = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// Writes all that is to be trusted into one file, where it is not in one already.
pub(super) fn write_roots(folder: &Path, all: &[Kept]) -> io::Result<()> {
    let file = folder.join(ROOTS);
    if all.len() < 2 {
        return match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let text: String = all.iter().map(|kept| kept.root.as_str()).collect();
    if fs::read_to_string(&file).is_ok_and(|known| known == text) {
        return Ok(());
    }
    state_file::replace(&file, text.as_bytes())
}

/// The file of all that is to be trusted.
fn roots_of(home: &Home) -> PathBuf {
    let folder = folder(home);
    let several = folder.join(ROOTS);
    if several.is_file() { several } else { on_disk::root_file(&folder) }
}

/// The variables that lead programs to the home's authorities; none where it has none. With `replacing`, also those that take the place of
/// everything that is trusted otherwise: the file that they name has all of the system's certificates, and the home's.
pub fn variables(home: &Home, replacing: bool) -> Vec<(String, String)> {
    let root = roots_of(home);
    if !root.is_file() {
        return Vec::new();
    }
    let named = |name: &str, file: &Path| (name.to_owned(), file.to_string_lossy().into_owned());
    let mut variables = vec![named(ADDING, &root)];
    if replacing {
        let bundle = bundle(Path::new("/"), &root);
        variables.extend(bundle.iter().flat_map(|file| REPLACING.map(|name| named(name, file))));
    }
    variables
}

/// A file of the system's certificates and the home's in `root`, as they are now; `None` where the system has none, which would leave programs
/// with nothing but ours.
fn bundle(system: &Path, root: &Path) -> Option<PathBuf> {
    let Some(theirs) = system_bundle(system).and_then(|file| fs::read_to_string(file).ok()) else {
        warn!("no file with the system's certificates is found, so `ca_env` sets nothing");
        return None;
    };
    let all = format!("{}\n{}", theirs.trim_end(), fs::read_to_string(root).ok()?);
    let file = root.with_file_name("bundle.pem");
    // Services start beside each other.
    let _lock = lock(&root.with_file_name("lock")).ok()?;
    if fs::read_to_string(&file).is_ok_and(|known| known == all) {
        return Some(file);
    }
    match state_file::replace(&file, all.as_bytes()) {
        Ok(()) => Some(file),
        Err(error) => {
            warn!(file = %file.display(), %error, "it cannot be written, so `ca_env` sets nothing");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_for_programs_that_trust_one_alone_has_everything_and_follows_the_system() {
        let scratch = tempfile::tempdir().unwrap();
        let (system, root) =
            (scratch.path().join("etc/ssl/certs/ca-certificates.crt"), scratch.path().join("root.pem"));
        fs::write(&root, "ours\n").unwrap();
        assert_eq!(bundle(scratch.path(), &root), None, "nothing but ours would be worse than nothing");
        fs::create_dir_all(system.parent().unwrap()).unwrap();
        for theirs in ["one\n", "one\ntwo\n"] {
            fs::write(&system, theirs).unwrap();
            let file = bundle(scratch.path(), &root).unwrap();
            assert_eq!(fs::read_to_string(file).unwrap(), format!("{theirs}ours\n"));
        }
    }
}
