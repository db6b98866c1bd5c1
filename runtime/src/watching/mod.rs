//! Notices when files change, wherever they are and whether or not they are there yet.
//!
//! One task owns the kernel's queue. It is told which files count by a value of which only the latest matters, and tells whose have
//! changed by a set, so nobody ever waits for it and nothing piles up.

mod debounce;
mod folders;
mod inotify;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tracing::warn;

use debounce::Debounce;
use folders::{Files, Folders};
use inotify::{Inotify, News};

/// Says which files count, and whose have changed. `K` is what they are known by to whom they concern: a project in the daemon.
#[derive(Debug, Clone)]
pub struct Watching<K> {
    files: watch::Sender<Files<K>>,
    changed: Arc<Changed<K>>,
    fault: watch::Receiver<Option<String>>,
}

/// Whose files have changed, as far as nobody has taken that up yet.
#[derive(Debug)]
struct Changed<K> {
    keys: Mutex<BTreeSet<K>>,
    news: Notify,
}

impl<K: Clone + Ord + Send + Sync + 'static> Watching<K> {
    /// Begins to watch, nothing at first. Within a tokio runtime; ends when all clones of this are gone.
    pub fn begin() -> Self {
        let (fault, faults) = watch::channel(None);
        let changed = Arc::new(Changed { keys: Mutex::default(), news: Notify::default() });
        let watching = Self { files: watch::Sender::default(), changed, fault: faults };
        match Inotify::new() {
            Ok(inotify) => {
                let task = Task {
                    files: watching.files.subscribe(),
                    changed: watching.changed.clone(),
                    fault,
                    folders: Folders::default(),
                    debounce: Debounce::default(),
                };
                tokio::spawn(task.run(inotify));
            }
            Err(error) => drop(fault.send_replace(Some(sentence("files", &error)))),
        }
        watching
    }

    /// From now on these files count for `key`, and no others. Whoever has read them before sees what changed in between:
    /// where the list is new, they are taken for changed once.
    pub fn set(&self, key: &K, files: &[PathBuf]) {
        self.files.send_if_modified(|all| all.insert(key.clone(), files.to_vec()).as_deref() != Some(files));
    }

    /// No file counts for `key` any more.
    pub(crate) fn forget(&self, key: &K) {
        self.files.send_if_modified(|all| all.remove(key).is_some());
        self.changed.lock().remove(key);
    }

    /// Takes its files for changed.
    pub(crate) fn note(&self, key: &K) {
        self.changed.add([key.clone()]);
    }

    /// One whose files have changed since it was returned last.
    pub async fn changed(&self) -> K {
        loop {
            let next = self.changed.lock().pop_first();
            match next {
                Some(key) => return key,
                None => self.changed.news.notified().await,
            }
        }
    }

    /// Why changes of some files are not noticed, if that is so.
    pub fn fault(&self) -> Option<String> {
        self.fault.borrow().clone()
    }
}

impl<K: Ord> Changed<K> {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<K>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, keys: impl IntoIterator<Item = K>) {
        self.lock().extend(keys);
        self.news.notify_one();
    }
}

struct Task<K> {
    files: watch::Receiver<Files<K>>,
    changed: Arc<Changed<K>>,
    fault: watch::Sender<Option<String>>,
    folders: Folders<K>,
    debounce: Debounce<K>,
}

impl<K: Clone + Ord> Task<K> {
    /// Watches until nobody wants to know any more.
    async fn run(mut self, mut inotify: Inotify) {
        let mut known = Files::default();
        loop {
            let deadline = self.debounce.deadline();
            tokio::select! {
                changed = self.files.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let files = self.files.borrow_and_update().clone();
                    // Read before they were watched: what happened in between was not seen.
                    let now = Instant::now();
                    let new = files.iter().filter(|(key, files)| known.get(*key) != Some(*files));
                    new.for_each(|(key, _)| self.debounce.note(key, now));
                    known = files;
                    self.look_anew(&mut inotify, &known);
                }
                news = inotify.news() => match news {
                    Ok(news) => {
                        if self.take_in(&news, &known) {
                            self.look_anew(&mut inotify, &known);
                        }
                    }
                    Err(error) => {
                        warn!(%error, "changes of files cannot be noticed any more");
                        self.fault.send_replace(Some(sentence("files", &error)));
                        return;
                    }
                },
                () = until(deadline) => {
                    let over = self.debounce.take(Instant::now());
                    self.changed.add(over);
                }
            }
        }
    }

    /// Says whether anything of it concerns anybody.
    fn take_in(&mut self, news: &[News], files: &Files<K>) -> bool {
        let now = Instant::now();
        let mut concerned: BTreeSet<K> = BTreeSet::new();
        for news in news {
            match news {
                News::Entry(folder, entry) => concerned.extend(self.folders.concerned(folder, entry).cloned()),
                News::Gone(folder) => concerned.extend(self.folders.concerned_by_loss(folder)),
                News::Overflow => concerned.extend(files.keys().cloned()),
            }
        }
        for key in &concerned {
            self.debounce.note(key, now);
        }
        !concerned.is_empty()
    }

    /// Watches what there is to watch by now: links may lead elsewhere, and folders may have come or gone.
    fn look_anew(&mut self, inotify: &mut Inotify, files: &Files<K>) {
        let mut outcome;
        loop {
            let folders = Folders::of(files);
            outcome = inotify.watch(folders.paths());
            // A folder that came while the one above it was about to be watched was not seen coming.
            let is_settled = folders == Folders::of(files);
            self.folders = folders;
            if is_settled {
                break;
            }
        }
        let fault = outcome.err().map(|(folder, error)| sentence(&format!("files in {}", folder.display()), &error));
        self.fault.send_if_modified(|known| {
            let other = *known != fault;
            *known = fault;
            other
        });
    }
}

fn sentence(what: &str, error: &std::io::Error) -> String {
    format!("changes of {what} are not noticed: {error}")
}

/// Resolves at a deadline; never without one.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use locald_api::ProjectId;

    use super::*;

    fn id() -> ProjectId {
        ProjectId("shop-1a2b".to_owned())
    }

    /// Begins to watch a file of that name, and waits until it is watched.
    async fn watching(root: &Path, file: &str) -> Watching<ProjectId> {
        let watching = Watching::begin();
        watching.set(&id(), &[root.join(file)]);
        assert_eq!(watching.changed().await, id());
        watching
    }

    async fn is_noticed(watching: &Watching<ProjectId>) -> bool {
        tokio::time::timeout(Duration::from_secs(10), watching.changed()).await == Ok(id())
    }

    #[tokio::test]
    async fn a_file_that_comes_changes_is_replaced_and_goes_is_noticed_each_time() {
        let scratch = tempfile::tempdir().unwrap();
        let watching = watching(scratch.path(), "locald.toml").await;
        let file = scratch.path().join("locald.toml");
        for text in ["first", "second"] {
            fs::write(&file, text).unwrap();
            assert!(is_noticed(&watching).await);
        }
        fs::write(scratch.path().join("new"), "third").unwrap();
        fs::rename(scratch.path().join("new"), &file).unwrap();
        assert!(is_noticed(&watching).await);
        fs::remove_file(&file).unwrap();
        assert!(is_noticed(&watching).await);
    }

    #[tokio::test]
    async fn folders_on_the_way_to_a_file_may_come_and_go() {
        let scratch = tempfile::tempdir().unwrap();
        let watching = watching(scratch.path(), "config/locald/config.toml").await;
        let folder = scratch.path().join("config/locald");
        for _ in 0..2 {
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("config.toml"), "").unwrap();
            assert!(is_noticed(&watching).await);
            fs::write(folder.join("config.toml"), "x").unwrap();
            assert!(is_noticed(&watching).await);
            fs::remove_dir_all(scratch.path().join("config")).unwrap();
            assert!(is_noticed(&watching).await);
        }
    }

    #[tokio::test]
    async fn what_a_link_leads_to_is_noticed() {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(scratch.path().join("dotfiles")).unwrap();
        std::os::unix::fs::symlink("dotfiles/real", scratch.path().join("config.toml")).unwrap();
        let watching = watching(scratch.path(), "config.toml").await;
        fs::write(scratch.path().join("dotfiles/real"), "").unwrap();
        assert!(is_noticed(&watching).await);
    }

    #[tokio::test]
    async fn a_project_that_is_forgotten_is_not_told_of() {
        let scratch = tempfile::tempdir().unwrap();
        let watching = watching(scratch.path(), "locald.toml").await;
        watching.note(&id());
        watching.forget(&id());
        let told = tokio::time::timeout(Duration::from_millis(1), watching.changed()).await;
        assert!(told.is_err());
    }
}
