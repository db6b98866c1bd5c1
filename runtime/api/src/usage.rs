//! What services use of the machine, measured only while a client shows it.

use serde::{Deserialize, Serialize};

use crate::ServiceId;

/// What a service that runs uses: its process and everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceUsage {
    /// Which service.
    pub service: ServiceId,
    /// What its processes use.
    pub usage: Usage,
    /// The last line on its screen that is not blank, without its colours and at most 200 characters.
    pub last_line: String,
}

/// What a tree of processes uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time since the last measurement, in thousandths of one processor; absent before there are two.
    pub cpu_permille: Option<u32>,
    /// Resident memory in bytes. Pages that processes share count for each of them.
    pub memory: u64,
    /// How many processes there are.
    pub processes: u32,
}
