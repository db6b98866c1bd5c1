//! What must not be shown of each service, as long as this daemon lives: a service that was forgotten may still have a log.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use locald_api::ServiceId;
use locald_config::{Given, Masker, Secret};

/// The secrets of all services. They are known again when a service is taken over or started.
#[derive(Debug, Default)]
pub(super) struct Secrets(Mutex<BTreeMap<ServiceId, Masker>>);

impl Secrets {
    /// The service has these variables from now on.
    pub(super) fn learn(&self, id: &ServiceId, variables: &BTreeMap<String, Given>) {
        let secret = variables.values().filter(|given| given.is_secret);
        let masker = Masker::new(secret.map(|given| Secret { value: &given.value, is_said: given.is_said }));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), masker);
    }

    /// What masks text of the service.
    pub(super) fn of(&self, id: &ServiceId) -> Masker {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned().unwrap_or_default()
    }
}
