//! Files change while a project is up: only what is made from something else now is restarted, and a broken file breaks nothing.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;

use crate::home::{TestHome, signal};
use crate::screen::Screen;
use crate::wait;

/// A service that says when it begins what it was given, and goes on for ever.
fn says(mode: &str) -> String {
    format!("command = 'echo began with {mode}; exec sleep 1000'\n")
}

fn two(web: &str, db: &str) -> String {
    format!("[services.web]\n{}[services.db]\n{}", says(web), says(db))
}

/// What the service has said at its beginnings.
fn beginnings(home: &TestHome, service: &str) -> Vec<String> {
    let lines = home.log_lines(service);
    lines.iter().filter_map(|line| Some(line.strip_prefix("began with")?.trim().to_owned())).collect()
}

fn wait_for_beginnings(home: &TestHome, service: &str, expected: &[&str]) {
    wait::until(&format!("{service} began with {expected:?}"), || {
        (beginnings(home, service) == expected).then_some(())
    });
}

/// Waits until the daemon has read what was written just now: a service is added that nothing else touches.
fn wait_until_read(home: &TestHome, config: &str) {
    let mark = format!("mark{}", fs::read_dir(home.project()).expect("the project's folder").count());
    fs::write(home.project().join(&mark), "").expect("a file of the project");
    home.write("locald.toml", &format!("{config}[services.{mark}]\ncommand = 'exec sleep 1000'\n"));
    wait::until("the file is read", || {
        home.json(&["status", "--json"])
            .as_array()?
            .iter()
            .any(|service| service["name"] == mark.as_str())
            .then_some(())
    });
}

fn names(home: &TestHome) -> Vec<String> {
    let status = home.json(&["status", "--json"]);
    let name = |service: &Value| service["name"].as_str().unwrap_or_default().to_owned();
    status.as_array().expect("an array").iter().map(name).collect()
}

/// What is said of the project's files, if anything.
fn fault(home: &TestHome) -> Option<String> {
    // Without a file the folder is no project to the command line, which then speaks of all that are up.
    let status = home.json(&["status", "--all", "--json"]);
    let web = status.as_array()?.iter().find(|service| service["name"] == "web")?;
    web["config_fault"].as_str().map(str::to_owned)
}

#[test]
fn only_the_service_that_changed_is_restarted() {
    let home = TestHome::new(&two("1", "1"));
    home.ok(&["up"]);
    let (web, db) = (home.pid("web"), home.pid("db"));
    home.write("locald.toml", &two("2", "1"));
    wait_for_beginnings(&home, "web", &["1", "2"]);
    home.wait_for_state("web", "ready");
    assert_ne!(home.pid("web"), web);
    assert_eq!(home.pid("db"), db);
    // A comment changes nothing, nor does the order.
    wait_until_read(&home, &format!("# a comment\n[services.db]\n{}[services.web]\n{}", says("1"), says("2")));
    assert_eq!((beginnings(&home, "web"), home.pid("db")), (vec!["1".to_owned(), "2".to_owned()], db));
}

#[test]
fn twenty_saves_in_a_second_are_one_restart() {
    let home = TestHome::new(&two("0", "0"));
    home.ok(&["up"]);
    let (begun, mut last, mut pauses) = (Instant::now(), Instant::now(), 0);
    for save in 1..=20_u32 {
        std::thread::sleep((begun + Duration::from_millis(50) * save).saturating_duration_since(Instant::now()));
        home.write("locald.toml", &two(&save.to_string(), "0"));
        // On a busy machine a save may come late; then it is no save of the same second any more.
        pauses += usize::from(last.elapsed() > Duration::from_millis(120));
        last = Instant::now();
    }
    wait::until("the last save is in force", || (beginnings(&home, "web").last()? == "20").then_some(()));
    let seen = beginnings(&home, "web");
    assert!(seen.len() <= 2 + pauses, "{seen:?} with {pauses} pauses");
}

#[test]
fn an_editor_may_replace_the_file_or_remove_it_and_write_it_anew() {
    let home = TestHome::new(&two("1", "1"));
    home.ok(&["up"]);
    let (file, new) = (home.project().join("locald.toml"), home.project().join(".locald.toml.swp"));
    fs::write(&new, two("2", "1")).unwrap();
    fs::rename(&new, &file).unwrap();
    wait_for_beginnings(&home, "web", &["1", "2"]);
    fs::remove_file(&file).unwrap();
    let gone = wait::until("it is told that the file is gone", || fault(&home));
    assert!(gone.contains("no locald.toml or Procfile"), "{gone}");
    assert_eq!(names(&home), ["web", "db"]);
    fs::write(&file, two("3", "1")).unwrap();
    wait_for_beginnings(&home, "web", &["1", "2", "3"]);
    wait::until("nothing is wrong any more", || fault(&home).is_none().then_some(()));
}

#[test]
fn a_broken_file_changes_nothing_and_is_told_with_its_place_until_it_is_mended() {
    let home = TestHome::new(&two("1", "1"));
    home.ok(&["up"]);
    let pids = [home.pid("web"), home.pid("db")];
    home.write("locald.toml", "[services.web]\ncommand = 'x'\nprot = 1\n");
    let told = wait::until("it is told", || fault(&home));
    assert_eq!(told, "locald.toml:3:1: unknown key `prot` in service `web`");
    let status = home.run(&["status"]);
    assert_eq!(status.code, 0);
    assert!(status.err.contains("locald.toml:3:1: unknown key `prot`"), "{}", status.err);
    assert_eq!([home.pid("web"), home.pid("db")], pids);
    let refused = home.fails(3, &["restart", "web"]);
    assert!(refused.contains("locald.toml:3:1"), "{refused}");
    assert_eq!(home.pid("web"), pids[0]);
    // A new daemon knows it as well.
    home.ok(&["daemon", "restart"]);
    assert_eq!(wait::until("the new daemon tells it", || fault(&home)), told);
    assert_eq!([home.pid("web"), home.pid("db")], pids);
    home.write("locald.toml", &two("2", "1"));
    wait_for_beginnings(&home, "web", &["1", "2"]);
    wait::until("nothing is wrong any more", || fault(&home).is_none().then_some(()));
    assert_eq!(home.pid("db"), pids[1]);
}

#[test]
fn new_services_start_unless_they_are_manual_and_removed_ones_are_gone() {
    let home = TestHome::new(&two("1", "1"));
    home.ok(&["up"]);
    let (web, db) = (home.pid("web"), home.pid("db"));
    let web_only = format!("[services.web]\n{}", says("1"));
    home.write(
        "locald.toml",
        &format!("{web_only}[services.new]\n{}[services.later]\nstart = 'manual'\n{}", says("1"), says("1")),
    );
    wait::until("what was added is there", || (names(&home) == ["web", "new", "later"]).then_some(()));
    home.wait_for_state("new", "ready");
    assert_eq!(home.service("later")["state"], "stopped");
    assert_eq!(home.pid("web"), web);
    wait::until("what was removed has ended", || (!crate::home::is_alive(db)).then_some(()));
}

#[test]
fn settings_that_need_no_restart_hold_without_one() {
    let config = |more: &str| {
        format!("[services.web]\ncommand = \"trap '' TERM; echo began with 1; while :; do sleep 1; done\"\n{more}")
    };
    let home = TestHome::new(&config("stop_timeout = '1h'\n"));
    home.ok(&["up"]);
    let web = home.pid("web");
    wait_until_read(
        &home,
        &config(
            "stop_timeout = '10ms'\nrestart = 'always'\nhealth = { command = 'false', interval = '20ms', start_period = '0s', retries = 1 }\n",
        ),
    );
    home.wait_for_state("web", "unhealthy");
    assert_eq!(home.pid("web"), web);
    signal(web, Signal::KILL);
    wait_for_beginnings(&home, "web", &["1", "1"]);
    // It would take an hour by what was said before.
    home.ok(&["stop", "web"]);
}

#[test]
fn what_a_person_stopped_stays_stopped_while_files_change_and_daemons_come_and_go() {
    let home = TestHome::new(&two("1", "1"));
    home.ok(&["up"]);
    home.ok(&["stop", "db"]);
    home.write("locald.toml", &two("2", "2"));
    wait_for_beginnings(&home, "web", &["1", "2"]);
    assert_eq!(home.service("db")["state"], "stopped");
    home.ok(&["daemon", "restart"]);
    wait_until_read(&home, &two("2", "3"));
    assert_eq!(home.service("db")["state"], "stopped");
    assert_eq!(beginnings(&home, "db"), ["1"]);
    home.ok(&["start", "db"]);
    wait_for_beginnings(&home, "db", &["1", "3"]);
}

#[test]
fn variables_of_dotenv_restart_those_whom_they_reach() {
    let config = "[services.web]\ncommand = 'echo began with $MODE; exec sleep 1000'\n\
                  [services.db]\ncommand = 'echo began with $MODE; exec sleep 1000'\nenv = { MODE = 'own' }\n";
    let home = TestHome::new(config);
    home.ok(&["up"]);
    let db = home.pid("db");
    // A file that was not there.
    home.write(".env", "MODE=new\n");
    wait_for_beginnings(&home, "web", &["", "new"]);
    home.write(".env", "# said otherwise\nexport MODE=\"new\"\n");
    home.write(".env", "MODE='newer'\n");
    wait_for_beginnings(&home, "web", &["", "new", "newer"]);
    fs::remove_file(home.project().join(".env")).unwrap();
    wait_for_beginnings(&home, "web", &["", "new", "newer", ""]);
    assert_eq!(home.pid("db"), db, "it has a value of its own");
}

#[test]
fn every_layer_is_watched_whether_it_is_there_or_not() {
    let home = TestHome::empty();
    let inner = home.project().join("apps/web");
    fs::create_dir_all(&inner).unwrap();
    fs::create_dir_all(home.project().join(".git")).unwrap();
    fs::write(inner.join("locald.toml"), "[services.web]\ncommand = 'echo began with $A $B $C; exec sleep 1000'\n")
        .unwrap();
    let up = home.run_in(&inner, &["up"]);
    assert_eq!(up.code, 0, "{up:?}");
    let seen = |expected: &[&str]| {
        wait::until(&format!("it began with {expected:?}"), || {
            let text = home.run_in(&inner, &["logs", "web", "--json"]).out;
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let lines: Vec<String> = lines.filter_map(|line| Some(line["text"].as_str()?.to_owned())).collect();
            (lines == expected).then_some(())
        });
    };
    seen(&["began with"]);
    fs::write(home.project().join("locald.workspace.toml"), "[env]\nA = 'workspace'\n").unwrap();
    seen(&["began with", "began with workspace"]);
    fs::create_dir_all(home.path().join("config")).unwrap();
    fs::write(home.path().join("config/config.toml"), "[env]\nB = 'global'\n").unwrap();
    seen(&["began with", "began with workspace", "began with workspace global"]);
    fs::write(inner.join("locald.local.toml"), "[env]\nC = 'personal'\n").unwrap();
    seen(&[
        "began with",
        "began with workspace",
        "began with workspace global",
        "began with workspace global personal",
    ]);
}

#[test]
fn a_procfile_is_watched_and_so_is_the_locald_toml_that_is_not_there_yet() {
    let home = TestHome::empty();
    home.write("Procfile", "web: echo began with 1; exec sleep 1000\n");
    home.ok(&["up"]);
    home.write("Procfile", "web: echo began with 2; exec sleep 1000\n");
    wait_for_beginnings(&home, "web", &["1", "2"]);
    home.write("locald.toml", &format!("[services.web]\n{}", says("3")));
    wait_for_beginnings(&home, "web", &["1", "2", "3"]);
}

#[test]
fn restart_reads_the_files_anew_and_restarts_each_service_once() {
    let home = TestHome::new(&two("1", "1"));
    home.ok(&["up"]);
    home.write("locald.toml", &two("2", "1"));
    home.ok(&["restart", "web"]);
    assert_eq!(beginnings(&home, "web"), ["1", "2"]);
    wait_until_read(&home, &two("2", "1"));
    assert_eq!((beginnings(&home, "web").len(), beginnings(&home, "db").len()), (2, 1));
}

#[test]
fn what_changes_while_no_daemon_looks_is_noticed_by_the_next_one() {
    let home = TestHome::new(&two("1", "1"));
    home.ok(&["up"]);
    let (db, daemon) = (home.pid("db"), home.daemon_pid());
    // Held, so that it sees nothing, and then killed.
    signal(daemon, Signal::STOP);
    home.write("locald.toml", &two("2", "1"));
    signal(daemon, Signal::KILL);
    wait_for_beginnings(&home, "web", &["1", "2"]);
    assert_eq!(home.pid("db"), db);
    home.write("locald.toml", &two("3", "1"));
    wait_for_beginnings(&home, "web", &["1", "2", "3"]);
}

#[test]
fn a_service_that_could_not_start_is_tried_again_when_its_file_is_mended() {
    let home = TestHome::new("[services.web]\ncommand = ['no-such-program']\n");
    home.fails(1, &["up"]);
    home.wait_for_state("web", "failed");
    home.write("locald.toml", &format!("[services.web]\n{}", says("1")));
    home.wait_for_state("web", "ready");
}

#[test]
fn another_shell_changes_nothing_of_what_runs() {
    let mut home = TestHome::new(
        "[services.web]\ncommand = 'echo began with $FROM; exec sleep 1000'\nenv = { FROM = '${TABLE:-none}' }\n",
    );
    home.set("TABLE", "one");
    home.ok(&["up"]);
    let web = home.pid("web");
    home.set("TABLE", "two");
    home.ok(&["up"]);
    let config =
        "[services.web]\ncommand = 'echo began with $FROM; exec sleep 1000'\nenv = { FROM = '${TABLE:-none}' }\n";
    wait_until_read(&home, config);
    assert_eq!(home.pid("web"), web);
    home.ok(&["restart", "web"]);
    assert_eq!(beginnings(&home, "web"), ["one", "two"]);
}

#[test]
fn a_project_that_is_renamed_goes_on_under_its_new_name() {
    let home = TestHome::new(&two("1", "1"));
    home.ok(&["up"]);
    home.ok(&["stop", "db"]);
    home.write("locald.toml", &format!("[project]\nname = 'shop'\n{}", two("1", "1")));
    wait::until("it has its new name", || {
        let status = home.run(&["status", "--json"]);
        let status: Value = serde_json::from_str(&status.out).ok()?;
        let web = status.as_array()?.iter().find(|service| service["name"] == "web")?.clone();
        (web["project"] == "shop" && web["state"] == "ready").then_some(())
    });
    assert_eq!(home.service("db")["state"], "stopped");
}

#[test]
fn the_workspace_tells_of_a_fault_with_its_place_until_it_is_mended() {
    let home = TestHome::new(&two("1", "1"));
    home.ok(&["up"]);
    let screen = Screen::open(&home, &[], 120, 24);
    screen.wait_for("db");
    home.write("locald.toml", "[services.web]\ncommand = 'x'\nprot = 1\n");
    screen.wait_for("locald.toml:3:1: unknown key `prot`");
    home.write("locald.toml", &two("1", "1"));
    screen.wait_until_gone("locald.toml:3:1");
}

#[test]
fn a_secret_that_is_replaced_stays_masked_in_what_was_logged_before() {
    let home = TestHome::new("[services.web]\ncommand = 'echo began with $API_TOKEN; exec sleep 1000'\ntty = false\n");
    home.write(".env", "API_TOKEN=first-t0ken-0f-web\n");
    home.ok(&["up"]);
    wait_for_beginnings(&home, "web", &["********"]);
    home.write(".env", "API_TOKEN=second-t0ken-0f-web\n");
    wait_for_beginnings(&home, "web", &["********", "********"]);
}
