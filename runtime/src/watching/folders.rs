//! Which folders have to be watched to notice a change of files that may be links, may be replaced, or may not be there yet. Pure
//! but for looking where links lead and which folders there are.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The files that concern each of those who want to know.
pub(super) type Files<K> = BTreeMap<K, Vec<PathBuf>>;

/// A link that leads through more links than this leads nowhere that matters.
const MAX_LINKS: usize = 8;

/// What in each folder concerns whom, by the name of the entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Folders<K>(BTreeMap<PathBuf, BTreeMap<OsString, BTreeSet<K>>>);

impl<K> Default for Folders<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Clone + Ord> Folders<K> {
    /// As the folders are now.
    pub(super) fn of(files: &Files<K>) -> Self {
        let mut folders = Self::default();
        for (key, files) in files {
            for file in files {
                folders.add(key, file);
            }
        }
        folders
    }

    /// All folders.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// Whom a change of this entry of a folder concerns.
    pub(super) fn concerned(&self, folder: &Path, entry: &OsString) -> impl Iterator<Item = &K> {
        self.0.get(folder).and_then(|entries| entries.get(entry)).into_iter().flatten()
    }

    /// Whom the loss of a whole folder concerns.
    pub(super) fn concerned_by_loss(&self, folder: &Path) -> BTreeSet<K> {
        self.0.get(folder).into_iter().flat_map(BTreeMap::values).flatten().cloned().collect()
    }

    /// An editor replaces a file rather than writing it, so that its folder tells more than the file itself. Where a link stands,
    /// each step of its way can change.
    fn add(&mut self, key: &K, file: &Path) {
        let mut file = file.to_path_buf();
        for _ in 0..=MAX_LINKS {
            let Some((folder, entry)) = nearest(&file) else { return };
            let target = std::fs::read_link(&file).ok().map(|target| folder.join(target));
            self.0.entry(folder).or_default().entry(entry).or_default().insert(key.clone());
            match target {
                Some(target) => file = target,
                None => return,
            }
        }
    }
}

/// The folder that a file is in and its name there; of a folder that is not there, the nearest above it that is, and the entry that
/// has to appear in it.
fn nearest(file: &Path) -> Option<(PathBuf, OsString)> {
    let mut entry = file;
    loop {
        let folder = entry.parent()?;
        if folder.is_dir() {
            return Some((folder.to_path_buf(), entry.file_name()?.to_owned()));
        }
        entry = folder;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn watched(root: &Path, files: &[&str]) -> Vec<String> {
        let files = files.iter().map(|file| root.join(file)).collect();
        let folders = Folders::of(&BTreeMap::from([((), files)]));
        let entries = folders.0.iter().flat_map(|(folder, entries)| entries.keys().map(move |it| folder.join(it)));
        entries.map(|path| path.strip_prefix(root).unwrap().display().to_string()).collect()
    }

    #[test]
    fn files_of_one_folder_take_one_watch() {
        let scratch = tempfile::tempdir().unwrap();
        assert_eq!(watched(scratch.path(), &["locald.toml", ".env"]), [".env", "locald.toml"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_waited_for() {
        let scratch = tempfile::tempdir().unwrap();
        assert_eq!(watched(scratch.path(), &["config/locald/config.toml"]), ["config"]);
        fs::create_dir(scratch.path().join("config")).unwrap();
        assert_eq!(watched(scratch.path(), &["config/locald/config.toml"]), ["config/locald"]);
    }

    #[test]
    fn of_a_link_every_step_is_watched() {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(scratch.path().join("dotfiles")).unwrap();
        symlink("dotfiles/link", scratch.path().join("config.toml")).unwrap();
        symlink("real", scratch.path().join("dotfiles/link")).unwrap();
        assert_eq!(watched(scratch.path(), &["config.toml"]), ["config.toml", "dotfiles/link", "dotfiles/real"]);
    }

    #[test]
    fn a_link_that_leads_to_itself_ends() {
        let scratch = tempfile::tempdir().unwrap();
        symlink("loop", scratch.path().join("loop")).unwrap();
        assert_eq!(watched(scratch.path(), &["loop"]), ["loop"]);
    }
}
