//! A `package.json` alone is a project: one service, which runs its `dev` script, or else its `start` script.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fault::Invalid;
use crate::procfile::WEB;
use crate::reader::Reader;
use crate::source::Source;
use crate::tree::{Node, Place, Table, Value};

/// The scripts that are known to run a project for its developer, the better one first.
const SCRIPTS: [&str; 2] = ["dev", "start"];

/// Programs that run the scripts of a package, each with the files that show that it is used.
const MANAGERS: [(&str, &[&str]); 4] = [
    ("bun", &["bun.lock", "bun.lockb"]),
    ("pnpm", &["pnpm-lock.yaml"]),
    ("yarn", &["yarn.lock"]),
    ("npm", &["package-lock.json"]),
];

/// What runs the scripts of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manager(&'static str);

impl Manager {
    /// The one whose lock file lies beside the `package.json`, or in a folder above it, as in a repository of many packages.
    pub(crate) fn beside(folders: &[&Path]) -> Self {
        let locks =
            |folder: &Path| MANAGERS.iter().find(|(_, files)| files.iter().any(|file| folder.join(file).is_file()));
        Self(folders.iter().find_map(|folder| locks(folder)).map_or("npm", |(name, _)| name))
    }

    /// The one that the package says it is made for, if we know it.
    fn said(text: &str) -> Option<Self> {
        let name = text.split('@').next()?;
        MANAGERS.iter().find(|(known, _)| *known == name).map(|(known, _)| Self(known))
    }
}

/// What is read of a `package.json`.
#[derive(Deserialize)]
struct Package<'a> {
    #[serde(borrow, default)]
    scripts: BTreeMap<String, &'a RawValue>,
    #[serde(rename = "packageManager", default)]
    manager: Option<serde_json::Value>,
}

impl<'a> Package<'a> {
    fn script(&self) -> Option<(&'static str, &'a RawValue)> {
        SCRIPTS.into_iter().find_map(|name| Some((name, *self.scripts.get(name)?)))
    }
}

/// Whether the text says how the project is run. One that cannot be read counts, so that somebody is told why.
pub(crate) fn is_project(text: &str) -> bool {
    serde_json::from_str::<Package<'_>>(text).map_or(true, |package| package.script().is_some())
}

/// Reads a `package.json` as the `locald.toml` that says the same.
///
/// The service is given a port and may use it, as `web` of a Procfile: most of what such scripts run listens somewhere.
pub(crate) fn read(reader: &mut Reader, source: &Source, manager: Manager) -> Node {
    let file = reader.plain(source);
    let text = &source.text()[source.start()..];
    let whole = Place::new(file, source.start()..source.text().len());
    let mut services = Table::default();
    match serde_json::from_str::<Package<'_>>(text) {
        Ok(package) => {
            if let Some((script, command)) = package.script() {
                let start = command.get().as_ptr().addr() - source.text().as_ptr().addr();
                let place = Place::new(file, start..start + command.get().len());
                let said = package.manager.as_ref().and_then(|manager| Manager::said(manager.as_str()?));
                let Manager(manager) = said.unwrap_or(manager);
                let mut table = Table::default();
                let line = Value::Text(format!("{manager} run {script}"));
                table.push("command".to_owned(), place, Node::new(line, place));
                services.push(WEB.to_owned(), place, Node::new(Value::Table(table), place));
            }
        }
        Err(error) => {
            let at = source.start() + offset(text, error.line(), error.column());
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            let place = Place::new(file, at..(at + 1).min(source.text().len()));
            reader.fault(place, Invalid::new("this is no `package.json`", message));
        }
    }
    let mut root = Table::default();
    root.push("services".to_owned(), whole, Node::new(Value::Table(services), whole));
    Node::new(Value::Table(root), whole)
}

/// The offset of the character at or before a line and column, both counted from 1, the column in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (before + column.saturating_sub(1)).min(text.len().saturating_sub(1));
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::faults::Faults;
    use crate::layers::{Form, Input, Layer};
    use crate::manifest;
    use crate::project::Project;
    use crate::settings::command::Command;

    fn parse(text: &str) -> Result<Project, Faults> {
        let path = Path::new("package.json");
        let form = Form::Package(Manager("npm"));
        let input = Input { layer: Layer::Project, form, source: Source::new(path, text) };
        manifest::parse(&[input], path, Path::new("/src/shop"))
    }

    fn command(text: &str) -> String {
        let project = parse(text).unwrap();
        assert_eq!(project.services.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(), ["web"]);
        let Command::Shell(line) = &project.services[0].command else { panic!("a line for the shell") };
        line.clone()
    }

    #[test]
    fn the_script_for_developers_comes_before_the_one_for_production() {
        assert_eq!(command(r#"{"scripts": {"start": "node .", "dev": "vite"}}"#), "npm run dev");
        assert_eq!(command(r#"{"scripts": {"start": "node .", "build": "tsc"}}"#), "npm run start");
        assert!(is_project(r#"{"scripts": {"start": "node ."}}"#));
        assert!(!is_project(r#"{"name": "library", "scripts": {"build": "tsc"}}"#));
        assert!(!is_project("{}"));
    }

    #[test]
    fn the_manager_is_the_one_the_package_names_or_the_one_whose_lock_is_nearest() {
        assert_eq!(command(r#"{"packageManager": "pnpm@9.1.0+sha512.x", "scripts": {"dev": "x"}}"#), "pnpm run dev");
        assert_eq!(command(r#"{"packageManager": "other@1", "scripts": {"dev": "x"}}"#), "npm run dev");
        let folder = tempfile::tempdir().unwrap();
        let (top, package) = (folder.path(), folder.path().join("packages/app"));
        std::fs::create_dir_all(&package).unwrap();
        let manager = || Manager::beside(&[&package, top]);
        assert_eq!(manager(), Manager("npm"));
        std::fs::write(top.join("yarn.lock"), "").unwrap();
        assert_eq!(manager(), Manager("yarn"));
        std::fs::write(package.join("bun.lock"), "").unwrap();
        assert_eq!(manager(), Manager("bun"));
    }

    #[test]
    fn a_file_that_is_no_json_is_shown_where_it_stops_being_any() {
        let faults = parse("{\n  \"scripts\": {\n    \"dev\": vite\n  }\n}\n").unwrap_err();
        insta::assert_snapshot!(faults.render(false), @r#"
        error: this is no `package.json`
          ╭▸ package.json:3:12
          │
        3 │     "dev": vite
          ╰╴           ━ expected value
        "#);
    }

    proptest! {
        #[test]
        fn any_text_is_a_project_or_has_faults_in_it(text in prop_oneof![any::<String>(), r#"(\{|\}|"dev"|"scripts"|:|,| |\n|ä|x){0,40}"#]) {
            if let Err(faults) = parse(&text) {
                crate::faults::tests::check(&faults, &text);
            }
        }
    }
}
