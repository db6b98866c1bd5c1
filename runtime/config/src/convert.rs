//! A Procfile or a `package.json` said as a `locald.toml`, a Procfile's comments included.

use std::fmt::Write as _;
use std::path::Path;

use crate::explain::Plain;
use crate::fault::Invalid;
use crate::faults::Faults;
use crate::layers::{Form, Input, Layer};
use crate::manifest;
use crate::package::Manager;
use crate::procfile::{WEB, parse_procfile};
use crate::settings::command::Command;
use crate::source::Source;

/// The text of a `locald.toml` that runs what the Procfile runs. `path` names the Procfile in faults.
///
/// A process other than `web` whose command does not mention `PORT` becomes a worker.
///
/// # Errors
/// All faults of the Procfile.
pub fn manifest_of_procfile(path: &Path, text: &str, root: &Path) -> Result<String, Faults> {
    parse_procfile(path, text, root)?;
    let mut manifest = String::new();
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        match line.split_once(':') {
            _ if line.starts_with('#') => {
                // What TOML does not take in a comment is not worth keeping.
                let comment: String = line.chars().filter(|ch| !ch.is_control() || *ch == '\t').collect();
                let _ = writeln!(manifest, "{comment}");
            }
            Some((name, command)) => {
                let (name, command) = (name.trim_end(), command.trim());
                let is_worker = name != WEB && !command.contains("PORT");
                let kind = if is_worker { "type = \"worker\"\n" } else { "" };
                // Writing to a string does not fail.
                let _ = writeln!(manifest, "[services.{name}]\n{kind}command = {}\n", Plain::Text(command.to_owned()));
            }
            None => {}
        }
    }
    Ok(manifest.trim_end().to_owned() + "\n")
}

/// The text of a `locald.toml` that runs what the `package.json` runs. `path` names it in faults; locks of package managers are
/// looked for in `root`.
///
/// # Errors
/// All faults of the file; that it has no script to run is one.
pub fn manifest_of_package(path: &Path, text: &str, root: &Path) -> Result<String, Faults> {
    let input =
        Input { layer: Layer::Project, form: Form::Package(Manager::beside(&[root])), source: Source::new(path, text) };
    let project = manifest::parse(&[input], path, root)?;
    let mut manifest = String::new();
    for service in &project.services {
        if let Command::Shell(line) = &service.command {
            let _ = writeln!(manifest, "[services.{}]\ncommand = {}", service.name, Plain::Text(line.clone()));
        }
    }
    if manifest.is_empty() {
        let invalid = Invalid::new("neither a `dev` nor a `start` script", "there is nothing to run");
        return Err(Faults::one(&Source::new(path, text), 0..0, invalid));
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::parse_manifest;
    use crate::settings::kind::Kind;

    #[test]
    fn a_package_without_a_script_to_run_is_told_so() {
        let of = |text: &str| manifest_of_package(Path::new("package.json"), text, Path::new("/shop"));
        assert_eq!(of(r#"{"scripts": {"dev": "vite"}}"#).unwrap(), "[services.web]\ncommand = \"npm run dev\"\n");
        assert!(of("{}").unwrap_err().render(false).contains("neither a `dev` nor a `start` script"));
    }

    #[test]
    fn a_procfile_reads_as_it_did_with_its_comments() {
        let text = "\u{feff}# what customers see\r\nweb: bundle exec puma -p $PORT -e \"${RACK_ENV:-development}\"\n\nworker: rake jobs:work # all\n# \u{1b}bell\napi: ./api --port=$PORT\n";
        let manifest = manifest_of_procfile(Path::new("Procfile"), text, Path::new("/shop")).unwrap();
        insta::assert_snapshot!(manifest, @r#"
        # what customers see
        [services.web]
        command = "bundle exec puma -p $PORT -e \"${RACK_ENV:-development}\""

        [services.worker]
        type = "worker"
        command = "rake jobs:work # all"

        # bell
        [services.api]
        command = "./api --port=$PORT"
        "#);
    }

    proptest! {
        #[test]
        fn every_procfile_becomes_a_project_with_the_same_commands(
            text in "((web|a|b_2|c-3)[ ]?:[ -~ä\t]{0,12}\n|#[ -~\u{1b}ä]{0,8}\n|\n){0,6}",
        ) {
            let root = Path::new("/shop");
            let Ok(before) = parse_procfile(Path::new("Procfile"), &text, root) else { return Ok(()) };
            let manifest = manifest_of_procfile(Path::new("Procfile"), &text, root).unwrap();
            let after = parse_manifest(Path::new("locald.toml"), &manifest, root);
            let after = after.unwrap_or_else(|faults| panic!("{manifest}\n{faults}"));
            let commands = |project: &crate::Project| {
                project.services.iter().map(|it| (it.name.clone(), it.command.clone())).collect::<Vec<_>>()
            };
            prop_assert_eq!(commands(&before), commands(&after));
            prop_assert!(after.services.iter().all(|it| it.name.as_str() != WEB || it.kind == Kind::Exec));
        }
    }
}
