//! Services that run while somebody asks for them.

use std::thread;

use rustix::process::Signal;

use crate::fake;
use crate::home::{TestHome, signal};
use crate::named::{curl, site};
use crate::wait;

/// A service that starts with a request and is stopped after a second without one, and one that it depends on.
fn lazy() -> TestHome {
    let program = fake::service();
    let home = TestHome::new(&format!(
        "[project]\nname = \"shop\"\n\
         [services.web]\ncommand = [\"{program}\", \"http\", \"web\"]\nhealth = {{ tcp = true }}\ndepends_on = [\"db\"]\n\
         start = \"on-request\"\nidle_stop = \"1s\"\n\
         [services.db]\ncommand = [\"{program}\", \"http\", \"db\"]\nhealth = {{ tcp = true }}\n\
         start = \"on-request\"\nidle_stop = \"1s\"\n"
    ));
    home.write("web", "200");
    home.write("db", "201");
    home
}

#[test]
fn a_request_starts_a_service_and_what_it_needs_and_after_a_while_without_any_both_wait_again() {
    let home = lazy();
    let said = home.run(&["up"]);
    assert!(said.err.contains("waits for a request"), "{said:?}");
    for name in ["web", "db"] {
        let service = home.service(name);
        assert_eq!((&service["state"], &service["pid"]), (&"idle".into(), &serde_json::Value::Null), "{service}");
        assert_eq!(service["reason"], "waits for a request");
    }
    let url = site(&home, "web");
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            thread::spawn(move || curl(&[&url]))
        })
        .collect();
    for asking in asking {
        assert_eq!(asking.join().expect("no panic"), "200");
    }
    assert_eq!(home.service("web")["restarts"], 0, "all of them are answered by one run");
    home.wait_for_state("web", "idle");
    home.wait_for_state("db", "idle");
    for _ in 0..3 {
        assert_eq!(curl(&[&url]), "200");
        home.wait_for_state("web", "idle");
    }
}

#[test]
fn it_is_told_when_a_service_is_stopped_that_nobody_asks_for_anything() {
    let home = lazy();
    let manifest = std::fs::read_to_string(home.project().join("locald.toml")).expect("a file");
    home.write("locald.toml", &manifest.replace("\"1s\"", "\"15m\""));
    home.ok(&["up"]);
    let next = || home.json(&["explain", "web", "--json"])[0]["next"].clone();
    assert_eq!(next(), serde_json::Value::Null, "it does not run");
    assert_eq!(curl(&[&site(&home, "web")]), "200");
    let next = wait::until("the deadline is known", || Some(next()).filter(|next| !next.is_null()));
    assert_eq!(next["what"], "it is stopped, unless somebody asks it for something,");
    let explained = home.ok(&["explain", "web"]);
    assert!(explained.contains("asks it for something, in 14m"), "{explained}");
}

#[test]
fn what_is_stopped_by_somebody_stays_so_whoever_asks_for_it() {
    let home = lazy();
    home.ok(&["up"]);
    let url = site(&home, "web");
    home.ok(&["stop", "web"]);
    let said = curl(&[&url]);
    assert!(said.ends_with("503") && said.contains("locald start web"), "{said}");
    home.ok(&["daemon", "restart"]);
    assert!(curl(&[&url]).ends_with("503"));
    assert_eq!(home.service("web")["state"], "stopped");
    // Nor does a request start for another one what somebody has stopped.
    home.ok(&["stop", "db"]);
    home.ok(&["up", "web"]);
    home.wait_for_state("web", "idle");
    home.ok(&["stop", "db"]);
    let said = curl(&[&url]);
    assert!(said.ends_with("503") && said.contains("db (stopped)"), "{said}");
    assert_eq!(home.service("db")["state"], "stopped");
    home.ok(&["start", "web"]);
    assert_eq!(curl(&[&url]), "200");
}

#[test]
fn a_daemon_that_is_killed_leaves_a_service_that_waits_for_a_request_waiting() {
    let home = lazy();
    home.ok(&["up"]);
    let (url, before) = (site(&home, "web"), home.daemon_pid());
    signal(before, Signal::KILL);
    wait::until("another daemon is there", || (home.daemon_pid() != before).then_some(()));
    assert_eq!(home.service("web")["state"], "idle");
    assert_eq!(curl(&["--connect-timeout", "60", &url]), "200");
}

#[test]
fn an_open_socket_over_which_nothing_is_said_keeps_no_service_running() {
    use std::io::{Read, Write};
    let home = lazy();
    home.ok(&["up"]);
    let url = site(&home, "web");
    let port: u16 = url.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("a port");
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("the proxy listens");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n").expect("a request");
    assert!(stream.read(&mut [0; 64]).expect("an answer") > 0);
    home.wait_for_state("web", "idle");
    drop(stream);
}
