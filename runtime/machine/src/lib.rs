//! What is changed on this machine outside of locald's own folders, and how that is undone.
//!
//! All of it is written down in the [`Ledger`] before it is done, so that nothing is left that nobody knows of. Nothing here asks,
//! prints or gains privileges; whoever calls decides that.

mod change;
mod ledger;

pub use change::{Change, TrustedRoot};
pub use ledger::{Entry, Ledger, LedgerError};
