//! A Procfile alone is a project: a service per line, each with nothing but a command.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use crate::dotenv::DotEnv;
use crate::fault::{Invalid, quoted};
use crate::faults::{Faults, Report};
use crate::name::{ProjectName, ServiceName};
use crate::project::{MAX_SERVICES, Project};
use crate::service::Service;
use crate::settings::command::Command;
use crate::source::Source;

/// Reads the text of a Procfile. `path` names it in faults; `root` is the folder in which its commands run.
///
/// A line is `name: command`; blank lines and lines that begin with `#` mean nothing.
///
/// # Errors
/// All faults of the text.
pub fn parse_procfile(path: &Path, text: &str, root: &Path) -> Result<Project, Faults> {
    let source = Source::new(path, text);
    let mut reader = Lines { report: Report::new(&source), first_lines: BTreeMap::new() };
    let mut services = Vec::new();
    let mut start = source.start();
    for line in text[start..].split_inclusive('\n') {
        services.extend(reader.service(start, line, root));
        start += line.len();
    }
    reader.report.finish(Project {
        name: ProjectName::of_folder(root),
        root: root.to_path_buf(),
        source: path.to_path_buf(),
        services,
        dotenv: DotEnv::default(),
    })
}

struct Lines {
    report: Report,
    /// Where each name was given first.
    first_lines: BTreeMap<ServiceName, usize>,
}

impl Lines {
    fn service(&mut self, start: usize, line: &str, root: &Path) -> Option<Service> {
        let (content, at) = trimmed(line, start);
        if content.is_empty() || content.starts_with('#') {
            return None;
        }
        let Some((name, command)) = content.split_once(':') else {
            self.report.add(span(content, at), Invalid::new("a line without a colon", "expected `name: command`"));
            return None;
        };
        let (command, command_at) = trimmed(command, at + name.len() + 1);
        let name = self.name(name.trim_end(), at);
        let command =
            Command::shell(command).map_err(|invalid| self.report.add(span(command, command_at), invalid)).ok();
        Some(Service::new(name?, command?, root))
    }

    fn name(&mut self, text: &str, at: usize) -> Option<ServiceName> {
        let name: ServiceName = text.parse().map_err(|invalid| self.report.add(span(text, at), invalid)).ok()?;
        if let Some(first) = self.first_lines.get(&name) {
            let message = format!("duplicate service {}", quoted(text));
            self.report.add(span(text, at), Invalid::new(message, format!("already given on line {first}")));
            return None;
        }
        if self.first_lines.len() == MAX_SERVICES {
            let message = format!("at most {MAX_SERVICES} services are allowed");
            self.report.add(span(text, at), Invalid::new(message, "one too many"));
        }
        // One beyond the limit is remembered, so that only the first beyond it is reported.
        self.first_lines.insert(name.clone(), self.report.source().line(at));
        Some(name)
    }
}

/// The text without the white space around it, and where it begins.
fn trimmed(text: &str, start: usize) -> (&str, usize) {
    let left = text.trim_start();
    (left.trim_end(), start + text.len() - left.len())
}

fn span(text: &str, at: usize) -> Range<usize> {
    at..at + text.len()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Project, Faults> {
        parse_procfile(Path::new("Procfile"), text, Path::new("/src/shop"))
    }

    #[test]
    fn each_line_is_a_service() {
        let text =
            "\u{feff}# comment\r\nweb: PORT=80 npm start # not a comment\r\n\r\n  worker :  rake jobs:work  \nlast:x";
        let project = parse(text).unwrap();
        assert_eq!(project.name.as_str(), "shop");
        let services: Vec<(&str, &Command)> =
            project.services.iter().map(|it| (it.name.as_str(), &it.command)).collect();
        let shell = |line: &str| Command::Shell(line.into());
        assert_eq!(
            services,
            [
                ("web", &shell("PORT=80 npm start # not a comment")),
                ("worker", &shell("rake jobs:work")),
                ("last", &shell("x"))
            ]
        );
    }

    #[test]
    fn all_faults_come_at_once() {
        let text = "web: npm start\r\nnpm start\r\nmy web: x\r\nweb: y\r\nempty:\r\n: x\r\n";
        insta::assert_snapshot!(parse(text).unwrap_err().render(false), @"
        error: a line without a colon
          ╭▸ Procfile:2:1
          │
        2 │ npm start
          ╰╴━━━━━━━━━ expected `name: command`

        error: `my web` is not a service name
          ╭▸ Procfile:3:1
          │
        3 │ my web: x
          │ ━━━━━━ ` ` is not allowed here
          │
          ╰ help: a service name holds letters, digits, `-` and `_`

        error: duplicate service `web`
          ╭▸ Procfile:4:1
          │
        4 │ web: y
          ╰╴━━━ already given on line 1

        error: a command cannot be empty
          ╭▸ Procfile:5:7
          │
        5 │ empty:
          ╰╴      ━ nothing to run

        error: a service name cannot be empty
          ╭▸ Procfile:6:1
          │
        6 │ : x
          ╰╴━ empty
        ");
    }

    #[test]
    fn more_than_a_thousand_services_are_refused_once() {
        let text = (0..1002).fold(String::new(), |mut text, index| {
            writeln!(text, "s{index}: x").unwrap();
            text
        });
        assert_eq!(parse(&text).unwrap_err().as_slice().len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_a_project_or_has_faults_in_it(text in prop_oneof![any::<String>(), "(web|a b|#|:| |\r?\n|ä|\u{feff}|\0|x){0,40}"]) {
            if let Err(faults) = parse(&text) {
                crate::faults::tests::check(&faults, &text);
            }
        }
    }
}
