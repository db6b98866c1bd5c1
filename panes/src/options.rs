//! What the caller asks of a workspace, and how a workspace ends.

use std::path::PathBuf;

use locald_api::{Request, Role, ServiceId};
use serde::{Deserialize, Serialize};

use crate::keymap::Keymap;
use crate::settings::LaterSettings;
use crate::theme::ThemeChoice;

/// What the workspace shows at first.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder of the project the user stands in; its services come first.
    pub project: Option<String>,
    /// The service to select, once it is known. A name that never appears is said in the status line.
    pub focus: Option<Wanted>,
    /// Start with the keys going to the selected service instead of the list.
    pub attach: bool,
    /// Whether the user may act, or only looks.
    pub role: Role,
    /// Start with the overview, whatever is pinned. Without this it is shown at first only while nothing is pinned.
    pub overview: bool,
    /// Asked as soon as the workspace is connected, such as [`Request::Up`]. A failure is shown, and ends nothing.
    ///
    /// Leaving before the answer came cancels the request.
    pub initial: Option<Request>,
    /// What it looks like.
    pub theme: ThemeChoice,
    /// Which key does what.
    pub keymap: Keymap,
    /// Keys and looks as they are from some time on, if that is followed.
    pub later: Option<LaterSettings>,
    /// Where to record everything that happens: a new file, for `debug replay`.
    pub record: Option<PathBuf>,
}

/// How the caller names a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// Exactly this one.
    Id(ServiceId),
    /// `service`, looked for in the user's own project first, or `project:service`.
    Name(String),
}

/// How a workspace ended. No service is stopped by any of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The user left.
    Detached,
    /// The user left while there was no connection to the daemon.
    Quit {
        /// Why there was none.
        reason: String,
    },
    /// This signal arrived; the caller exits with 128 plus its number.
    Signal(i32),
}
