//! The environment of a service, put together: the shell that ran `up`, cleaned of what belongs to that shell's terminal and
//! session, then the files' variables for all services, `.env`, what locald offers, the service's own, and what locald imposes.

use std::collections::BTreeMap;
use std::path::Path;

use crate::dotenv::DotEnv;
use crate::faults::Faults;
use crate::interpolate::{Unfilled, fill};
use crate::secret::has_secret_name;
use crate::settings::env::Variable;

/// What an environment is made from.
#[derive(Debug, Clone, Copy)]
pub struct EnvironmentParts<'a> {
    /// The environment of the shell.
    pub shell: &'a [(String, String)],
    /// The variables of all services.
    pub env: &'a [Variable],
    /// The project's `.env`.
    pub dotenv: &'a DotEnv,
    /// Where the service runs.
    pub cwd: &'a Path,
    /// What locald says where nobody else says anything.
    pub fallback: &'a [(String, String)],
    /// What locald says and the service may say otherwise, such as `PORT`.
    pub offered: &'a [(String, String)],
    /// The service's own variables.
    pub own: &'a [Variable],
    /// What locald says last.
    pub imposed: &'a [(String, String)],
}

/// A variable of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The value.
    pub value: String,
    /// Who gives it.
    pub by: Giver,
    /// Who gave it before, the last first.
    pub replaced: Vec<Giver>,
    /// Whether it must not be shown.
    pub is_secret: bool,
    /// Whether the configuration says so, and not only the name.
    pub is_said: bool,
}

/// Who gives a variable its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Giver {
    /// The shell that ran `up`.
    Shell,
    /// `[env]` of one of the files.
    Files,
    /// `.env`.
    DotEnv,
    /// The service's own `env`.
    Service,
    /// locald.
    Locald,
}

/// Why there is no environment.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// `.env` demands what is not there.
    #[error("{0}")]
    DotEnv(Faults),
    /// A value cannot be filled in.
    #[error("the variable {name}: {why}")]
    Value {
        /// The variable's name.
        name: String,
        /// What is missing.
        why: Unfilled,
    },
}

/// What every service is told of its terminal.
const TERMINAL: [(&str, &str); 3] =
    [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("TERM_PROGRAM", "locald")];

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

impl EnvironmentParts<'_> {
    /// The variables by name. `services` knows what is asked of services, such as `services.db.port`.
    ///
    /// A value refers to what comes before it: to the steps before its own, and to earlier lines of its own step.
    ///
    /// # Errors
    /// Something is referred to, or demanded, that is not there.
    pub fn resolve(
        &self,
        services: &dyn Fn(&str) -> Option<String>,
    ) -> Result<BTreeMap<String, Given>, EnvironmentError> {
        let mut given = All::default();
        for (name, value) in self.shell.iter().filter(|(name, _)| !is_removed(name)) {
            given.add(name, value.clone(), Giver::Shell, has_secret_name(name));
        }
        given.fill_in(self.env, Giver::Files, services)?;
        let shell = |name: &str| self.shell.iter().any(|(known, _)| known == name && !is_removed(name));
        let dotenv = self.dotenv.resolve(&|name| given.value(name)).map_err(EnvironmentError::DotEnv)?;
        // As with Compose, what the shell says wins over the file.
        for (name, value) in dotenv.into_iter().filter(|(name, _)| !shell(name)) {
            given.add(&name, value, Giver::DotEnv, has_secret_name(&name));
        }
        let unsaid: Vec<_> = self.fallback.iter().filter(|(name, _)| given.value(name).is_none()).collect();
        for (name, value) in unsaid {
            given.add(name, value.clone(), Giver::Locald, false);
        }
        for (name, value) in TERMINAL {
            given.add(name, value.to_owned(), Giver::Locald, false);
        }
        given.add("PWD", self.cwd.to_string_lossy().into_owned(), Giver::Locald, false);
        for (name, value) in self.offered {
            given.add(name, value.clone(), Giver::Locald, false);
        }
        given.fill_in(self.own, Giver::Service, services)?;
        for (name, value) in self.imposed {
            given.add(name, value.clone(), Giver::Locald, false);
        }
        Ok(given.0)
    }
}

#[derive(Default)]
struct All(BTreeMap<String, Given>);

impl All {
    fn value(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|given| given.value.clone())
    }

    fn add(&mut self, name: &str, value: String, by: Giver, is_secret: bool) {
        let before = self.0.remove(name);
        let replaced = before.map(|before| [vec![before.by], before.replaced].concat()).unwrap_or_default();
        let is_said = is_secret && !has_secret_name(name);
        self.0.insert(name.to_owned(), Given { value, by, replaced, is_secret, is_said });
    }

    fn fill_in(
        &mut self,
        variables: &[Variable],
        by: Giver,
        services: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), EnvironmentError> {
        for variable in variables {
            let known = |name: &str| if name.contains('.') { services(name) } else { self.value(name) };
            let value = fill(&variable.value, &known)
                .map_err(|why| EnvironmentError::Value { name: variable.name.clone(), why })?;
            self.add(&variable.name, value, by, variable.is_secret);
        }
        Ok(())
    }
}

fn is_removed(name: &str) -> bool {
    REMOVED.contains(&name) || REMOVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn variables(pairs: &[(&str, &str)]) -> Vec<Variable> {
        let variable = |(name, value): &(&str, &str)| Variable {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            is_secret: false,
        };
        pairs.iter().map(variable).collect()
    }

    struct Case {
        shell: Vec<(String, String)>,
        env: Vec<Variable>,
        dotenv: &'static str,
        own: Vec<Variable>,
    }

    impl Case {
        fn resolve(&self) -> Result<BTreeMap<String, Given>, EnvironmentError> {
            let dotenv = DotEnv::parse(Path::new(".env"), self.dotenv).unwrap();
            let (offered, imposed) = (pairs(&[("PORT", "20000")]), pairs(&[("NOTIFY_SOCKET", "/n")]));
            let parts = EnvironmentParts {
                shell: &self.shell,
                env: &self.env,
                dotenv: &dotenv,
                cwd: Path::new("/project"),
                fallback: &pairs(&[("NODE_EXTRA_CA_CERTS", "/ca")]),
                offered: &offered,
                own: &self.own,
                imposed: &imposed,
            };
            parts.resolve(&|name| (name == "services.db.port").then(|| "5432".to_owned()))
        }
    }

    #[test]
    fn what_locald_says_last_of_all_gives_way_to_everybody() {
        let case = |shell: &[(&str, &str)], dotenv, own: &[(&str, &str)]| {
            let case = Case { shell: pairs(shell), env: Vec::new(), dotenv, own: variables(own) };
            let given = case.resolve().unwrap().remove("NODE_EXTRA_CA_CERTS").unwrap();
            (given.value, given.by)
        };
        assert_eq!(case(&[], "", &[]), ("/ca".to_owned(), Giver::Locald));
        assert_eq!(case(&[("NODE_EXTRA_CA_CERTS", "/mine")], "", &[]), ("/mine".to_owned(), Giver::Shell));
        assert_eq!(case(&[], "NODE_EXTRA_CA_CERTS=/file", &[]), ("/file".to_owned(), Giver::DotEnv));
        assert_eq!(case(&[], "", &[("NODE_EXTRA_CA_CERTS", "/own")]), ("/own".to_owned(), Giver::Service));
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
        let found = Case { shell, env: vec![], dotenv: "", own: vec![] }.resolve().unwrap();
        assert_eq!(found["PATH"].value, "/bin");
        assert_eq!((&*found["TERM"].value, &*found["COLORTERM"].value), ("xterm-256color", "truecolor"));
        assert_eq!(found["PWD"].value, "/project");
        for name in ["TMUX_PANE", "LISTEN_FDS", "COLUMNS", "LOCALD_HOME"] {
            assert!(!found.contains_key(name), "{name}");
        }
    }

    #[test]
    fn each_step_wins_over_those_before_it_but_dotenv_never_over_the_shell() {
        let case = Case {
            shell: pairs(&[("A", "shell"), ("B", "shell"), ("C", "shell")]),
            env: variables(&[("B", "files"), ("D", "files"), ("E", "files")]),
            dotenv: "A=dotenv\nB=dotenv\nE=dotenv\nF=dotenv\nG=dotenv\n",
            own: variables(&[("G", "own"), ("PORT", "80"), ("NOTIFY_SOCKET", "no")]),
        };
        let found = case.resolve().unwrap();
        let given = |name: &str| (found[name].value.as_str(), found[name].by);
        assert_eq!(given("A"), ("shell", Giver::Shell));
        assert_eq!(given("B"), ("files", Giver::Files));
        assert_eq!(given("C"), ("shell", Giver::Shell));
        assert_eq!(given("D"), ("files", Giver::Files));
        assert_eq!(given("E"), ("dotenv", Giver::DotEnv));
        assert_eq!(given("F"), ("dotenv", Giver::DotEnv));
        assert_eq!(given("G"), ("own", Giver::Service));
        assert_eq!(given("PORT"), ("80", Giver::Service));
        assert_eq!(given("NOTIFY_SOCKET"), ("/n", Giver::Locald));
        assert_eq!(found["NOTIFY_SOCKET"].replaced, [Giver::Service]);
        assert_eq!(found["E"].replaced, [Giver::Files]);
    }

    #[test]
    fn a_value_refers_to_what_comes_before_it() {
        let case = Case {
            shell: pairs(&[("PATH", "/bin"), ("HOME", "/me")]),
            env: variables(&[("CACHE", "${HOME}/cache")]),
            dotenv: "DATA=$CACHE/data\n",
            own: variables(&[
                ("PATH", "${HOME}/bin:${PATH}"),
                ("DB", "db:${services.db.port}${DATA}"),
                ("ALSO", "${DB}?${PORT}"),
            ]),
        };
        let found = case.resolve().unwrap();
        assert_eq!(found["PATH"].value, "/me/bin:/bin");
        assert_eq!(found["ALSO"].value, "db:5432/me/cache/data?20000");
        let later = Case { own: variables(&[("A", "${B}"), ("B", "1")]), ..case };
        assert_eq!(later.resolve().unwrap_err().to_string(), "the variable A: `B` is not set");
    }

    #[test]
    fn values_are_secret_by_what_is_said_or_by_their_names() {
        let own = vec![Variable { name: "PLAIN".into(), value: "x".into(), is_secret: true }];
        let case = Case { shell: pairs(&[("API_KEY", "x"), ("HOME", "/")]), env: vec![], dotenv: "DB_PASSWORD=x", own };
        let found = case.resolve().unwrap();
        let secret: Vec<&str> = found.iter().filter(|(_, it)| it.is_secret).map(|(name, _)| name.as_str()).collect();
        assert_eq!(secret, ["API_KEY", "DB_PASSWORD", "PLAIN"]);
    }
}
