//! What a run was made from, as far as files say it: whether they say something else by now tells whether it has to be made anew.
//!
//! Only a sum is kept, in memory, since the values may be secrets. What changes without a file, such as a leased port or a variable
//! that the shell alone has set, is left out.

use locald_config::{Address, Asked, DotEnv, EnvironmentParts, Giver, Port, fill};
use serde::{Deserialize, Serialize};

use super::definition::Definition;
use super::surroundings::offered;

/// Which things the sum is made of. Sums of another scheme, which another release has made, are not compared.
const SCHEME: u32 = 1;

/// The sum of everything that a run is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    scheme: u32,
    sum: u64,
}

/// What a service is made from, beside its own settings.
pub(super) struct Ingredients<'a> {
    pub(super) shell: &'a [(String, String)],
    pub(super) dotenv: &'a DotEnv,
    /// The port that files give to the service of a name, its first or that with a name of its own; 0 where they give none.
    pub(super) port_of: &'a dyn Fn(&str, Option<&str>) -> u16,
}

impl Fingerprint {
    /// The sum for a service that would begin now.
    ///
    /// # Errors
    /// What is referred to and not there, so that it could not begin.
    pub(super) fn of(definition: &Definition, ingredients: &Ingredients<'_>) -> Result<Self, String> {
        let parts = EnvironmentParts {
            shell: ingredients.shell,
            env: &definition.shared,
            dotenv: ingredients.dotenv,
            cwd: &definition.directory,
            // Where a file of certificates lies is no reason to start anew.
            fallback: &[],
            offered: &offered(definition, &|name| Some(said(definition, name))),
            own: &definition.environment,
            imposed: &[],
        };
        let of_service = |name: &str| {
            let Asked { service, port, what } = Asked::of(name)?;
            Address { port: (ingredients.port_of)(service, port), url: None }.answer(what)
        };
        let variables = parts.resolve(&of_service).map_err(|error| error.to_string())?;
        let known = |name: &str| variables.get(name).map(|given| given.value.clone()).or_else(|| of_service(name));
        let arguments: Vec<String> = definition
            .arguments
            .iter()
            .map(|argument| fill(argument, &known))
            .collect::<Result<_, _>>()
            .map_err(|error| format!("its command: {error}"))?;
        let said = variables.iter().filter(|(_, given)| given.by != Giver::Shell);
        let said: Vec<_> = said.map(|(name, given)| (name, &given.value)).collect();
        let Definition { kind, directory, port, listen, terminal, leave_escaped, .. } = definition;
        let all = serde_json::to_vec(&(arguments, said, (kind, directory, port, listen, terminal, leave_escaped)));
        Ok(Self { scheme: SCHEME, sum: sum(&all.unwrap_or_default()) })
    }

    /// One of a test.
    #[cfg(test)]
    pub(super) fn of_sum(sum: u64) -> Self {
        Self { scheme: SCHEME, sum }
    }

    /// Whether files say something else than they did when the other was made.
    pub(super) fn differs_from(self, other: Self) -> bool {
        self.scheme == other.scheme && self.sum != other.sum
    }
}

/// What files say of where a service is reached. Of the first port they say more than variables do.
fn said(definition: &Definition, name: Option<&str>) -> Address {
    let port = definition.ports.iter().find(|it| Some(it.name.as_str()) == name).map(|it| it.port);
    let port = if let Some(Port::Fixed(port)) = port { port } else { 0 };
    Address { port, url: None }
}

/// FNV-1a, which is the same whatever compiler this is built with: a sum outlives the release that made it.
fn sum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    struct Case {
        service: &'static str,
        dotenv: &'static str,
        shell: &'static [(&'static str, &'static str)],
        port: u16,
    }

    const CASE: Case = Case {
        service: "command = 'serve ${services.db.port}'\nenv = { MODE = 'fast', FROM = '${GIVEN}' }",
        dotenv: "GIVEN=1\nSHADOWED=file\n",
        shell: &[("PATH", "/bin"), ("SHADOWED", "shell")],
        port: 0,
    };

    impl Case {
        fn sum(&self) -> Result<Fingerprint, String> {
            let text = format!("[services.db]\ncommand = 'x'\n[services.web]\n{}\n", self.service);
            let project = locald_config::parse_manifest("locald.toml".as_ref(), &text, Path::new("/p")).unwrap();
            let web = Definition::all_of(&project).into_iter().find(|it| it.name == "web").unwrap();
            let dotenv = DotEnv::parse(Path::new(".env"), self.dotenv).unwrap();
            let shell: Vec<_> = self.shell.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            let port_of = |_: &str, _: Option<&str>| self.port;
            Fingerprint::of(&web, &Ingredients { shell: &shell, dotenv: &dotenv, port_of: &port_of })
        }

        fn is_another(&self) -> bool {
            self.sum().unwrap().differs_from(CASE.sum().unwrap())
        }
    }

    #[test]
    fn what_a_run_is_given_makes_it_another() {
        let others = [
            Case { service: "command = 'serve'\nenv = { MODE = 'fast', FROM = '${GIVEN}' }", ..CASE },
            Case {
                service: "command = 'serve ${services.db.port}'\nenv = { MODE = 'slow', FROM = '${GIVEN}' }",
                ..CASE
            },
            Case { dotenv: "GIVEN=2\nSHADOWED=file\n", ..CASE },
            Case { dotenv: "GIVEN=1\nSHADOWED=file\nMORE=\n", ..CASE },
            Case { port: 5432, ..CASE },
        ];
        for (number, other) in others.iter().enumerate() {
            assert!(other.is_another(), "{number}");
        }
        for more in [
            "port = 3000",
            "ports.admin = 'auto'",
            "ports.admin = 3001",
            "tty = false",
            "listen = true",
            "cwd = '/'",
            "escape = 'leave'",
            "type = 'worker'",
        ] {
            let service = format!("{}\n{more}", CASE.service).leak();
            assert!(Case { service, ..CASE }.is_another(), "{more}");
        }
    }

    #[test]
    fn what_it_is_not_given_leaves_it_as_it_is() {
        let same = [
            Case { dotenv: "# said better\nexport GIVEN=\"1\"\nSHADOWED='another'\n", ..CASE },
            Case { shell: &[("PATH", "/usr/bin"), ("SHADOWED", "shell"), ("WINDOW", "7")], ..CASE },
        ];
        for (number, same) in same.iter().enumerate() {
            assert!(!same.is_another(), "{number}");
        }
        for more in [
            "stop_timeout = '1s'",
            "restart = 'always'",
            "health = { tcp = true }",
            "depends_on = ['db']",
            "size = '80x25'",
            "start = 'manual'",
        ] {
            let service = format!("{}\n{more}", CASE.service).leak();
            assert!(!Case { service, ..CASE }.is_another(), "{more}");
        }
    }

    #[test]
    fn a_service_that_could_not_begin_has_none() {
        let error = Case { dotenv: "GIVEN=${MISSING:?is missing}\n", ..CASE }.sum().unwrap_err();
        assert!(error.contains("is missing"), "{error}");
    }

    #[test]
    fn sums_of_another_scheme_are_not_compared() {
        let ours = CASE.sum().unwrap();
        assert!(!Fingerprint { scheme: 0, sum: 0 }.differs_from(ours));
    }
}
