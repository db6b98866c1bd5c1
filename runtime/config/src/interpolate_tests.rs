//! What references become, and how their faults read.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::manifest::parse_manifest;
use crate::settings::command::Command;
use crate::{Condition, Faults, Project};

fn parse(text: &str) -> Result<Project, Faults> {
    parse_manifest(Path::new("locald.toml"), text, Path::new("/src/shop"))
}

fn drawn(text: &str) -> String {
    parse(text).unwrap_err().render(false)
}

fn lookup(name: &str) -> Option<String> {
    match name {
        "SET" => Some("set".to_owned()),
        "EMPTY" => Some(String::new()),
        "services.db.port" => Some("5432".to_owned()),
        _ => None,
    }
}

/// The value of the variable `V` of a service beside a `db`, filled in.
fn value(written: &str) -> String {
    let text = format!("[services.db]\ncommand = 'x'\n[services.web]\ncommand = 'x'\nenv.V = '{written}'\n");
    let project = parse(&text).unwrap_or_else(|faults| panic!("{written}: {faults}"));
    fill(&project.services[1].env[0].value, &lookup).unwrap_or_else(|error| panic!("{written}: {error}"))
}

#[test]
fn a_value_is_filled_in_as_it_says() {
    for (written, expected) in [
        ("plain", "plain"),
        ("${SET}", "set"),
        ("a${SET}b${SET}", "asetbset"),
        ("${UNSET:-x y}", "x y"),
        ("${UNSET:-${SET}}", "set"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${SET:+x}", "x"),
        ("${UNSET:+x}", ""),
        ("postgres://localhost:${services.db.port}/app", "postgres://localhost:5432/app"),
        ("${project.root}/data of ${project.name}", "/src/shop/data of shop"),
        ("${UNSET:-${project.name}}", "shop"),
        // A dollar that begins no reference is a dollar, and of two one is left.
        ("$SET", "$SET"),
        ("{print $NF}", "{print $NF}"),
        ("$", "$"),
        ("$$", "$"),
        ("$${SET}", "${SET}"),
        ("$$$${SET}", "$${SET}"),
        ("$${project.root}", "${project.root}"),
        ("a\r\n$", "a\r\n$"),
    ] {
        if !written.contains('\n') {
            assert_eq!(value(written), expected, "{written}");
        }
    }
}

#[test]
fn a_port_with_a_name_is_referred_to_below_its_service() {
    let refer = |reference: &str| {
        let services = "[services.db]\ncommand = 'x'\nports = { admin-ui = 'auto' }\n[services.jobs]\ncommand = 'x'\ntype = 'worker'\n";
        parse(&format!("{services}[services.web]\ncommand = 'x'\nenv.V = '{reference}'\n"))
    };
    for reference in ["${services.db.ports.admin-ui}", "${services.db.ports.admin-ui.url}"] {
        let project = refer(reference).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(project.services[2].env[0].value, reference);
        assert_eq!(project.services[2].depends_on[0].on.as_str(), "db");
    }
    for (reference, message) in [
        ("${services.db.ports.admin-u}", "locald.toml:9:10: service `db` has no port that is named `admin-u`"),
        ("${services.db.ports}", "locald.toml:9:10: a port is referred to without saying which"),
        ("${services.db.ports.admin-ui.ulr}", "locald.toml:9:10: a port has no `ulr`"),
        ("${services.jobs.ports.x}", "locald.toml:9:10: `jobs` is a worker and has no address"),
    ] {
        let faults = refer(reference).unwrap_err();
        assert_eq!(faults.as_slice().len(), 1, "{faults}");
        assert!(faults.to_string().starts_with(message), "{faults}");
    }
    let drawn = refer("${services.db.ports.admin-u}").unwrap_err().render(false);
    assert!(drawn.contains("did you mean `admin-ui`?"), "{drawn}");
}

#[test]
fn line_breaks_stay_as_they_are_written() {
    let project = parse("[services.web]\ncommand = 'x'\nenv.V = \"a\\r\\n$$b\\n\"").unwrap();
    assert_eq!(fill(&project.services[0].env[0].value, &lookup).unwrap(), "a\r\n$b\n");
}

#[test]
fn a_line_for_the_shell_keeps_what_is_the_shells() {
    let line = "echo $$ $HOME ${HOME:-x} ${x%%.*} \"$(date)\" '$5' ${services.db.port} ${project.root}";
    let text = format!("[services.db]\ncommand = 'x'\n[services.web]\ncommand = '''{line}'''");
    let project = parse(&text).unwrap();
    let arguments = project.services[1].command.arguments();
    let filled: Vec<String> = arguments.iter().map(|it| fill(it, &lookup).unwrap()).collect();
    let expected = "echo $$ $HOME ${HOME:-x} ${x%%.*} \"$(date)\" '$5' 5432 /src/shop";
    assert_eq!(filled, ["/bin/sh", "-c", expected]);
    assert_eq!(project.services[1].depends_on[0].on.as_str(), "db");
}

#[test]
fn words_and_folders_refer_too() {
    let text = "[services.db]\ncommand = 'x'\n[services.web]\ncommand = ['serve', '--db', '${services.db.port}', '$$x']\ncwd = '${project.root}/../${project.name}-web'";
    let web = &parse(text).unwrap().services[1];
    assert_eq!(web.command, Command::Exec(["serve", "--db", "${services.db.port}", "$$x"].map(String::from).to_vec()));
    assert_eq!(fill(&web.command.arguments()[3], &lookup).unwrap(), "$x");
    assert_eq!(web.cwd, Path::new("/src/shop/../shop-web"));
}

#[test]
fn a_service_that_is_referred_to_comes_first_unless_it_is_declined() {
    let service = |keys: &str| {
        let text = format!(
            "[services.db]\ncommand = 'x'\nport = 5432\n[services.web]\ncommand = 'x'\nenv.DB = '${{services.db.url}}'\n{keys}"
        );
        parse(&text).unwrap().services[1]
            .depends_on
            .iter()
            .map(|it| (it.on.to_string(), it.condition))
            .collect::<Vec<_>>()
    };
    assert_eq!(service(""), [("db".to_owned(), Condition::Healthy)]);
    assert_eq!(service("depends_on.db.condition = 'started'"), [("db".to_owned(), Condition::Started)]);
    assert_eq!(service("depends_on.db = false"), []);
    assert_eq!(service("env.SELF = '${services.web.url}'").len(), 1);
}

#[test]
fn faults_point_into_the_string() {
    let text = r#"
[services.db]
command = "x"
[services.queue]
type = "worker"
command = "x"
[services.web]
command = "serve ${services.dbb.url} ${services.db.prot}"
cwd = "${HOME}/x"
[services.web.env]
A = "a ${project.rot} ${services.db}"
B = "ä ${X"
C = "tab\t${services.queue.port}"
D = "${}"
"#;
    insta::assert_snapshot!(drawn(text.trim_start()), @r#"
    error: service `web` refers to `dbb`, which is not defined
      ╭▸ locald.toml:7:18
      │
    7 │ command = "serve ${services.dbb.url} ${services.db.prot}"
      │                  ━━━━━━━━━━━━━━━━━━━ not a service of this project
      │
      ╰ help: did you mean `db`?

    error: a service has no `prot`
      ╭▸ locald.toml:7:38
      │
    7 │ command = "serve ${services.dbb.url} ${services.db.prot}"
      │                                      ━━━━━━━━━━━━━━━━━━━ unknown
      │
      ╰ help: did you mean `port`?

    error: only the project is known here
      ╭▸ locald.toml:8:8
      │
    8 │ cwd = "${HOME}/x"
      │        ━━━━━━━ known later
      │
      ╰ help: `${project.root}` and `${project.name}` are known

    error: a project has no `rot`
       ╭▸ locald.toml:10:8
       │
    10 │ A = "a ${project.rot} ${services.db}"
       │        ━━━━━━━━━━━━━━ unknown
       │
       ╰ help: did you mean `root`?

    error: a service is referred to without saying what of it
       ╭▸ locald.toml:10:23
       │
    10 │ A = "a ${project.rot} ${services.db}"
       │                       ━━━━━━━━━━━━━━ incomplete
       │
       ╰ help: write it like `${services.db.url}`

    error: `${` without its `}`
       ╭▸ locald.toml:11:8
       │
    11 │ B = "ä ${X"
       ╰╴       ━━ never closed

    error: `queue` is a worker and has no address
       ╭▸ locald.toml:12:5
       │
    12 │ C = "tab\t${services.queue.port}"
       ╰╴    ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ listens on nothing

    error: `${` without a name
       ╭▸ locald.toml:13:6
       │
    13 │ D = "${}"
       │      ━━ expected a name after `${`
       │
       ╰ help: write `$$` for a plain `$`
    "#);
}

#[test]
fn a_circle_of_references_is_named_and_can_be_opened() {
    let circle = "[services.api]\ncommand = 'x'\nenv.WEB = '${services.web.url}'\n[services.web]\ncommand = 'x'\nenv.API = '${services.api.url}'\n";
    insta::assert_snapshot!(drawn(circle), @"
    error: services wait for each other: api -> web -> api
      ╭▸ locald.toml:6:12
      │
    6 │ env.API = '${services.api.url}'
      │            ━━━━━━━━━━━━━━━━━━━ closes the circle
      │
      ╰ help: write `depends_on.api = false` where its address is all that is needed
    ");
    assert!(parse(&format!("{circle}depends_on.api = false\n")).is_ok());
}

#[test]
fn a_name_that_is_not_known_says_what_to_write() {
    let error = fill("a ${NOT_SET} b", &lookup).unwrap_err();
    insta::assert_snapshot!(format!("{error}\n{}", error.help.as_deref().unwrap()), @"
    `NOT_SET` is not set
    write `${NOT_SET:-}` for an empty text, `$${NOT_SET}` to keep it as it is
    ");
    assert_eq!(fill("${NOT_SET:?say it}", &lookup).unwrap_err().message, "`NOT_SET` is required: say it");
}

#[test]
fn a_folder_that_a_shell_would_take_apart_is_refused_in_its_line() {
    let parse = |command: &str| {
        parse_manifest(Path::new("locald.toml"), &format!("[services.web]\ncommand = {command}"), Path::new("/a b"))
    };
    assert!(parse("['ls', '${project.root}']").is_ok());
    insta::assert_snapshot!(parse("'ls ${project.root}'").unwrap_err().render(false), @"
    error: `/a b` would not reach the shell whole
      ╭▸ locald.toml:2:15
      │
    2 │ command = 'ls ${project.root}'
      │               ━━━━━━━━━━━━━━━ holds what a shell takes apart
      │
      ╰ help: write the command as an array, or put the value into `env`
    ");
}

proptest! {
    #[test]
    fn any_text_is_filled_in_or_refused(text in prop_oneof![any::<String>(), "(\\$|\\{|\\}|:|-|\\?|\\+|SET|UNSET|services|project|\\.|db|port|root| |ä|\r\n){0,30}"]) {
        let _ = fill(&text, &lookup);
        names_in(&text);
        let arguments = Command::Shell(text.clone()).arguments();
        // What is not ours reaches the shell as it is.
        if !text.contains("services.") && !text.contains("project.") {
            prop_assert_eq!(fill(&arguments[2], &lookup).unwrap(), text);
        }
    }

    #[test]
    fn a_value_is_the_same_however_often_it_is_read_and_written(text in "(\\$|\\{|\\}|:-|SET|UNSET|services\\.db\\.port| |ä){0,20}") {
        let read = |text: &str| Parser::new(&Source::new("".as_ref(), text)).value(Quotes::Whole);
        let (template, report) = read(&text);
        if report.finish(()).is_ok() {
            let written = template.to_text();
            prop_assert_eq!(fill(&text, &lookup), fill(&written, &lookup));
            prop_assert_eq!(read(&written).0.to_text(), written);
        }
    }
}
