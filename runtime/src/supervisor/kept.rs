//! Environments that are kept on disk, of projects that ask for it (`keep_env = true`): to start with the daemon as from the shell
//! that ran `up`. All others are known to the keeper alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing::warn;

use crate::state_file;

/// The variables of a shell.
type Shell = Vec<(String, String)>;

/// Forgets the environment of the project in `root`, in a home whose lasting files are in `home`.
pub(crate) fn forget_environment(home: &Path, root: &Path) {
    KeptEnvironments::open(file(home)).set(root, None);
}

/// Where environments are kept.
pub(super) fn file(home: &Path) -> PathBuf {
    home.join("environments.json")
}

/// The kept environments, by the folder of their project.
#[derive(Debug)]
pub(super) struct KeptEnvironments {
    file: PathBuf,
    shells: Mutex<BTreeMap<PathBuf, Shell>>,
}

impl KeptEnvironments {
    pub(super) fn open(file: PathBuf) -> Self {
        Self { shells: Mutex::new(state_file::read(&file).value), file }
    }

    /// The environment of the project in `root`, if it is kept.
    pub(super) fn of(&self, root: &Path) -> Option<Shell> {
        self.shells.lock().unwrap_or_else(PoisonError::into_inner).get(root).cloned()
    }

    /// Keeps an environment, or with `None` keeps none any longer. Waits for the disk where that changes anything.
    pub(super) fn set(&self, root: &Path, shell: Option<&[(String, String)]>) {
        let mut shells = self.shells.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match shell {
            Some(shell) => shells.insert(root.to_owned(), shell.to_vec()),
            None => shells.remove(root),
        };
        if before.as_deref() != shell
            && let Err(error) = state_file::write(&self.file, &*shells)
        {
            warn!(file = %self.file.display(), %error, "an environment cannot be kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_kept_for_its_owner_alone_until_it_is_not_wanted_any_more() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = tempfile::tempdir().unwrap();
        let (file, root) = (scratch.path().join("environments.json"), Path::new("/code/shop"));
        let shell = vec![("TOKEN".to_owned(), "x".to_owned())];
        let kept = KeptEnvironments::open(file.clone());
        kept.set(root, None);
        assert!(!file.exists());
        kept.set(root, Some(&shell));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let kept = KeptEnvironments::open(file.clone());
        assert_eq!(kept.of(root), Some(shell));
        kept.set(root, None);
        assert_eq!(KeptEnvironments::open(file).of(root), None);
    }
}
