//! What the user has set, which may change while a workspace is open.

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::keymap::Keymap;
use crate::theme::ThemeChoice;

/// What the user has set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settings {
    /// Which key does what.
    pub keymap: Keymap,
    /// What it looks like. A recording does not hold it: it is replayed with the theme of whoever looks.
    #[serde(skip)]
    pub theme: ThemeChoice,
}

/// The settings as they are from now on, of which only the latest matter; or why they cannot be read, in a line. Those that were in
/// force stay so then.
pub type LaterSettings = watch::Receiver<Result<Settings, String>>;
