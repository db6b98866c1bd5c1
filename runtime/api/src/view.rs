//! What a client shows and in which role it is there.

use serde::{Deserialize, Serialize};

use crate::{PaneId, ServiceId};

/// What a client shows from now on. It says all of it each time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The visible panes. Frames are sent for these and no others.
    pub panes: Vec<WatchedPane>,
    /// What the client is there for.
    #[serde(default)]
    pub role: Role,
    /// Where its user's attention is.
    #[serde(default)]
    pub attention: Attention,
    /// Whether the client shows what services use, which is measured only for those that do.
    #[serde(default)]
    pub usage: bool,
}

/// A pane that a client shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedPane {
    /// The client's number for it.
    pub pane: PaneId,
    /// Whose screen it shows.
    pub service: ServiceId,
    /// The columns the client has for it.
    pub columns: u16,
    /// The rows the client has for it.
    pub rows: u16,
    /// Whether keys go to this pane: at most one of a view. Its frames come twice as often as those of the others, and its program
    /// has the focus.
    #[serde(default)]
    pub focused: bool,
}

/// What a client is there for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// To look and to act.
    #[default]
    Participant,
    /// Only to look: it decides no size, what it types goes nowhere, and what would change anything is refused.
    Onlooker,
}

/// Whether a client's own terminal has the focus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attention {
    /// It has, as far as the client knows.
    #[default]
    Here,
    /// The user is in another window.
    Elsewhere,
}
