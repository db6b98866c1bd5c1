//! One authority in its folder: `authority.json`, which only its user reads, and `root.pem` for everybody.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use locald_proxy::{Authority, Kept, Scope};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use super::NoAuthority;
use crate::state_file;

/// The longest owner's name in a certificate; a common name has 64 characters at most (RFC 5280, appendix A).
const MAX_OWNER: usize = 30;

/// An authority as it is written down.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Written {
    name: String,
    root: String,
    intermediate: String,
    key: String,
    /// In seconds since 1970.
    #[serde(default)]
    pub(super) until: u64,
}

/// The authority of a folder, which is made where there is none, or none that holds for as long as `least`. Whoever calls has the lock.
pub(super) fn take_up(folder: &Path, scope: Scope, least: Duration) -> Result<Kept, NoAuthority> {
    let failed = |source| NoAuthority::Io { path: folder.to_owned(), source };
    let file = file(folder);
    let kept = state_file::read::<Written>(&file).value.kept(scope.clone());
    match Authority::new(std::slice::from_ref(&kept)) {
        Ok(_) if kept.until >= SystemTime::now() + least => {
            // Whoever removed it wants it back.
            write_root(folder, &kept.root).map_err(failed)?;
            return Ok(kept);
        }
        Ok(_) => info!(name = kept.name, "the certificate authority runs out; another one is made"),
        Err(error) if !kept.key.is_empty() => {
            warn!(file = %file.display(), %error, "the certificate authority is damaged; another one is made");
            let _ = fs::rename(&file, file.with_extension("json.corrupt"));
        }
        Err(_) => {}
    }
    let kept = Kept::create(&owner(), scope)?;
    info!(name = kept.name, "made a certificate authority");
    write(&file, &kept).map_err(failed)?;
    write_root(folder, &kept.root).map_err(failed)?;
    Ok(kept)
}

/// The authority of a folder, as it is; `None` where there is none that makes sense.
pub(super) fn look(folder: &Path, scope: Scope) -> Option<Kept> {
    let text = fs::read(file(folder)).ok()?;
    Some(serde_json::from_slice::<Written>(&text).ok()?.kept(scope))
}

impl Written {
    fn kept(self, scope: Scope) -> Kept {
        let Self { name, root, intermediate, key, until } = self;
        Kept { name, scope, root, intermediate, key, until: SystemTime::UNIX_EPOCH + Duration::from_secs(until) }
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("authority.json")
}

/// The certificate that is to be trusted, as a file; it need not be there.
pub(super) fn root_file(folder: &Path) -> PathBuf {
    folder.join("root.pem")
}

fn write(file: &Path, kept: &Kept) -> io::Result<()> {
    let Kept { name, root, intermediate, key, until, scope: _ } = kept.clone();
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

/// Whose authority it is: user and machine.
fn owner() -> String {
    let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let user = user.unwrap_or_else(|| rustix::process::geteuid().as_raw().to_string());
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let owner = format!("{user}@{machine}").chars().filter(char::is_ascii_graphic).take(MAX_OWNER).collect::<String>();
    if owner == "@" { "somebody".to_owned() } else { owner }
}
