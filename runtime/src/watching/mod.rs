//! Notices when files that feed a project's configuration change, wherever they are and whether or not they are there yet.
//!
//! One task owns the kernel's queue. It is told which files count by a value of which only the latest matters, and tells of projects
//! by a set, so nobody ever waits for it and nothing piles up.

mod debounce;
mod folders;
mod inotify;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use locald_api::ProjectId;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tracing::warn;

use debounce::Debounce;
use folders::{Files, Folders};
use inotify::{Inotify, News};

/// Says which files count, and which projects have changed.
#[derive(Debug, Clone)]
pub(crate) struct Watching {
    files: watch::Sender<Files>,
    changed: Arc<Changed>,
    fault: watch::Receiver<Option<String>>,
}

/// The projects whose files have changed, and that nobody has taken up yet.
#[derive(Debug, Default)]
struct Changed {
    projects: Mutex<BTreeSet<ProjectId>>,
    news: Notify,
}

impl Watching {
    /// Begins to watch, nothing at first.
    pub(crate) fn begin() -> Self {
        let (fault, faults) = watch::channel(None);
        let watching = Self { files: watch::Sender::default(), changed: Arc::default(), fault: faults };
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

    /// From now on these files count for the project, and no others. Whoever has read them before sees what changed in between:
    /// where the list is new, they are taken for changed once.
    pub(crate) fn set(&self, project: &ProjectId, files: &[PathBuf]) {
        self.files.send_if_modified(|all| all.insert(project.clone(), files.to_vec()).as_deref() != Some(files));
    }

    /// No file counts for the project any more.
    pub(crate) fn forget(&self, project: &ProjectId) {
        self.files.send_if_modified(|all| all.remove(project).is_some());
        self.changed.lock().remove(project);
    }

    /// Takes a project for changed.
    pub(crate) fn note(&self, project: &ProjectId) {
        self.changed.add([project.clone()]);
    }

    /// A project whose files have changed since it was returned last.
    pub(crate) async fn changed(&self) -> ProjectId {
        loop {
            let next = self.changed.lock().pop_first();
            match next {
                Some(project) => return project,
                None => self.changed.news.notified().await,
            }
        }
    }

    /// Why changes of some files are not noticed, if that is so.
    pub(crate) fn fault(&self) -> Option<String> {
        self.fault.borrow().clone()
    }
}

impl Changed {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<ProjectId>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, projects: impl IntoIterator<Item = ProjectId>) {
        self.lock().extend(projects);
        self.news.notify_one();
    }
}

struct Task {
    files: watch::Receiver<Files>,
    changed: Arc<Changed>,
    fault: watch::Sender<Option<String>>,
    folders: Folders,
    debounce: Debounce,
}

impl Task {
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
                    let new = files.iter().filter(|(project, files)| known.get(*project) != Some(*files));
                    new.for_each(|(project, _)| self.debounce.note(project, now));
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

    /// Says whether anything of it concerns a project.
    fn take_in(&mut self, news: &[News], files: &Files) -> bool {
        let now = Instant::now();
        let mut concerned: BTreeSet<ProjectId> = BTreeSet::new();
        for news in news {
            match news {
                News::Entry(folder, entry) => concerned.extend(self.folders.concerned(folder, entry).cloned()),
                News::Gone(folder) => concerned.extend(self.folders.concerned_by_loss(folder)),
                News::Overflow => concerned.extend(files.keys().cloned()),
            }
        }
        for project in &concerned {
            self.debounce.note(project, now);
        }
        !concerned.is_empty()
    }

    /// Watches what there is to watch by now: links may lead elsewhere, and folders may have come or gone.
    fn look_anew(&mut self, inotify: &mut Inotify, files: &Files) {
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

    use super::*;

    fn id() -> ProjectId {
        ProjectId("shop-1a2b".to_owned())
    }

    /// Begins to watch a file of that name, and waits until it is watched.
    async fn watching(root: &Path, file: &str) -> Watching {
        let watching = Watching::begin();
        watching.set(&id(), &[root.join(file)]);
        assert_eq!(watching.changed().await, id());
        watching
    }

    async fn is_noticed(watching: &Watching) -> bool {
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
