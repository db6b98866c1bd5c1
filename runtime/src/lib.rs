//! The daemon: what supervises services, keeps their logs and screens, and answers clients.
//!
//! It holds nothing that would be lost with it: processes, terminals, output and sockets are the keeper's, logs are on disk. It is
//! started by the keeper and by nobody else.

pub mod authority;
mod daemon;
mod descriptors;
mod gateway;
mod health;
mod keeper_link;
pub mod logs;
mod own_log;
mod panes;
mod pattern;
mod pins;
mod registry;
mod server;
mod sites;
mod state_file;
mod supervisor;
mod usage;
mod watching;

pub use daemon::main;
pub use registry::Registry;
pub use supervisor::ports_of_run;
pub use watching::Watching;
