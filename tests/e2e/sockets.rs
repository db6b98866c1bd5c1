//! WebSockets by real programs on both ends, through the daemon.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use rustix::process::Signal;

use crate::home::{TestHome, signal};
use crate::python::{self, PYTHON};

/// The server and the client.
const SOCKETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/sockets.py");
/// How long a socket is silent, in seconds. The proxy's own tests let ten minutes pass, by a clock of theirs.
const SILENCE: u64 = 3;

/// A service that speaks WebSocket, of which this is said, too.
fn shop(more: &str) -> Option<TestHome> {
    python::has("websockets", "python3-websockets").then(|| {
        let home = TestHome::new(&format!(
            "[project]\nname = \"shop\"\n\
             [services.web]\ncommand = [\"{PYTHON}\", \"{SOCKETS}\", \"server\"]\nhealth = {{ tcp = true }}\n{more}"
        ));
        home.ok(&["up"]);
        home
    })
}

/// What a client is told to reach the service with: without TLS, with it, and without it at the port that is for TLS.
fn ways(home: &TestHome) -> [Vec<String>; 3] {
    let sites = home.service("web")["sites"].clone();
    let [plain, secure] = [&sites[0], &sites[1]].map(|url| url.as_str().expect("a URL").to_owned());
    let port = |url: &str| url.rsplit_once(':').expect("a port").1.to_owned();
    let root = home.state().join("ca/root.pem").to_str().expect("text").to_owned();
    [
        vec![plain.replace("http:", "ws:"), port(&plain)],
        vec![secure.replace("https:", "wss:"), port(&secure), root],
        vec![secure.replace("https:", "ws:"), port(&secure)],
    ]
}

fn words<'a>(role: &'a str, way: &'a [String]) -> Vec<&'a str> {
    [SOCKETS, role].into_iter().chain(way.iter().map(String::as_str)).collect()
}

#[test]
fn all_that_two_programs_agree_on_holds_whichever_door_they_take() {
    let Some(home) = shop("") else { return };
    for way in ways(&home) {
        assert_eq!(
            python::lines(&words("client", &way)),
            [
                "agreed second True | second True http://shop.localhost",
                "echo a text b'octets'",
                "pong",
                "fragments in three parts",
                "plain None False | None False None",
                "large True True",
                "closed 4001 enough",
                "close answered 4002",
                "server saw 4002 done here",
            ],
            "{way:?}"
        );
    }
}

#[test]
fn a_socket_that_is_silent_stays_and_one_whose_service_dies_is_closed() {
    let Some(home) = shop("") else { return };
    let mut waiting = Vec::new();
    for way in ways(&home) {
        let mut client =
            python::command(&words("wait", &way)).stdin(Stdio::piped()).spawn().expect("it can be started");
        let mut lines = BufReader::new(client.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("open"), "{way:?}");
        writeln!(client.stdin.as_ref().expect("a pipe"), "{SILENCE}").expect("it reads");
        waiting.push((client, lines));
    }
    for (_, lines) in &mut waiting {
        assert_eq!(lines.next().as_deref(), Some("still here"));
    }
    signal(home.pid("web"), Signal::KILL);
    for (mut client, mut lines) in waiting {
        // No word of the protocol came: it is the connection that ended.
        assert_eq!(lines.next().as_deref(), Some("closed None"));
        client.wait().expect("it ends");
    }
}

#[test]
fn sockets_that_are_silent_or_only_beat_keep_no_service_running() {
    let Some(home) = shop("idle_stop = \"2s\"\n") else { return };
    let plain = ways(&home)[0].clone();
    let mut open = Vec::new();
    for role in ["wait", "beat"] {
        let mut client =
            python::command(&words(role, &plain)).stdin(Stdio::piped()).spawn().expect("it can be started");
        let mut lines = BufReader::new(client.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        assert_eq!(lines.next().as_deref(), Some("open"), "{role}");
        open.push((client, lines));
    }
    home.wait_for_state("web", "idle");
    // Each was there until the service was stopped, and was then told so by the service.
    let (beating, mut beats) = open.pop().expect("the second");
    assert_eq!(beats.next().as_deref(), Some("closed after many"));
    let (silent, mut lines) = open.pop().expect("the first");
    writeln!(silent.stdin.as_ref().expect("a pipe"), "0").expect("it reads");
    assert_eq!(lines.next().as_deref(), Some("closed None"));
    for mut client in [silent, beating] {
        client.wait().expect("it ends");
    }
}
