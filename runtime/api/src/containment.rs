//! By which means all processes of a service are ended with it.

use serde::{Deserialize, Serialize};

/// The means there are. Each run has a reaper, which knows all processes below it, in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Containment {
    /// The control group in whose folder each run has one of its own, for the kernel to end at once.
    pub control_group: Option<String>,
    /// Which controllers could limit what is in it, such as `memory`; empty where none can be had.
    #[serde(default)]
    pub limits: Vec<String>,
    /// What is missing, and why.
    pub missing: Option<String>,
}
