//! Taking up what has changed in a project's files: only what is made from something else now is restarted.
//!
//! A file with a fault changes nothing but what is said of its project, until it is mended.

use std::path::Path;
use std::sync::{Arc, Weak};

use locald_api::{Failure, ProjectId, ServiceChange, Target};
use locald_config::{LoadError, Start};
use tracing::{debug, info, warn};

use super::Supervisor;
use super::loading::config_failure;
use crate::supervisor::names::Meant;
use crate::supervisor::project::Project;
use crate::supervisor::service::{Asked, Service};

/// So many faults of a project are told; a file of nothing but faults says no more with them all.
const MOST_FAULTS: usize = 20;

/// Takes up changes of files until the supervisor is gone.
pub(super) async fn reload(supervisor: Weak<Supervisor>) {
    let Some(watching) = supervisor.upgrade().map(|supervisor| supervisor.watching.clone()) else { return };
    loop {
        let project = watching.changed().await;
        let Some(supervisor) = supervisor.upgrade() else { return };
        match supervisor.reread(&project).await {
            Ok(wanted) if wanted.is_empty() => debug!(%project, "the configuration was read"),
            Ok(wanted) => {
                let names: Vec<_> = wanted.iter().map(|(meant, what)| (&meant.service.pane.id.service, what)).collect();
                info!(%project, services = ?names, "the configuration was read");
                // Until all of them are well somebody may save again.
                let supervisor = supervisor.clone();
                tokio::spawn(async move {
                    if let Err(failure) = supervisor.bring_each(wanted).await {
                        warn!(%project, %failure, "what has changed could not be restarted");
                    }
                });
            }
            Err(failure) => info!(%project, %failure, "the configuration stays as it was"),
        }
    }
}

impl Supervisor {
    /// Restarts the services in `target` with what files say now, and starts what they depend on and does not run.
    ///
    /// # Errors
    /// Also where a file has faults: then nothing is restarted.
    pub(crate) async fn restart(self: &Arc<Self>, target: &Target) -> Result<Vec<ServiceChange>, Failure> {
        let mut wanted = Vec::new();
        for project in self.meant_projects(target) {
            wanted.extend(self.reread(&project).await?);
        }
        let meant = self.resolve_configured(target)?;
        self.write_down(&meant, true).await;
        let is_meant = |other: &Meant| meant.iter().any(|meant| meant.service.pane.id == other.service.pane.id);
        wanted.retain(|(other, _)| !is_meant(other));
        // Who names none means those that run, or ought to.
        let waits = |meant: &Meant| target.names.is_empty() && meant.service.view().borrow().state.rests();
        wanted.extend(meant.into_iter().map(|meant| {
            let asked = if waits(&meant) { Asked::Await } else { Asked::Restart };
            (meant, asked)
        }));
        self.bring_each(wanted).await
    }

    /// Makes a project that is up what its files say now; says what has to be asked for then. Nothing while it is not up.
    ///
    /// # Errors
    /// What is wrong with the files, which is told of the project from now on.
    async fn reread(self: &Arc<Self>, id: &ProjectId) -> Result<Vec<(Meant, Asked)>, Failure> {
        let _changing = self.changing.lock().await;
        let Some(project) = self.projects().get(id).cloned() else { return Ok(Vec::new()) };
        let said = match self.read(project.root.clone()).await {
            Ok(said) => said,
            Err(error) => {
                // Whichever file it is, it must be noticed when it is mended.
                self.watching.set(id, &locald_config::files(&project.root, Some(&self.home.config_file())));
                self.note_faults(id, lines(&error, &project.root));
                return Err(config_failure(&error));
            }
        };
        let is_renamed = said.id != *id;
        let stopped = self.desired.stopped(&project.root);
        let shell = self.surroundings.shell(id);
        if is_renamed {
            self.forget_project(&project).await?;
        }
        let (id, definitions) = (said.id.clone(), said.definitions.clone());
        let applied = self.apply(said, shell).await?;
        if applied.is_news {
            self.save_desired().await;
        }
        // What nobody has asked to run, somebody has to.
        let start = |service: &Service| {
            let name = &service.pane.id.service;
            let definition = definitions.iter().find(|it| it.name == *name).filter(|_| !stopped.contains(name))?;
            match definition.start {
                Start::Auto => Some(Asked::Start),
                Start::OnRequest => Some(Asked::Await),
                Start::Manual => None,
            }
        };
        // One that waits for a request, and is not to any more, has waited long enough.
        let waits = |service: &Service| service.view().borrow().state.rests() && start(service) == Some(Asked::Start);
        let awake = applied.kept.into_iter().filter(waits);
        let new = applied.new.into_iter().chain(awake);
        let (new, asked): (Vec<_>, Vec<_>) =
            new.filter_map(|service| start(&service).map(|asked| (service, asked))).unzip();
        let new = self.meant(&id, new).into_iter().zip(asked);
        Ok(self.meant(&id, applied.changed).into_iter().map(|meant| (meant, Asked::Renew)).chain(new).collect())
    }

    fn note_faults(&self, id: &ProjectId, faults: Vec<String>) {
        if let Some(project) = self.projects().get_mut(id) {
            project.faults = faults.into();
        }
        self.touch();
    }

    /// The projects of which a request speaks, whether or not they have the services that it names.
    fn meant_projects(&self, target: &Target) -> Vec<ProjectId> {
        let is_meant = |project: &Project| {
            let is_here = target.root.as_deref().is_some_and(|root| project.root == Path::new(root));
            let bare = target.names.is_empty() || target.names.iter().any(|name| !name.contains(':'));
            let named = target.names.iter().filter_map(|name| name.split_once(':'));
            is_here && bare || named.into_iter().any(|(name, _)| name == project.name || name == project.id.0)
        };
        self.snapshot().iter().filter(|project| is_meant(project)).map(|project| project.id.clone()).collect()
    }
}

/// What is wrong, fault by fault, each with its place.
fn lines(error: &LoadError, root: &Path) -> Vec<String> {
    match error {
        LoadError::Faults(faults) => {
            let faults = faults.clone().relative_to(root);
            let mut lines: Vec<String> = faults.iter().take(MOST_FAULTS).map(ToString::to_string).collect();
            let more = faults.as_slice().len() + faults.omitted() - lines.len();
            lines.extend((more > 0).then(|| format!("and {more} more")));
            lines
        }
        other => vec![config_failure(other).message],
    }
}
