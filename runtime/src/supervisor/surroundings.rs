//! What a service's environment is made from, apart from its own settings: the shell that brought its project up, the project's
//! `.env`, its port, its notify socket and the home's token.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use locald_api::{ProjectId, ServiceId};
use locald_config::{Address, Asked, DotEnv, EnvironmentParts, Faults, LoadError, Masker};
use locald_keeper::{Home, TOKEN_VARIABLE};

use super::addresses::Addresses;
use super::definition::Definition;
use super::environment::Environment;
use super::fingerprint::{Fingerprint, Ingredients};
use super::secrets::Secrets;
use crate::authority;
use crate::sites::Sites;

/// The surroundings of all services of this home.
pub(super) struct Surroundings {
    home: Home,
    token: String,
    addresses: Arc<Addresses>,
    sites: Arc<Sites>,
    projects: Mutex<BTreeMap<ProjectId, ProjectShell>>,
    notify: Mutex<BTreeMap<ServiceId, String>>,
    secrets: Secrets,
}

/// The shell that brought a project up.
#[derive(Clone)]
struct ProjectShell {
    name: String,
    root: PathBuf,
    shell: Vec<(String, String)>,
}

impl Surroundings {
    pub(super) fn new(home: &Home, addresses: Arc<Addresses>, sites: Arc<Sites>) -> Self {
        Self {
            home: home.clone(),
            token: home.token(),
            addresses,
            sites,
            projects: Mutex::default(),
            notify: Mutex::default(),
            secrets: Secrets::default(),
        }
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

    fn projects(&self) -> MutexGuard<'_, BTreeMap<ProjectId, ProjectShell>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A variable of the shell that brought a project up.
    pub(super) fn variable(&self, project: &ProjectId, name: &str) -> Option<String> {
        let projects = self.projects();
        let (_, value) = projects.get(project)?.shell.iter().rfind(|(known, _)| known == name)?;
        Some(value.clone())
    }

    /// The environment of the shell that brought a project up.
    pub(super) fn shell(&self, project: &ProjectId) -> Option<Vec<(String, String)>> {
        self.projects().get(project).map(|project| project.shell.clone())
    }

    /// What the service would be made from now, had it been started from each of these shells.
    pub(super) fn fingerprints(
        &self,
        id: &ServiceId,
        definition: &Definition,
        dotenv: &DotEnv,
        shells: [&Vec<(String, String)>; 2],
    ) -> Result<[Fingerprint; 2], String> {
        let port_of = |service: &str, name: Option<&str>| self.addresses.said(&id.project, service, name);
        let of = |shell| Fingerprint::of(definition, &Ingredients { shell, dotenv, port_of: &port_of });
        let first = of(shells[0])?;
        Ok([first, if shells[0] == shells[1] { first } else { of(shells[1])? }])
    }

    /// What the service's next run is made from; `None` where it cannot begin.
    pub(super) fn fingerprint(&self, id: &ServiceId, definition: &Definition) -> Option<Fingerprint> {
        let project = self.projects().get(&id.project).cloned()?;
        let dotenv = locald_config::load_dotenv(&project.root).ok()?;
        let [print, _] = self.fingerprints(id, definition, &dotenv, [&project.shell; 2]).ok()?;
        Some(print)
    }

    /// The environment of a service's next run. `.env` is read now, so a restart is enough to take up a change.
    pub(super) fn environment(&self, id: &ServiceId, definition: &Definition) -> Result<Environment, String> {
        self.learn_secrets(id, definition);
        let offered = offered(definition, &|name| self.address(id, name));
        let mut environment = Environment {
            offered,
            fallback: authority::variables(&self.home, definition.ca_env),
            ..Environment::default()
        };
        let mut add = |name: &str, value: String| environment.imposed.push((name.to_owned(), value));
        if let Some(notify) = self.notify.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            add("NOTIFY_SOCKET", notify.clone());
        }
        if definition.listen {
            add("LISTEN_FDS", "1".to_owned());
        }
        let mark = if definition.leave_escaped { "leave" } else { "kill" };
        add(TOKEN_VARIABLE, format!("{}:{mark}", self.token));
        add("LOCALD_SERVICE", id.service.clone());
        let project = self.projects().get(&id.project).cloned();
        if let Some(project) = project {
            add("LOCALD_PROJECT", project.name);
            environment.shell = project.shell;
            environment.dotenv = locald_config::load_dotenv(&project.root).map_err(|error| match error {
                // Where, and not what: a line of `.env` may hold a secret.
                LoadError::Faults(faults) => places(&faults),
                other => match std::error::Error::source(&other) {
                    Some(cause) => format!("{other}: {cause}"),
                    None => other.to_string(),
                },
            })?;
        }
        environment.services = self.referred(id, definition)?;
        Ok(environment)
    }

    /// Learns what must not be shown of the service, as its next run would have it. What cannot be told now keeps what was
    /// known.
    pub(super) fn learn_secrets(&self, id: &ServiceId, definition: &Definition) {
        let Some(project) = self.projects().get(&id.project).cloned() else { return };
        let dotenv = locald_config::load_dotenv(&project.root).unwrap_or_default();
        let parts = EnvironmentParts {
            shell: &project.shell,
            env: &definition.shared,
            dotenv: &dotenv,
            cwd: &definition.directory,
            fallback: &[],
            // Which port it is makes no secret.
            offered: &offered(definition, &|_| Some(Address { port: 0, url: None })),
            own: &definition.environment,
            imposed: &[],
        };
        if let Ok(variables) = parts.resolve(&|_| Some(String::new())) {
            self.secrets.learn(id, &variables);
        }
    }

    /// What masks text of the service.
    pub(super) fn masker(&self, id: &ServiceId) -> Masker {
        self.secrets.of(id)
    }

    /// Where a service with a port is reached, at its first or at the one with this name.
    fn address(&self, id: &ServiceId, name: Option<&str>) -> Option<Address> {
        let port = self.addresses.port_named(id, name)?;
        Some(Address { port, url: self.sites.urls(id, name).into_iter().next() })
    }

    /// What the service's command and variables ask of other services.
    fn referred(&self, id: &ServiceId, definition: &Definition) -> Result<BTreeMap<String, String>, String> {
        let values = definition.environment.iter().map(|variable| &variable.value);
        let names = values.chain(&definition.arguments).flat_map(|text| locald_config::names_in(text));
        let mut known = BTreeMap::new();
        for name in names {
            let Some(Asked { service, port, what }) = Asked::of(&name) else { continue };
            let address = |service: &str| {
                self.address(&ServiceId { project: id.project.clone(), service: service.to_owned() }, port)
            };
            // Of several that run beside each other, the first stands for all.
            let address = address(service).or_else(|| address(&format!("{service}.1")));
            let address = address.ok_or_else(|| format!("`{name}`: `{service}` has no such port"))?;
            known.extend(address.answer(what).map(|value| (name.clone(), value)));
        }
        Ok(known)
    }
}

/// The variables that tell a service of its ports. `address` knows where each is reached, the first by `None`.
pub(super) fn offered(
    definition: &Definition,
    address: &dyn Fn(Option<&str>) -> Option<Address>,
) -> Vec<(String, String)> {
    let first = address(None).map(|address| address.offered()).unwrap_or_default();
    let named = definition.ports.iter().filter_map(|it| Some(address(Some(it.name.as_str()))?.offered_as(&it.name)));
    first.into_iter().chain(named.flatten()).collect()
}

/// Where a file has its faults.
fn places(faults: &Faults) -> String {
    let places = faults.iter().map(|fault| format!("{}:{}:{}", fault.path.display(), fault.line, fault.column));
    format!("its .env has faults at {}", places.collect::<Vec<_>>().join(", "))
}
