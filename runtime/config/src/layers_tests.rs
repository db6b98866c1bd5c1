//! What several files mean together.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::explain::settings;
use crate::manifest;
use crate::settings::command::Command;
use crate::{Faults, Project, Setting};

const FILES: [(Layer, &str); 4] = [
    (Layer::Global, "config.toml"),
    (Layer::Workspace, "locald.workspace.toml"),
    (Layer::Project, "locald.toml"),
    (Layer::Personal, "locald.local.toml"),
];

fn inputs(texts: &[(Layer, &str)]) -> Vec<Input> {
    let input = |(layer, text): &(Layer, &str)| {
        let (_, name) = FILES.iter().find(|(known, _)| known == layer).unwrap();
        Input { layer: *layer, form: Form::Toml, source: Source::new(Path::new(name), text) }
    };
    texts.iter().map(input).collect()
}

fn parse(texts: &[(Layer, &str)]) -> Result<Project, Faults> {
    manifest::parse(&inputs(texts), Path::new("locald.toml"), Path::new("/src/shop"))
}

fn explained(texts: &[(Layer, &str)]) -> Vec<Setting> {
    let inputs = inputs(texts);
    let mut reader = Reader::default();
    let merged = merge(&mut reader, &inputs);
    settings(&merged, &inputs, &reader)
}

const WEB: (Layer, &str) = (Layer::Project, "[services.web]\ncommand = 'x'\nenv = { A = 'project', B = 'project' }\n");

#[test]
fn a_personal_file_changes_what_the_project_says_and_may_add_services() {
    let personal =
        "[project]\nname = 'mine'\n[services.web]\nport = 3000\nenv.B = 'mine'\n[services.tool]\ncommand = 'y'\n";
    let project = parse(&[WEB, (Layer::Personal, personal)]).unwrap();
    assert_eq!(project.name.as_str(), "mine");
    let names: Vec<&str> = project.services.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["web", "tool"]);
    let web = &project.services[0];
    assert_eq!(web.command, Command::Shell("x".into()));
    let env: Vec<(&str, &str)> = web.env.iter().map(|it| (it.name.as_str(), it.value.as_str())).collect();
    assert_eq!(env, [("A", "project"), ("B", "mine")]);
}

#[test]
fn an_upper_file_holds_for_services_that_are_there_and_makes_none() {
    let global = "[defaults.services.web]\ntty = false\nstop_timeout = '1s'\n[defaults.services.db]\ncommand = 'db'\n";
    let workspace = "[defaults.services.web]\nstop_timeout = '2s'\nrestart = 'always'\n";
    let own = "[services.web]\ncommand = 'x'\nrestart = 'no'\n";
    let project = parse(&[(Layer::Global, global), (Layer::Workspace, workspace), (Layer::Project, own)]).unwrap();
    let [web] = project.services.as_slice() else { panic!("{:?}", project.services) };
    assert!(!web.tty);
    assert_eq!(web.stop_timeout.as_secs(), 2);
    assert_eq!(web.restart, crate::Restart::No);
}

#[test]
fn variables_of_all_services_come_from_every_file_and_the_nearest_wins() {
    let files = [
        (Layer::Global, "env = { A = 1, B = 1, C = 1 }"),
        (Layer::Workspace, "[env]\nB = 2\nC = 2"),
        (Layer::Project, "[env]\nC = 3"),
    ];
    let env: Vec<(String, String)> = parse(&files).unwrap().env.into_iter().map(|it| (it.name, it.value)).collect();
    assert_eq!(env, [("A", "1"), ("B", "2"), ("C", "3")].map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn lists_are_replaced_and_a_probe_of_an_upper_file_is_meant_instead() {
    let own = "[services.db]\ncommand = 'x'\n[services.web]\ncommand = ['a', 'b']\ndepends_on = ['db']\nhealth = { http = '/', status = 200, retries = 9 }\n";
    let personal = "[services.web]\ncommand = ['c']\ndepends_on = []\nhealth.tcp = true\n";
    let project = parse(&[(Layer::Project, own), (Layer::Personal, personal)]).unwrap();
    let web = project.service("web").unwrap();
    assert_eq!(web.command, Command::Exec(vec!["c".into()]));
    assert!(web.depends_on.is_empty());
    let crate::Health::Asked(check) = &web.health else { panic!("asked") };
    assert_eq!((&check.probe, check.retries), (&crate::Probe::Tcp(None), 9));
}

#[test]
fn faults_of_all_files_come_at_once_those_of_replaced_values_too() {
    let files = [
        (
            Layer::Global,
            "[defaults.services.web]\ntty = 'no'\n[services.x]\ncommand = 'x'\n[defaults.services.db]\nprot = 1\n",
        ),
        (Layer::Workspace, "[project]\nname = 'x'\n"),
        (Layer::Project, "[services.web]\ncommand = 'x'\nport = 'http'\ntty = true\n"),
        (Layer::Personal, "[services.web]\nport = 3000\nsize = 80\n"),
    ];
    insta::assert_snapshot!(parse(&files).unwrap_err().render(false), @"
    error: `tty`: expected true or false, found a string
      ╭▸ config.toml:2:7
      │
    2 │ tty = 'no'
      ╰╴      ━━━━ this is a string

    error: `services` stand in a project's own file
      ╭▸ config.toml:3:2
      │
    3 │ [services.x]
      │  ━━━━━━━━ makes no service here
      │
      ╰ help: write `[defaults.services.NAME]` for what holds where a project has that service

    error: unknown key `prot` in service `db`
      ╭▸ config.toml:6:1
      │
    6 │ prot = 1
      │ ━━━━ unknown key
      │
      ╰ help: did you mean `port`?

    error: unknown key `project` in locald.workspace.toml
      ╭▸ locald.workspace.toml:1:2
      │
    1 │ [project]
      │  ━━━━━━━ unknown key
      │
      ╰ help: allowed: `env` and `defaults`

    error: `port`: expected a whole number, found a string
      ╭▸ locald.toml:3:8
      │
    3 │ port = 'http'
      ╰╴       ━━━━━━ this is a string

    error: `size`: expected a string, found an integer
      ╭▸ locald.local.toml:3:8
      │
    3 │ size = 80
      ╰╴       ━━ this is an integer
    ");
}

#[test]
fn every_value_knows_its_file_and_what_it_replaced() {
    let global = "[defaults.services.web]\ntty = false\n[workspace]\ntheme = 'dusk'\n";
    let own = "[services.web]\ncommand = 'x'\nport = 80\nenv = { PASSWORD = 'a', OPEN_KEY = { value = 'b', secret = false } }\n";
    let personal = "services.web.port = 3000\n";
    let lines: Vec<String> = explained(&[(Layer::Global, global), (Layer::Project, own), (Layer::Personal, personal)])
        .iter()
        .map(|it| {
            let place = |origin: &crate::Origin| format!("{}:{}:{}", origin.layer, origin.line, origin.column);
            let replaced: Vec<String> = it.replaced.iter().map(place).collect();
            let secret = if it.is_secret { " secret" } else { "" };
            format!("{} = {} {} [{}]{secret}", it.name(), it.value, place(&it.origin), replaced.join(", "))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    workspace.theme = "dusk" global:4:9 []
    services.web.tty = false global:2:7 []
    services.web.command = "x" project:2:11 []
    services.web.port = 3000 personal:1:21 [project:3:8]
    services.web.env.PASSWORD = "a" project:4:20 [] secret
    services.web.env.OPEN_KEY.value = "b" project:4:46 []
    services.web.env.OPEN_KEY.secret = false project:4:60 []
    "#);
}

#[test]
fn text_is_quoted_so_that_it_reads_as_toml_again() {
    let awkward = "a\"b\\c\nd\te\u{1b}[31m\u{202e}ä";
    let quoted = crate::Plain::Text(awkward.into()).to_string();
    assert!(!quoted.contains(char::is_control));
    let text = format!("[services.web]\ncommand = [{quoted}, '']\n");
    assert_eq!(
        parse(&[(Layer::Project, &text)]).unwrap().services[0].command,
        Command::Exec(vec![awkward.into(), String::new()])
    );
}

/// Pieces of files, so that random text means something.
fn file() -> impl Strategy<Value = String> {
    let pieces = vec![
        "[services.web]\n",
        "[services.db]\n",
        "[defaults.services.web]\n",
        "[env]\n",
        "[project]\n",
        "[services.web.health]\n",
        "command = 'x'\n",
        "command = 1\n",
        "port = 1\n",
        "port = 'x'\n",
        "tcp = true\n",
        "http = '/'\n",
        "A = 1\n",
        "A = {}\n",
        "name = 'x'\n",
        "depends_on = ['db', 'web']\n",
        "depends_on = 1\n",
        "services = 1\n",
        "defaults = []\n",
        "[",
        "x-y = 1\n",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_files_together_are_a_project_or_have_faults(texts in prop::collection::vec(file(), 4)) {
        let texts: Vec<(Layer, &str)> = FILES.iter().zip(&texts).map(|((layer, _), text)| (*layer, text.as_str())).collect();
        match parse(&texts) {
            Ok(project) => {
                let own: String = texts[2..].iter().map(|(_, text)| *text).collect();
                for service in &project.services {
                    prop_assert!(own.contains(&format!("[services.{}]", service.name)), "{own}");
                }
            }
            Err(faults) => {
                prop_assert!(!faults.as_slice().is_empty());
                faults.render(true);
            }
        }
        explained(&texts);
    }
}
