//! What needs root, and nothing else: a closed set of acts, how they are asked for, and the program that does them.
//!
//! The program is [`main`]: it does one act and ends. It starts no other program, reads no configuration and no environment, and
//! knows nothing else of locald. Whoever asks is on the other end of its standard input, a socket that tells who they are
//! (`SO_PEERCRED`, unix(7)). The rest of this crate is for the asking side: what may be said, and whether an installed copy can be
//! trusted with root.

pub mod hosts;
mod link;
mod message;
mod name;
mod port;
mod root;
mod trust;
mod version;

pub use link::{Link, LinkError};
pub use message::{Answer, Bound, Check, HostsChange, MAX_NAMES, Malformed, Refusal, Request, TooLarge, Verb};
pub use name::{HostName, NotAName};
pub use port::Port;
pub use root::{AUDIT_LOG, main};
pub use trust::{Untrusted, check_path};
pub use version::{PROTOCOL, Version, described};

/// Where the copy lives that root runs.
pub const INSTALLED: &str = "/usr/local/libexec/locald-helper";
