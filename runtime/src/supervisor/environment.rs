//! What a run of a service is given: its environment, and its command with everything filled in that is known only now.

use std::collections::BTreeMap;

use locald_config::{DotEnv, EnvironmentParts, Given, fill};

use super::definition::Definition;

/// Everything but the service's own settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// The environment of the shell that ran `up`.
    pub(crate) shell: Vec<(String, String)>,
    pub(crate) dotenv: DotEnv,
    /// What locald says where nobody else says anything.
    pub(crate) fallback: Vec<(String, String)>,
    /// What locald says and the service may say otherwise.
    pub(crate) offered: Vec<(String, String)>,
    /// What locald says last.
    pub(crate) imposed: Vec<(String, String)>,
    /// What is known of other services, such as `services.db.port`.
    pub(crate) services: BTreeMap<String, String>,
}

/// A command and its environment, as they are handed to a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) arguments: Vec<String>,
    /// Each once, sorted by name.
    pub(crate) variables: BTreeMap<String, Given>,
}

impl Environment {
    /// What the service is given.
    ///
    /// # Errors
    /// What is wrong in `.env`, such as a `${NAME:?message}` without the name, or what is referred to and not there.
    pub(crate) fn resolve(&self, definition: &Definition) -> Result<Resolved, String> {
        let parts = EnvironmentParts {
            shell: &self.shell,
            env: &definition.shared,
            dotenv: &self.dotenv,
            cwd: &definition.directory,
            fallback: &self.fallback,
            offered: &self.offered,
            own: &definition.environment,
            imposed: &self.imposed,
        };
        let service = |name: &str| self.services.get(name).cloned();
        let variables = parts.resolve(&service).map_err(|error| error.to_string())?;
        let known = |name: &str| variables.get(name).map(|given| given.value.clone()).or_else(|| service(name));
        let arguments = definition.arguments.iter().map(|argument| fill(argument, &known));
        let arguments = arguments.collect::<Result<_, _>>().map_err(|error| format!("its command: {error}"))?;
        Ok(Resolved { arguments, variables })
    }
}
