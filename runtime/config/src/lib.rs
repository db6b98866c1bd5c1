//! Text becomes a resolved project, or all its faults at once.
//!
//! `locald.toml`, a Procfile, a `package.json` and `.env` are read here and nowhere else. Everything is a function of its text, except
//! `load`, which finds the files and reads them. What a service does with its settings is the daemon's business; where
//! a fault is shown is the command line's.

mod source;
mod tree;

mod fault;
mod faults;
mod nearest;

mod name;
mod project;
mod service;
mod settings;

mod keys;
mod mask;
mod reader;
mod secret;
mod template;

mod address;
mod convert;
mod dotenv;
mod environment;
mod explain;
mod graph;
mod interpolate;
mod layers;
mod manifest;
mod package;
mod procfile;
mod service_table;
mod unicode_name;
mod user_config;

mod edit;

mod load;

pub use address::{Address, Asked};
pub use convert::{manifest_of_package, manifest_of_procfile};
pub use dotenv::DotEnv;
pub use edit::{Before, EditError, Edited, set, unset};
pub use environment::{EnvironmentError, EnvironmentParts, Given, Giver};
pub use explain::{Origin, Plain, Setting};
pub use fault::{Fault, Invalid};
pub use faults::Faults;
pub use interpolate::{Unfilled, fill, names_in};
pub use keys::{Key, MANIFEST, Shape, USER, WORKSPACE_FILE};
pub use layers::Layer;
pub use load::{Found, LoadError, check, check_user, explain, files, find_root, is_project, load, load_dotenv};
pub use manifest::parse_manifest;
pub use mask::{Masker, Secret};
pub use name::{ProjectName, ServiceName};
pub use nearest::nearest;
pub use procfile::parse_procfile;
pub use project::Project;
pub use secret::{MASK, has_secret_name};
pub use service::Service;
pub use settings::backoff::Backoff;
pub use settings::certificates::CertificateFiles;
pub use settings::command::Command;
pub use settings::depends_on::{Condition, Dependency};
pub use settings::env::Variable;
pub use settings::escape::Escape;
pub use settings::health::{Health, HealthCheck, OnUnhealthy};
pub use settings::host_header::HostHeader;
pub use settings::kind::Kind;
pub use settings::paths::PathAt;
pub use settings::plain_http::PlainHttp;
pub use settings::port::Port;
pub use settings::ports::{NamedPort, PortName};
pub use settings::probe::Probe;
pub use settings::protocol::Protocol;
pub use settings::proxy::{Entrance, Proxy};
pub use settings::requests::HOLD;
pub use settings::restart::Restart;
pub use settings::signal::StopSignal;
pub use settings::size::{Size, SizePolicy};
pub use settings::start::Start;
pub use settings::suffixes::suffix_of;
pub use unicode_name::shown_host;
pub use user_config::{Binding, UserConfig, Written};
