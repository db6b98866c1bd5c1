//! All projects and their services: bringing them up and down, and taking them over from an earlier daemon.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::Thread;
use std::time::Duration;

use futures_util::future::join_all;
use locald_api::{Change, Failure, FailureKind, ProjectId, ServiceChange, ServiceId, Target};
use locald_config::{LoadError, Masker, Start};
use locald_keeper::{FromKeeper, Home, RunInfo, Stop, ToKeeper};
use tokio::sync::{oneshot, watch};
use tracing::{debug, info, warn};

use super::addresses::Addresses;
use super::controller::ServiceFactory;
use super::definition::{self, Definition, Origin};
use super::desired::Desired;
use super::exam::{Examiner, expected_line};
use super::exec::ExecFactory;
use super::names::{self, Meant};
use super::ports::Sharing;
use super::project::{Project, RememberedProject, project_id};
use super::service::{Asked, Remembered, Service, ServiceGone, ServiceParts, Turns, View};
use super::shells::{ShellFactory, Shells};
use super::state::State;
use super::surroundings::Surroundings;
use super::turns;
use crate::keeper_link::KeeperLink;

use crate::panes::logger::{PaneLog, log_caps};
use crate::panes::{Pane, PaneParts, PaneSet, RunPhase, RunState};

/// How long the log may take to take up the last lines of a service that is forgotten.
pub(super) const LAST_LINES: Duration = Duration::from_secs(2);

/// How soon after its start a service is first looked at for listening, and the longest pause between two looks.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const LAST_LOOK: Duration = Duration::from_millis(1600);
/// For how long it is looked at, once it is ready and until it is.
const LOOK_AT_READY: Duration = Duration::from_secs(12);
const LOOK_AT_STARTING: Duration = Duration::from_mins(1);

/// How long a service that belongs to no project may take to end.
const UNCLAIMED_GRACE: Duration = Duration::from_secs(5);
const SIGTERM: i32 = rustix::process::Signal::TERM.as_raw();

/// What the supervisor works with.
pub(crate) struct SupervisorParts {
    pub(crate) home: Home,
    pub(crate) keeper: Arc<KeeperLink>,
    pub(crate) panes: Arc<PaneSet>,
    pub(crate) room: OwnedFd,
    /// The thread that writes logs.
    pub(crate) logger: Thread,
    /// To be written when a new pane has to be looked at.
    pub(crate) wake: OwnedFd,
}

/// All projects and their services.
pub(crate) struct Supervisor {
    home: Home,
    keeper: Arc<KeeperLink>,
    panes: Arc<PaneSet>,
    room: Arc<OwnedFd>,
    logger: Thread,
    wake: OwnedFd,
    factories: Vec<Box<dyn ServiceFactory>>,
    projects: Mutex<BTreeMap<ProjectId, Project>>,
    pub(super) shells: Shells,
    surroundings: Arc<Surroundings>,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) desired: Arc<Desired>,
    /// Bringing up and down is one at a time.
    changing: tokio::sync::Mutex<()>,
    /// Held while wishes that belong together are told, and while turns are given.
    wishing: tokio::sync::Mutex<()>,
    openings: Mutex<BTreeMap<String, oneshot::Sender<Slot>>>,
    revision: watch::Sender<u64>,
}

/// A slot as the keeper told it.
pub(crate) struct Slot {
    notify: String,
    run: Option<RunInfo>,
    starting: Option<u64>,
    memory: OwnedFd,
    master: Option<OwnedFd>,
}

impl Supervisor {
    /// Makes the supervisor, and has it give turns.
    pub(crate) fn begin(parts: SupervisorParts) -> Arc<Self> {
        let supervisor = Arc::new(Self::new(parts));
        tokio::spawn(turns::give(Arc::downgrade(&supervisor)));
        supervisor
    }

    fn new(parts: SupervisorParts) -> Self {
        let SupervisorParts { home, keeper, panes, room, logger, wake } = parts;
        let addresses = Arc::new(Addresses::open(home.state_dir(), sharing(&home)));
        let surroundings = Arc::new(Surroundings::new(&home, addresses.clone()));
        let desired = Arc::new(Desired::open(home.state_dir().join("state.json")));
        let environment = {
            let (surroundings, addresses) = (surroundings.clone(), addresses.clone());
            Arc::new(move |pane: &Pane, definition: &Definition| {
                addresses.claim(&pane.id)?;
                surroundings.environment(&pane.id, definition)
            })
        };
        let exec = ExecFactory { keeper: keeper.clone(), environment, addresses: addresses.clone() };
        let shell = ShellFactory(exec.clone());
        Self {
            home,
            keeper,
            panes,
            room: Arc::new(room),
            logger,
            wake,
            factories: vec![Box::new(shell), Box::new(exec)],
            projects: Mutex::default(),
            shells: Shells::default(),
            surroundings,
            addresses,
            desired,
            changing: tokio::sync::Mutex::new(()),
            wishing: tokio::sync::Mutex::new(()),
            openings: Mutex::default(),
            revision: watch::Sender::new(1),
        }
    }

    /// Takes over what an earlier daemon left with the keeper.
    pub(crate) async fn inherit(self: &Arc<Self>, told: Vec<(FromKeeper, Vec<OwnedFd>)>) {
        let (mut slots, mut values, mut news) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for (message, descriptors) in told {
            match message {
                FromKeeper::Slot { slot, notify, run, starting } => {
                    slots.extend(Slot::new(notify, run, starting, descriptors).map(|found| (slot, found)));
                }
                FromKeeper::Value { key, value } => {
                    values.insert(key, value);
                }
                other => news.push((other, descriptors)),
            }
        }
        for (key, value) in &values {
            let Some(id) = key.strip_prefix("project/") else { continue };
            match serde_json::from_slice::<RememberedProject>(value) {
                Ok(project) => self.inherit_project(&ProjectId(id.to_owned()), project, &mut slots, &values).await,
                Err(error) => warn!(project = id, %error, "what an earlier daemon remembered cannot be read"),
            }
        }
        self.inherit_shells(&mut slots, &values).await;
        for (message, descriptors) in news {
            self.hear(message, descriptors);
        }
        self.end_unclaimed(slots);
    }

    /// Ends what belongs to no project any more: services whose removal an earlier daemon could not finish.
    fn end_unclaimed(&self, slots: BTreeMap<String, Slot>) {
        for (name, slot) in slots {
            info!(service = name, runs = slot.run.is_some(), "belongs to no project; ending it");
            self.end_slot(name);
        }
    }

    pub(super) fn end_slot(&self, name: String) {
        let stop = Stop { signal: SIGTERM, grace: UNCLAIMED_GRACE };
        // A keeper that is gone has ended it already.
        let _ = self.keeper.send(&ToKeeper::Stop { slot: name.clone(), stop });
        let _ = self.keeper.send(&ToKeeper::Close { slot: name });
    }

    async fn inherit_project(
        self: &Arc<Self>,
        id: &ProjectId,
        remembered: RememberedProject,
        slots: &mut BTreeMap<String, Slot>,
        values: &BTreeMap<String, Vec<u8>>,
    ) {
        let RememberedProject { name, root, environment, definitions } = remembered;
        self.surroundings.set_project(id, &name, &root, environment);
        self.define(id, &definitions);
        let (mut services, mut taken, mut creating) = (Vec::new(), Vec::new(), Vec::new());
        for definition in definitions {
            let service = ServiceId { project: id.clone(), service: definition.name.clone() };
            let slot = slots.remove(&service.to_string());
            let memory = values.get(&service_key(&service)).and_then(|value| serde_json::from_slice(value).ok());
            creating.push(async move {
                let created =
                    self.create_service(service.clone(), definition.clone(), slot, memory.unwrap_or_default());
                (service, definition, created.await)
            });
        }
        // Side by side: of each, the end of the log is read.
        for (service, definition, created) in join_all(creating).await {
            match created {
                Ok(created) => {
                    services.push(created);
                    taken.push(definition);
                }
                Err(error) => {
                    warn!(%service, error, "the service could not be taken over and is ended");
                    self.end_slot(service.to_string());
                }
            }
        }
        info!(project = %id, services = services.len(), "took over a project");
        let graph = Arc::new(definition::graph(&taken));
        self.projects().insert(id.clone(), Project { id: id.clone(), name, root, services, graph });
        self.touch();
    }

    /// What the keeper says while the daemon runs. Messages about the daemon itself are handled elsewhere.
    pub(crate) fn hear(&self, message: FromKeeper, descriptors: Vec<OwnedFd>) {
        match message {
            FromKeeper::Slot { slot, notify, run, starting } => {
                let waiting = self.openings.lock().unwrap_or_else(PoisonError::into_inner).remove(&slot);
                if let (Some(waiting), Some(slot)) = (waiting, Slot::new(notify, run, starting, descriptors)) {
                    let _ = waiting.send(slot);
                }
            }
            FromKeeper::Spawned { slot, run } => {
                if let Some(pane) = self.pane(&slot) {
                    pane.attach(run.run, descriptors.into_iter().next(), false);
                    pane.note_run(RunState { run: run.run, phase: RunPhase::Alive { pid: run.pid, since: run.since } });
                }
            }
            FromKeeper::SpawnFailed { slot, run, failure } => {
                if let Some(pane) = self.pane(&slot) {
                    pane.note_run(RunState { run, phase: RunPhase::Failed(failure) });
                }
            }
            FromKeeper::Notify { slot, key, value } => {
                if let Some(pane) = self.pane(&slot) {
                    pane.note_notice(&key, &value);
                }
            }
            FromKeeper::Welcome { .. }
            | FromKeeper::Value { .. }
            | FromKeeper::Ready
            | FromKeeper::Listener
            | FromKeeper::Terminate => {}
        }
    }

    fn pane(&self, slot: &str) -> Option<Arc<Pane>> {
        let (project, service) = slot.rsplit_once(':')?;
        self.panes.find(&ServiceId { project: ProjectId(project.to_owned()), service: service.to_owned() })
    }

    /// Rises with every change of a project or service.
    pub(crate) fn revision(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// All projects as they are now.
    pub(crate) fn snapshot(&self) -> Vec<Project> {
        let mut projects: Vec<Project> = self.projects().values().cloned().collect();
        projects.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        projects
    }

    /// The port that a service is told to listen on.
    pub(crate) fn port(&self, service: &ServiceId) -> Option<u16> {
        self.addresses.port(service)
    }

    /// What masks text of the service where it is shown.
    pub(crate) fn masker(&self, service: &ServiceId) -> Masker {
        self.surroundings.masker(service)
    }

    /// The services that a client means.
    pub(crate) fn resolve(&self, target: &Target) -> Result<Vec<Meant>, Failure> {
        names::resolve(&self.everything(), target)
    }

    /// The one service that a client means.
    pub(crate) fn resolve_one(&self, target: &Target) -> Result<Meant, Failure> {
        names::resolve_one(&self.everything(), target)
    }

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

    fn define(&self, project: &ProjectId, definitions: &[Definition]) {
        let id = |name: &String| ServiceId { project: project.clone(), service: name.clone() };
        let services: Vec<_> = definitions.iter().map(|definition| (id(&definition.name), definition)).collect();
        self.addresses.define(&services);
    }

    pub(super) async fn create_service(
        self: &Arc<Self>,
        id: ServiceId,
        definition: Definition,
        slot: Option<Slot>,
        remembered: Remembered,
    ) -> Result<Service, String> {
        let run = slot.as_ref().and_then(|slot| slot.starting.or(slot.run.map(|run| run.run)));
        let pane = self.open_pane(&id, slot).await?;
        pane.set_size_policy(definition.size);
        self.surroundings.learn_secrets(&id, &definition);
        if let Some((run, pattern)) = run.zip(expected_line(&definition)) {
            pane.expect_line(run, pattern);
        }
        let factory = self.factories.iter().find(|factory| factory.accepts(&definition));
        let factory = factory.ok_or_else(|| format!("no kind of service fits `{}`", id.service))?;
        let (kind, controller) = (factory.kind(), factory.create(pane.clone()));
        let (keeper, key) = (self.keeper.clone(), service_key(&id));
        let memory = Box::new(move |remembered: &Remembered| {
            let value = serde_json::to_vec(remembered).unwrap_or_default();
            // A keeper that is gone remembers nothing, and needs not to.
            let _ = keeper.send(&ToKeeper::Put { key: key.clone(), value });
        });
        self.panes.add(pane.clone());
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
        let (surroundings, addresses) = (self.surroundings.clone(), self.addresses.clone());
        let doctor = Box::new(Examiner { pane: pane.clone(), surroundings, addresses });
        let turns = match definition.origin {
            Origin::Configuration => Turns::OfProject,
            Origin::Opened => Turns::Free,
        };
        let parts = ServiceParts { kind, controller, definition, remembered, memory, doctor, turns };
        let service = Service::spawn(pane, parts);
        self.follow(&service);
        Ok(service)
    }

    /// Has every change of the service raise the revision.
    fn follow(self: &Arc<Self>, service: &Service) {
        let (mut view, mut fault, mut notices) = (service.view(), service.pane.log_fault(), service.pane.notices());
        let supervisor = Arc::downgrade(self);
        let id = service.pane.id.clone();
        tokio::spawn(async move {
            let (mut last, mut said) = (State::Stopped, None);
            loop {
                let alive = tokio::select! {
                    changed = view.changed() => changed.is_ok(),
                    changed = fault.changed() => changed.is_ok(),
                    changed = notices.changed() => {
                        let says = notices.borrow_and_update().shown();
                        // Signs of life that nobody sees change nothing.
                        if changed.is_ok() && says == said { continue }
                        said = says;
                        changed.is_ok()
                    }
                };
                let Some(supervisor) = supervisor.upgrade().filter(|_| alive) else { return };
                supervisor.touch();
                let state = view.borrow().state.clone();
                let begun = state.pid().is_some() && last.pid() != state.pid();
                last = state;
                if let Some(pid) = last.pid().filter(|_| begun) {
                    tokio::spawn(look_for_ports(Arc::downgrade(&supervisor), view.clone(), id.clone(), pid));
                }
            }
        });
    }

    /// Where the logs of all services are, a folder for each project.
    pub(super) fn logs(&self) -> PathBuf {
        self.home.state_dir().join("logs")
    }

    async fn open_pane(&self, id: &ServiceId, slot: Option<Slot>) -> Result<Arc<Pane>, String> {
        let log_dir = self.logs().join(&id.project.0).join(&id.service);
        let dir = log_dir.clone();
        let log = tokio::task::spawn_blocking(move || PaneLog::open(&dir, log_caps()));
        let log = log.await.map_err(|error| error.to_string())?;
        let slot = match slot {
            Some(slot) => slot,
            None => self.open_slot(id.to_string(), log.end().unwrap_or(0)).await?,
        };
        self.surroundings.set_notify(id, slot.notify);
        let parts = PaneParts {
            id: id.clone(),
            log_dir,
            memory: slot.memory,
            room: self.room.clone(),
            log,
            logger: self.logger.clone(),
            run: slot.run,
            starting: slot.starting,
        };
        let pane = tokio::task::spawn_blocking(move || Pane::open(parts)).await.map_err(|error| error.to_string())?;
        let pane = pane.map_err(|error| format!("the journal cannot be read: {error}"))?;
        if let Some(run) = slot.run {
            pane.attach(run.run, slot.master, true);
        }
        Ok(pane)
    }

    async fn open_slot(&self, slot: String, base: u64) -> Result<Slot, String> {
        let (opened, wait) = oneshot::channel();
        self.openings.lock().unwrap_or_else(PoisonError::into_inner).insert(slot.clone(), opened);
        self.keeper.send(&ToKeeper::Open { slot, base }).map_err(|error| format!("the keeper is gone: {error}"))?;
        let answer = tokio::time::timeout(Duration::from_secs(5), wait).await;
        answer
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| "the keeper has no room for another service; see its log".to_owned())
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

    pub(super) async fn forget_service(&self, service: &Service) {
        service.pane.wait_until_logged(LAST_LINES).await;
        let id = &service.pane.id;
        self.panes.remove(id);
        self.addresses.forget(id);
        let _ = self.keeper.send(&ToKeeper::Close { slot: id.to_string() });
        let _ = self.keeper.send(&ToKeeper::Remove { key: service_key(id) });
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

    fn projects(&self) -> MutexGuard<'_, BTreeMap<ProjectId, Project>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to tell wishes that belong together, or to give turns.
    pub(super) async fn wishing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.wishing.lock().await
    }

    /// The right to change which services there are.
    pub(super) async fn changing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// The shell of the user who brought a project up.
    pub(super) fn shell_of(&self, project: &ProjectId) -> Option<String> {
        self.surroundings.variable(project, "SHELL").filter(|program| !program.is_empty())
    }

    pub(super) fn keeper(&self) -> &KeeperLink {
        &self.keeper
    }

    pub(super) fn panes(&self) -> &PaneSet {
        &self.panes
    }

    pub(crate) fn touch(&self) {
        self.revision.send_modify(|revision| *revision += 1);
    }
}

impl Slot {
    /// Whether a run of its service lives, or is on its way.
    pub(super) fn is_in_use(&self) -> bool {
        self.run.is_some() || self.starting.is_some()
    }

    fn new(notify: String, run: Option<RunInfo>, starting: Option<u64>, descriptors: Vec<OwnedFd>) -> Option<Self> {
        let mut descriptors = descriptors.into_iter();
        Some(Self { notify, run, starting, memory: descriptors.next()?, master: descriptors.next() })
    }
}

/// Looks on which ports a service that has just begun listens, and tells clients of it. Most open theirs within seconds; a later one
/// shows when somebody asks. One that is not well yet is looked at for longer: it may listen elsewhere than it was told.
async fn look_for_ports(supervisor: Weak<Supervisor>, view: watch::Receiver<View>, id: ServiceId, pid: u32) {
    let (begun, mut pause) = (tokio::time::Instant::now(), FIRST_LOOK);
    loop {
        tokio::time::sleep(pause).await;
        let state = view.borrow().state.clone();
        let patience = if matches!(state, State::Ready { .. }) { LOOK_AT_READY } else { LOOK_AT_STARTING };
        let Some(supervisor) = supervisor.upgrade().filter(|_| state.pid() == Some(pid)) else { return };
        let (addresses, of) = (supervisor.addresses.clone(), id.clone());
        let strayed = addresses.stray(&id);
        let news = tokio::task::spawn_blocking(move || addresses.look(&of, pid)).await.unwrap_or_default();
        if !news.is_empty() || supervisor.addresses.stray(&id) != strayed {
            debug!(service = %id, ?news, "listens elsewhere than before");
            supervisor.touch();
        }
        let own = supervisor.port(&id).is_some_and(|port| supervisor.addresses.found(&id).contains(&port));
        if own || begun.elapsed() > patience {
            return;
        }
        pause = (pause * 2).min(LAST_LOOK);
    }
}

/// What is shared of ports with other homes of the user. A sandbox writes nothing outside of itself, so it only looks.
fn sharing(home: &Home) -> Sharing {
    if home.is_sandbox() {
        return Sharing::Reads(Home::shared_path());
    }
    match Home::shared_dir() {
        Ok(folder) => Sharing::Writes(folder),
        Err(error) => {
            warn!(%error, "ports are not shared with other homes");
            Sharing::None
        }
    }
}

/// A service's name without the project's, which may stand before it.
fn bare_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, service)| service)
}

pub(super) fn service_key(id: &ServiceId) -> String {
    format!("service/{id}")
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

pub(super) fn unavailable(error: ServiceGone) -> Failure {
    Failure::new(FailureKind::Unavailable, error.to_string())
}

fn internal(error: &dyn std::error::Error) -> Failure {
    Failure::new(FailureKind::Internal, error.to_string())
}
