//! What a service's environment is made from, apart from its own settings: the shell that brought its project up, the project's
//! `.env`, its port, its notify socket and the home's token.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use locald_api::{ProjectId, ServiceId};
use locald_config::DotEnv;
use locald_keeper::{Home, TOKEN_VARIABLE};
use tracing::warn;

use super::definition::Definition;
use super::environment::Environment;
use super::ports::Ports;

/// The surroundings of all services of this home.
pub(super) struct Surroundings {
    token: String,
    ports: Ports,
    projects: Mutex<BTreeMap<ProjectId, ProjectShell>>,
    notify: Mutex<BTreeMap<ServiceId, String>>,
}

/// The shell that brought a project up.
struct ProjectShell {
    name: String,
    root: PathBuf,
    shell: Vec<(String, String)>,
}

impl Surroundings {
    pub(super) fn open(home: &Home) -> Self {
        let ports = Ports::open(home.state_dir().join("ports.json"));
        Self { token: home.token(), ports, projects: Mutex::default(), notify: Mutex::default() }
    }

    /// The project named `name` in `root` was brought up from this shell.
    pub(super) fn set_project(&self, id: &ProjectId, name: &str, root: &Path, shell: Vec<(String, String)>) {
        let environment = ProjectShell { name: name.to_owned(), root: root.to_owned(), shell };
        self.projects().insert(id.clone(), environment);
    }

    pub(super) fn forget_project(&self, id: &ProjectId) {
        self.projects().remove(id);
    }

    /// Where the service's processes send their notices.
    pub(super) fn set_notify(&self, id: &ServiceId, path: String) {
        self.notify.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), path);
    }

    /// The port that is leased to a service.
    pub(super) fn port(&self, id: &ServiceId) -> Option<u16> {
        self.ports.leased(&id.to_string())
    }

    fn projects(&self) -> MutexGuard<'_, BTreeMap<ProjectId, ProjectShell>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The environment of a service's next run. `.env` is read now, so a restart is enough to take up a change.
    pub(super) fn environment(&self, id: &ServiceId, definition: &Definition) -> Environment {
        let mut environment = Environment::default();
        let mut add = |name: &str, value: String| environment.added.push((name.to_owned(), value));
        if let Ok(port) = self.ports.lease(&id.to_string()) {
            add("PORT", port.to_string());
        }
        if let Some(notify) = self.notify.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            add("NOTIFY_SOCKET", notify.clone());
        }
        let mark = if definition.leave_escaped { "leave" } else { "kill" };
        add(TOKEN_VARIABLE, format!("{}:{mark}", self.token));
        add("LOCALD_SERVICE", id.service.clone());
        let projects = self.projects();
        if let Some(project) = projects.get(&id.project) {
            add("LOCALD_PROJECT", project.name.clone());
            environment.shell.clone_from(&project.shell);
            environment.dotenv = read_dotenv(&project.root);
        }
        environment
    }
}

/// The project's `.env`. One with faults was refused when the project came up; if it has them since, it counts as empty.
fn read_dotenv(root: &Path) -> DotEnv {
    let path = root.join(".env");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    DotEnv::parse(&path, &text).unwrap_or_else(|faults| {
        warn!(%faults, "the .env has faults and is left out");
        DotEnv::default()
    })
}
