//! What is left of a service, however it ends and however its processes try to get away.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use rustix::process::Signal;

use crate::containment;
use crate::fake;
use crate::home::{TestHome, is_alive, signal};
use crate::screen::Screen;
use crate::wait;

/// How long after an end something of a service may still live.
const LINGER: Duration = Duration::from_secs(2);
/// How long another process manager may take to end: both wait five seconds before they kill.
const PEER_GRACE: Duration = Duration::from_secs(8);

/// A way to get away: what it is called in the table, the word for it, and how many processes it has besides a shell.
const WAYS: [(&str, &str, usize); 8] = [
    ("plain child", "child", 2),
    ("background job", "job", 1),
    ("setsid", "setsid", 2),
    ("double fork", "double-fork", 2),
    ("double fork + setsid", "double-fork-setsid", 2),
    ("env -i + double fork + setsid", "cleared", 2),
    ("ignores SIGTERM", "ignores-term", 1),
    ("stopped by SIGSTOP", "stopped", 1),
];

/// A way to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Stop,
    Down,
    Shutdown,
    KillKeeper,
    KillReapers,
    KillDaemonThenStop,
    KillAll,
}

const ENDS: [(&str, End); 7] = [
    ("stop", End::Stop),
    ("down", End::Down),
    ("shutdown", End::Shutdown),
    ("-9 keeper", End::KillKeeper),
    ("-9 reapers", End::KillReapers),
    ("-9 daemon, stop", End::KillDaemonThenStop),
    ("-9 all of locald", End::KillAll),
];

#[test]
fn however_a_service_ends_nothing_of_it_lives_two_seconds_later() {
    let mut columns: Vec<(&str, Vec<bool>)> = Vec::new();
    let mut groups = None;
    for (title, end) in ENDS {
        let home = TestHome::new(&families("kill"));
        home.ok(&["up"]);
        groups = containment::groups(&home);
        let families = families_of(&home);
        carry_out(end, &home);
        columns.push((title, survivors(&families)));
        families.iter().flatten().for_each(|&pid| end_stray(pid));
    }
    let peers =
        [("honcho", Signal::TERM), ("honcho", Signal::KILL), ("mprocs", Signal::TERM), ("mprocs", Signal::KILL)];
    let titles = ["honcho, TERM", "honcho, KILL", "mprocs, TERM", "mprocs, KILL"];
    let ours = columns.len();
    for ((peer, with), title) in peers.into_iter().zip(titles) {
        match peer_column(peer, with) {
            Some(column) => columns.push((title, column)),
            None => println!("skipped: {title}: {peer} is not in PATH"),
        }
    }
    println!("{}", table(&columns));
    for (title, column) in &columns[..ours] {
        for ((way, word, _), &lives) in WAYS.iter().zip(column) {
            // With its reaper and keeper gone and its environment cleared, only a control group says whose process it is.
            let unknowable = *title == "-9 all of locald" && *word == "cleared" && groups.is_none();
            assert!(!lives || unknowable, "{way}: something lived on after `{title}`");
        }
    }
}

/// A service for each way, each of which notes its processes in a file of its name.
fn families(escape: &str) -> String {
    let mut text = String::new();
    for (_, word, _) in WAYS {
        let line = shell_line(word, &format!("{word}.pids"));
        let _ = writeln!(text, "[services.{word}]\ncommand = \"{line}\"\nstop_timeout = \"1s\"\nescape = \"{escape}\"");
    }
    text
}

fn shell_line(word: &str, file: &str) -> String {
    let fake = fake::service();
    match word {
        // A shell with job control gives a job a process group of its own.
        "job" => format!("set -m; {fake} family alone {file} & wait"),
        word => format!("exec {fake} family {word} {file}"),
    }
}

/// The processes of each family, once they are all there.
fn families_of(home: &TestHome) -> Vec<Vec<i32>> {
    let family = |(_, word, size): (&str, &str, usize)| noted(&home.project().join(format!("{word}.pids")), size);
    WAYS.map(family).to_vec()
}

fn noted(file: &Path, size: usize) -> Vec<i32> {
    wait::until(&format!("{size} processes have noted themselves in {}", file.display()), || {
        let text = fs::read_to_string(file).unwrap_or_default();
        let pids: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
        (pids.len() >= size && text.ends_with('\n')).then_some(pids)
    })
}

fn carry_out(end: End, home: &TestHome) {
    match end {
        End::Stop => drop(home.ok(&["stop"])),
        End::Down => drop(home.ok(&["down"])),
        End::Shutdown => drop(home.ok(&["shutdown"])),
        End::KillKeeper => signal(home.keeper_pid(), Signal::KILL),
        End::KillReapers => {
            for reaper in reapers(home.keeper_pid()) {
                signal(reaper, Signal::KILL);
            }
            home.run(&["status"]);
        }
        End::KillDaemonThenStop => {
            signal(home.daemon_pid(), Signal::KILL);
            home.ok(&["stop"]);
        }
        End::KillAll => {
            let (daemon, keeper) = (home.daemon_pid(), home.keeper_pid());
            // A stopped process cannot react to the death of another before its own comes.
            let mut all = reapers(keeper);
            all.extend([keeper, daemon]);
            for with in [Signal::STOP, Signal::KILL] {
                all.iter().copied().for_each(|pid| signal(pid, with));
            }
            wait::until("all of locald is gone", || (!all.iter().any(|&pid| is_alive(pid))).then_some(()));
            home.ok(&["daemon", "restart"]);
        }
    }
}

fn reapers(keeper: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children")).unwrap_or_default();
    let pids = children.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok());
    let name = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    pids.filter(|pid| name(pid).trim() == "locald-reaper").collect()
}

/// Which families have a living member when their time is over.
fn survivors(families: &[Vec<i32>]) -> Vec<bool> {
    let limit = Instant::now() + LINGER;
    let lives = |family: &Vec<i32>| family.iter().any(|&pid| is_alive(pid));
    while families.iter().any(lives) && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(5));
    }
    families.iter().map(lives).collect()
}

/// Ends what a test has found alive though it should not be, or though it may.
fn end_stray(pid: i32) {
    if is_alive(pid)
        && let Some(pid) = rustix::process::Pid::from_raw(pid)
    {
        let _ = rustix::process::kill_process(pid, Signal::KILL);
    }
}

/// The same families under another process manager, which is sent this signal; `None` where it is not installed.
fn peer_column(peer: &str, with: Signal) -> Option<Vec<bool>> {
    let path = std::env::var_os("PATH")?;
    let program = std::env::split_paths(&path).map(|folder| folder.join(peer)).find(|program| program.is_file())?;
    let home = TestHome::empty();
    let lines = WAYS.map(|(_, word, _)| (word, shell_line(word, &format!("{word}.pids"))));
    let mut command = CommandBuilder::new(program);
    command.cwd(home.project());
    command.env("LOCALD_HOME", home.path());
    command.env("LOCALD_HTTP_PORT", "0");
    command.env("LOCALD_HTTPS_PORT", "0");
    if peer == "honcho" {
        let lines = lines.iter().map(|(word, line)| format!("{word}: {line}"));
        home.write("Procfile", &(lines.collect::<Vec<_>>().join("\n") + "\n"));
        command.arg("start");
    } else {
        command.args(lines.iter().map(|(_, line)| line));
    }
    let screen = Screen::run(command, 80, 24);
    let families = families_of(&home);
    signal(screen.pid(), with);
    // One that waits for what got away never ends; then what lives on after this time counts.
    let limit = Instant::now() + PEER_GRACE;
    while is_alive(screen.pid()) && Instant::now() < limit {
        std::thread::sleep(Duration::from_millis(5));
    }
    let column = survivors(&families);
    families.iter().flatten().for_each(|&pid| end_stray(pid));
    Some(column)
}

fn table(columns: &[(&str, Vec<bool>)]) -> String {
    let titles = columns.iter().fold(String::new(), |line, (title, _)| format!("{line} {title:>16}"));
    WAYS.iter().enumerate().fold(format!("\n{:<30}{titles}\n", ""), |text, (row, (way, ..))| {
        let cell = |lives: bool| if lives { "LIVES ON" } else { "gone" };
        let cells = columns.iter().fold(String::new(), |line, (_, lives)| format!("{line} {:>16}", cell(lives[row])));
        format!("{text}{way:<30}{cells}\n")
    })
}

#[test]
fn killing_the_daemon_or_a_client_alone_costs_no_process_of_a_service() {
    let home = TestHome::new(&families("kill"));
    home.ok(&["up"]);
    let all: Vec<i32> = families_of(&home).concat();
    let mut follower = home.command(&["logs", "-f"]).stdout(Stdio::null()).spawn().expect("locald can be started");
    let workspace = Screen::open(&home, &[], 80, 24);
    workspace.wait_for("setsid");
    signal(workspace.pid(), Signal::KILL);
    follower.kill().expect("a child");
    follower.wait().expect("a child");
    let daemon = home.daemon_pid();
    signal(daemon, Signal::KILL);
    assert_ne!(home.daemon_pid(), daemon);
    assert!(all.iter().all(|&pid| is_alive(pid)));
    for (_, word, _) in WAYS {
        assert!(is_alive(home.pid(word)), "{word}");
    }
}

#[test]
fn a_daemon_of_a_service_that_lets_it_escape_survives_stop_and_shutdown_and_is_named() {
    let home = TestHome::new(&families("leave"));
    home.ok(&["up"]);
    let families = families_of(&home);
    let said = home.run(&["stop"]);
    assert_eq!(said.code, 0, "{said:?}");
    let expected = WAYS.map(|(_, word, _)| matches!(word, "setsid" | "double-fork-setsid" | "cleared"));
    let lives = || families.iter().map(|family| family.iter().any(|&pid| is_alive(pid))).collect::<Vec<_>>();
    assert_eq!(lives(), expected, "{said:?}");
    for (word, is_left) in WAYS.iter().map(|(_, word, _)| word).zip(expected) {
        let line = said.err.lines().find(|line| line.starts_with(&format!("{word} "))).unwrap_or_default();
        assert_eq!(line.contains("left alone: fake-service"), is_left, "{said:?}");
    }
    home.ok(&["shutdown"]);
    assert_eq!(lives(), expected, "after shutdown");
    families.iter().flatten().for_each(|&pid| end_stray(pid));
}

#[test]
fn stop_names_what_it_killed_beyond_the_first_process() {
    let home = TestHome::new(&families("kill"));
    home.ok(&["up"]);
    families_of(&home);
    let said = home.run(&["stop", "setsid"]);
    assert!(said.err.contains("setsid stopped (SIGTERM); killed what outlived it: fake-service"), "{said:?}");
    let said = home.run(&["stop", "stopped"]);
    assert!(!said.err.contains("killed what outlived it"), "{said:?}");
}

#[test]
fn a_reaper_that_is_killed_ends_its_service_and_no_other() {
    let home = TestHome::new(&families("kill"));
    home.ok(&["up"]);
    let families = families_of(&home);
    let first = home.pid("double-fork-setsid");
    let parent = parent_of(first);
    signal(parent, Signal::KILL);
    let status = home.wait_for_state("double-fork-setsid", "exited");
    assert!(status["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{status}");
    for ((_, word, _), family) in WAYS.iter().zip(&families) {
        let alive = family.iter().all(|&pid| is_alive(pid));
        assert_eq!(alive, *word != "double-fork-setsid", "{word}");
    }
}

fn parent_of(pid: i32) -> i32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a living process");
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).expect("the fields of a process");
    fields.split_ascii_whitespace().nth(1).and_then(|parent| parent.parse().ok()).expect("its parent")
}
