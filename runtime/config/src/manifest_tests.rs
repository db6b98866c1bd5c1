//! What a `locald.toml` means and how its faults read.

use std::fmt::Write as _;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::settings::backoff::Backoff;
use crate::settings::command::Command;
use crate::settings::escape::Escape;
use crate::settings::health::{Health, HealthCheck, OnUnhealthy};
use crate::settings::host_header::HostHeader;
use crate::settings::kind::Kind;
use crate::settings::port::Port;
use crate::settings::probe::Probe;
use crate::settings::restart::Restart;
use crate::settings::size::{Size, SizePolicy};
use crate::settings::start::Start;

fn parse(text: &str) -> Result<Project, Faults> {
    parse_manifest(Path::new("locald.toml"), text, Path::new("/src/My App"))
}

fn drawn(text: &str) -> String {
    parse(text).expect_err("the text has faults").render(false)
}

fn messages(text: &str) -> Vec<String> {
    parse(text).expect_err("the text has faults").iter().map(|fault| fault.message.clone()).collect()
}

#[test]
fn an_empty_file_is_a_project_named_for_its_folder() {
    let project = parse("").unwrap();
    assert_eq!(project.name.as_str(), "my-app");
    assert!(project.services.is_empty());
}

#[test]
fn a_service_with_nothing_but_a_command_gets_the_defaults() {
    let project = parse("[services.web]\ncommand = 'npm start'").unwrap();
    let [web] = project.services.as_slice() else { panic!("one service") };
    assert_eq!(
        web,
        &Service::new("web".parse().unwrap(), Command::Shell("npm start".into()), Path::new("/src/My App"))
    );
    assert_eq!((web.tty, web.stop_timeout, web.escape), (true, Duration::from_secs(10), Escape::Kill));
    assert_eq!((web.kind, web.port, web.listen, web.concurrency), (Kind::Exec, Port::Leased, false, 1));
    assert_eq!((web.start, web.restart, &web.health), (Start::Auto, Restart::No, &Health::Unsaid));
    assert_eq!(web.stop_signal.to_string(), "SIGTERM");
}

#[test]
fn every_key_of_a_service_is_read() {
    let project = parse(
        r#"
        [project]
        name = "shop"
        [services.api]
        type = "exec"
        command = ["cargo", "run", "--", ""]
        port = 3000
        listen = true
        start = "manual"
        restart = "on-failure"
        backoff = { initial = "1s", max = 60, reset = "5m", limit = 0 }
        concurrency = 1
        cwd = "./services/api/"
        env = { PORT = 3000, HEX = 0x1F, RATIO = 1.10, DEBUG = true, "odd name" = "a b" }
        tty = false
        size = "80x25"
        stop_signal = "int"
        stop_timeout = "500ms"
        escape = "leave"
        "#,
    )
    .unwrap();
    assert_eq!(project.name.as_str(), "shop");
    let api = project.service("api").unwrap();
    assert_eq!(api.command, Command::Exec(["cargo", "run", "--", ""].map(String::from).to_vec()));
    assert_eq!(api.cwd, Path::new("/src/My App/services/api"));
    let env: Vec<(&str, &str)> = api.env.iter().map(|it| (it.name.as_str(), it.value.as_str())).collect();
    assert_eq!(env, [("PORT", "3000"), ("HEX", "31"), ("RATIO", "1.10"), ("DEBUG", "true"), ("odd name", "a b")]);
    assert_eq!((api.kind, api.port, api.listen, api.concurrency), (Kind::Exec, Port::Fixed(3000), true, 1));
    assert_eq!((api.start, api.restart), (Start::Manual, Restart::OnFailure));
    let (initial, max, reset) = (Duration::from_secs(1), Duration::from_mins(1), Duration::from_mins(5));
    assert_eq!(api.backoff, Backoff { initial, max, reset, limit: None });
    assert!(!api.tty);
    assert_eq!(api.size, SizePolicy::Fixed(Size { columns: 80, rows: 25 }));
    assert_eq!(api.stop_signal.number(), 2);
    assert_eq!(api.stop_timeout, Duration::from_millis(500));
    assert_eq!(api.escape, Escape::Leave);
}

fn health(keys: &str) -> Health {
    parse(&format!("[services.web]\ncommand = 'x'\n{keys}")).unwrap().services[0].health.clone()
}

#[test]
fn health_is_asked_in_one_of_five_ways_or_not_at_all() {
    let asked = |probe| Health::Asked(HealthCheck::new(probe));
    let http = |status, headers| Probe::Http { path: "/up".into(), status, headers };
    for (keys, expected) in [
        ("", Health::Unsaid),
        ("health = false", Health::Runs),
        ("health.http = '/up'", asked(http(200..=399, vec![]))),
        (
            "health = { http = '/up', status = 204, headers = { Host = 'a' } }",
            asked(http(204..=204, vec![("Host".into(), "a".into())])),
        ),
        ("health.tcp = true", asked(Probe::Tcp(None))),
        ("health.tcp = 5432", asked(Probe::Tcp(Some(5432)))),
        ("health.command = 'pg_isready'", asked(Probe::Command(Command::Shell("pg_isready".into())))),
        ("health.log = 'ready in \\d+ ms'", asked(Probe::Log(r"ready in \d+ ms".into()))),
        ("health.notify = true", asked(Probe::Notify)),
    ] {
        assert_eq!(health(keys), expected, "{keys}");
    }
}

#[test]
fn every_key_of_health_is_read() {
    let Health::Asked(check) = health(
        r#"
        [services.web.health]
        tcp = true
        interval = "1m"
        timeout = 2
        retries = 5
        start_period = "0s"
        start_interval = "50ms"
        on_unhealthy = "restart"
        "#,
    ) else {
        panic!("asked")
    };
    let expected = HealthCheck {
        probe: Probe::Tcp(None),
        interval: Duration::from_mins(1),
        timeout: Duration::from_secs(2),
        retries: 5,
        start_period: Duration::ZERO,
        start_interval: Duration::from_millis(50),
        on_unhealthy: OnUnhealthy::Restart,
    };
    assert_eq!(check, expected);
}

#[test]
fn health_that_is_asked_twice_or_not_at_all_is_refused() {
    insta::assert_snapshot!(
        drawn("[services.web]\ncommand = 'x'\nhealth = { tcp = true, http = '/', retries = 1 }\n[services.db]\ncommand = 'x'\nhealth = { interval = '1s' }\n"), @"
    error: `health` asks by `tcp` and by `http`
      ╭▸ locald.toml:3:24
      │
    3 │ health = { tcp = true, http = '/', retries = 1 }
      │                        ━━━━ one too many
      │
      ╰ help: exactly one of `http`, `tcp`, `command`, `log` and `notify`

    error: `health` does not say what to ask
      ╭▸ locald.toml:6:1
      │
    6 │ health = { interval = '1s' }
      │ ━━━━━━ needs a probe
      │
      ╰ help: one of `http`, `tcp`, `command`, `log` and `notify`
    ");
}

#[test]
fn a_worker_has_no_port_and_a_fixed_one_is_had_by_one_alone() {
    for (keys, message) in [
        ("type = 'worker'\nport = 80", "a worker has no `port`"),
        ("type = 'worker'\nprotocol = 'h2c'", "a worker has no port to be spoken to at"),
        ("type = 'worker'\nhost_header = 'localhost'", "a worker gets no requests"),
        ("type = 'worker'\nlisten = true", "a worker has no port to `listen` on"),
        ("type = 'worker'\nhealth.tcp = true", "a worker has no port to be asked at"),
        ("type = 'worker'\nhealth.http = '/'", "a worker has no port to be asked at"),
        ("concurrency = 2\nport = 80", "a fixed `port` can be had by one alone"),
    ] {
        assert_eq!(messages(&format!("[services.web]\ncommand = 'x'\n{keys}\n")), [message], "{keys}");
    }
    let fine =
        "[services.web]\ncommand = 'x'\ntype = 'worker'\nport = 0\nlisten = false\nhealth.tcp = 80\nconcurrency = 2";
    assert!(parse(fine).is_ok());
}

#[test]
fn the_host_that_a_service_gets_is_a_name_with_or_without_a_port() {
    let host = |text: &str| parse(&format!("[services.web]\ncommand = 'x'\nhost_header = '{text}'\n"));
    let read = host("LocalHost:3000").unwrap().services[0].host_header.clone();
    assert_eq!(read.as_ref().map(HostHeader::as_str), Some("localhost:3000"));
    insta::assert_snapshot!(drawn("[services.web]\ncommand = 'x'\nhost_header = 'http://localhost'\n[services.api]\ncommand = 'x'\nhost_header = 'localhost:http'\n"), @"
    error: `http://localhost` is not a host name
      ╭▸ locald.toml:3:15
      │
    3 │ host_header = 'http://localhost'
      │               ━━━━━━━━━━━━━━━━━━ this is a URL, or has a path
      │
      ╰ help: write the name alone, with a port if need be: `localhost:3000`

    error: `http` is not a port
      ╭▸ locald.toml:6:15
      │
    6 │ host_header = 'localhost:http'
      ╰╴              ━━━━━━━━━━━━━━━━ a port is a number from 1 to 65535
    ");
}

#[test]
fn a_variable_is_secret_when_it_is_said_or_when_its_name_says_so() {
    let text = "[services.web]\ncommand = 'x'\n[services.web.env]\nA = { value = 'x', secret = true }\nB = { value = 1 }\nTOKEN = 'x'\nKEY = { value = 'x', secret = false }\n";
    let secret: Vec<String> =
        parse(text).unwrap().services[0].env.iter().filter(|it| it.is_secret).map(|it| it.name.clone()).collect();
    assert_eq!(secret, ["A", "TOKEN"]);
}

#[test]
fn signals_and_timeouts_may_be_numbers() {
    let project = parse("[services.web]\ncommand = 'x'\nstop_signal = 9\nstop_timeout = 3").unwrap();
    assert_eq!(project.services[0].stop_signal.name(), "KILL");
    assert_eq!(project.services[0].stop_timeout, Duration::from_secs(3));
}

#[test]
fn services_keep_the_order_of_the_file() {
    let text = "services.z.command = 'x'\n[services.m]\ncommand = 'x'\n[services.a]\ncommand = 'x'\n[services.b]\ncommand = 'x'";
    let text = text.replacen("services.z.command = 'x'", "[services.z]\ncommand = 'x'", 1);
    let names: Vec<String> = parse(&text).unwrap().services.iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, ["z", "m", "a", "b"]);
}

#[test]
fn keys_that_begin_with_x_are_free_and_names_are_not_keys() {
    let text = "x-top = 1\n[project]\nx-owner = 'me'\n[x-table]\nany = []\n[services.x-ray]\ncommand = 'x'\nx-note = 1\nenv.x-v = 1";
    let project = parse(text).unwrap();
    assert_eq!(project.services[0].name.as_str(), "x-ray");
    assert_eq!(project.services[0].env[0].name, "x-v");
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    insta::assert_snapshot!(drawn("[services.web]\ncomand = 'npm start'\n"), @"
    error: unknown key `comand` in service `web`
      ╭▸ locald.toml:2:1
      │
    2 │ comand = 'npm start'
      │ ━━━━━━ unknown key
      │
      ╰ help: did you mean `command`?
    ");
}

#[test]
fn an_unknown_key_like_no_other_is_answered_with_all() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand = 'x'\nreplicas = 3\n"), @"
    error: unknown key `replicas` in service `web`
      ╭▸ locald.toml:3:1
      │
    3 │ replicas = 3
      │ ━━━━━━━━ unknown key
      │
      ╰ help: allowed: `type`, `command`, `cwd`, `env`, `port`, `ports`, `hosts`, `paths`, `strip_path`, `host_header`, `protocol`, `listen`, `depends_on`, `health`, `start`, `idle_stop`, `hold`, `restart`, `backoff`, `concurrency`, `tty`, `size`, `stop_signal`, `stop_timeout` and `escape`
    ");
}

#[test]
fn an_unknown_table_is_answered_with_the_nearest() {
    insta::assert_snapshot!(drawn("[service.web]\ncommand = 'npm start'\n"), @"
    error: unknown key `service` in locald.toml
      ╭▸ locald.toml:1:2
      │
    1 │ [service.web]
      │  ━━━━━━━ unknown key
      │
      ╰ help: did you mean `services`?
    ");
}

#[test]
fn a_wrong_type_says_what_was_found_and_what_was_expected() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand = 80\n"), @"
    error: `command`: expected a string or an array of strings, found an integer
      ╭▸ locald.toml:2:11
      │
    2 │ command = 80
      ╰╴          ━━ this is an integer
    ");
}

#[test]
fn a_bad_signal_is_answered_with_the_nearest() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand = 'x'\nstop_signal = \"SIGTREM\"\n"), @r#"
    error: `SIGTREM` is not a signal
      ╭▸ locald.toml:3:15
      │
    3 │ stop_signal = "SIGTREM"
      │               ━━━━━━━━━ unknown signal
      │
      ╰ help: did you mean `SIGTERM`?
    "#);
}

#[test]
fn a_bad_duration_is_answered_with_examples() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand = 'x'\nstop_timeout = '10 seconds'\n"), @"
    error: `10 seconds` is not a stop timeout
      ╭▸ locald.toml:3:16
      │
    3 │ stop_timeout = '10 seconds'
      │                ━━━━━━━━━━━━ has no such unit
      │
      ╰ help: write it like `10s`, `500ms` or `1m`
    ");
}

#[test]
fn a_duplicate_key_is_a_fault() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand = 'x'\ncommand = 'y'\n"), @"
    error: duplicate key `command`
      ╭▸ locald.toml:3:1
      │
    3 │ command = 'y'
      ╰╴━━━━━━━ already set before
    ");
}

#[test]
fn a_duplicate_service_is_a_fault() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand = 'x'\n\n[services.web]\ncommand = 'y'\n"), @"
    error: duplicate key `web`
      ╭▸ locald.toml:4:11
      │
    4 │ [services.web]
      ╰╴          ━━━ already set before

    error: duplicate key `command`
      ╭▸ locald.toml:5:1
      │
    5 │ command = 'y'
      ╰╴━━━━━━━ already set before
    ");
}

#[test]
fn a_syntax_error_is_drawn_like_any_other_fault() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand = npm start\n"), @"
    error: string values must be quoted
      ╭▸ locald.toml:2:11
      │
    2 │ command = npm start
      ╰╴          ━━━━━━━━━ expected a string in quotes
    ");
}

#[test]
fn an_unclosed_string_is_one_fault() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand = \"npm start\ntty = false\n"), @r#"
    error: invalid basic string
      ╭▸ locald.toml:2:21
      │
    2 │ command = "npm start
      ╰╴                    ━ expected `"`
    "#);
}

#[test]
fn a_missing_value_is_one_fault() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand =\n"), @"
    error: a key without a value
      ╭▸ locald.toml:2:10
      │
    2 │ command =
      ╰╴         ━ expected a value
    ");
}

#[test]
fn faults_of_syntax_and_of_meaning_come_at_once() {
    insta::assert_snapshot!(drawn("[services.web]\ncommand = 'x'\nsize = '80'\n\n[services.db\ncommand = 'y'\ntty = 'no'\n"), @"
    error: `80` is not a terminal size
      ╭▸ locald.toml:3:8
      │
    3 │ size = '80'
      ╰╴       ━━━━ expected `latest`, `smallest`, `largest` or a size such as `80x25`

    error: unclosed table
      ╭▸ locald.toml:5:13
      │
    5 │ [services.db
      ╰╴            ━ expected `]`
    ");
}

#[test]
fn a_service_that_is_a_string_is_expected_to_be_a_table() {
    insta::assert_snapshot!(drawn("[services]\nweb = 'npm start'\n"), @"
    error: service `web`: expected a table, found a string
      ╭▸ locald.toml:2:7
      │
    2 │ web = 'npm start'
      │       ━━━━━━━━━━━ this is a string
      │
      ╰ help: write `[services.web]`, and `command` on a line of its own
    ");
}

#[test]
fn a_service_needs_a_command() {
    insta::assert_snapshot!(drawn("[services.web]\ntty = false\n"), @"
    error: service `web` has no `command`
      ╭▸ locald.toml:1:11
      │
    1 │ [services.web]
      ╰╴          ━━━ needs a `command`
    ");
}

#[test]
fn a_bad_service_name_is_a_fault_at_the_name() {
    insta::assert_snapshot!(drawn("[services.\"my web\"]\ncommand = 'x'\n"), @r#"
    error: `my web` is not a service name
      ╭▸ locald.toml:1:11
      │
    1 │ [services."my web"]
      │           ━━━━━━━━ ` ` is not allowed here
      │
      ╰ help: a service name holds letters, digits, `-` and `_`
    "#);
}

#[test]
fn each_bad_value_is_refused() {
    for (line, message) in [
        ("command = []", "a command cannot be empty"),
        ("command = ['']", "a command cannot be empty"),
        ("command = ' '", "a command cannot be empty"),
        ("command = ['a', 1]", "`command`: expected an array of strings, found an integer in it"),
        (r#"command = "a\u0000""#, "no argument, path or variable can hold a NUL character"),
        (r#"command = ["a\u0000"]"#, "no argument, path or variable can hold a NUL character"),
        ("command = 'x'\ncwd = ''", "`cwd` cannot be empty"),
        ("command = 'x'\ncwd = 1", "`cwd`: expected a string, found an integer"),
        ("command = 'x'\nenv = []", "`env`: expected a table, found an array"),
        ("command = 'x'\nenv.A = []", "`A`: expected a string, a number, a boolean or a table, found an array"),
        ("command = 'x'\nenv.A = { value = [] }", "`value`: expected a string, a number or a boolean, found an array"),
        ("command = 'x'\nenv.A = { vlaue = 1 }", "unknown key `vlaue` in the variable `A`"),
        ("command = 'x'\nenv.A = {}", "the variable `A` has no `value`"),
        ("command = 'x'\nenv.A = 1979-05-27", "`A`: expected a string, a number, a boolean or a table, found a date"),
        ("command = 'x'\nenv.'' = 1", "the name of a variable cannot be empty"),
        ("command = 'x'\nenv.'A=B' = 1", "`A=B` is not the name of a variable"),
        ("command = 'x'\nenv.A = 99999999999999999999", "the number is too large"),
        ("command = 'x'\ntty = 'yes'", "`tty`: expected true or false, found a string"),
        ("command = 'x'\nsize = 80", "`size`: expected a string, found an integer"),
        ("command = 'x'\nstop_signal = 0", "`0` is not a signal"),
        ("command = 'x'\nstop_signal = 99999999999999999999", "the number is too large"),
        (
            "command = 'x'\nstop_timeout = 1.5",
            "`stop_timeout`: expected a time such as \"10s\" or a number of seconds, found a float",
        ),
        ("command = 'x'\nescape = 'run'", "`escape` cannot be `run`"),
        ("command = 'x'\ntype = 'docker'", "`type` cannot be `docker`"),
        ("command = 'x'\nport = 70000", "`70000` is not a port"),
        ("command = 'x'\nport = '80'", "`port`: expected a whole number, found a string"),
        ("command = 'x'\nlisten = 1", "`listen`: expected true or false, found an integer"),
        ("command = 'x'\nstart = 'lazy'", "`start` cannot be `lazy`"),
        ("command = 'x'\nrestart = true", "`restart`: expected a string, found a boolean"),
        ("command = 'x'\nrestart = 'never'", "`restart` cannot be `never`"),
        ("command = 'x'\nconcurrency = 0", "`concurrency` cannot be 0"),
        ("command = 'x'\nbackoff.initial = '0ms'", "`0ms` is not a pause"),
        ("command = 'x'\nbackoff = { initial = '10s', max = '1s' }", "the longest pause is shorter than the first"),
        ("command = 'x'\nbackoff.limit = -1", "`limit` cannot be -1"),
        ("command = 'x'\nbackoff.initail = '1s'", "unknown key `initail` in `backoff`"),
        ("command = 'x'\nhealth = true", "`health`: expected a table or false, found a boolean"),
        ("command = 'x'\nhealth.http = 'up'", "`up` is not a path to ask for"),
        ("command = 'x'\nhealth.log = '('", "`(` is not a regular expression"),
        ("command = 'x'\nhealth.notify = false", "`notify` cannot be false"),
        ("command = 'x'\nhealth.htpp = '/'", "unknown key `htpp` in `health`"),
        ("command = 'x'\nhealth = { tcp = true, status = 200 }", "`status` goes with `http` alone"),
        ("command = 'x'\nhealth = { http = '/', status = 'ok' }", "`ok` is not a range of statuses"),
        ("command = 'x'\nhealth = { http = '/', headers = { 'a b' = 'c' } }", "`a b` is not the name of a header"),
        ("command = 'x'\nhealth = { tcp = true, retries = 0 }", "`retries` cannot be 0"),
        ("command = 'x'\nhealth = { tcp = true, on_unhealthy = 'stop' }", "`on_unhealthy` cannot be `stop`"),
        (
            "command = 'x'\ndepends_on = 'db'",
            "`depends_on`: expected an array of names, or a table of them, found a string",
        ),
        ("command = 'x'\ndepends_on.db = 'healthy'", "`db`: expected a table, found a string"),
    ] {
        assert_eq!(messages(&format!("[services.web]\n{line}\n")), [message], "{line}");
    }
    assert_eq!(messages("[project]\nname = 'My App'"), ["`My App` is not a project name"]);
    assert_eq!(messages("project = 'a'"), ["`project`: expected a table, found a string"]);
    assert_eq!(messages("[[services]]"), ["`services`: expected a table, found an array"]);
}

#[test]
fn more_than_a_thousand_services_are_refused() {
    let file = |count: usize| {
        (0..count).fold(String::new(), |mut text, index| {
            writeln!(text, "[services.s{index}]\ncommand = 'x'").unwrap();
            text
        })
    };
    assert_eq!(parse(&file(1000)).unwrap().services.len(), 1000);
    assert_eq!(messages(&file(1001)), ["1001 services, at most 1000 are allowed"]);
}

#[test]
fn a_megabyte_of_names_is_read_in_one_pass() {
    let numbered = |head: &str, line: fn(usize) -> String| {
        let lines = (0..).map(line).scan(head.len(), |length, line| {
            *length += line.len();
            (*length < 1024 * 1024 - 100).then_some(line)
        });
        head.to_owned() + &lines.collect::<Vec<_>>().concat()
    };
    let web = "[services.web]\ncommand = 'x'\n";
    assert!(parse(&numbered(&format!("{web}[services.web.env]\n"), |n| format!("A{n}=1\n"))).is_ok());
    let references = numbered(&format!("{web}[services.web.env]\n"), |n| format!("A{n}='${{services.s{n}.url}}'\n"));
    assert_eq!(parse(&references).unwrap_err().as_slice().len(), 100);
    let listed = numbered(&format!("{web}depends_on = ["), |n| format!("'s{n}',")) + "]";
    assert_eq!(parse(&listed).unwrap_err().as_slice().len(), 100);
}

#[test]
fn a_megabyte_of_anything_is_read_without_overflow() {
    const MIB: usize = 1024 * 1024;
    for piece in ["[", "{", "a.", "a={", "[a.", "\"", "'''", "=\n", "a=1\n", "[[a]]\n", "[a]\n", "#", "\u{feff}"] {
        let outcome = parse(&piece.repeat(MIB / piece.len()));
        if let Err(faults) = outcome {
            assert!(faults.render(true).len() < 10 * MIB, "{piece}");
        }
    }
}

/// Pieces of a manifest, right and wrong, so that random text gets past the syntax.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[services.web]\n",
        "[services]\n",
        "[services.a-b]\n",
        "[[services]]\n",
        "[project]\n",
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        "=",
        "\n",
        "\r\n",
        ",",
        ".",
        "'",
        "\"",
        "\"\"\"",
        "command",
        "env",
        "A",
        "web",
        "services",
        "size = '80x25'\n",
        "stop_signal = ",
        "stop_timeout = ",
        "command = 'x'\n",
        "1",
        "-9",
        "1.5",
        "true",
        "inf",
        "1979-05-27",
        "ä",
        "\u{feff}",
        "\0",
        "\\u0000",
        "x-",
        "# c\n",
        " ",
        "\t",
        "name = 'a'\n",
        "services.web.command = 'x'\n",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_project_or_has_faults_in_it(text in prop_oneof![any::<String>(), pieces()]) {
        if let Err(faults) = parse(&text) {
            crate::faults::tests::check(&faults, &text);
        }
    }
}
