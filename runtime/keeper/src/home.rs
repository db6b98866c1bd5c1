//! Where locald lives on this machine: the folder of its sockets, the folder of what must last, and that of the user's settings.
//!
//! Sockets live in a folder that only the user can enter, in `$XDG_RUNTIME_DIR` or, without one, below `/tmp`, where the folder is
//! looked at before it is trusted. `LOCALD_HOME` moves everything into one private folder; so does each sandbox, within its home.

use std::ffi::OsString;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use crate::sandbox::SandboxName;

/// The longest runtime folder under which every socket's path fits into `sun_path` (104 bytes on macOS, 108 on Linux; unix(7)).
const MAX_RUNTIME: usize = 72;

/// The three folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Sockets; gone when the machine restarts.
    runtime: PathBuf,
    /// Logs, state and the lock.
    state: PathBuf,
    /// What the user has set for all projects. Only read, and not made where it is missing.
    config: PathBuf,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Neither `LOCALD_HOME` nor `HOME` is set to an absolute path.
    #[error("neither LOCALD_HOME nor HOME names an absolute path")]
    Homeless,
    /// The folder cannot be made or looked at.
    #[error("failed to prepare {}", .path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else could have put it there, or could look into it.
    #[error("{} is not a private folder of yours", .path.display())]
    NotPrivate {
        /// The folder.
        path: PathBuf,
    },
}

impl Home {
    /// The home that the environment names. Touches nothing.
    pub fn discover() -> Result<Self, HomeError> {
        Self::from_variables(|name| env::var_os(name), rustix::process::geteuid().as_raw())
    }

    /// The home that a process of ours was started for, from its [`arguments`](Self::arguments).
    pub fn from_arguments(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut folder = || arguments.next().map(PathBuf::from);
        Some(Self { runtime: folder()?, state: folder()?, config: folder()? })
    }

    /// What tells another process of ours which home is meant.
    pub fn arguments(&self) -> [&Path; 3] {
        [&self.runtime, &self.state, &self.config]
    }

    /// The home of a sandbox, all of it in one folder within this home.
    #[must_use]
    pub fn sandbox(&self, name: &SandboxName) -> Self {
        Self::within(&self.sandboxes().join(name.as_str()), rustix::process::geteuid().as_raw())
    }

    /// The folder of the sandboxes, which need not be there.
    pub fn sandboxes(&self) -> PathBuf {
        self.state.join("sandboxes")
    }

    fn within(root: &Path, uid: u32) -> Self {
        Self { runtime: root.join("run"), state: root.join("state"), config: root.join("config") }.with_short_paths(uid)
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>, uid: u32) -> Result<Self, HomeError> {
        let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        if let Some(home) = absolute("LOCALD_HOME") {
            return Ok(Self::within(&home, uid));
        }
        let below_home = |folder: &str| Some(absolute("HOME")?.join(folder));
        let state = absolute("XDG_STATE_HOME").or_else(|| below_home(".local/state")).ok_or(HomeError::Homeless)?;
        let config = absolute("XDG_CONFIG_HOME").or_else(|| below_home(".config")).ok_or(HomeError::Homeless)?;
        let runtime = runtime_of_user(&variable, uid);
        Ok(Self { runtime, state: state.join("locald"), config: config.join("locald") }.with_short_paths(uid))
    }

    /// The same home, with its sockets elsewhere if their paths would be too long.
    fn with_short_paths(self, uid: u32) -> Self {
        if self.runtime.as_os_str().len() <= MAX_RUNTIME {
            return self;
        }
        let short = shared_runtime(uid).join(format!("{:016x}", fnv(self.runtime.as_os_str().as_encoded_bytes())));
        Self { runtime: short, ..self }
    }

    /// Whether this is the home of a sandbox.
    pub fn is_sandbox(&self) -> bool {
        self.state.ancestors().nth(2).is_some_and(|folder| folder.ends_with("sandboxes"))
    }

    /// A folder that all homes of the user share, whatever `LOCALD_HOME` says; gone when the machine restarts. Touches nothing.
    pub fn shared_path() -> PathBuf {
        runtime_of_user(|name| env::var_os(name), rustix::process::geteuid().as_raw())
    }

    /// [`Self::shared_path`], made where it is missing, and refused where it is not private.
    pub fn shared_dir() -> Result<PathBuf, HomeError> {
        let folder = Self::shared_path();
        make_private(&folder)?;
        Ok(folder)
    }

    /// Makes the folders where they are missing, and refuses ones that are not private.
    pub fn prepare(&self) -> Result<(), HomeError> {
        let fallback =
            self.runtime.parent().filter(|parent| parent.starts_with("/tmp") && parent.components().count() == 3);
        if let Some(parent) =
            fallback.filter(|parent| parent.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"locald-")))
        {
            make_private(parent)?;
        }
        make_private(&self.runtime)?;
        make_private(&self.state)
    }

    /// The folder of the sockets.
    pub fn runtime_dir(&self) -> &Path {
        &self.runtime
    }

    /// The folder of what lasts.
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// The folder of what the user has set for all projects; it need not be there.
    pub fn config_dir(&self) -> &Path {
        &self.config
    }

    /// The file in it that the user writes; it need not be there either.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The socket on which the daemon serves clients.
    pub fn socket(&self) -> PathBuf {
        self.runtime.join("control.sock")
    }

    /// The file whose lock says that a keeper lives.
    pub fn lock_file(&self) -> PathBuf {
        self.state.join("keeper.lock")
    }

    /// The keeper's own few lines, and the last words of a daemon that panics.
    pub fn keeper_log(&self) -> PathBuf {
        self.state.join("keeper.log")
    }

    /// What marks the environment of every process below this home, and of none below another.
    pub fn token(&self) -> String {
        format!("{:016x}", fnv(self.state.as_os_str().as_encoded_bytes()))
    }
}

/// The name of the environment variable that holds a [`Home::token`], a colon, and `kill` or `leave`.
pub const TOKEN_VARIABLE: &str = "LOCALD_TOKEN";

/// The user's own folder for sockets, apart from any private home.
fn runtime_of_user(variable: impl Fn(&str) -> Option<OsString>, uid: u32) -> PathBuf {
    let own = variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let own = own.filter(|path| fs::metadata(path).is_ok_and(|meta| meta.uid() == uid));
    own.map_or_else(|| shared_runtime(uid), |path| path.join("locald"))
}

/// The runtime folder of a user whose system gives them none.
fn shared_runtime(uid: u32) -> PathBuf {
    PathBuf::from(format!("/tmp/locald-{uid}"))
}

fn make_private(path: &Path) -> Result<(), HomeError> {
    let failed = |source| HomeError::Io { path: path.to_owned(), source };
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
        _ => {}
    }
    // Not following a link: a link that somebody else made would lead wherever they like.
    let found = fs::symlink_metadata(path).map_err(failed)?;
    let private = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0;
    if private { Ok(()) } else { Err(HomeError::NotPrivate { path: path.to_owned() }) }
}

/// FNV-1a, 64 bits: short stable names for long paths. Nothing depends on its being hard to invert.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn home(variables: &[(&str, &str)]) -> Result<Home, HomeError> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        Home::from_variables(find, 4_000_000_000)
    }

    #[test]
    fn one_variable_moves_everything_into_a_private_folder() {
        let home = home(&[("LOCALD_HOME", "/x"), ("HOME", "/home/u"), ("XDG_STATE_HOME", "/s")]).unwrap();
        assert_eq!(home.arguments(), ["/x/run", "/x/state", "/x/config"].map(Path::new));
    }

    #[test]
    fn a_sandbox_has_all_its_folders_within_its_home() {
        let home = home(&[("HOME", "/home/u"), ("XDG_RUNTIME_DIR", "/")]).unwrap();
        let sandbox = home.sandbox(&"ci".parse().unwrap());
        let root = home.sandboxes().join("ci");
        assert!(sandbox.arguments().iter().all(|folder| folder.starts_with(&root)), "{sandbox:?}");
        assert!(sandbox.is_sandbox() && !home.is_sandbox());
        assert_ne!(sandbox.token(), home.token());
    }

    #[test]
    fn a_process_of_ours_learns_its_home_from_its_arguments() {
        let home = home(&[("HOME", "/home/u")]).unwrap();
        let arguments = home.arguments().map(|folder| folder.as_os_str().to_owned());
        assert_eq!(Home::from_arguments(arguments.into_iter()), Some(home));
        assert_eq!(Home::from_arguments(["/run".into()].into_iter()), None);
    }

    #[test]
    fn a_runtime_folder_of_another_user_is_not_used() {
        let home = home(&[("HOME", "/home/u"), ("XDG_RUNTIME_DIR", "/")]).unwrap();
        assert_eq!(home.runtime_dir(), Path::new("/tmp/locald-4000000000"));
        assert_eq!(home.state_dir(), Path::new("/home/u/.local/state/locald"));
    }

    #[test]
    fn relative_folders_are_no_home() {
        assert!(matches!(home(&[("HOME", "u")]), Err(HomeError::Homeless)));
    }

    #[test]
    fn every_socket_path_fits_however_long_the_home_is() {
        let long = format!("/{}", "d".repeat(300));
        let home = home(&[("LOCALD_HOME", &long)]).unwrap();
        assert!(home.socket().as_os_str().len() < 104, "{home:?}");
        assert!(home.state_dir().starts_with(&long));
    }

    #[test]
    fn folders_that_others_could_reach_into_are_refused() {
        let scratch = tempfile::tempdir().unwrap();
        let (open, link) = (scratch.path().join("open"), scratch.path().join("link"));
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(make_private(&open), Err(HomeError::NotPrivate { .. })));
        fs::set_permissions(&open, fs::Permissions::from_mode(0o700)).unwrap();
        make_private(&open).unwrap();
        symlink(&open, &link).unwrap();
        assert!(matches!(make_private(&link), Err(HomeError::NotPrivate { .. })));
        make_private(&scratch.path().join("a/b/new")).unwrap();
    }
}
