//! The pinned services, which all clients share: an order, kept over restarts of everything.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use locald_api::ServiceId;
use tracing::warn;

use crate::state_file;

/// Pins that are kept. Services of projects that are not up keep theirs, so the oldest of those make room.
const MOST: usize = 256;

/// The pins of this home, kept in a file.
#[derive(Debug)]
pub(crate) struct Pins {
    file: PathBuf,
    pins: Mutex<Vec<ServiceId>>,
}

impl Pins {
    /// Reads the pins.
    pub(crate) fn open(file: PathBuf) -> Self {
        Self { pins: Mutex::new(state_file::read(&file).value), file }
    }

    /// The pinned services, in their order.
    pub(crate) fn list(&self) -> Vec<ServiceId> {
        self.lock().clone()
    }

    /// Pins a service at a place among those `known` now, or at the end; one that is pinned moves.
    pub(crate) fn pin(&self, service: &ServiceId, place: Option<usize>, known: impl Fn(&ServiceId) -> bool) {
        let mut pins = self.lock();
        pins.retain(|pin| pin != service);
        let mut shown = pins.iter().enumerate().filter(|(_, pin)| known(pin)).map(|(index, _)| index);
        let index = place.and_then(|place| shown.nth(place)).unwrap_or(pins.len());
        pins.insert(index, service.clone());
        while pins.len() > MOST {
            let oldest = pins.iter().position(|pin| !known(pin)).unwrap_or(0);
            pins.remove(oldest);
        }
        self.save(&pins);
    }

    /// Takes a pin away.
    pub(crate) fn unpin(&self, service: &ServiceId) {
        let mut pins = self.lock();
        let before = pins.len();
        pins.retain(|pin| pin != service);
        if pins.len() < before {
            self.save(&pins);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<ServiceId>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, pins: &[ServiceId]) {
        if let Err(error) = state_file::write(&self.file, &pins) {
            warn!(file = %self.file.display(), %error, "the pins cannot be saved");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use locald_api::ProjectId;

    use super::*;

    fn id(name: &str) -> ServiceId {
        ServiceId { project: ProjectId("shop-1f".to_owned()), service: name.to_owned() }
    }

    fn names(pins: &Pins) -> String {
        pins.list().into_iter().map(|pin| pin.service).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn pins_have_an_order_that_outlives_the_daemon() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pins.json");
        let pins = Pins::open(file.clone());
        for name in ["a", "b", "c"] {
            pins.pin(&id(name), None, |_| true);
        }
        pins.pin(&id("c"), Some(0), |_| true);
        pins.pin(&id("a"), Some(9), |_| true);
        assert_eq!(names(&pins), "c b a");
        pins.unpin(&id("b"));
        pins.unpin(&id("unknown"));
        assert_eq!(names(&Pins::open(file.clone())), "c a");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_place_counts_the_services_that_are_there() {
        let dir = tempfile::tempdir().unwrap();
        let pins = Pins::open(dir.path().join("pins.json"));
        for name in ["gone", "a", "b"] {
            pins.pin(&id(name), None, |_| true);
        }
        pins.pin(&id("c"), Some(1), |pin| pin.service != "gone");
        assert_eq!(names(&pins), "gone a c b");
    }

    #[test]
    fn pins_are_bounded_and_those_of_services_that_are_gone_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let pins = Pins::open(dir.path().join("pins.json"));
        let here = |pin: &ServiceId| pin.service.starts_with("here");
        pins.pin(&id("here"), None, here);
        *pins.lock() = pins.list().into_iter().chain((1..MOST).map(|n| id(&format!("gone{n}")))).collect();
        pins.pin(&id("here too"), None, here);
        assert_eq!((pins.list().len(), &pins.list()[0], &pins.list()[1]), (MOST, &id("here"), &id("gone2")));
    }

    #[test]
    fn a_file_that_makes_no_sense_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pins.json");
        std::fs::write(&file, "{").unwrap();
        assert!(Pins::open(file).list().is_empty());
        assert!(dir.path().join("pins.json.corrupt").exists());
    }
}
