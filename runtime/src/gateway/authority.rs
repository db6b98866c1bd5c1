//! The proxy's certificate authority on the disk: made once, private to its user, and taken up by every daemon.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use locald_keeper::Home;
use locald_proxy::{Authority, AuthorityError, Kept};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::state_file;

/// The longest owner's name in a certificate; a common name has 64 characters at most (RFC 5280, appendix A).
const MAX_OWNER: usize = 30;

/// An authority as it is written down.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    name: String,
    root: String,
    intermediate: String,
    key: String,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAuthority {
    #[error("failed to write below {}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

/// The home's authority, which is made where there is none.
pub(super) fn take_up(home: &Home) -> Result<Authority, NoAuthority> {
    let folder = home.state_dir().join("ca");
    let failed = |source| NoAuthority::Io { path: folder.clone(), source };
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    let file = folder.join("authority.json");
    let Written { name, root, intermediate, key } = state_file::read(&file).value;
    let kept = Kept { name, root, intermediate, key };
    match Authority::new(&kept) {
        Ok(authority) => {
            // Whoever removed it wants it back.
            write_root(&folder, &kept.root).map_err(failed)?;
            return Ok(authority);
        }
        Err(error) if !kept.key.is_empty() => {
            warn!(file = %file.display(), %error, "the certificate authority is damaged; another one is made");
            let _ = fs::rename(&file, file.with_extension("json.corrupt"));
        }
        Err(_) => {}
    }
    let kept = Kept::create(&owner())?;
    let authority = Authority::new(&kept)?;
    let Kept { name, root, intermediate, key } = kept;
    info!(name, "made a certificate authority");
    state_file::write(&file, &Written { name, root: root.clone(), intermediate, key }).map_err(failed)?;
    write_root(&folder, &root).map_err(failed)?;
    Ok(authority)
}

/// The certificate that is trusted, for programs that take one from a file.
fn write_root(folder: &Path, root: &str) -> io::Result<()> {
    let file = folder.join("root.pem");
    if fs::read_to_string(&file).is_ok_and(|known| known == root) {
        return Ok(());
    }
    state_file::replace(&file, root.as_bytes())
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

    #[test]
    fn an_authority_is_made_once_and_nobody_else_reads_its_key() {
        let scratch = tempfile::tempdir().unwrap();
        let home = home(scratch.path());
        take_up(&home).unwrap();
        let folder = home.state_dir().join("ca");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("authority.json"))), (0o700, 0o600));
        let root = fs::read_to_string(folder.join("root.pem")).unwrap();
        fs::remove_file(folder.join("root.pem")).unwrap();
        take_up(&home).unwrap();
        assert_eq!(fs::read_to_string(folder.join("root.pem")).unwrap(), root);
        let text = fs::read_to_string(folder.join("authority.json")).unwrap();
        assert_eq!(text.matches("PRIVATE KEY").count(), 2, "one key, and that of the root is not there");
    }

    #[test]
    fn a_damaged_authority_is_set_aside() {
        let scratch = tempfile::tempdir().unwrap();
        let home = home(scratch.path());
        take_up(&home).unwrap();
        let file = home.state_dir().join("ca/authority.json");
        let text = fs::read_to_string(&file).unwrap().replace("BEGIN PRIVATE", "BEGIN PUBLIC");
        fs::write(&file, text).unwrap();
        take_up(&home).unwrap();
        assert!(file.with_extension("json.corrupt").exists());
    }
}
