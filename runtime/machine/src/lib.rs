//! What is changed on this machine outside of locald's own folders, and how that is undone.
//!
//! All of it is written down in the [`Ledger`] before it is done, so that nothing is left that nobody knows of. Nothing here asks or
//! prints; how privileges are come by is decided by whoever calls.

mod certificate;
mod change;
mod ledger;
mod store;
mod tools;
mod verify;
mod world;

pub use certificate::{PREFIX, Root};
pub use change::{Change, HostsBlock, InstalledHelper, TrustedRoot};
pub use ledger::{Entry, Ledger, LedgerError, lock};
pub use store::{Kind, Presence, Store, StoreError, stores, system_bundle};
pub use tools::{Call, Privilege, Programs, Said, Tools};
pub use verify::{Check, Door, Verdict};
pub use world::{System, User, World};
