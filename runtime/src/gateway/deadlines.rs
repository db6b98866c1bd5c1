//! When services are stopped that nobody asks for anything, for whoever wants to know it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use locald_api::ProjectId;
use tokio::time::Instant;

use super::feed::Key;
use super::idleness::Idleness;

/// How long each service is idle that is stopped once it has been so for long enough.
#[derive(Debug, Default)]
pub(crate) struct Deadlines(Mutex<BTreeMap<Key, Idleness>>);

impl Deadlines {
    /// It is so of these services from now on.
    pub(super) fn set(&self, all: BTreeMap<Key, Idleness>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }

    /// When a service, or several that run beside each other, will be stopped if nobody asks for anything until then. `None`: not by
    /// itself.
    pub(crate) fn of(&self, project: &ProjectId, family: &str) -> Option<Instant> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(project.clone(), family.to_owned()))?.due()
    }
}
