//! Order, health, restarts, ports and wishes, with real processes: what services are shown to be is what they are.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use crate::fake;
use crate::home::{TestHome, is_alive, signal};
use crate::screen::Screen;
use crate::wait;

/// A service of the test program, as a line of a configuration.
fn command(words: &str) -> String {
    format!("command = \"exec {} {words}\"\n", fake::service())
}

/// `locald up` on the side, as it returns only once everything is well.
fn bring_up(home: &TestHome) -> Child {
    home.command(&["up"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("locald can be started")
}

/// Waits until a service is in this state for this reason.
fn wait_for_reason(home: &TestHome, service: &str, state: &str, reason: &str) {
    wait::until(&format!("{service} is {state}: {reason}"), || {
        let status = home.run(&["status", "--json", service]);
        let status: Value = serde_json::from_str(&status.out).ok()?;
        let service = status.as_array()?.first()?.clone();
        let is_so = service["state"] == state && service["reason"].as_str().is_some_and(|it| it.contains(reason));
        is_so.then_some(())
    });
}

/// The number at which a health, such as `http`, is shown for a service that is well because of it.
fn wait_for_health(home: &TestHome, service: &str, source: &str) {
    wait::until(&format!("{service} is healthy by {source}"), || {
        let status = home.service(service);
        (status["state"] == "ready" && status["health"] == source).then_some(())
    });
}

#[test]
fn a_service_that_listens_late_holds_back_those_who_depend_on_it_and_nobody_else() {
    let home = TestHome::new(&format!(
        "[services.web]\ncommand = \"test -e listening && echo in order || echo too early; exec sleep 1000\"\ndepends_on = [\"db\"]\ntype = \"worker\"\n\
         [services.last]\ncommand = \"exec sleep 1000\"\ndepends_on = [\"web\"]\n\
         [services.db]\n{}[services.other]\ncommand = \"exec sleep 1000\"\n",
        command("listen-once gate listening"),
    ));
    let mut up = bring_up(&home);
    wait_for_reason(&home, "web", "waiting", "waiting for db (starting: it listens on no port yet");
    wait_for_reason(&home, "last", "waiting", "waiting for web (waiting for db)");
    assert_eq!(home.wait_for_state("other", "ready")["health"], Value::Null);
    let explained = home.json(&["explain", "web", "--json"]);
    assert_eq!((&explained[0]["needs"][0]["service"], &explained[0]["needs"][0]["met"]), (&"db".into(), &false.into()));
    home.write("gate", "");
    assert!(up.wait().expect("it ends").success());
    wait_for_health(&home, "db", "port");
    assert_eq!(home.service("last")["state"], "ready");
    wait::until("web has looked", || home.log_lines("web").contains(&"in order".to_owned()).then_some(()));
}

#[test]
fn a_chain_starts_in_the_order_of_its_times_behind_a_database_that_listens_after_four_seconds() {
    let home = TestHome::new(&format!(
        "[services.web]\ncommand = \"exec sleep 1000\"\ndepends_on = [\"api\"]\n\
         [services.api]\ncommand = \"sleep 0.3; echo here; exec sleep 1000\"\nhealth = {{ log = \"here\" }}\ndepends_on = [\"db\"]\n\
         [services.db]\ncommand = \"sleep 4; exec {} listen\"\nport = {}\n\
         [services.other]\ncommand = \"exec sleep 1000\"\n",
        fake::service(),
        TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port(),
    ));
    home.ok(&["up"]);
    let began = |service: &str| {
        let status = home.service(service);
        assert_eq!(status["state"], "ready", "{status}");
        status["started_at"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time")
    };
    let after = |earlier: &str, later: &str| began(later).duration_since(began(earlier)).as_secs_f64();
    assert!(after("db", "api") >= 4.0, "{}", after("db", "api"));
    assert!(after("api", "web") >= 0.3, "{}", after("api", "web"));
    assert!(after("db", "other").abs() < 2.0, "who depends on nobody waits for nobody");
}

#[test]
fn a_service_that_fails_holds_back_its_dependents_and_says_so_and_they_follow_once_it_is_mended() {
    let home = TestHome::new(
        "[services.migrate]\ncommand = \"test -e mended || { echo no schema; exit 2; }\"\n\
         [services.web]\ncommand = \"exec sleep 1000\"\ndepends_on = { migrate = { condition = \"completed_ok\" } }\n\
         [services.other]\ncommand = \"exec sleep 1000\"\n",
    );
    let said = home.fails(1, &["up"]);
    assert!(said.contains("web is not started yet: waiting for migrate to complete (exited with code 2)"), "{said}");
    assert_eq!(home.service("other")["state"], "ready");
    let explained = home.json(&["explain", "migrate", "--json"]);
    let run = &explained[0]["runs"][0];
    assert_eq!((&run["exit"]["code"], &run["last_lines"][0]), (&2.into(), &"no schema".into()), "{explained}");
    home.write("mended", "");
    home.ok(&["start", "migrate"]);
    home.wait_for_state("migrate", "completed");
    home.wait_for_state("web", "ready");
    // What is done is not done again for somebody who depends on it.
    home.ok(&["restart", "web"]);
    assert_eq!(home.service("migrate")["restarts"], 1);
}

#[test]
fn services_end_after_those_who_depend_on_them_and_one_that_is_stopped_alone_leaves_them_running() {
    let says = |name: &str, pause: &str| {
        format!(
            "[services.{name}]\ncommand = \"trap '{pause} echo {name} >> order; exit 0' TERM; : > {name}.up; while :; do sleep 0.05; done\"\n\
             health = {{ command = \"test -e {name}.up\" }}\n"
        )
    };
    let home = TestHome::new(&format!("{}depends_on = [\"db\"]\n{}", says("web", "sleep 0.3;"), says("db", "")));
    home.ok(&["up"]);
    home.ok(&["stop"]);
    assert_eq!(fs::read_to_string(home.project().join("order")).expect("an order"), "web\ndb\n");
    home.ok(&["start", "web"]);
    assert_eq!(home.service("db")["state"], "ready", "what it depends on is started with it");
    home.ok(&["stop", "db"]);
    wait_for_reason(&home, "web", "ready", "runs without db (stopped)");
}

#[test]
fn each_way_to_ask_tells_when_a_service_is_well() {
    let sleeps = "exec sleep 1000";
    let home = TestHome::new(&format!(
        "[services.http]\n{}health = {{ http = \"/up\", interval = \"20ms\", retries = 1 }}\n\
         [services.tcp]\n{}health = {{ tcp = true }}\n\
         [services.command]\ncommand = \"{sleeps}\"\nhealth = {{ command = \"test -e gate || {{ echo no gate; exit 1; }}\" }}\n\
         [services.log]\ncommand = \"until test -e gate; do sleep 0.02; done; echo ready in 7 ms; {sleeps}\"\nhealth = {{ log = \"^ready in [0-9]+ ms$\" }}\n\
         [services.notify]\ncommand = \"until test -e gate; do sleep 0.02; done; sh -c '{} notify READY=1 & wait' & wait\"\nhealth = {{ notify = true }}\n",
        command("http status"),
        command("listen-once gate listening"),
        fake::service(),
    ));
    home.write("status", "503");
    let mut up = bring_up(&home);
    for (service, reason) in [
        ("http", "/up: answered 503"),
        ("tcp", "connection refused"),
        ("command", "no gate"),
        ("log", "no line of its output"),
        ("notify", "READY=1"),
    ] {
        wait_for_reason(&home, service, "starting", reason);
    }
    home.write("gate", "");
    home.write("status", "204");
    assert!(up.wait().expect("it ends").success());
    for service in ["http", "tcp", "command", "log", "notify"] {
        wait_for_health(&home, service, service);
    }
    assert!(home.ok(&["status"]).contains("healthy (http)"));
    home.write("status", "500");
    wait_for_reason(&home, "http", "unhealthy", "/up: answered 500");
    signal(home.daemon_pid(), Signal::KILL);
    home.write("status", "200");
    wait_for_health(&home, "http", "http");
    assert_eq!(home.service("notify")["state"], "ready", "a new daemon knows who was well");
}

#[test]
fn a_service_that_is_killed_is_known_to_be_in_whatever_state_it_was() {
    let home = TestHome::new(&format!(
        "[services.starting]\n{}health = {{ tcp = true }}\n[services.ready]\n{}[services.unhealthy]\n{}\
         health = {{ command = \"test -e well\", interval = \"20ms\", retries = 1, start_period = \"0ms\" }}\n",
        command("listen-once never listening"),
        command("listen"),
        command("notify STATUS=sad"),
    ));
    let mut up = bring_up(&home);
    for state in ["starting", "ready", "unhealthy"] {
        wait::until(&format!("there is one that is {state}"), || {
            let status: Value = serde_json::from_str(&home.run(&["status", "--json", state]).out).ok()?;
            (status[0]["state"] == state && status[0]["pid"].is_u64()).then_some(())
        });
        let pid = home.pid(state);
        signal(pid, Signal::KILL);
        let status = home.wait_for_state(state, "exited");
        assert_eq!((&status["exit"]["signal"], &status["pid"]), (&9.into(), &Value::Null), "{status}");
        assert!(!is_alive(pid));
    }
    assert_eq!(up.wait().expect("it ends").code(), Some(1));
}

#[test]
fn a_service_that_is_killed_while_it_stops_has_stopped() {
    let home = TestHome::new(
        "[services.stubborn]\ncommand = \"trap '' TERM HUP; : > up; while :; do sleep 1; done\"\nstop_timeout = \"10m\"\n",
    );
    home.ok(&["up"]);
    wait::until("it ignores being asked", || home.project().join("up").exists().then_some(()));
    let pid = home.pid("stubborn");
    let mut stop = home.command(&["stop"]).stderr(Stdio::null()).spawn().expect("locald can be started");
    home.wait_for_state("stubborn", "stopping");
    signal(pid, Signal::KILL);
    assert!(stop.wait().expect("it ends").success());
    let status = home.service("stubborn");
    assert_eq!((&status["state"], &status["exit"]["signal"]), (&"stopped".into(), &9.into()), "{status}");
}

#[test]
fn a_daemon_that_is_killed_during_a_pause_is_followed_by_one_that_keeps_to_it() {
    let home = TestHome::new(
        "[services.bad]\ncommand = \"echo x >> runs; exit 7\"\nrestart = \"always\"\nbackoff = { initial = \"3s\", max = \"3s\" }\n",
    );
    home.fails(1, &["up"]);
    let before = home.wait_for_state("bad", "backoff");
    signal(home.daemon_pid(), Signal::KILL);
    let after = home.service("bad");
    assert_eq!((&after["state"], &after["restarts"]), (&"backoff".into(), &0.into()), "{after}");
    let second = |status: &Value| status["starts_at"].as_str().map(|at| at.parse::<jiff::Timestamp>().expect("a time"));
    let moved = second(&after).expect("a time").duration_since(second(&before).expect("a time"));
    assert!(moved.abs() < jiff::SignedDuration::from_secs(1), "{before} {after}");
    let runs = || fs::read_to_string(home.project().join("runs")).unwrap_or_default().lines().count();
    assert_eq!(runs(), 1);
    wait::until("it is started again", || (runs() == 2).then_some(()));
}

/// The processes of the probes so far, of which each writes its number and never answers.
fn probes(home: &TestHome, count: usize) -> Vec<i32> {
    wait::until(&format!("there are {count} probes"), || {
        let text = fs::read_to_string(home.project().join("probes")).unwrap_or_default();
        let pids: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
        (pids.len() >= count && text.ends_with('\n')).then_some(pids)
    })
}

#[test]
fn whoever_is_killed_during_a_probe_leaves_nothing_of_it() {
    let home = TestHome::new(
        "[services.web]\ncommand = \"exec sleep 1000\"\nescape = \"leave\"\n\
         health = { command = \"echo $$ >> probes; sleep 1000; :\", timeout = \"10m\" }\n",
    );
    let mut up = bring_up(&home);
    let first = probes(&home, 1)[0];
    assert_eq!(home.service("web")["state"], "starting");
    // The daemon: its probe goes with it, and the next one asks anew.
    let web = home.pid("web");
    signal(home.daemon_pid(), Signal::KILL);
    wait::until("the probe is gone", || (!is_alive(first)).then_some(()));
    let second = probes(&home, 2)[1];
    assert_eq!((&home.service("web")["state"], home.pid("web")), (&"starting".into(), web));
    // The service: nobody is asked any more.
    signal(web, Signal::KILL);
    home.wait_for_state("web", "exited");
    wait::until("the probe is gone", || (!is_alive(second)).then_some(()));
    let _ = up.wait();
}

#[test]
fn a_service_that_keeps_failing_is_restarted_and_then_given_up() {
    let home = TestHome::new(
        "[services.bad]\ncommand = \"echo attempt; exit 7\"\nrestart = \"on-failure\"\n\
         backoff = { initial = \"10ms\", max = \"20ms\", limit = 3 }\n\
         [services.sick]\ncommand = \"exec sleep 1000\"\nbackoff = { initial = \"10ms\", limit = 0 }\n\
         health = { command = \"test -e well\", interval = \"20ms\", retries = 1, start_period = \"0ms\", on_unhealthy = \"restart\" }\n",
    );
    // Whether its first end was seen in time for that to fail, is not what this is about.
    let _ = home.run(&["up", "bad"]);
    let status = home.wait_for_state("bad", "crash-loop");
    assert_eq!((&status["restarts"], &status["exit"]["code"]), (&3.into(), &7.into()), "{status}");
    assert_eq!(status["reason"], "exited with code 7; given up after 3 restarts in a row");
    let explained = home.json(&["explain", "bad", "--json"]);
    assert_eq!(explained[0]["runs"].as_array().map(Vec::len), Some(4), "{explained}");
    signal(home.daemon_pid(), Signal::KILL);
    assert_eq!(home.service("bad")["state"], "crash-loop", "a new daemon knows it");
    let mut start = home.command(&["start", "sick"]).stderr(Stdio::null()).spawn().expect("locald can be started");
    wait::until("what is not well is started again", || {
        (home.service("sick")["restarts"].as_u64() > Some(1)).then_some(())
    });
    home.write("well", "");
    wait_for_health(&home, "sick", "command");
    let _ = start.wait();
}

#[test]
fn ports_are_checked_and_whoever_has_one_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let home = TestHome::new(&format!(
        "[services.fixed]\n{}port = {port}\n[services.leased]\n{}[services.worker]\ncommand = \"exec sleep 1000\"\ntype = \"worker\"\n",
        command("listen"),
        command("listen"),
    ));
    let said = home.fails(1, &["up"]);
    let me = std::process::id();
    assert!(
        said.contains(&format!("fixed failed: port {port} is in use by"))
            && said.contains(&format!("(pid {me}); stop that, or leave out `port` for a free one, given as $PORT")),
        "{said}"
    );
    assert_eq!(home.service("worker")["ports"], Value::Array(vec![]));
    drop(taken);
    home.ok(&["start", "fixed"]);
    assert_eq!(home.service("fixed")["ports"], Value::from(vec![port]));
    // A lease that somebody else has taken meanwhile is replaced before the service can stumble over it.
    home.ok(&["stop", "leased"]);
    let before = home.service("leased")["ports"][0].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
    let _taken = TcpListener::bind(("127.0.0.1", before)).expect("the port of a stopped service");
    home.ok(&["start", "leased"]);
    assert_ne!(home.service("leased")["ports"][0], before);
}

#[test]
fn a_program_that_finds_its_port_taken_is_started_once_more_with_another_and_its_owner_is_named() {
    let home = TestHome::new(&format!(
        "[services.web]\ncommand = \"test -e begun && exec {} listen; : > begun; until test -e taken; do sleep 0.01; done; \
         echo 'listen EADDRINUSE: address already in use'; exit 1\"\nport = 0\nhealth = {{ tcp = true }}\n",
        fake::service(),
    ));
    let mut up = bring_up(&home);
    wait::until("it has begun", || home.project().join("begun").exists().then_some(()));
    let before = home.service("web")["ports"][0].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
    let _taken = TcpListener::bind(("127.0.0.1", before)).expect("nobody else has it");
    home.write("taken", "");
    assert!(up.wait().expect("it ends").success());
    let status = home.service("web");
    let reason = status["reason"].as_str().unwrap_or_default();
    let me = std::process::id();
    assert!(reason.starts_with(&format!("port {before} is in use by ")), "{status}");
    assert!(reason.contains(&format!("(pid {me}); it has port {} instead", status["ports"][0])), "{status}");
    assert_ne!(status["ports"][0], before);
}

#[test]
fn a_service_that_listens_elsewhere_than_it_was_told_is_found_there() {
    let free = TcpListener::bind(("127.0.0.1", 0)).expect("a port").local_addr().expect("an address").port();
    let home = TestHome::new(&format!(
        "[services.web]\ncommand = \"echo not $PORT; exec {} listen-on {free}\"\n",
        fake::service(),
    ));
    let said = home.run(&["up"]);
    let status = home.service("web");
    let own = status["ports"][0].as_u64().expect("a port");
    assert_eq!(status["reason"], format!("listens on {free}, not on its port {own}"));
    let advice = format!("`port = {free}` under `[services.web]` makes {free} its own port");
    assert!(said.err.contains(&format!("listens on {free}, not on its port {own}; {advice}")), "{said:?}");
    assert!(home.ok(&["explain", "web"]).contains(&advice));
    let urls = status["urls"].as_array().expect("URLs");
    assert_eq!(urls.last().expect("a URL"), &format!("http://127.0.0.1:{free}"));
}

#[test]
fn several_of_a_service_have_their_own_ports_and_one_name() {
    let home = TestHome::new(&format!("[services.web]\n{}concurrency = 2\n", command("listen")));
    home.ok(&["up"]);
    let [one, two] = ["web.1", "web.2"].map(|name| home.service(name));
    assert_ne!(one["ports"][0], two["ports"][0]);
    home.ok(&["stop", "web"]);
    home.ok(&["start", "web.2"]);
    assert_eq!(
        (&home.service("web.1")["state"], &home.service("web.2")["state"]),
        (&"stopped".into(), &"ready".into())
    );
    assert!(home.fails(2, &["capture", "web"]).contains("`web.1`, `web.2`"));
}

#[test]
fn what_was_stopped_stays_so_when_everything_is_gone_and_comes_back() {
    let home = TestHome::new(
        "[services.kept]\ncommand = \"exec sleep 1000\"\n[services.unwanted]\ncommand = \"exec sleep 1000\"\n",
    );
    home.ok(&["up"]);
    home.ok(&["stop", "unwanted"]);
    let text = fs::read_to_string(home.state().join("state.json")).expect("a file of wishes");
    assert!(text.contains("unwanted") && !text.contains("PATH"), "{text}");
    let (keeper, daemon, kept) = (home.keeper_pid(), home.daemon_pid(), home.pid("kept"));
    signal(keeper, Signal::KILL);
    wait::until("nothing of it is left", || (!is_alive(daemon) && !is_alive(kept)).then_some(()));
    let mut screen = Screen::open(&home, &[], 80, 24);
    screen.wait_for("● kept");
    screen.wait_for("○ unwanted");
    screen.send("q");
    assert!(screen.wait_for_end().success());
    home.ok(&["up"]);
    assert_eq!(home.service("unwanted")["state"], "ready", "`up` means all of it");
    fs::write(home.state().join("state.json"), "{oops").expect("a file of wishes");
    home.ok(&["shutdown"]);
    let said = home.run(&["up"]);
    assert!(said.err.contains("state.json could not be read"), "{said:?}");
    assert!(Path::new(&home.state().join("state.json.corrupt")).exists());
}

#[test]
fn what_services_use_is_told_with_their_state() {
    let home = TestHome::new("[services.busy]\ncommand = \"sleep 1000 & sleep 1000 & wait\"\n");
    home.ok(&["up"]);
    wait::until("all three processes are counted", || {
        let usage = home.service("busy")["usage"].clone();
        (usage["processes"] == 3 && usage["memory"].as_u64() > Some(1 << 16)).then_some(())
    });
}

#[test]
fn a_service_is_given_the_open_socket_of_its_port() {
    // The shell becomes the program, which finds its own number in LISTEN_PID and the socket as its descriptor 3.
    let home = TestHome::new(
        "[services.web]\ncommand = \"echo $LISTEN_FDS $((LISTEN_PID == $$)); readlink /proc/$$/fd/3; exec sleep 1000\"\nlisten = true\n",
    );
    home.ok(&["up"]);
    assert_eq!(home.service("web")["health"], "port");
    wait::until("it has looked", || {
        let lines = home.log_lines("web");
        (lines.len() >= 2).then(|| assert!(lines[0] == "1 1" && lines[1].starts_with("socket:["), "{lines:?}"))
    });
}
