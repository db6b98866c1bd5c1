//! The ledger of a home: what was done to the machine on its behalf, so that it can be shown and undone.
//!
//! A change is entered before it is made, and struck out after it is undone: whoever is interrupted leaves an entry too many, never one
//! too few. Entries that a later release has made are kept as they are.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::change::Change;

const FILE: &str = "machine.json";
const LOCK: &str = "machine.lock";

/// What was done to the machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    entries: Vec<Entry>,
    /// What this release knows nothing of.
    unknown: Vec<Value>,
    /// The fingerprints of the authorities that browsers trust.
    pub browsers_trust: BTreeSet<String>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What was changed.
    #[serde(flatten)]
    pub change: Change,
    /// When.
    pub at: Timestamp,
    /// By which release.
    pub by: String,
}

/// The ledger as it is written down.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    #[serde(default)]
    changes: Vec<Value>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    trusted_by_browsers: BTreeSet<String>,
    /// The only one, as earlier releases had it.
    #[serde(default, skip_serializing)]
    browsers_trust: Option<String>,
}

/// Why the ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be read or written.
    #[error("failed to read or write {}", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no ledger. It is left as it is: what it holds may be all that tells of a change.
    #[error("{} makes no sense", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Entry {
    /// What was done, in a few words.
    pub fn told(&self) -> String {
        self.change.told()
    }
}

impl Ledger {
    /// The ledger of the home whose lasting files are in `state`; an empty one where nothing was ever done.
    pub fn read(state: &Path) -> Result<Self, LedgerError> {
        let path = state.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(LedgerError::Io { path, source }),
        };
        let written: Written =
            serde_json::from_slice(&bytes).map_err(|source| LedgerError::Damaged { path, source })?;
        let browsers_trust = written.trusted_by_browsers.into_iter().chain(written.browsers_trust).collect();
        let mut ledger = Self { browsers_trust, ..Self::default() };
        for value in written.changes {
            match serde_json::from_value(value.clone()) {
                Ok(entry) => ledger.entries.push(entry),
                Err(_) => ledger.unknown.push(value),
            }
        }
        Ok(ledger)
    }

    /// Changes the ledger of the home, whoever else does so in this moment; returns it as it is then.
    pub fn update(state: &Path, change: impl FnOnce(&mut Self)) -> Result<Self, LedgerError> {
        let path = state.join(FILE);
        let failed = |source| LedgerError::Io { path: path.clone(), source };
        let _lock = lock(&state.join(LOCK)).map_err(failed)?;
        let mut ledger = Self::read(state)?;
        change(&mut ledger);
        ledger.write(&path).map_err(failed)?;
        Ok(ledger)
    }

    /// Enters a change, in place of what was known of it. That a store was made for an authority is remembered, whichever of them is the
    /// last to go from it.
    pub fn enter(&mut self, mut change: Change) {
        if let Change::Trust(trusted) = &mut change {
            let was_made = |entry: &Entry| matches!(&entry.change, Change::Trust(known) if known.made && known.place == trusted.place);
            trusted.made |= self.entries.iter().any(was_made);
        }
        self.strike(&change);
        self.entries.push(Entry { change, at: Timestamp::now(), by: env!("CARGO_PKG_VERSION").to_owned() });
    }

    /// Strikes out a change that was undone.
    pub fn strike(&mut self, change: &Change) {
        self.entries.retain(|entry| !entry.change.is_same(change));
    }

    /// What was done, the oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many changes there are that a later release has made, and only that can undo.
    pub fn unknown(&self) -> usize {
        self.unknown.len()
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let known = self.entries.iter().map(serde_json::to_value);
        let changes = known.chain(self.unknown.iter().cloned().map(Ok)).collect::<Result<_, _>>()?;
        let written = Written { changes, trusted_by_browsers: self.browsers_trust.clone(), browsers_trust: None };
        let temporary = path.with_extension("json.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(&written)?)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    }
}

/// Waits until nobody else has a file, which is made if need be; given back when it is dropped.
///
/// # Errors
/// As of open(2) and flock(2).
pub fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::thread;

    use super::*;
    use crate::change::TrustedRoot;

    fn trust(place: &str, verified: bool) -> Change {
        Change::Trust(TrustedRoot {
            store: "nss".to_owned(),
            place: place.into(),
            fingerprint: "ab".to_owned(),
            thumbprint: "cd".to_owned(),
            name: "locald me@here 00000001".to_owned(),
            as_root: false,
            made: false,
            verified,
        })
    }

    #[test]
    fn what_was_entered_is_read_again_until_it_is_struck_out() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(Ledger::read(state.path()).unwrap(), Ledger::default());
        Ledger::update(state.path(), |ledger| ledger.enter(trust("/a", false))).unwrap();
        Ledger::update(state.path(), |ledger| ledger.enter(trust("/a", true))).unwrap();
        let ledger = Ledger::read(state.path()).unwrap();
        assert_eq!(ledger.entries().iter().map(|entry| &entry.change).collect::<Vec<_>>(), [&trust("/a", true)]);
        let mode = fs::metadata(state.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let ledger = Ledger::update(state.path(), |ledger| ledger.strike(&trust("/a", false))).unwrap();
        assert!(ledger.entries().is_empty());
    }

    #[test]
    fn a_store_that_was_made_stays_so_for_everything_that_comes_into_it() {
        let mut ledger = Ledger::default();
        let of = |fingerprint: &str, made: bool| match trust("/a", true) {
            Change::Trust(it) => Change::Trust(TrustedRoot { fingerprint: fingerprint.to_owned(), made, ..it }),
            other => other,
        };
        ledger.enter(of("ab", true));
        // It is there by now.
        ledger.enter(of("ab", false));
        ledger.enter(of("ef", false));
        ledger.enter(trust("/b", false));
        let made: Vec<bool> =
            ledger.entries().iter().map(|it| matches!(&it.change, Change::Trust(it) if it.made)).collect();
        assert_eq!(made, [true, true, false]);
    }

    #[test]
    fn whom_browsers_trust_is_read_as_an_earlier_release_wrote_it() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join(FILE), r#"{"changes":[],"browsers_trust":"ab"}"#).unwrap();
        Ledger::update(state.path(), |ledger| ledger.browsers_trust.extend(["cd".to_owned()])).unwrap();
        assert_eq!(Ledger::read(state.path()).unwrap().browsers_trust, BTreeSet::from(["ab", "cd"].map(str::to_owned)));
    }

    #[test]
    fn a_change_that_only_a_later_release_knows_stays() {
        let state = tempfile::tempdir().unwrap();
        let later = r#"{"changes":[{"change":"moon","phase":3}]}"#;
        fs::write(state.path().join(FILE), later).unwrap();
        let ledger = Ledger::update(state.path(), |ledger| ledger.enter(trust("/a", true))).unwrap();
        assert_eq!((ledger.entries().len(), ledger.unknown()), (1, 1));
        assert!(fs::read_to_string(state.path().join(FILE)).unwrap().contains("\"moon\""));
    }

    #[test]
    fn a_damaged_ledger_is_told_and_left_alone() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join(FILE), "{").unwrap();
        assert!(matches!(Ledger::read(state.path()), Err(LedgerError::Damaged { .. })));
        assert!(Ledger::update(state.path(), |ledger| ledger.enter(trust("/a", true))).is_err());
        assert_eq!(fs::read_to_string(state.path().join(FILE)).unwrap(), "{");
    }

    #[test]
    fn two_who_write_at_once_lose_nothing() {
        let state = tempfile::tempdir().unwrap();
        thread::scope(|scope| {
            for writer in 0..4 {
                let state = state.path();
                scope.spawn(move || {
                    for number in 0..10 {
                        let place = format!("/{writer}/{number}");
                        Ledger::update(state, |ledger| ledger.enter(trust(&place, true))).unwrap();
                    }
                });
            }
        });
        assert_eq!(Ledger::read(state.path()).unwrap().entries().len(), 40);
    }
}
