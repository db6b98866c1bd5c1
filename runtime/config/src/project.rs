//! A whole project, as the daemon takes it over.

use std::path::PathBuf;

use crate::dotenv::DotEnv;
use crate::name::ProjectName;
use crate::service::Service;
use crate::settings::env::Variable;
use crate::settings::plain_http::PlainHttp;

/// The services may be at most so many: each costs a process, a terminal and a screen.
pub(crate) const MAX_SERVICES: usize = 1000;

/// A project with everything resolved but its `.env`, which needs the environment of whoever starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Given, or made from the folder's name.
    pub name: ProjectName,
    /// Whether the environment that it was brought up with is kept on disk, to start with the daemon from it.
    pub keep_env: bool,
    /// Whether its services are told of a file with all certificates of authorities, the home's own among them.
    pub ca_env: bool,
    /// What becomes of requests without TLS.
    pub http: PlainHttp,
    /// The folder that paths are relative to.
    pub root: PathBuf,
    /// The project's own file.
    pub source: PathBuf,
    /// Every file that has a say, and every one that would have one if it were there.
    pub files: Vec<PathBuf>,
    /// Variables of all services; each name once.
    pub env: Vec<Variable>,
    /// In the order of the file; at most 1000, each name once.
    pub services: Vec<Service>,
    /// What stands in the `.env` beside the source; empty when there is none.
    pub dotenv: DotEnv,
}

impl Project {
    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name.as_str() == name)
    }
}
