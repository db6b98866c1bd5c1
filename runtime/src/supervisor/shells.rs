//! Shells that people open in a project: services that nobody configured, and that are gone once their run ends.
//!
//! To the rest of the supervisor a shell is a service like any other, but it stands beside its project's services and not among them:
//! it has no place in their graph, nobody waits for it, and what is said of all services of a project does not mean it. The keeper
//! remembers it for the next daemon.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use locald_api::{Change, Failure, FailureKind, ProjectId, ServiceId, Target};
use locald_keeper::ToKeeper;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::controller::{ServiceController, ServiceFactory};
use super::definition::{Definition, Origin};
use super::exec::ExecFactory;
use super::names::Meant;
use super::project::Project;
use super::projects::{Slot, Supervisor, service_key, unavailable};
use super::service::{Asked, Remembered, Service};
use crate::panes::Pane;

/// The kind of service, as status shows it.
const KIND: &str = "shell";
/// How the names of all shells begin. No service that is configured can have a `+` in its name.
const PREFIX: &str = "shell+";
/// Shells that may be open in a project.
const MOST: usize = 32;
/// What is run where the project's environment names no shell.
const FALLBACK: &str = "/bin/sh";

/// What the keeper remembers shells by.
const KEY: &str = "shell/";

/// Makes controllers for shells, which run as commands do.
pub(super) struct ShellFactory(pub(super) ExecFactory);

/// The open shells of all projects, in the order in which they were opened.
#[derive(Default)]
pub(super) struct Shells {
    open: Mutex<Vec<Service>>,
    /// Held while one is forgotten: whoever closes a shell that ends at the same moment waits until nothing of it is left.
    forgetting: tokio::sync::Mutex<()>,
}

/// A shell as the keeper remembers it.
#[derive(Debug, Serialize, Deserialize)]
struct RememberedShell {
    id: ServiceId,
    definition: Definition,
}

impl ServiceFactory for ShellFactory {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn accepts(&self, definition: &Definition) -> bool {
        definition.origin == Origin::Opened
    }

    fn create(&self, pane: Arc<Pane>) -> Box<dyn ServiceController> {
        self.0.create(pane)
    }
}

impl Service {
    /// Whether this is a shell, that goes when its run ends.
    pub(super) fn is_shell(&self) -> bool {
        self.kind == KIND
    }
}

impl Shells {
    fn lock(&self) -> MutexGuard<'_, Vec<Service>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, project: &ProjectId) -> Vec<Service> {
        self.lock().iter().filter(|shell| shell.pane.id.project == *project).cloned().collect()
    }

    /// Takes a shell out; `None` if it is not there any more.
    fn take(&self, id: &ServiceId) -> Option<Service> {
        let mut shells = self.lock();
        let index = shells.iter().position(|shell| shell.pane.id == *id)?;
        Some(shells.remove(index))
    }
}

impl Supervisor {
    /// All projects as they are now, with the shells that are open in them after their services.
    pub(crate) fn everything(&self) -> Vec<Project> {
        let mut projects = self.snapshot();
        for project in &mut projects {
            project.services.extend(self.shells.of(&project.id));
        }
        projects
    }

    /// The services that a client means, without the shells where it names none.
    pub(super) fn resolve_configured(&self, target: &Target) -> Result<Vec<Meant>, Failure> {
        let mut meant = self.resolve(target)?;
        meant.retain(|meant| !(target.names.is_empty() && meant.service.is_shell()));
        Ok(meant)
    }

    /// Opens a shell in the project's folder, with the project's environment, and returns once it runs.
    pub(crate) async fn open_shell(self: &Arc<Self>, project: &ProjectId) -> Result<ServiceId, Failure> {
        let service = {
            let _changing = self.changing().await;
            let known = self.snapshot().into_iter().find(|known| known.id == *project);
            let known = known
                .ok_or_else(|| Failure::new(FailureKind::UnknownName, format!("the project `{project}` is not up")))?;
            let id = self.free_name(&known)?;
            let program = self.shell_of(project).unwrap_or_else(|| FALLBACK.to_owned());
            let definition = Definition::shell(&id.service, program, known.root);
            let remembered = RememberedShell { id: id.clone(), definition: definition.clone() };
            let value = serde_json::to_vec(&remembered).unwrap_or_default();
            let _ = self.keeper().send(&ToKeeper::Put { key: format!("{KEY}{id}"), value });
            let created = self.create_service(id, definition, None, Remembered::default()).await;
            let service = created.map_err(|reason| Failure::new(FailureKind::Internal, reason))?;
            self.shells.lock().push(service.clone());
            service
        };
        self.touch();
        let started = service.ask(Asked::Start).await.map_err(unavailable)?.done().await.map_err(unavailable)?;
        let id = service.pane.id.clone();
        if let Change::Failed { reason } = started {
            self.forget_shell(&id).await;
            return Err(Failure::new(FailureKind::StartFailed, format!("the shell could not be started: {reason}")));
        }
        self.forget_when_over(&service);
        Ok(id)
    }

    /// Ends a shell, and returns once nothing of it is left.
    pub(crate) async fn close_shell(self: &Arc<Self>, id: &ServiceId) -> Result<(), Failure> {
        let shell = self.shells.lock().iter().find(|shell| shell.pane.id == *id).cloned();
        let shell = shell.ok_or_else(|| Failure::new(FailureKind::UnknownName, format!("there is no shell `{id}`")))?;
        shell.stop_at_once().await.map_err(unavailable)?;
        self.forget_shell(id).await;
        Ok(())
    }

    /// Ends the shells of a project that comes down.
    pub(super) async fn close_shells(self: &Arc<Self>, project: &ProjectId) {
        for shell in self.shells.of(project) {
            // Without its task the daemon is ending, and everything with it.
            let _ = self.close_shell(&shell.pane.id).await;
        }
    }

    /// Takes over the shells that an earlier daemon left with the keeper; those that have ended meanwhile are gone.
    pub(super) async fn inherit_shells(
        self: &Arc<Self>,
        slots: &mut BTreeMap<String, Slot>,
        values: &BTreeMap<String, Vec<u8>>,
    ) {
        for value in values.iter().filter(|(key, _)| key.starts_with(KEY)).map(|(_, value)| value) {
            let Ok(RememberedShell { id, definition }) = serde_json::from_slice(value) else {
                warn!("a shell that an earlier daemon remembered cannot be read");
                continue;
            };
            let Some(slot) = slots.remove(&id.to_string()).filter(Slot::is_in_use) else {
                self.forget_remembered(&id);
                continue;
            };
            match self.create_service(id.clone(), definition, Some(slot), remembered(&id, values)).await {
                Ok(service) => {
                    self.shells.lock().push(service.clone());
                    self.forget_when_over(&service);
                }
                Err(error) => {
                    warn!(shell = %id, error, "a shell could not be taken over and is ended");
                    self.end_slot(id.to_string());
                }
            }
        }
        self.remove_left_logs();
    }

    /// Has the shell gone once its run ends.
    fn forget_when_over(self: &Arc<Self>, service: &Service) {
        let supervisor = Arc::downgrade(self);
        let (mut view, id) = (service.view(), service.pane.id.clone());
        tokio::spawn(async move {
            let over = view.wait_for(|view| view.state.is_at_rest()).await.is_ok();
            if let Some(supervisor) = supervisor.upgrade().filter(|_| over) {
                supervisor.forget_shell(&id).await;
            }
        });
    }

    /// Forgets a shell that is over, with all it has printed.
    async fn forget_shell(self: &Arc<Self>, id: &ServiceId) {
        let _one_at_a_time = self.shells.forgetting.lock().await;
        let Some(shell) = self.shells.take(id) else { return };
        self.forget_service(&shell).await;
        self.forget_remembered(id);
        remove_log(&shell.pane.log_dir);
        self.touch();
    }

    fn forget_remembered(&self, id: &ServiceId) {
        let _ = self.keeper().send(&ToKeeper::Remove { key: format!("{KEY}{id}") });
        let _ = self.keeper().send(&ToKeeper::Close { slot: id.to_string() });
    }

    /// A name that no open shell of the project has.
    fn free_name(&self, project: &Project) -> Result<ServiceId, Failure> {
        let open = self.shells.of(&project.id);
        let is_free = |name: &String| open.iter().all(|shell| shell.pane.id.service != *name);
        let name = (1..=MOST).map(|number| format!("{PREFIX}{number}")).find(is_free);
        let service = name.ok_or_else(|| {
            let message = format!("`{}` has {MOST} open shells, and no more are allowed", project.name);
            Failure::new(FailureKind::BadRequest, message)
        })?;
        Ok(ServiceId { project: project.id.clone(), service })
    }

    /// Removes what shells have printed that ended while no daemon was there to see it.
    fn remove_left_logs(&self) {
        let open: Vec<PathBuf> = self.shells.lock().iter().map(|shell| shell.pane.log_dir.clone()).collect();
        let folders = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let logs = folders(&self.logs()).flat_map(|project| folders(&project).collect::<Vec<_>>());
        let is_shells = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()))
        };
        logs.filter(|path| is_shells(path) && !open.contains(path)).for_each(|path| remove_log(&path));
    }
}

fn remembered(id: &ServiceId, values: &BTreeMap<String, Vec<u8>>) -> Remembered {
    values.get(&service_key(id)).and_then(|value| serde_json::from_slice(value).ok()).unwrap_or_default()
}

fn remove_log(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        warn!(folder = %folder.display(), %error, "what a shell has printed cannot be removed");
    }
}
