//! The keeper: the process that holds terminals, output, listening sockets and exit codes, so that a daemon can die and
//! nothing is lost; and the reaper, which starts one run of a service and ends everything below it.
//!
//! The keeper knows nothing of configuration, screens, logs or clients. It starts the daemon, starts it again when it fails, and
//! hands each new one everything it holds. It is single-threaded and has no async runtime.

mod cgroup;
mod channel;
mod codec;
pub mod containment;
mod ending;
mod hold;
pub mod home;
mod journal;
mod launch;
pub mod lock;
mod memory;
mod message;
mod outcome;
pub mod process;
pub mod reaper;
mod report;
mod ring;
mod sandbox;
mod signals;

pub use channel::{ReceiveError, Receiver, Sender, channel};
pub use codec::Malformed;
pub use hold::{DAEMON_ROLE, Greeting, RESTART_CODE, main};
pub use home::{Home, HomeError, TOKEN_VARIABLE};
pub use journal::{Entry, JournalReader, Stream, What, entries};
pub use launch::{Escape, Launch, LaunchFailure, Step, Stop, Terminal};
pub use message::{FromKeeper, Message, RunInfo, ToKeeper, VERSION};
pub use outcome::{Ending, Outcome};
pub use ring::Lost;
pub use sandbox::{BadSandboxName, SandboxName};
