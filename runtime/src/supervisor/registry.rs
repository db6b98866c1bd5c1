//! The projects that this home knows: which are to start with the daemon, and which can be forgotten.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use locald_api::{Failure, FailureKind, RegisteredProject};
use tracing::{info, warn};

use super::desired::WantedProject;
use super::login;
use super::project::{project_id, root_suffix};
use super::projects::Supervisor;
use super::service::Asked;

impl WantedProject {
    /// The project as it is while it is not up.
    pub(crate) fn registered(&self) -> RegisteredProject {
        RegisteredProject {
            id: project_id(&self.name, &self.root),
            name: self.name.clone(),
            root: self.root.to_string_lossy().into_owned(),
            up: false,
            services: 0,
            running: 0,
            pinned: self.pinned,
            missing: !locald_config::is_project(&self.root),
            faults: Vec::new(),
        }
    }
}

impl Supervisor {
    /// Starts the projects that are to start with the daemon and that nobody has brought down.
    pub(crate) async fn start_pinned(self: &Arc<Self>) {
        let loaded = self.snapshot();
        let is_due = |project: &WantedProject| {
            project.pinned && project.up && loaded.iter().all(|loaded| loaded.root != project.root)
        };
        let due: Vec<WantedProject> = self.desired.projects().into_iter().filter(is_due).collect();
        let mut login_environment = None;
        for project in due {
            if !locald_config::is_project(&project.root) {
                warn!(root = %project.root.display(), "is to start with the daemon, and is not there");
                continue;
            }
            let environment = match (self.kept.of(&project.root), &login_environment) {
                (Some(kept), _) => kept,
                (None, Some(login)) => Vec::clone(login),
                (None, None) => login_environment.insert(login::environment().await).clone(),
            };
            let (supervisor, root) = (self.clone(), project.root.clone());
            // Side by side: one may wait long for its services.
            tokio::spawn(async move {
                let text = root.to_string_lossy().into_owned();
                let failure = supervisor.up(text, Vec::new(), environment, true, Asked::Start).await.err();
                info!(root = %root.display(), ?failure, "started with the daemon");
                supervisor.note_unstarted(&root, failure);
            });
        }
    }

    /// All projects, in the order of their names.
    pub(crate) fn registered(&self) -> Vec<RegisteredProject> {
        let (loaded, unstarted) = (self.snapshot(), self.unstarted());
        let registered = self.desired.projects().into_iter().map(|project| {
            let mut registered = project.registered();
            if let Some(loaded) = loaded.iter().find(|loaded| loaded.root == project.root) {
                let runs = loaded.services.iter().filter(|service| service.view().borrow().state.pid().is_some());
                let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
                (registered.id, registered.name, registered.up) = (loaded.id.clone(), loaded.name.clone(), true);
                (registered.running, registered.services) = (count(runs.count()), count(loaded.services.len()));
                registered.faults = loaded.faults.to_vec();
            } else if let Some(failure) = unstarted.get(&project.root) {
                registered.faults = vec![failure.message.clone()];
            }
            registered
        });
        let mut registered: Vec<RegisteredProject> = registered.collect();
        registered.sort_by(|one, other| (&one.name, &one.root).cmp(&(&other.name, &other.root)));
        registered
    }

    /// Has the project in `root` start with the daemon from now on, or no longer.
    pub(crate) async fn pin_project(&self, root: &Path, name: &str, pinned: bool) {
        if self.desired.pin(root, name, pinned) {
            self.save_desired().await;
            self.touch();
        }
    }

    /// Forgets projects with all that is kept of them: wishes, ports, environments and logs.
    ///
    /// # Errors
    /// One of them is up; then none is forgotten.
    pub(crate) async fn forget_registered(&self, roots: Vec<PathBuf>) -> Result<(), Failure> {
        let _changing = self.changing().await;
        if let Some(up) = self.snapshot().iter().find(|project| roots.contains(&project.root)) {
            let message = format!("the project `{}` is up", up.name);
            return Err(Failure::new(FailureKind::BadRequest, message).hint("`locald down` brings it down first"));
        }
        let (logs, desired, kept, addresses) =
            (self.logs(), self.desired.clone(), self.kept.clone(), self.addresses.clone());
        let forgetting = tokio::task::spawn_blocking(move || {
            for root in &roots {
                kept.set(root, None);
                addresses.forget_project(&root_suffix(root));
                forget_logs(&logs, root);
                desired.forget(root);
            }
            desired.save();
        });
        forgetting.await.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?;
        self.touch();
        Ok(())
    }
}

/// Removes the logs of the project in `root`, whatever its name was.
pub(crate) fn forget_logs(logs: &Path, root: &Path) {
    let suffix = root_suffix(root);
    let entries = std::fs::read_dir(logs).into_iter().flatten().filter_map(Result::ok);
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(&suffix)) {
        if let Err(error) = std::fs::remove_dir_all(entry.path()) {
            warn!(folder = %entry.path().display(), %error, "logs of a forgotten project cannot be removed");
        }
    }
}
