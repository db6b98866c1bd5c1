//! Questions about logs, and their lines.

use serde::{Deserialize, Serialize};

use crate::{ServiceId, Target};

/// Asks for a page of log lines. The first page is asked for with `cursor: None`; each page brings the cursor of the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LogQuery {
    /// Whose logs. Several services are merged by time.
    pub target: Target,
    /// Where to go on; opaque.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Start with the last so many lines that match.
    #[serde(default)]
    pub tail: Option<u64>,
    /// Only lines at or after this time, in nanoseconds since the Unix epoch.
    #[serde(default)]
    pub since: Option<u64>,
    /// Only lines in which this regular expression matches.
    #[serde(default)]
    pub grep: Option<String>,
    /// Bytes as they were written, escape sequences included.
    #[serde(default)]
    pub raw: bool,
    /// Secrets as they are, which otherwise are masked.
    #[serde(default)]
    pub reveal: bool,
    /// At the end of what there is, wait for more instead of answering with an empty page.
    #[serde(default)]
    pub follow: bool,
}

/// One line of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was read from the service, in nanoseconds since the Unix epoch.
    pub time: u64,
    /// Whose line it is.
    pub service: ServiceId,
    /// What it is.
    pub event: LogEvent,
}

/// What a log line holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogEvent {
    /// Text that the service printed.
    Text {
        /// Where it printed it.
        stream: LogStream,
        /// Without the newline; invalid UTF-8 replaced.
        text: String,
    },
    /// The bytes the service printed, for a raw query: a chunk, not a line. Invalid UTF-8 is kept by Latin-1 escape: one
    /// `char` of U+0000 to U+00FF per byte.
    Raw {
        /// Where it printed them.
        stream: LogStream,
        /// One `char` per byte.
        latin1: String,
    },
    /// A run of the service began.
    Started {
        /// Its process.
        pid: u32,
    },
    /// A run of the service ended.
    Ended {
        /// How, such as `exited with code 1`.
        how: String,
    },
    /// Output that was printed but not kept.
    Gap {
        /// How many bytes; 0 where that is not known.
        bytes: u64,
        /// Why, such as `no space left`.
        reason: String,
    },
}

/// Where a service printed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogStream {
    /// Its terminal, where both streams are one.
    Tty,
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}
