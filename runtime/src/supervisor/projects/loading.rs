//! Bringing a project up and down, and making its services those that its files say.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::join_all;
use locald_api::{Change, Failure, FailureKind, ProjectId, ServiceChange, ServiceId, Target};
use locald_config::{LoadError, Start};
use locald_keeper::ToKeeper;

use super::{Supervisor, unavailable};
use crate::supervisor::definition::{self, Definition};
use crate::supervisor::names::{self, Meant};
use crate::supervisor::project::{Project, RememberedProject, project_id};
use crate::supervisor::service::{Asked, Remembered, Service};

/// What a project's files say now.
pub(super) struct Said {
    pub(super) config: locald_config::Project,
    pub(super) definitions: Vec<Definition>,
    pub(super) id: ProjectId,
}

/// What came of a project's services when its files were read.
#[derive(Default)]
pub(super) struct Applied {
    /// Services that were not there before.
    pub(super) new: Vec<Service>,
    /// Those that were.
    pub(super) kept: Vec<Service>,
    /// Services that are made from something else now, and have run or tried to.
    pub(super) changed: Vec<Service>,
    /// Why services could not begin if they had to, which their files can mend.
    pub(super) faults: Vec<String>,
    /// That it is up, with these services, is yet to be written down.
    pub(super) is_news: bool,
}

impl Supervisor {
    /// Loads the project in `root` and starts its services, or the named ones; with `only_new` none that was loaded before. Those that
    /// run and are to be made from something else now are restarted.
    pub(crate) async fn up(
        self: &Arc<Self>,
        root: String,
        names: Vec<String>,
        environment: Vec<(String, String)>,
        only_new: bool,
        asked: Asked,
    ) -> Result<Vec<ServiceChange>, Failure> {
        let changing = self.changing.lock().await;
        let said = self.read(PathBuf::from(&root)).await.map_err(|error| config_failure(&error))?;
        // Before anything is changed: who mistypes a name wants nothing done.
        let known: Vec<&str> = said.definitions.iter().map(|definition| definition.name.as_str()).collect();
        let is_known = |name: &&String| known.iter().any(|known| names::is_called(known, bare_name(name)));
        if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
            return Err(names::unknown_service(said.config.name.as_str(), &known, unknown));
        }
        let (root, id) = (said.config.root.clone(), said.id.clone());
        self.forget_renamed(&id, &root).await?;
        let loaded = self.projects().get(&id).filter(|_| only_new).cloned();
        // As it was left when the machine, or everything of locald, went down.
        let stopped = if only_new && loaded.is_none() { self.desired.stopped(&root) } else { Vec::new() };
        let is_meant = |definition: &&Definition| {
            let name = &definition.name;
            let is_new = loaded.as_ref().is_none_or(|project| project.service(name).is_none());
            let is_named = names.iter().any(|named| names::is_called(name, bare_name(named)));
            let is_asked_for = if names.is_empty() { definition.start != Start::Manual } else { is_named };
            is_new && is_asked_for && !stopped.contains(name)
        };
        let wanted: Vec<String> = said.definitions.iter().filter(is_meant).map(|it| it.name.clone()).collect();
        let all: Vec<String> = said.definitions.iter().map(|definition| definition.name.clone()).collect();
        let on_request = said.definitions.iter().filter(|definition| definition.start == Start::OnRequest);
        let on_request: Vec<String> = on_request.map(|definition| definition.name.clone()).collect();
        // First of all: a disk may be slow, and meanwhile services would be there that nobody has started.
        self.desired.note_up(&root, said.config.name.as_str(), &all);
        self.desired.note_services(&root, &wanted, true);
        self.save_desired().await;
        self.keep_environment(&root, said.config.keep_env.then(|| environment.clone())).await;
        let applied = self.apply(said, Some(environment)).await?;
        drop(changing);
        self.note_unstarted(&root, None);
        let services = self.projects().get(&id).map(|project| project.services.clone()).unwrap_or_default();
        let is_changed = |service: &Service| applied.changed.iter().any(|changed| changed.pane.id == service.pane.id);
        let each = services.into_iter().filter_map(|service| {
            let is_wanted = wanted.contains(&service.pane.id.service);
            let waits = names.is_empty() && on_request.contains(&service.pane.id.service);
            let what = match (is_wanted, is_changed(&service)) {
                (true, false) if waits => Asked::Await,
                (true, false) => asked,
                (true, true) => Asked::Restart,
                (false, true) => Asked::Renew,
                (false, false) => return None,
            };
            Some((service, what))
        });
        let (services, each): (Vec<Service>, Vec<Asked>) = each.unzip();
        self.bring_each(self.meant(&id, services).into_iter().zip(each).collect()).await
    }

    /// Keeps the environment on disk of a project that wants it, and of no other.
    async fn keep_environment(&self, root: &Path, environment: Option<Vec<(String, String)>>) {
        let (kept, root) = (self.kept.clone(), root.to_owned());
        let _ = tokio::task::spawn_blocking(move || kept.set(&root, environment.as_deref())).await;
    }

    /// Reads what the files of the project in `folder` say. Nothing is changed.
    pub(super) async fn read(&self, folder: PathBuf) -> Result<Said, LoadError> {
        let (user, root) = (self.home.config_file(), folder.clone());
        let loaded = tokio::task::spawn_blocking(move || locald_config::load(&folder, Some(&user))).await;
        let config =
            loaded.unwrap_or_else(|error| Err(LoadError::Io { path: root, source: std::io::Error::other(error) }))?;
        let definitions = Definition::all_of(&config);
        let id = project_id(config.name.as_str(), &config.root);
        Ok(Said { config, definitions, id })
    }

    /// A project that was renamed, or moved aside, makes room for the one that is in its folder now.
    pub(super) async fn forget_renamed(self: &Arc<Self>, id: &ProjectId, root: &Path) -> Result<(), Failure> {
        let old: Vec<Project> =
            self.projects().values().filter(|project| project.root == root && project.id != *id).cloned().collect();
        for project in old {
            self.forget_project(&project).await?;
        }
        Ok(())
    }

    /// Makes the project what its files say, and has it known as up. `shell`: the environment of whoever brings it up now; where
    /// nobody does, that of whoever did. What of its services runs goes on until it is asked for something else.
    pub(super) async fn apply(
        self: &Arc<Self>,
        said: Said,
        shell: Option<Vec<(String, String)>>,
    ) -> Result<Applied, Failure> {
        let Said { config, definitions, id } = said;
        let (name, root) = (config.name.as_str(), &config.root);
        let before = self.projects().get(&id).cloned();
        let old_shell = self.surroundings.shell(&id);
        let shell = shell.or_else(|| old_shell.clone()).unwrap_or_default();
        self.surroundings.set_project(&id, name, root, shell.clone());
        self.watching.set(&id, &config.files);
        if before.as_ref().is_none_or(|before| *before.definitions != definitions) || old_shell != Some(shell.clone()) {
            self.remember_project(&id, name, root, shell.clone(), &definitions);
        }
        self.define(&id, name, root, &definitions);
        let known = before.as_ref().map(|project| project.services.clone()).unwrap_or_default();
        let shells = [old_shell.as_ref().unwrap_or(&shell), &shell];
        let (mut applied, mut services) = (Applied::default(), Vec::new());
        let service_id = |definition: &Definition| ServiceId { project: id.clone(), service: definition.name.clone() };
        let is_new = |definition: &&Definition| known.iter().all(|known| known.pane.id != service_id(definition));
        // Side by side: each waits for the keeper and the disk.
        let creating = definitions.iter().filter(is_new).map(|definition| {
            self.create_service(service_id(definition), definition.clone(), None, Remembered::default())
        });
        let mut created = join_all(creating).await.into_iter();
        for definition in &definitions {
            let service = service_id(definition);
            let prints = self.surroundings.fingerprints(&service, definition, &config.dotenv, shells);
            let service = if let Some(known) = known.iter().find(|known| known.pane.id == service) {
                known.pane.set_size_policy(definition.size);
                self.surroundings.learn_secrets(&service, definition);
                let is_another = known.redefine(definition.clone(), prints.as_ref().ok().copied()).await;
                applied.changed.extend(is_another.map_err(unavailable)?.then(|| known.clone()));
                applied.kept.push(known.clone());
                known.clone()
            } else {
                let created = created.next().unwrap_or_else(|| Err(format!("`{service}` was not made")));
                let created = created.map_err(|reason| Failure::new(FailureKind::Internal, reason))?;
                applied.new.push(created.clone());
                created
            };
            applied.faults.extend(prints.err().map(|why| format!("`{}`: {why}", definition.name)));
            services.push(service);
        }
        let gone: Vec<Service> =
            known.into_iter().filter(|known| services.iter().all(|service| service.pane.id != known.pane.id)).collect();
        let names: Vec<String> = definitions.iter().map(|definition| definition.name.clone()).collect();
        let graph = Arc::new(definition::graph(&definitions));
        let faults = applied.faults.clone();
        let project = Project {
            id: id.clone(),
            name: name.to_owned(),
            root: root.clone(),
            services,
            graph,
            definitions: Arc::new(definitions),
            faults: faults.into(),
        };
        self.projects().insert(id.clone(), project);
        self.touch();
        applied.is_news = self.desired.note_up(root, name, &names);
        join_all(gone.iter().map(|service| self.remove(service))).await;
        Ok(applied)
    }

    /// Stops a service that no file speaks of any more, and forgets it.
    async fn remove(&self, service: &Service) {
        // A task that is gone leaves its run to the next daemon, which finds that it belongs to nobody.
        if service.stop_at_once().await.is_ok() {
            self.forget_service(service).await;
        }
    }

    /// Services of a project, as what somebody means.
    pub(super) fn meant(&self, id: &ProjectId, services: Vec<Service>) -> Vec<Meant> {
        let project = self.projects().get(id).map(|project| project.name.clone()).unwrap_or_default();
        services.into_iter().map(|service| Meant { project: project.clone(), service }).collect()
    }

    pub(super) fn define(&self, project: &ProjectId, name: &str, root: &Path, definitions: &[Definition]) {
        self.sites.define(project, name, root, definitions);
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

    pub(super) async fn forget_project(self: &Arc<Self>, project: &Project) -> Result<Vec<ServiceChange>, Failure> {
        self.watching.forget(&project.id);
        self.close_shells(&project.id).await;
        let meant = self.meant(&project.id, project.services.clone());
        let changes = self.end(meant).await?;
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
        self.sites.forget(&project.id);
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

pub(super) fn config_failure(error: &LoadError) -> Failure {
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
