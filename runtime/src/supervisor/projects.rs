//! All projects and their services: what the supervisor is made from, what the keeper tells it, and what it knows.
//!
//! Bringing projects up and down, making services, and taking over from an earlier daemon are files of their own.

mod loading;
mod making;
mod reloading;
mod takeover;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use locald_api::{Failure, FailureKind, ProjectId, ServiceId, Target};
use locald_config::Masker;
use locald_keeper::{FromKeeper, Home, RunInfo};
use tokio::sync::{oneshot, watch};

use super::addresses::Addresses;
use super::controller::ServiceFactory;
use super::definition::Definition;
use super::desired::Desired;
use super::exec::ExecFactory;
use super::kept::{self, KeptEnvironments};
use super::names::{self, Meant};
use super::ports::Sharing;
use super::project::Project;
use super::service::ServiceGone;
use super::shells::{ShellFactory, Shells};
use super::surroundings::Surroundings;
use super::turns;
use crate::keeper_link::KeeperLink;
use crate::panes::{Pane, PaneSet, RunPhase, RunState};
use crate::sites::Sites;
use crate::watching::Watching;

/// How long the log may take to take up the last lines of a service that is forgotten.
pub(super) const LAST_LINES: Duration = Duration::from_secs(2);

/// What the supervisor works with.
pub(crate) struct SupervisorParts {
    pub(crate) home: Home,
    pub(crate) keeper: Arc<KeeperLink>,
    pub(crate) panes: Arc<PaneSet>,
    pub(crate) room: OwnedFd,
    /// The names of services.
    pub(crate) sites: Arc<Sites>,
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
    pub(crate) sites: Arc<Sites>,
    pub(crate) desired: Arc<Desired>,
    pub(super) kept: Arc<KeptEnvironments>,
    /// Why projects that were to start with the daemon have not.
    unstarted: Mutex<BTreeMap<PathBuf, Failure>>,
    /// Notices when files change that a project is made from.
    pub(crate) watching: Watching<ProjectId>,
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
    /// Makes the supervisor, and has it give turns and look at files.
    pub(crate) fn begin(parts: SupervisorParts) -> Arc<Self> {
        let supervisor = Arc::new(Self::new(parts));
        tokio::spawn(turns::give(Arc::downgrade(&supervisor)));
        tokio::spawn(reloading::reload(Arc::downgrade(&supervisor)));
        supervisor
    }

    fn new(parts: SupervisorParts) -> Self {
        let SupervisorParts { home, keeper, panes, room, sites, logger, wake } = parts;
        let addresses = Arc::new(Addresses::open(home.state_dir(), Sharing::of(&home)));
        let surroundings = Arc::new(Surroundings::new(&home, addresses.clone(), sites.clone()));
        let kept = Arc::new(KeptEnvironments::open(kept::file(home.state_dir())));
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
            sites,
            desired,
            kept,
            unstarted: Mutex::default(),
            watching: Watching::begin(),
            changing: tokio::sync::Mutex::new(()),
            wishing: tokio::sync::Mutex::new(()),
            openings: Mutex::default(),
            revision: watch::Sender::new(1),
        }
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
            | FromKeeper::Held { .. }
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

    fn projects(&self) -> MutexGuard<'_, BTreeMap<ProjectId, Project>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why projects that were to start with the daemon have not, by their folders.
    pub(crate) fn unstarted(&self) -> BTreeMap<PathBuf, Failure> {
        self.unstarted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The project in `root` has started, or why not.
    pub(super) fn note_unstarted(&self, root: &Path, failure: Option<Failure>) {
        let mut unstarted = self.unstarted.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            Some(failure) => drop(unstarted.insert(root.to_owned(), failure)),
            None => drop(unstarted.remove(root)),
        }
        drop(unstarted);
        self.touch();
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

pub(super) fn service_key(id: &ServiceId) -> String {
    format!("service/{id}")
}

pub(super) fn unavailable(error: ServiceGone) -> Failure {
    Failure::new(FailureKind::Unavailable, error.to_string())
}
