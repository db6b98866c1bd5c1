//! `up` as somebody sees it who waits for it: all services at once, what failed and why, and an end that a script can trust.

use std::fs;

use serde_json::Value;

use crate::home::TestHome;
use crate::screen::Screen;
use crate::wait;

/// `db` is ready once there is a file `go`, `web` waits for it, and `bad` fails with many lines.
const BOOT: &str = r#"
[services.db]
command = "until [ -e go ]; do sleep 0.02; done; echo here; exec sleep 1000"
health = { log = "here" }
[services.web]
command = "exec sleep 1000"
depends_on = ["db"]
[services.bad]
command = "for line in $(seq 1 50); do echo line $line; done; exit 7"
"#;

/// `flaky` fails until it is run the third time.
const FLAKY: &str = r#"
[services.flaky]
command = "echo x >> runs; [ $(wc -l < runs) -ge 3 ] || exit 4; echo here; exec sleep 1000"
restart = "on-failure"
backoff = { initial = "50ms", max = "50ms", limit = 5 }
health = { log = "here" }
[services.web]
command = "exec sleep 1000"
depends_on = ["flaky"]
"#;

#[test]
fn on_a_terminal_all_services_are_seen_at_once_and_the_last_lines_of_one_that_failed_under_it() {
    let home = TestHome::new(BOOT);
    let mut screen = Screen::open(&home, &["up"], 80, 30);
    screen.wait_for("db   starting");
    screen.wait_for("web  waiting (waiting for db (starting");
    screen.wait_for("bad  exited (exited with code 7)");
    screen.wait_for("│ line 50");
    let text = screen.text();
    let rows: Vec<&str> = text.lines().skip_while(|row| !row.starts_with("bad")).collect();
    let shown: Vec<&str> = rows[1..].iter().map_while(|row| row.trim_start().strip_prefix("│ line ")).collect();
    assert_eq!(shown, (31..=50).map(|line| line.to_string()).collect::<Vec<_>>(), "{text}");
    screen.wait_for("starting for 1 s");
    fs::write(home.project().join("go"), "").expect("a file of the project");
    assert!(!screen.wait_for_end().success());
    screen.wait_for("error: `bad` failed to start");
    let text = screen.text();
    let at =
        |what: &str| text.lines().position(|row| row.starts_with(what)).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(
        at("db started in ") < at("web started in ") && at("web started in ") < at("bad failed: exited with code 7")
    );
    assert!(!text.contains("waiting"), "what was painted is gone: {text}");
}

#[test]
fn without_a_terminal_each_change_is_a_plain_line() {
    let home = TestHome::new(BOOT);
    fs::write(home.project().join("go"), "").expect("a file of the project");
    let said = home.fails(1, &["up", "web", "bad"]);
    assert!(!said.contains('\x1b'), "{said}");
    let count = |line: &str| said.lines().filter(|shown| shown.starts_with(line)).count();
    for line in ["db started in ", "web started in ", "bad failed: "] {
        assert_eq!(count(line), 1, "{line} in {said}");
    }
    // What lasts for a moment may be over before anybody is told.
    for line in ["db: starting", "web: waiting (waiting for db ("] {
        assert!(count(line) <= 1, "{line} in {said}");
    }
    assert!(!said.contains(": ready"), "{said}");
    assert_eq!(said.matches("│ line ").count(), 20, "{said}");
    let said = home.run(&["up", "web", "db"]);
    assert!(said.code == 0 && said.err.contains("web was already running"), "{said:?}");
}

#[test]
fn what_is_printed_for_a_program_says_how_each_service_is_and_what_a_failed_one_printed() {
    let home = TestHome::new(BOOT);
    fs::write(home.project().join("go"), "").expect("a file of the project");
    let said = home.run(&["up", "--json"]);
    assert_eq!(said.code, 1, "{said:?}");
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    let [db, web, bad] = &json.as_array().expect("an array")[..] else { panic!("{json}") };
    assert_eq!((&db["change"], &db["state"]), (&"started".into(), &"ready".into()), "{json}");
    assert!(db["ready_after_ms"].is_u64() && web["pid"].is_u64() && web["last_lines"].is_null(), "{json}");
    assert_eq!((&bad["change"], &bad["state"]), (&"failed".into(), &"exited".into()), "{json}");
    assert_eq!((bad["last_lines"].as_array().map(Vec::len), &bad["last_lines"][19]), (Some(20), &"line 50".into()));
}

#[test]
fn a_time_limit_ends_the_command_and_no_service() {
    let home = TestHome::new(BOOT);
    let said = home.run(&["up", "web", "--timeout", "500ms", "--json"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("error: not ready after 0.5 s: `web` is waiting (waiting for db (starting"), "{said:?}");
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((&json[0]["name"], &json[0]["change"]), (&"web".into(), &"waiting".into()), "{json}");
    fs::write(home.project().join("go"), "").expect("a file of the project");
    home.wait_for_state("web", "ready");
    home.fails(2, &["up", "--timeout", "soon"]);
}

#[test]
fn waiting_outlasts_a_failure_that_is_mended_by_a_restart() {
    let home = TestHome::new(FLAKY);
    let said = home.fails(1, &["up"]);
    assert!(said.contains("flaky failed: exited with code 4"), "{said}");
    home.wait_for_state("web", "ready");
    home.ok(&["stop"]);
    fs::remove_file(home.project().join("runs")).expect("a file of runs");
    let json = home.json(&["up", "--wait", "--json"]);
    let states: Vec<&Value> = json.as_array().expect("an array").iter().map(|service| &service["state"]).collect();
    assert_eq!(states, ["ready", "ready"], "{json}");
    assert_eq!(home.service("flaky")["restarts"], 5, "two were needed each time, and the start between them");
}

#[test]
fn waiting_ends_as_soon_as_one_service_has_failed_for_good() {
    let home = TestHome::new(
        "[services.slow]\ncommand = \"exec sleep 1000\"\nhealth = { log = \"never\" }\n\
         [services.loops]\ncommand = \"exit 3\"\nrestart = \"always\"\nbackoff = { initial = \"20ms\", max = \"20ms\", limit = 2 }\n\
         [services.web]\ncommand = \"exec sleep 1000\"\ndepends_on = [\"loops\"]\n",
    );
    let said = home.fails(1, &["up", "--wait", "--timeout", "60s"]);
    assert!(said.contains("loops failed: exited with code 3"), "{said}");
    assert!(said.contains("slow is not ready yet: it is starting"), "{said}");
    assert!(said.contains("web is not started yet: "), "{said}");
    assert!(!said.contains("not ready after"), "nothing of it is a matter of time: {said}");
    assert_eq!(home.service("loops")["state"], "crash-loop");
}

#[test]
fn waiting_is_for_health_also_of_a_service_that_runs_already() {
    let home = TestHome::new(
        "[services.web]\ncommand = \"exec sleep 1000\"\nhealth = { command = \"test -e good\", interval = \"20ms\", retries = 1, start_period = \"0s\" }\n",
    );
    let said = home.fails(1, &["up"]);
    assert!(said.contains("web failed: it runs, but is unhealthy"), "{said}");
    let mut waiting = home.command(&["up", "--wait"]).spawn().expect("locald can be started");
    let said = home.run(&["up", "--wait", "--timeout", "200ms"]);
    assert!(said.code == 1 && said.err.contains("web is not ready yet: it is unhealthy"), "{said:?}");
    fs::write(home.project().join("good"), "").expect("a file of the project");
    assert!(wait::until("it ends", || waiting.try_wait().expect("a child")).success());
}
