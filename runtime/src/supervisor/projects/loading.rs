//! Loading a project, bringing it up, and bringing it down.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use locald_api::{Change, Failure, FailureKind, ProjectId, ServiceChange, ServiceId, Target};
use locald_config::{LoadError, Start};
use locald_keeper::ToKeeper;

use super::{Supervisor, internal, unavailable};
use crate::supervisor::definition::{self, Definition};
use crate::supervisor::names::{self, Meant};
use crate::supervisor::project::{Project, RememberedProject, project_id};
use crate::supervisor::service::{Asked, Remembered, Service};

impl Supervisor {
    /// Loads the project in `root` and starts its services, or the named ones; with `only_new` none that was loaded before.
    pub(crate) async fn up(
        self: &Arc<Self>,
        root: String,
        names: Vec<String>,
        environment: Vec<(String, String)>,
        only_new: bool,
    ) -> Result<Vec<ServiceChange>, Failure> {
        let changing = self.changing.lock().await;
        let folder = PathBuf::from(&root);
        let user = self.home.config_file();
        let loaded = tokio::task::spawn_blocking(move || locald_config::load(&folder, Some(&user))).await;
        let config = loaded.map_err(|error| internal(&error))?.map_err(|error| config_failure(&error))?;
        // Before anything is changed: who mistypes a name wants nothing done.
        let definitions = Definition::all_of(&config);
        let known: Vec<&str> = definitions.iter().map(|definition| definition.name.as_str()).collect();
        let is_known = |name: &&String| known.iter().any(|known| names::is_called(known, bare_name(name)));
        if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
            return Err(names::unknown_service(config.name.as_str(), &known, unknown));
        }
        let root = config.root.clone();
        let id = project_id(config.name.as_str(), &root);
        self.forget_renamed(&id, &root).await?;
        let loaded = self.projects().get(&id).filter(|_| only_new).cloned();
        self.surroundings.set_project(&id, config.name.as_str(), &root, environment.clone());
        self.remember_project(&id, config.name.as_str(), &root, environment, &definitions);
        let is_manual = |definition: &&Definition| definition.start == Start::Manual;
        let manual: Vec<String> = definitions.iter().filter(is_manual).map(|it| it.name.clone()).collect();
        let all: Vec<String> = definitions.iter().map(|definition| definition.name.clone()).collect();
        // As it was left when the machine, or everything of locald, went down.
        let stopped = if only_new && loaded.is_none() { self.desired.stopped(&root) } else { Vec::new() };
        self.load(&id, config.name.as_str(), &root, definitions).await?;
        drop(changing);
        self.desired.note_up(&root, config.name.as_str(), &all);
        let by_itself = names.is_empty();
        let target = Target { root: Some(root.to_string_lossy().into_owned()), names };
        let mut meant = self.resolve_configured(&target)?;
        let is_new = |name: &str| loaded.as_ref().is_none_or(|project| project.service(name).is_none());
        meant.retain(|meant| is_new(&meant.service.pane.id.service));
        meant.retain(|meant| !(by_itself && manual.contains(&meant.service.pane.id.service)));
        meant.retain(|meant| !stopped.contains(&meant.service.pane.id.service));
        self.write_down(&meant, true).await;
        self.bring(meant, Asked::Start).await
    }

    /// A project that was renamed, or moved aside, makes room for the one that is in its folder now.
    async fn forget_renamed(self: &Arc<Self>, id: &ProjectId, root: &Path) -> Result<(), Failure> {
        let old: Vec<Project> =
            self.projects().values().filter(|project| project.root == root && project.id != *id).cloned().collect();
        for project in old {
            self.forget_project(&project).await?;
        }
        Ok(())
    }

    /// Makes the project's services those of `definitions`.
    async fn load(
        self: &Arc<Self>,
        id: &ProjectId,
        name: &str,
        root: &Path,
        definitions: Vec<Definition>,
    ) -> Result<(), Failure> {
        let known = self.projects().get(id).map(|project| project.services.clone()).unwrap_or_default();
        let graph = Arc::new(definition::graph(&definitions));
        self.define(id, &definitions);
        let mut services = Vec::new();
        for definition in definitions {
            let service = ServiceId { project: id.clone(), service: definition.name.clone() };
            let service = match known.iter().find(|known| known.pane.id == service) {
                Some(known) => {
                    known.pane.set_size_policy(definition.size);
                    self.surroundings.learn_secrets(&service, &definition);
                    known.redefine(definition).await.map_err(unavailable)?;
                    known.clone()
                }
                None => self
                    .create_service(service, definition, None, Remembered::default())
                    .await
                    .map_err(|reason| Failure::new(FailureKind::Internal, reason))?,
            };
            services.push(service);
        }
        let gone: Vec<Service> =
            known.into_iter().filter(|known| services.iter().all(|service| service.pane.id != known.pane.id)).collect();
        let project = Project { id: id.clone(), name: name.to_owned(), root: root.to_owned(), services, graph };
        self.projects().insert(id.clone(), project);
        self.touch();
        for service in gone {
            service.stop_at_once().await.map_err(unavailable)?;
            self.forget_service(&service).await;
        }
        Ok(())
    }

    pub(super) fn define(&self, project: &ProjectId, definitions: &[Definition]) {
        let id = |name: &String| ServiceId { project: project.clone(), service: name.clone() };
        let services: Vec<_> = definitions.iter().map(|definition| (id(&definition.name), definition)).collect();
        self.addresses.define(&services);
    }

    /// Stops all services of the project in `target` and forgets it.
    pub(crate) async fn down(self: &Arc<Self>, target: Target) -> Result<Vec<ServiceChange>, Failure> {
        let _changing = self.changing.lock().await;
        let root = target.root.ok_or_else(|| Failure::new(FailureKind::BadRequest, "no project is named"))?;
        // One that is not up is down already.
        let Ok(project) = names::find_root(&self.snapshot(), &root).cloned() else { return Ok(Vec::new()) };
        self.forget_project(&project).await
    }

    async fn forget_project(self: &Arc<Self>, project: &Project) -> Result<Vec<ServiceChange>, Failure> {
        self.close_shells(&project.id).await;
        let meant =
            project.services.iter().map(|service| Meant { project: project.name.clone(), service: service.clone() });
        let changes = self.end(meant.collect()).await?;
        if let Some(kept) = changes.iter().find(|change| matches!(change.change, Change::Failed { .. })) {
            let name = &kept.service.service;
            let message = format!("`{name}` was started again while its project was to come down");
            return Err(Failure::new(FailureKind::StartFailed, message).hint("try it again"));
        }
        self.projects().remove(&project.id);
        for service in &project.services {
            self.forget_service(service).await;
        }
        let _ = self.keeper.send(&ToKeeper::Remove { key: format!("project/{}", project.id) });
        self.surroundings.forget_project(&project.id);
        self.desired.note_down(&project.root);
        self.save_desired().await;
        self.touch();
        Ok(changes)
    }

    fn remember_project(
        &self,
        id: &ProjectId,
        name: &str,
        root: &Path,
        environment: Vec<(String, String)>,
        definitions: &[Definition],
    ) {
        let (name, root, definitions) = (name.to_owned(), root.to_owned(), definitions.to_vec());
        let remembered = RememberedProject { name, root, environment, definitions };
        let value = serde_json::to_vec(&remembered).unwrap_or_default();
        let _ = self.keeper.send(&ToKeeper::Put { key: format!("project/{id}"), value });
    }
}

/// A service's name without the project's, which may stand before it.
fn bare_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, service)| service)
}

fn config_failure(error: &LoadError) -> Failure {
    let failure = Failure::new(
        FailureKind::Config,
        match error {
            LoadError::Faults(_) => "the configuration has faults".to_owned(),
            other => match std::error::Error::source(other) {
                Some(cause) => format!("{other}: {cause}"),
                None => other.to_string(),
            },
        },
    );
    match error {
        LoadError::Faults(faults) => failure.details(faults.render(false)),
        _ => failure,
    }
}
