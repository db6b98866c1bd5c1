//! What no kill may cost: a service, a line of output, or the truth about either.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::fake;
use crate::home::{TestHome, is_alive, signal};
use crate::random::Random;
use crate::screen::Screen;
use crate::wait;

const KILLS: u32 = 50;
/// How long a connected workspace may take to be itself again.
const RECOVERY: Duration = Duration::from_secs(2);
/// More lines than fit into a journal, a terminal and a frame under way: one this far ahead has been read by a new daemon.
const BEYOND_BUFFERS: u64 = 5000;

/// Three services that print 20 MB a second together.
fn three_printers() -> String {
    let printer = |name: &str, more: &str| {
        let fake = fake::service();
        format!("[services.{name}]\ncommand = [\"{fake}\", \"lines\", \"{name}\", \"33334\", \"200\"]\n{more}\n")
    };
    [printer("one", ""), printer("two", "size = \"80x25\""), printer("three", "tty = false")].concat()
}

#[test]
fn fifty_kills_of_the_daemon_cost_no_process_no_line_and_no_connection() {
    let mut random = Random::new();
    let mut home = TestHome::new(&three_printers());
    home.set("LOCALD_LOG_MAX_MIB", "4096");
    home.ok(&["up"]);
    let pids = ["one", "two", "three"].map(|name| home.pid(name));
    let keeper = home.keeper_pid();
    let screen = Screen::open(&home, &[], 100, 24);
    wait::until("the workspace shows numbers", || latest_number(&screen, "one"));
    let mut slowest = Duration::ZERO;
    for kill in 1..=KILLS {
        thread::sleep(random.up_to(Duration::from_millis(800)));
        let daemon = living_daemon(keeper);
        let shown = latest_number(&screen, "one").unwrap_or(0);
        let killed_at = Instant::now();
        signal(daemon, Signal::KILL);
        let door = UnixStream::connect(home.socket());
        assert!(door.is_ok(), "kill {kill}: the control socket refused: {door:?}");
        if kill % 5 == 0 {
            // The next daemon is killed too, while it takes over.
            let next = wait::until("a new daemon begins", || daemons_of(keeper).into_iter().find(|&pid| pid != daemon));
            thread::sleep(random.up_to(Duration::from_millis(40)));
            signal(next, Signal::KILL);
            continue;
        }
        if kill % 5 == 1 {
            assert_ne!(home.daemon_pid(), daemon, "kill {kill}: a question asked right after the kill is answered");
        }
        wait::until_within(RECOVERY, &format!("the workspace recovers from kill {kill}"), || {
            latest_number(&screen, "one").filter(|&number| number > shown + BEYOND_BUFFERS)
        });
        slowest = slowest.max(killed_at.elapsed());
    }
    println!("slowest recovery: {slowest:?}");
    assert_eq!(pids, ["one", "two", "three"].map(|name| home.pid(name)), "the services are the same processes");
    assert_eq!(keeper, home.keeper_pid());
    drop(screen);
    home.ok(&["stop"]);
    let printed = ["one", "two", "three"].map(|name| assert_each_number_once(&home, name));
    println!("lines printed: {printed:?}");
    let [least, most] = [printed.iter().min(), printed.iter().max()].map(|number| *number.expect("three of them"));
    assert!(least > most / 10, "a service was held up: {printed:?}");
}

/// The largest number that this service has on the screen.
fn latest_number(screen: &Screen, name: &str) -> Option<u64> {
    let text = screen.text();
    let before = format!("{name} ");
    text.split(&before).skip(1).filter_map(|piece| piece.get(..10)?.parse().ok()).max()
}

/// Reads the whole log of a service that has said how many lines it printed, and returns that.
fn assert_each_number_once(home: &TestHome, name: &str) -> u64 {
    let mut command = home.command(&["logs", name, "--raw"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("locald can be started");
    let lines = BufReader::new(child.stdout.take().expect("its output")).split(b'\n');
    let (mut expected, mut end) = (0_u64, None);
    for line in lines {
        let line = line.expect("the log can be read");
        let text = String::from_utf8_lossy(&line);
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        assert!(end.is_none(), "{name}: a line after the last: {text}");
        match words[..] {
            [said, number, filling] if said == name && filling.len() == 200 - name.len() - 13 => {
                assert_eq!(number.parse(), Ok(expected), "{name}: a line is missing, doubled or out of order");
                expected += 1;
            }
            [said, "end", count] if said == name => end = count.parse().ok(),
            _ => panic!("{name}: after {expected} lines there is a torn one: {text:?}"),
        }
    }
    assert!(child.wait().expect("a child").success());
    assert_eq!(end, Some(expected), "{name}: it printed as many lines as are in the log");
    expected
}

/// The daemon that lives now, found without asking it.
fn living_daemon(keeper: i32) -> i32 {
    wait::until("a daemon lives", || daemons_of(keeper).into_iter().next())
}

/// The living children of the keeper that are daemons.
fn daemons_of(keeper: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children")).unwrap_or_default();
    let pids = children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter(|&pid| is_daemon(pid) && is_alive(pid)).collect()
}

fn is_daemon(pid: i32) -> bool {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    words.split(|&byte| byte == 0).any(|word| word == b"__daemon")
}

const TWO: &str = r#"
[services.web]
command = "exec sleep 1000"
[services.job]
command = "sleep 1000 & sleep 1000 & wait"
stop_timeout = "1s"
"#;

#[test]
fn a_client_killed_in_the_middle_of_up_leaves_nothing_half_done() {
    let mut random = Random::new();
    let home = TestHome::new(TWO);
    for turn in 0..12 {
        let mut up =
            home.command(&["up"]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("locald can be started");
        thread::sleep(random.up_to(Duration::from_millis(40)));
        let _ = up.kill();
        let _ = up.wait();
        // What was asked for before it died may be under way without its being told yet: between two looks it begins.
        wait::until("what is said agrees with what runs", || agrees_with_ps(&home, &settle(&home)).then_some(()));
        home.ok(&["up"]);
        let settled = settle(&home);
        assert!(settled.values().all(|(state, _)| state == "ready"), "turn {turn}: {settled:?}");
        assert_agrees_with_ps(&home, &settled, turn);
        home.ok(&["down"]);
        assert_eq!(services_alive(&home), [] as [String; 0], "turn {turn}");
    }
}

#[test]
fn clients_killed_while_they_follow_logs_leave_nothing_open_in_the_daemon() {
    let home = TestHome::new("[services.clock]\ncommand = \"while :; do date; sleep 0.02; done\"\n");
    home.ok(&["up"]);
    let daemon = home.daemon_pid();
    let files = || fs::read_dir(format!("/proc/{daemon}/fd")).map_or(0, Iterator::count);
    let at_first = files();
    for _ in 0..10 {
        let mut follower = home.command(&["logs", "-f"]).stdout(Stdio::piped()).spawn().expect("locald can be started");
        let mut line = String::new();
        BufReader::new(follower.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        follower.kill().expect("a child");
        follower.wait().expect("a child");
    }
    wait::until("the daemon has closed what it had open for them", || (files() <= at_first).then_some(()));
    assert_eq!(home.daemon_pid(), daemon);
    home.pid("clock");
}

#[test]
fn a_daemon_killed_in_the_middle_of_a_change_leaves_a_state_that_agrees_with_the_processes() {
    let mut random = Random::new();
    let home = TestHome::new(TWO);
    home.ok(&["up"]);
    let keeper = home.keeper_pid();
    for turn in 0..30 {
        let verb = ["stop", "restart", "up", "restart", "down", "up"][turn % 6];
        let before = services_of(&home);
        let daemon = living_daemon(keeper);
        let mut command =
            home.command(&[verb]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("locald can be started");
        thread::sleep(random.up_to(Duration::from_millis(60)));
        signal(daemon, Signal::KILL);
        let succeeded = command.wait().expect("a child").success();
        let settled = settle(&home);
        assert_agrees_with_ps(&home, &settled, turn);
        if succeeded {
            let wanted = if matches!(verb, "stop" | "down") { "stopped" } else { "ready" };
            let all = settled.values().all(|(state, _)| state == wanted);
            assert!(all, "turn {turn}: {verb} said it was done, but: {settled:?}, before: {before:?}");
        }
        if verb == "restart" {
            let all = settled.values().all(|(state, _)| state == "ready");
            assert!(all, "turn {turn}: a restart that was cut short left a service behind: {settled:?}");
        }
        if settled.values().any(|(state, _)| state != "ready") || settled.is_empty() {
            home.ok(&["up"]);
        }
    }
}

type States = BTreeMap<String, (String, Option<i32>)>;

fn services_of(home: &TestHome) -> States {
    let said = home.run(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&said.out).unwrap_or_default();
    let list = status.get("services").unwrap_or(&status).as_array().cloned().unwrap_or_default();
    let text = |service: &serde_json::Value, key: &str| service[key].as_str().unwrap_or_default().to_owned();
    let pid = |service: &serde_json::Value| service["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok());
    list.iter().map(|service| (text(service, "name"), (text(service, "state"), pid(service)))).collect()
}

/// Waits until no service is on its way from one state to another.
fn settle(home: &TestHome) -> States {
    wait::until("every service is settled", || {
        let states = services_of(home);
        let moving = states.values().any(|(state, _)| matches!(state.as_str(), "waiting" | "starting" | "stopping"));
        (!moving).then_some(states)
    })
}

/// Whether what is said to run has living processes, and nothing else has.
fn agrees_with_ps(home: &TestHome, states: &States) -> bool {
    let alive = services_alive(home);
    let agrees = |(name, (state, pid)): (&String, &(String, Option<i32>))| {
        (state == "ready") == alive.contains(name) && (state == "ready") == pid.is_some_and(is_alive)
    };
    states.iter().all(agrees) && alive.iter().all(|name| states.contains_key(name))
}

fn assert_agrees_with_ps(home: &TestHome, states: &States, turn: usize) {
    assert!(agrees_with_ps(home, states), "turn {turn}: said is {states:?}, alive are {:?}", services_alive(home));
}

/// The names of this home's services that have living processes.
fn services_alive(home: &TestHome) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
            let mut variables = environment.split(|&byte| byte == 0).map(String::from_utf8_lossy);
            let project = home.project();
            variables
                .clone()
                .find(|variable| variable.strip_prefix("PWD=").is_some_and(|it| project.as_os_str() == it))?;
            let name = variables.find_map(|variable| variable.strip_prefix("LOCALD_SERVICE=").map(str::to_owned))?;
            is_alive(pid).then_some(name)
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn after_five_failures_in_a_row_services_go_on_and_clients_are_told_why() {
    let home = TestHome::new(TWO);
    home.ok(&["up"]);
    let (keeper, pids) = (home.keeper_pid(), ["web", "job"].map(|name| home.pid(name)));
    let mut last = 0;
    for _ in 0..5 {
        let daemon = wait::until("another daemon begins", || daemons_of(keeper).into_iter().find(|&pid| pid != last));
        signal(daemon, Signal::ABORT);
        wait::until("it has ended", || (!is_alive(daemon)).then_some(()));
        last = daemon;
    }
    let said = wait::until("clients are refused", || {
        let said = home.run(&["status"]);
        (said.code != 0).then_some(said)
    });
    assert_eq!(said.code, 5, "{said:?}");
    assert!(said.err.contains("the daemon failed 5 times within a minute; services run on"), "{said:?}");
    assert!(said.err.contains("locald daemon restart"), "{said:?}");
    assert!(daemons_of(keeper).is_empty());
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    home.ok(&["daemon", "restart"]);
    assert_eq!(pids, ["web", "job"].map(|name| home.pid(name)));
    assert_eq!(keeper, home.keeper_pid());
}

#[test]
fn shutdown_ends_everything_though_the_daemon_was_given_up() {
    let home = TestHome::new(TWO);
    home.ok(&["up"]);
    let (keeper, pids) = (home.keeper_pid(), ["web", "job"].map(|name| home.pid(name)));
    let mut last = 0;
    for _ in 0..5 {
        last = wait::until("another daemon begins", || daemons_of(keeper).into_iter().find(|&pid| pid != last));
        signal(last, Signal::ABORT);
        wait::until("it has ended", || (!is_alive(last)).then_some(()));
    }
    wait::until("clients are refused", || (home.run(&["status"]).code == 5).then_some(()));
    home.ok(&["shutdown"]);
    assert!(pids.iter().chain([&keeper]).all(|&pid| !is_alive(pid)));
}

#[test]
fn a_daemon_that_hangs_is_replaced_on_request_and_stops_no_service() {
    let home = TestHome::new(TWO);
    home.ok(&["up"]);
    let (daemon, pids) = (home.daemon_pid(), ["web", "job"].map(|name| home.pid(name)));
    signal(daemon, Signal::STOP);
    home.ok(&["daemon", "restart"]);
    assert_ne!(home.daemon_pid(), daemon);
    assert!(!is_alive(daemon));
    assert_eq!(pids, ["web", "job"].map(|name| home.pid(name)));
}

#[test]
fn shutdown_ends_everything_though_the_daemon_hangs() {
    let home = TestHome::new(TWO);
    home.ok(&["up"]);
    let (daemon, keeper, pids) = (home.daemon_pid(), home.keeper_pid(), ["web", "job"].map(|name| home.pid(name)));
    signal(daemon, Signal::STOP);
    home.ok(&["shutdown"]);
    assert!(pids.iter().chain([&keeper, &daemon]).all(|&pid| !is_alive(pid)));
}
