//! What people want, on disk: which projects are up, and which of their services somebody stopped. It outlasts keeper and machine.
//!
//! No environment is ever written here, nor anything else that a configuration file does not say.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::state_file::{self, Read};

/// The version of the file. One of a later version is not guessed at.
const VERSION: u32 = 1;

/// What is wanted, and the file it is kept in.
#[derive(Debug)]
pub(crate) struct Desired {
    file: PathBuf,
    wishes: Mutex<Wishes>,
    /// One writer at a time, so that the last one writes the last state.
    saving: Mutex<()>,
    notice: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Wishes {
    #[serde(deserialize_with = "known_version")]
    version: u32,
    #[serde(default)]
    projects: Vec<WantedProject>,
}

/// A project that was up at some time and was not forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WantedProject {
    pub(crate) root: PathBuf,
    pub(crate) name: String,
    /// Whether it is up, or is to be when it starts with the daemon.
    #[serde(default)]
    pub(crate) up: bool,
    /// Whether it starts with the daemon.
    #[serde(default)]
    pub(crate) pinned: bool,
    /// The services that somebody stopped.
    #[serde(default)]
    pub(crate) stopped: Vec<String>,
}

impl Desired {
    /// Reads the file. One that makes no sense is set aside, which [`Self::notice`] tells.
    pub(crate) fn open(file: PathBuf) -> Self {
        let Read { value: wishes, notice } = state_file::read::<Wishes>(&file);
        Self { file, wishes: Mutex::new(wishes), saving: Mutex::new(()), notice }
    }

    /// What was wrong with the file, if something was.
    pub(crate) fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// The projects, those that are up and those that were.
    pub(crate) fn projects(&self) -> Vec<WantedProject> {
        self.wishes().projects.clone()
    }

    /// The services of the project in `root` that somebody stopped.
    pub(crate) fn stopped(&self, root: &Path) -> Vec<String> {
        let wishes = self.wishes();
        let project = wishes.projects.iter().find(|project| project.root == root);
        project.map(|project| project.stopped.clone()).unwrap_or_default()
    }

    /// The project in `root` is up, with these services. Says whether that is news.
    pub(crate) fn note_up(&self, root: &Path, name: &str, services: &[String]) -> bool {
        let mut wishes = self.wishes();
        let project = project(&mut wishes, root);
        let before = project.clone();
        project.up = true;
        name.clone_into(&mut project.name);
        // A service that is not in the configuration any more is not wanted either way.
        project.stopped.retain(|stopped| services.contains(stopped));
        *project != before
    }

    /// The project in `root` starts with the daemon, or no longer does. Says whether that is news.
    pub(crate) fn pin(&self, root: &Path, name: &str, pinned: bool) -> bool {
        let mut wishes = self.wishes();
        let is_known = wishes.projects.iter().any(|project| project.root == root);
        if !is_known && !pinned {
            return false;
        }
        let project = project(&mut wishes, root);
        let before = project.clone();
        if !is_known {
            name.clone_into(&mut project.name);
        }
        // Whoever wants it always up wants it up.
        (project.pinned, project.up) = (pinned, project.up || pinned);
        *project != before
    }

    /// The project in `root` is not known any more.
    pub(crate) fn forget(&self, root: &Path) {
        self.wishes().projects.retain(|project| project.root != root);
    }

    /// The project in `root` was brought down.
    pub(crate) fn note_down(&self, root: &Path) {
        project(&mut self.wishes(), root).up = false;
    }

    /// Somebody wants these services of the project in `root` to run, or not to.
    pub(crate) fn note_services(&self, root: &Path, services: &[String], run: bool) {
        let mut wishes = self.wishes();
        let stopped = &mut project(&mut wishes, root).stopped;
        stopped.retain(|service| !services.contains(service));
        if !run {
            stopped.extend(services.iter().cloned());
        }
    }

    /// Writes down what is wanted by then. Waits for the disk.
    pub(crate) fn save(&self) {
        let _one_at_a_time = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let wishes = Wishes { version: VERSION, ..self.wishes().clone() };
        if let Err(error) = state_file::write(&self.file, &wishes) {
            warn!(file = %self.file.display(), %error, "what is wanted cannot be saved");
        }
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn project<'a>(wishes: &'a mut Wishes, root: &Path) -> &'a mut WantedProject {
    let place = wishes.projects.iter().position(|project| project.root == root).unwrap_or_else(|| {
        let root = root.to_owned();
        wishes.projects.push(WantedProject {
            root,
            name: String::new(),
            up: false,
            pinned: false,
            stopped: Vec::new(),
        });
        wishes.projects.len() - 1
    });
    &mut wishes.projects[place]
}

fn known_version<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        VERSION => Ok(VERSION),
        other => Err(serde::de::Error::custom(format!("version {other} is of another release"))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use proptest::prelude::*;

    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_was_stopped_stays_so_until_it_is_wanted_again_or_is_no_more() {
        let scratch = tempfile::tempdir().unwrap();
        let (file, root) = (scratch.path().join("state.json"), Path::new("/code/shop"));
        let desired = Desired::open(file.clone());
        desired.note_up(root, "shop", &names(&["web", "db", "old"]));
        desired.note_services(root, &names(&["db", "old"]), false);
        desired.note_services(root, &names(&["web"]), true);
        desired.save();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        let desired = Desired::open(file.clone());
        desired.note_up(root, "shop", &names(&["web", "db"]));
        assert_eq!((desired.stopped(root), desired.notice()), (names(&["db"]), None));
        desired.note_services(root, &names(&["db"]), true);
        desired.note_down(root);
        desired.save();
        let projects = Desired::open(file).projects();
        assert_eq!(projects.len(), 1);
        assert!(!projects[0].up && projects[0].stopped.is_empty(), "{projects:?}");
    }

    #[test]
    fn a_pinned_project_stays_so_whether_it_is_up_or_down_until_it_is_forgotten() {
        let scratch = tempfile::tempdir().unwrap();
        let desired = Desired::open(scratch.path().join("state.json"));
        let root = Path::new("/code/shop");
        assert!(!desired.pin(root, "shop", false), "what is not known needs not be told");
        assert!(desired.pin(root, "shop", true) && !desired.pin(root, "shop", true));
        assert!(desired.projects()[0].up, "whoever wants it always up wants it up");
        desired.note_down(root);
        assert!(desired.projects()[0].pinned && !desired.projects()[0].up);
        desired.forget(root);
        assert!(desired.projects().is_empty());
    }

    #[test]
    fn a_file_of_the_first_version_is_read() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("state.json");
        let text = r#"{"version":1,"projects":[{"root":"/code/shop","name":"shop","up":true,"later":1}]}"#;
        fs::write(&file, text).unwrap();
        let desired = Desired::open(file);
        let shop = WantedProject {
            root: "/code/shop".into(),
            name: "shop".to_owned(),
            up: true,
            pinned: false,
            stopped: vec![],
        };
        assert_eq!((desired.projects(), desired.notice()), (vec![shop], None));
    }

    #[test]
    fn a_file_that_makes_no_sense_is_set_aside_and_told() {
        for text in ["{oops", "", r#"{"version":2,"projects":[]}"#, "[]"] {
            let scratch = tempfile::tempdir().unwrap();
            let file = scratch.path().join("state.json");
            fs::write(&file, text).unwrap();
            let desired = Desired::open(file);
            assert!(desired.notice().is_some_and(|notice| notice.contains("state.json.corrupt")), "{text}");
            assert_eq!(fs::read_to_string(scratch.path().join("state.json.corrupt")).unwrap(), text);
            desired.note_up(Path::new("/x"), "x", &[]);
            desired.save();
        }
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_set_aside(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let scratch = tempfile::tempdir().unwrap();
            let file = scratch.path().join("state.json");
            fs::write(&file, &text).unwrap();
            let desired = Desired::open(file.clone());
            let is_aside = fs::read(scratch.path().join("state.json.corrupt")).is_ok_and(|aside| aside == text);
            prop_assert_eq!(desired.notice().is_some(), is_aside);
            prop_assert_eq!(file.exists(), !is_aside);
        }
    }
}
