//! Stores of certificates, by which programs decide whom they believe: which there are, and how each comes to trust an authority and
//! no longer does.

mod anchors;
mod found;
pub(crate) mod java;
mod keychain;
mod nss;
mod profiles;
mod windows;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

pub use anchors::system_bundle;
pub use found::stores;

use crate::certificate::Root;
use crate::change::TrustedRoot;
use crate::tools::{Call, Said};
use crate::world::{System, World};

/// The sorts of store, by their names on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The operating system's own, which curl, Python, Ruby and Go believe, and browsers on macOS.
    System,
    /// A database of NSS: that of Chromium and its kin on Linux, and one for each profile of Firefox.
    Nss,
    /// That of Windows, seen from Linux within it.
    Windows,
    /// That of a Java runtime.
    Java,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::System, Self::Nss, Self::Windows, Self::Java];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Nss => "nss",
            Self::Windows => "windows",
            Self::Java => "java",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|kind| kind.word()).collect();
            format!("`{text}` is no store; there are {}", known.join(", "))
        })
    }
}

/// A store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Its sort.
    pub kind: Kind,
    /// Where it is: the file that the certificate is to be in, or the folder or file of a database.
    pub place: PathBuf,
    /// Whether only root may change it.
    pub as_root: bool,
    /// Whether it is, or was, made for the authority, and goes with it if nothing else comes into it.
    pub made: bool,
    way: Way,
}

/// How a store is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Anchors(&'static anchors::Distribution),
    Keychain,
    Nss,
    Windows,
    Java,
}

/// How far a store trusts an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It does.
    Trusted,
    /// It does not, but knows of it.
    Traces,
    /// It has never heard of it.
    Absent,
}

/// Why a store cannot be looked at or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A program is not installed.
    #[error("`{program}` is not installed")]
    Missing {
        /// Which.
        program: &'static str,
        /// How it is installed.
        how: String,
    },
    /// Only root can do it, and nobody is there whom `sudo` could ask.
    #[error("only root can do that")]
    NeedsRoot {
        /// What root types.
        commands: String,
    },
    /// A program failed.
    #[error("`{call}` failed: {said}")]
    Failed {
        /// How it was called.
        call: String,
        /// What it said.
        said: String,
    },
    /// A program cannot be run, or a file cannot be read.
    #[error("{what} cannot be used")]
    Io {
        /// Which.
        what: String,
        /// Why.
        source: io::Error,
    },
    /// It did as it was told, and yet the store is as it was.
    #[error("it was changed, and is as it was before")]
    Unchanged,
}

impl Store {
    /// The store that a change in the ledger is about; `None` if this release knows of none such.
    pub fn of(change: &TrustedRoot, world: &World<'_>) -> Option<Self> {
        let kind: Kind = change.store.parse().ok()?;
        let way = match kind {
            Kind::System => anchors::way_of(world, &change.place)?,
            Kind::Nss => Way::Nss,
            Kind::Windows => Way::Windows,
            Kind::Java => Way::Java,
        };
        let TrustedRoot { place, as_root, made, .. } = change.clone();
        Some(Self { kind, place, as_root, made, way })
    }

    /// What the ledger is to say of it, so that [`Store::of`] finds it again: that it trusts `root`, and whether trying it
    /// has shown so.
    pub fn noted(&self, root: &Root, verified: bool) -> TrustedRoot {
        TrustedRoot {
            store: self.kind.to_string(),
            place: self.place.clone(),
            fingerprint: root.fingerprint.clone(),
            thumbprint: root.thumbprint.clone(),
            name: root.name.clone(),
            as_root: self.as_root,
            made: self.made,
            verified,
        }
    }

    /// How far it trusts the authority of this fingerprint.
    pub fn presence(&self, root: &Root, world: &World<'_>) -> Result<Presence, StoreError> {
        match self.way {
            Way::Anchors(distribution) => Ok(anchors::presence(self, distribution, root, world)),
            Way::Keychain => keychain::presence(self, root, world),
            Way::Nss => nss::presence(self, root, world),
            Way::Windows => windows::presence(root, world),
            Way::Java => java::presence(self, root, world),
        }
    }

    /// What has to be called for it to trust the authority.
    pub fn adding(&self, root: &Root, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
        match self.way {
            Way::Anchors(distribution) => anchors::adding(self, distribution, root, world),
            Way::Keychain => Ok(keychain::adding(self, root)),
            Way::Nss => nss::adding(self, root, world),
            Way::Windows => windows::adding(root, world),
            Way::Java => java::adding(self, root, world),
        }
    }

    /// What has to be called for nothing of the authority to be left in it.
    pub fn removing(&self, root: &Root, world: &World<'_>) -> Result<Vec<Call>, StoreError> {
        match self.way {
            Way::Anchors(distribution) => anchors::removing(self, distribution, world),
            Way::Keychain => keychain::removing(self, root, world),
            Way::Nss => nss::removing(self, root, world),
            Way::Windows => windows::removing(root, world),
            Way::Java => java::removing(self, root, world),
        }
    }

    /// Has it trust the authority.
    pub fn add(&self, root: &Root, world: &World<'_>) -> Result<(), StoreError> {
        let calls = self.adding(root, world)?;
        let is_to_be_made = self.way == Way::Nss && self.made && !nss::is_there(&self.place);
        let has_folder = self.place.exists();
        if is_to_be_made {
            nss::make_folder(self)?;
        }
        let added = carry_out(&calls, world).and_then(|()| match self.presence(root, world)? {
            Presence::Trusted => Ok(()),
            Presence::Traces | Presence::Absent => Err(StoreError::Unchanged),
        });
        // Nobody writes down what was made for nothing. Files that are no database and were there before are somebody's.
        if added.is_err() && is_to_be_made && (nss::is_there(&self.place) || !has_folder) {
            let _ = nss::remove_if_empty(self, world);
        }
        added
    }

    /// Removes every trace of the authority.
    pub fn remove(&self, root: &Root, world: &World<'_>) -> Result<(), StoreError> {
        carry_out(&self.removing(root, world)?, world)?;
        match self.presence(root, world)? {
            Presence::Absent if self.way == Way::Nss && self.made => nss::remove_if_empty(self, world),
            Presence::Absent => Ok(()),
            Presence::Trusted | Presence::Traces => Err(StoreError::Unchanged),
        }
    }

    /// Whether it is what browsers believe here.
    pub fn is_of_browsers(&self, world: &World<'_>) -> bool {
        match self.kind {
            Kind::Nss | Kind::Windows => true,
            Kind::System => world.system == System::MacOs,
            Kind::Java => false,
        }
    }

    /// All of locald's authorities in it, as far as it tells. No file holds them.
    pub fn authorities(&self, world: &World<'_>) -> Result<Vec<Root>, StoreError> {
        match self.way {
            Way::Anchors(distribution) => Ok(anchors::authorities(distribution, world)),
            Way::Nss => nss::authorities(self, world),
            Way::Keychain | Way::Windows | Way::Java => Ok(Vec::new()),
        }
    }
}

/// Makes calls one after the other, until one fails.
fn carry_out(calls: &[Call], world: &World<'_>) -> Result<(), StoreError> {
    for (done, call) in calls.iter().enumerate() {
        match world.tools.run(call) {
            Ok(said) if said.success => {}
            Ok(said) => return Err(failed(call, &said)),
            Err(error) if call.as_root && error.kind() == io::ErrorKind::PermissionDenied => {
                let rest: Vec<String> = calls[done..].iter().map(ToString::to_string).collect();
                return Err(StoreError::NeedsRoot { commands: rest.join(" && ") });
            }
            Err(source) => {
                return Err(StoreError::Io { what: format!("`{}`", call.program.to_string_lossy()), source });
            }
        }
    }
    Ok(())
}

/// Asks a program; what it says is its output, whatever it ended with.
fn ask(call: &Call, world: &World<'_>) -> Result<Said, StoreError> {
    let what = || format!("`{}`", call.program.to_string_lossy());
    world.tools.run(call).map_err(|source| StoreError::Io { what: what(), source })
}

fn failed(call: &Call, said: &Said) -> StoreError {
    let text = if said.err.trim().is_empty() { &said.out } else { &said.err };
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
    StoreError::Failed { call: call.to_string(), said: last.trim().to_owned() }
}

#[cfg(test)]
mod tests;
