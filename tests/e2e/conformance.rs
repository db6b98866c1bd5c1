//! What every kind of service keeps, whatever is behind it. A new kind adds its configuration to [`KINDS`].

use rustix::process::Signal;

use crate::home::{TestHome, is_alive, signal};

/// Each kind of service, in a form that runs until it is stopped.
const KINDS: [(&str, &str); 5] = [
    ("exec on a terminal", "command = \"exec sleep 1000\""),
    ("exec on pipes", "command = \"exec sleep 1000\"\ntty = false"),
    ("exec without a shell", "command = [\"sleep\", \"1000\"]"),
    ("worker", "type = \"worker\"\ncommand = \"exec sleep 1000\""),
    ("worker on pipes", "type = \"worker\"\ncommand = \"exec sleep 1000\"\ntty = false"),
];

/// Runs a claim against a service of each kind.
fn for_each_kind(claim: impl Fn(&TestHome)) {
    for (kind, settings) in KINDS {
        eprintln!("kind: {kind}");
        claim(&TestHome::new(&format!("[services.it]\n{settings}\n")));
    }
}

#[test]
fn a_service_that_was_started_is_ready_and_has_a_process() {
    for_each_kind(|home| {
        home.ok(&["up"]);
        let status = home.service("it");
        assert_eq!(status["state"], "ready", "{status}");
        assert!(is_alive(home.pid("it")));
        assert!(status["started_at"].is_string() && status["exit"].is_null(), "{status}");
    });
}

#[test]
fn a_service_that_was_stopped_has_no_process_and_says_how_it_ended() {
    for_each_kind(|home| {
        home.ok(&["up"]);
        let pid = home.pid("it");
        home.ok(&["stop", "it"]);
        assert!(!is_alive(pid));
        let status = home.service("it");
        assert_eq!((&status["state"], &status["pid"]), (&"stopped".into(), &serde_json::Value::Null), "{status}");
        assert_eq!(status["exit"]["signal"], 15, "{status}");
    });
}

#[test]
fn a_restart_is_another_process_and_is_counted() {
    for_each_kind(|home| {
        home.ok(&["up"]);
        let old = home.pid("it");
        home.ok(&["restart", "it"]);
        assert!(!is_alive(old));
        assert_ne!(home.pid("it"), old);
        assert_eq!(home.service("it")["restarts"], 1);
    });
}

#[test]
fn an_end_that_nobody_asked_for_is_seen_and_not_undone() {
    for_each_kind(|home| {
        home.ok(&["up"]);
        signal(home.pid("it"), Signal::KILL);
        let status = home.wait_for_state("it", "exited");
        assert_eq!(status["exit"]["signal"], 9, "{status}");
        assert_eq!(status["reason"], "killed by SIGKILL", "{status}");
        assert_eq!(status["restarts"], 0, "{status}");
    });
}

#[test]
fn a_new_daemon_takes_the_service_over_as_it_is() {
    for_each_kind(|home| {
        home.ok(&["up"]);
        let (pid, since) = (home.pid("it"), home.service("it")["started_at"].clone());
        signal(home.daemon_pid(), Signal::KILL);
        assert_eq!(home.pid("it"), pid);
        assert_eq!(home.service("it")["started_at"], since);
        home.ok(&["stop", "it"]);
        assert!(!is_alive(pid));
        signal(home.daemon_pid(), Signal::KILL);
        assert_eq!(home.service("it")["state"], "stopped");
    });
}
