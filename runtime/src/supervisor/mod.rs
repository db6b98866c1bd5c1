//! What runs services: definitions, the state machine, the task of each service, and the projects they belong to.

mod controller;
mod definition;
mod environment;
mod exec;
mod listening;
mod names;
mod ports;
mod project;
mod projects;
mod secrets;
mod service;
mod state;
mod surroundings;

pub(crate) use listening::listening_ports;
pub(crate) use names::Meant;
pub(crate) use project::{Project, root_suffix};
pub(crate) use projects::{Supervisor, SupervisorParts};
pub(crate) use state::{State, describe};
