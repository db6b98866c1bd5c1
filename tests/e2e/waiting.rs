//! `wait` and `ensure`: they return when things are so, and say why things never will be.

use std::fs;

use crate::home::TestHome;
use crate::wait;

/// `late` is ready once the file `go` is there, and `job` ends then.
const LATE: &str = r#"
[services.late]
command = "until [ -e go ]; do sleep 0.05; done; echo here; exec sleep 1000"
[services.late.health]
log = "here"
interval = "50ms"
[services.job]
command = "until [ -e go ]; do sleep 0.05; done"
type = "worker"
[services.broken]
command = "exit 3"
type = "worker"
start = "manual"
"#;

#[test]
fn waiting_ends_when_services_are_ready_or_over_and_not_before() {
    let home = TestHome::new(LATE);
    let mut up = home.command(&["up"]).spawn().expect("locald can be started");
    wait::until("the project is up", || home.run(&["status", "--json"]).out.contains("late").then_some(()));
    let said = home.fails(1, &["wait", "late", "--timeout", "300ms"]);
    assert!(said.contains("not ready after 0.3 s: `late` is starting"), "{said}");
    let mut waiting = home.command(&["wait", "job", "--for", "exited"]).spawn().expect("locald can be started");
    fs::write(home.project().join("go"), "").expect("a file of the project");
    home.ok(&["wait", "late", "--for", "healthy"]);
    assert_eq!(home.json(&["wait", "late", "job", "--json"])[0]["state"], "ready");
    assert!(waiting.wait().expect("it ends").success());
    assert!(up.wait().expect("it ends").success());
}

#[test]
fn waiting_for_what_will_never_be_fails_at_once_and_says_why() {
    let home = TestHome::new(LATE);
    fs::write(home.project().join("go"), "").expect("a file of the project");
    home.ok(&["up", "late"]);
    home.fails(1, &["start", "broken"]);
    let said = home.fails(1, &["wait", "broken"]);
    assert!(said.contains("`broken` will not be ready: it is exited"), "{said}");
    home.ok(&["stop", "late"]);
    assert!(home.fails(6, &["wait", "late"]).contains("`locald start late` starts it"));
    home.fails(4, &["wait", "lat"]);
}

#[test]
fn ensuring_starts_a_service_once_and_prints_it() {
    let home = TestHome::new(LATE);
    fs::write(home.project().join("go"), "").expect("a file of the project");
    let first = home.json(&["ensure", "late"]);
    assert_eq!((&first["name"], &first["state"]), (&"late".into(), &"ready".into()));
    assert_eq!(home.json(&["ensure", "late"])["pid"], first["pid"]);
    home.fails(1, &["ensure", "broken"]);
}
