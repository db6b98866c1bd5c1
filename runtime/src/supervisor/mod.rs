//! What runs services: definitions, the state machine, the task of each service, and the projects they belong to.

mod addresses;
mod backoff;
mod blocker;
mod controller;
mod definition;
mod desired;
mod environment;
mod exam;
mod exec;
mod fingerprint;
pub(crate) mod graph;
mod kept;
mod lazy;
mod listening;
mod login;
mod names;
mod port_conflict;
mod port_monitor;
mod ports;
mod project;
mod projects;
mod registry;
mod scan;
mod secrets;
mod service;
mod shells;
mod state;
mod surroundings;
mod turns;
mod wishes;

pub(crate) use definition::Definition;
#[cfg(test)]
pub(crate) use definition::tests::plain;
pub(crate) use desired::{Desired, WantedProject};
pub(crate) use kept::forget_environment;
pub(crate) use lazy::Rested;
pub(crate) use listening::listening_ports;
pub(crate) use names::Meant;
pub(crate) use ports::{Ports, Sharing};
pub(crate) use project::{Project, root_suffix};
pub(crate) use projects::{Supervisor, SupervisorParts};
pub(crate) use registry::forget_logs;
pub use scan::ports_of_run;
pub(crate) use service::{Asked, Service, View};
pub(crate) use state::{Seeming, State, describe, in_words, seeming};
