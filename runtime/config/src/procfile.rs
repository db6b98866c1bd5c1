//! A Procfile alone is a project: a service per line, each with nothing but a command.

use std::collections::BTreeMap;
use std::path::Path;

use crate::fault::{Invalid, quoted};
use crate::faults::Faults;
use crate::layers::{Form, Input, Layer};
use crate::manifest;
use crate::name::ServiceName;
use crate::project::Project;
use crate::reader::Reader;
use crate::settings::command::Command;
use crate::source::Source;
use crate::tree::{Node, Place, Table, Value};

/// The process that has the project's own name and is expected to listen.
pub(crate) const WEB: &str = "web";

/// Reads the text of a Procfile. `path` names it in faults; `root` is the folder in which its commands run.
///
/// A line is `name: command`; blank lines and lines that begin with `#` mean nothing.
///
/// # Errors
/// All faults of the text.
pub fn parse_procfile(path: &Path, text: &str, root: &Path) -> Result<Project, Faults> {
    let input = Input { layer: Layer::Project, form: Form::Procfile, source: Source::new(path, text) };
    manifest::parse(&[input], path, root)
}

/// Reads a Procfile as the `locald.toml` that says the same.
///
/// Every process is given a port, as foreman does. But only `web` is known to use it; all others are well while they run.
pub(crate) fn read(reader: &mut Reader, source: &Source) -> Node {
    let file = reader.plain(source);
    let whole = Place::new(file, source.start()..source.text().len());
    let mut lines = Lines { reader, file, source, given: BTreeMap::new() };
    let mut services = Table::default();
    let mut start = source.start();
    for line in source.text()[start..].split_inclusive('\n') {
        lines.service(start, line, &mut services);
        start += line.len();
    }
    let mut root = Table::default();
    root.push("services".to_owned(), whole, Node::new(Value::Table(services), whole));
    Node::new(Value::Table(root), whole)
}

struct Lines<'a> {
    reader: &'a mut Reader,
    file: usize,
    source: &'a Source,
    /// Where each name was given first.
    given: BTreeMap<ServiceName, usize>,
}

impl Lines<'_> {
    fn service(&mut self, start: usize, line: &str, services: &mut Table) -> Option<()> {
        let (content, at) = trimmed(line, start);
        if content.is_empty() || content.starts_with('#') {
            return None;
        }
        let Some((name, command)) = content.split_once(':') else {
            let invalid = Invalid::new("a line without a colon", "expected `name: command`");
            self.reader.fault(self.place(content, at), invalid);
            return None;
        };
        let (command, command_at) = trimmed(command, at + name.len() + 1);
        let (name_place, command_place) = (self.place(name.trim_end(), at), self.place(command, command_at));
        let name = self.name(name.trim_end(), name_place);
        self.reader.accept(command_place, Command::shell(command))?;
        let name = name?;
        let mut table = Table::default();
        let mut set = |key: &str, value: Value| {
            table.push(key.to_owned(), name_place, Node::new(value, command_place));
        };
        set("command", Value::Text(command.to_owned()));
        if name.as_str() != WEB {
            set("health", Value::Boolean(false));
        }
        services.push(name.to_string(), name_place, Node::new(Value::Table(table), self.place(content, at)));
        Some(())
    }

    fn name(&mut self, text: &str, place: Place) -> Option<ServiceName> {
        let name: ServiceName = self.reader.accept(place, text.parse())?;
        if let Some(first) = self.given.get(&name) {
            let message = format!("duplicate service {}", quoted(text));
            self.reader.fault(place, Invalid::new(message, format!("already given on line {first}")));
            return None;
        }
        self.given.insert(name.clone(), self.source.line(place.start));
        Some(name)
    }

    fn place(&self, text: &str, at: usize) -> Place {
        Place::new(self.file, at..at + text.len())
    }
}

/// The text without the white space around it, and where it begins.
fn trimmed(text: &str, start: usize) -> (&str, usize) {
    let left = text.trim_start();
    (left.trim_end(), start + text.len() - left.len())
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
