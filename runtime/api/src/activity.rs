//! What a service's program does that its screen does not show: output nobody looks at, bells, notifications, progress, and where
//! it works. Always the latest value, with a counter where each time matters; never a list of what happened.

use serde::{Deserialize, Serialize};

use crate::ServiceId;

/// What a service's program has done.
///
/// The counters begin at 0 with each daemon and only rise, so a client remembers them as of when its user looked last; only
/// [`output`](Self::output) goes on from where the last daemon was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Whose program.
    pub service: ServiceId,
    /// Rises with everything it prints.
    pub output: u64,
    /// How often it has rung the bell.
    pub bells: u64,
    /// The title it set, at most 1 KiB; empty if it set none.
    pub title: String,
    /// Its working directory as it reported it (OSC 7): a URL, empty if it reported none.
    pub directory: String,
    /// How often it wanted to tell the user something.
    pub notifications: u64,
    /// What it told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notification>,
    /// How far its task is.
    #[serde(default)]
    pub progress: Progress,
    /// How many commands its shell has ended (OSC 133).
    pub commands: u64,
    /// What its shell said last of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandMark>,
}

/// Something a program tells the user (OSC 9 and 777).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Often empty.
    pub title: String,
    /// The text, without control characters, at most 4 KiB.
    pub body: String,
}

/// How far a task is (OSC 9;4), in percent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// There is no task.
    #[default]
    None,
    /// So far.
    Percent(u8),
    /// It failed there.
    Failed(u8),
    /// Nobody knows how far.
    Unknown,
    /// It waits there.
    Paused(u8),
}

/// What begins or ends where the cursor is (OSC 133).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandMark {
    /// The prompt begins.
    Prompt,
    /// The prompt ends, and what the user types begins.
    Input,
    /// The command's output begins.
    Output,
    /// The command ended, with this exit code if the shell said so.
    Ended(Option<i32>),
}
