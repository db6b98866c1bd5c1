//! Taking over from an earlier daemon: what the keeper tells becomes projects, services and shells again.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use locald_api::{ProjectId, ServiceId};
use locald_keeper::{FromKeeper, Stop, ToKeeper};
use tracing::{info, warn};

use super::{Slot, Supervisor, service_key};
use crate::supervisor::definition;
use crate::supervisor::project::{Project, RememberedProject};

/// How long a service that belongs to no project may take to end.
const UNCLAIMED_GRACE: Duration = Duration::from_secs(5);
const SIGTERM: i32 = rustix::process::Signal::TERM.as_raw();

impl Supervisor {
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
        // What has changed in their files while nobody looked.
        for project in self.snapshot() {
            self.watching.note(&project.id);
        }
    }

    /// Ends what belongs to no project any more: services whose removal an earlier daemon could not finish.
    fn end_unclaimed(&self, slots: BTreeMap<String, Slot>) {
        for (name, slot) in slots {
            info!(service = name, runs = slot.run.is_some(), "belongs to no project; ending it");
            self.end_slot(name);
        }
    }

    pub(in crate::supervisor) fn end_slot(&self, name: String) {
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
        self.define(id, &name, &root, &definitions);
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
        self.projects().insert(
            id.clone(),
            Project {
                id: id.clone(),
                name,
                root,
                services,
                graph,
                definitions: Arc::new(taken),
                faults: Arc::default(),
            },
        );
        self.touch();
    }
}
