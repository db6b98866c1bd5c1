//! The first message each way. Its shape never changes, so that any two versions can read each other's.

use serde::{Deserialize, Serialize};

/// The version of everything that follows the hello. A daemon speaks to clients of exactly this version.
pub const PROTOCOL: u32 = 3;

/// What a client says first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's [`PROTOCOL`].
    pub protocol: u32,
    /// The client's release, for messages.
    pub version: String,
    /// What the client is: `cli`, `workspace`, `web`.
    pub client: String,
}

/// The daemon's answer to a client it can serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The daemon's [`PROTOCOL`].
    pub protocol: u32,
    /// The daemon's release.
    pub version: String,
    /// The daemon's process id.
    pub pid: u32,
}

/// The answer to a client that cannot be served, from the daemon or, while no daemon lives, from the keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why, as one sentence without a final period.
    pub reason: String,
    /// What to do about it.
    #[serde(default)]
    pub hint: Option<String>,
    /// The release that refuses.
    #[serde(default)]
    pub version: Option<String>,
}

impl Hello {
    /// The hello of this release for a client that is a `client`.
    pub fn new(client: &str) -> Self {
        Self { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned(), client: client.to_owned() }
    }
}
