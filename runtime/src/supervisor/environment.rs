//! The environment of a service: that of the shell which brought the project up, cleaned of what belongs to that shell's terminal
//! and session, then `.env`, then the service's own variables, then what locald adds.

use std::collections::BTreeMap;

use locald_config::DotEnv;

use super::definition::Definition;

/// Everything but the service's own variables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// The environment of the shell that ran `up`.
    pub(crate) shell: Vec<(String, String)>,
    pub(crate) dotenv: DotEnv,
    /// What locald adds last.
    pub(crate) added: Vec<(String, String)>,
}

/// What describes the terminal, window or session of the shell that ran `up`, and would mislead a service.
const REMOVED: [&str; 13] = [
    "STY",
    "COLUMNS",
    "LINES",
    "WINDOWID",
    "NOTIFY_SOCKET",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "TERM",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "COLORTERM",
    "OLDPWD",
    "SHLVL",
];
const REMOVED_PREFIXES: [&str; 7] = ["TMUX", "ZELLIJ", "VTE_", "KITTY_", "WEZTERM_", "LISTEN_", "LOCALD_"];

impl Environment {
    /// The variables of a service, each once, sorted by name.
    ///
    /// # Errors
    /// What is wrong in `.env`, such as a `${NAME:?message}` without the name.
    pub(crate) fn resolve(&self, definition: &Definition) -> Result<Vec<(String, String)>, String> {
        let kept = self.shell.iter().filter(|(name, _)| !is_removed(name)).cloned();
        let mut variables: BTreeMap<String, String> = kept.collect();
        let dotenv = self.dotenv.resolve(&|name| variables.get(name).cloned()).map_err(|faults| faults.to_string())?;
        // As with Compose, what the shell says wins over the file.
        for (name, value) in dotenv {
            variables.entry(name).or_insert(value);
        }
        variables.insert("TERM".to_owned(), "xterm-256color".to_owned());
        variables.insert("COLORTERM".to_owned(), "truecolor".to_owned());
        variables.insert("TERM_PROGRAM".to_owned(), "locald".to_owned());
        variables.insert("PWD".to_owned(), definition.directory.to_string_lossy().into_owned());
        variables.extend(self.added.iter().filter(|(name, _)| name == "PORT").cloned());
        variables.extend(definition.environment.iter().cloned());
        variables.extend(self.added.iter().filter(|(name, _)| name != "PORT").cloned());
        Ok(variables.into_iter().collect())
    }
}

fn is_removed(name: &str) -> bool {
    REMOVED.contains(&name) || REMOVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    fn definition(environment: &[(&str, &str)]) -> Definition {
        Definition {
            name: "web".to_owned(),
            arguments: vec!["true".to_owned()],
            directory: PathBuf::from("/project"),
            environment: pairs(environment),
            terminal: true,
            size: None,
            stop_signal: 15,
            stop_timeout: Duration::from_secs(10),
            leave_escaped: false,
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn resolved(environment: &Environment, own: &[(&str, &str)]) -> BTreeMap<String, String> {
        environment.resolve(&definition(own)).unwrap().into_iter().collect()
    }

    #[test]
    fn what_belongs_to_the_terminal_of_the_shell_is_gone_and_the_rest_is_there() {
        let shell = pairs(&[
            ("PATH", "/bin"),
            ("TMUX_PANE", "%1"),
            ("LISTEN_FDS", "1"),
            ("COLUMNS", "80"),
            ("TERM", "dumb"),
            ("LOCALD_HOME", "/x"),
        ]);
        let found = resolved(&Environment { shell, ..Environment::default() }, &[]);
        assert_eq!(found["PATH"], "/bin");
        assert_eq!((&*found["TERM"], &*found["COLORTERM"]), ("xterm-256color", "truecolor"));
        for name in ["TMUX_PANE", "LISTEN_FDS", "COLUMNS", "LOCALD_HOME"] {
            assert!(!found.contains_key(name), "{name}");
        }
    }

    #[test]
    fn the_file_fills_in_the_service_overrides_and_a_port_can_be_set_by_the_service_alone() {
        let dotenv = DotEnv::parse(&PathBuf::from(".env"), "A=file\nB=file\nPATH=file").unwrap();
        let added = pairs(&[("PORT", "20000"), ("NOTIFY_SOCKET", "/n")]);
        let environment = Environment { shell: pairs(&[("PATH", "/bin")]), dotenv, added };
        let found = resolved(&environment, &[("B", "own"), ("NOTIFY_SOCKET", "no")]);
        assert_eq!((&*found["A"], &*found["B"], &*found["PATH"]), ("file", "own", "/bin"));
        assert_eq!((&*found["PORT"], &*found["NOTIFY_SOCKET"]), ("20000", "/n"));
        assert_eq!(resolved(&environment, &[("PORT", "80")])["PORT"], "80");
    }
}
