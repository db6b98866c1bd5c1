//! What must not be shown of each service, as long as this daemon lives: a service that was forgotten may still have a log, and so may a
//! secret that was replaced.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use locald_api::ServiceId;
use locald_config::{Given, Masker, Secret};

/// Secrets of one service that are kept in mind; the oldest are forgotten.
const MOST: usize = 256;

/// The secrets of all services. They are known again when a service is taken over or started.
#[derive(Default)]
pub(super) struct Secrets(Mutex<BTreeMap<ServiceId, Known>>);

/// One service's.
#[derive(Default)]
struct Known {
    /// Each value, the last learnt last, and whether the configuration says that it is secret.
    values: Vec<(String, bool)>,
    masker: Masker,
}

impl Secrets {
    /// The service has these variables from now on.
    pub(super) fn learn(&self, id: &ServiceId, variables: &BTreeMap<String, Given>) {
        let secret = variables.values().filter(|given| given.is_secret);
        let now: Vec<(String, bool)> = secret.map(|given| (given.value.clone(), given.is_said)).collect();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(id.clone()).or_default();
        known.values.retain(|(value, _)| now.iter().all(|(new, _)| new != value));
        known.values.extend(now);
        let surplus = known.values.len().saturating_sub(MOST);
        known.values.drain(..surplus);
        known.masker = Masker::new(known.values.iter().map(|(value, is_said)| Secret { value, is_said: *is_said }));
    }

    /// What masks text of the service.
    pub(super) fn of(&self, id: &ServiceId) -> Masker {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(id).map(|known| known.masker.clone()).unwrap_or_default()
    }
}
