//! A loaded project: its services in order, and what of it outlives the daemon.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use locald_api::{ProjectId, ProjectStatus};
use serde::{Deserialize, Serialize};

use super::definition::Definition;
use super::graph::Graph;
use super::service::Service;

/// A loaded project.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) id: ProjectId,
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    /// In the order of the configuration.
    pub(crate) services: Vec<Service>,
    /// What they depend on, by their places.
    pub(crate) graph: Arc<Graph>,
    /// What its files said when they were last without faults.
    pub(crate) definitions: Arc<Vec<Definition>>,
    /// What is wrong with its files now.
    pub(crate) faults: Arc<[String]>,
}

/// A project as the keeper remembers it for the next daemon; in memory only, for it holds an environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RememberedProject {
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) definitions: Vec<Definition>,
}

impl Project {
    pub(crate) fn status(&self) -> ProjectStatus {
        let root = self.root.to_string_lossy().into_owned();
        ProjectStatus { id: self.id.clone(), name: self.name.clone(), root, faults: self.faults.to_vec() }
    }

    pub(crate) fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.pane.id.service == name)
    }
}

/// The id of the project named `name` in the folder `root`: two folders never share one.
pub(crate) fn project_id(name: &str, root: &Path) -> ProjectId {
    ProjectId(format!("{name}{}", root_suffix(root)))
}

/// How the id of every project in the folder `root` ends, whatever its name.
pub(crate) fn root_suffix(root: &Path) -> String {
    // FNV-1a: folders of logs are named by it, so it must stay the same whatever compiler this is built with.
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    let hash = root.as_os_str().as_encoded_bytes().iter().fold(0x811c_9dc5, step);
    format!("-{hash:08x}")
}
