//! Text becomes a resolved project, or all its faults at once.
//!
//! `locald.toml`, a Procfile and `.env` are read here and nowhere else. Everything is a function of its text, except
//! `load`, which finds the files and reads them. What a service does with its settings is the daemon's business; where
//! a fault is shown is the command line's.

mod source;

mod fault;
mod faults;
mod nearest;

mod name;
mod project;
mod service;
mod settings;

mod keys;
mod reader;

mod dotenv;
mod graph;
mod manifest;
mod procfile;
mod service_table;
mod user_config;

mod load;

pub use dotenv::DotEnv;
pub use fault::{Fault, Invalid};
pub use faults::Faults;
pub use keys::{Key, MANIFEST, Shape, USER};
pub use load::{Found, LoadError, find_root, load, load_dotenv};
pub use manifest::parse_manifest;
pub use name::{ProjectName, ServiceName};
pub use nearest::nearest;
pub use procfile::parse_procfile;
pub use project::Project;
pub use service::Service;
pub use settings::backoff::Backoff;
pub use settings::command::Command;
pub use settings::depends_on::{Condition, Dependency};
pub use settings::escape::Escape;
pub use settings::health::{Health, HealthCheck, OnUnhealthy};
pub use settings::kind::Kind;
pub use settings::port::Port;
pub use settings::probe::Probe;
pub use settings::restart::Restart;
pub use settings::signal::StopSignal;
pub use settings::size::Size;
pub use settings::start::Start;
pub use user_config::{Binding, UserConfig, Written};
