//! Making one service: its slot at the keeper, its pane, its log and its task; following it, and forgetting it.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use locald_api::ServiceId;
use locald_keeper::ToKeeper;
use tokio::sync::{oneshot, watch};
use tracing::debug;

use super::{LAST_LINES, Slot, Supervisor, service_key};
use crate::panes::logger::{PaneLog, log_caps};
use crate::panes::{Pane, PaneParts};
use crate::supervisor::definition::{Definition, Origin};
use crate::supervisor::exam::{Examiner, expected_line};
use crate::supervisor::service::{Remembered, Service, ServiceParts, Turns, View};
use crate::supervisor::state::State;

/// How soon after its start a service is first looked at for listening, and the longest pause between two looks.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const LAST_LOOK: Duration = Duration::from_millis(1600);
/// For how long it is looked at, once it is ready and until it is.
const LOOK_AT_READY: Duration = Duration::from_secs(12);
const LOOK_AT_STARTING: Duration = Duration::from_mins(1);

impl Supervisor {
    pub(in crate::supervisor) async fn create_service(
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
        let imprint = {
            let (surroundings, id) = (self.surroundings.clone(), id.clone());
            Box::new(move |definition: &Definition| surroundings.fingerprint(&id, definition))
        };
        let turns = match definition.origin {
            Origin::Configuration => Turns::OfProject,
            Origin::Opened => Turns::Free,
        };
        let parts = ServiceParts { kind, controller, definition, remembered, memory, doctor, imprint, turns };
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
    pub(in crate::supervisor) fn logs(&self) -> PathBuf {
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

    pub(in crate::supervisor) async fn forget_service(&self, service: &Service) {
        service.pane.wait_until_logged(LAST_LINES).await;
        let id = &service.pane.id;
        self.panes.remove(id);
        self.addresses.forget(id);
        let _ = self.keeper.send(&ToKeeper::Close { slot: id.to_string() });
        let _ = self.keeper.send(&ToKeeper::Remove { key: service_key(id) });
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
