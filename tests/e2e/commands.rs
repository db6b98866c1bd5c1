//! What services are given, and the commands that look at them: logs, capture, send-keys, and those about locald itself.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::Value;

use crate::home::{TestHome, is_alive};
use crate::wait;

/// A command that goes on until it is dropped, and what it has printed so far.
struct Follower {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Follower {
    fn start(home: &TestHome, arguments: &[&str]) -> Self {
        let mut child = home.command(arguments).stdout(Stdio::piped()).spawn().expect("locald can be started");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = lines.clone();
        thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        Self { child, lines }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn wait_for(&self, text: &str) {
        wait::until(&format!("{text:?} is followed"), || {
            self.lines().iter().any(|line| line.contains(text)).then_some(())
        });
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The environment that a service wrote down with `env -0 > FILE`.
fn environment(home: &TestHome, file: &str) -> BTreeMap<String, String> {
    let path = home.project().join(file);
    let text = wait::until(&format!("{file} is written"), || {
        // Written in one piece, or not yet: `env` says everything at its end.
        fs::read_to_string(&path).ok().filter(|text| text.contains("WRITTEN=") && text.ends_with('\0'))
    });
    text.split_terminator('\0')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn wait_for_line(home: &TestHome, service: &str, line: &str) {
    wait::until(&format!("{service} prints {line:?}"), || {
        home.log_lines(service).iter().any(|it| it == line).then_some(())
    });
}

#[test]
fn a_service_sees_its_port_its_variables_and_nothing_of_the_shells_terminal() {
    let mut home = TestHome::new(
        r#"
        [services.one]
        command = "env -0 > one.env; sleep 1000"
        env = { WRITTEN = "one", OWN = "service", BOTH = "service" }
        [services.two]
        command = "env -0 > two.env; sleep 1000"
        env = { WRITTEN = "two" }
        "#,
    );
    home.write(".env", "FROM_FILE=\"a file\"\nBOTH=file\nSHELL_WINS=file\n");
    let of_the_shell = [
        ("TERM", "dumb"),
        ("TERM_PROGRAM", "tmux"),
        ("TMUX", "/tmp/tmux"),
        ("TMUX_PANE", "%1"),
        ("STY", "1"),
        ("ZELLIJ", "0"),
        ("ZELLIJ_SESSION_NAME", "x"),
        ("VTE_VERSION", "1"),
        ("KITTY_WINDOW_ID", "1"),
        ("WEZTERM_PANE", "1"),
        ("COLUMNS", "7"),
        ("LINES", "7"),
        ("WINDOWID", "7"),
        ("NOTIFY_SOCKET", "/not/ours"),
        ("LISTEN_FDS", "1"),
        ("LISTEN_PID", "1"),
        ("INVOCATION_ID", "1"),
        ("JOURNAL_STREAM", "1"),
        ("LOCALD_OF_ANOTHER", "1"),
    ];
    for (name, value) in of_the_shell {
        home.set(name, value);
    }
    home.set("SHELL_WINS", "shell");
    home.set("OF_THE_SHELL", "kept");
    home.ok(&["up"]);
    let (one, two) = (environment(&home, "one.env"), environment(&home, "two.env"));
    for (name, value) in [
        ("TERM", "xterm-256color"),
        ("COLORTERM", "truecolor"),
        ("TERM_PROGRAM", "locald"),
        ("OWN", "service"),
        ("BOTH", "service"),
        ("FROM_FILE", "a file"),
        ("SHELL_WINS", "shell"),
        ("OF_THE_SHELL", "kept"),
        ("PWD", home.project().to_str().expect("a path of text")),
    ] {
        assert_eq!(one.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(two.get("OWN"), None);
    for (name, value) in of_the_shell.iter().filter(|(name, _)| !name.starts_with("TERM")) {
        assert_ne!(one.get(*name).map(String::as_str), Some(*value), "{name} of the shell");
    }
    assert!(!one.contains_key("LOCALD_HOME"));
    let port = |environment: &BTreeMap<String, String>| environment["PORT"].parse::<u16>().expect("a port");
    assert_ne!(port(&one), port(&two));
    assert!((20000..30000).contains(&port(&one)) && (20000..30000).contains(&port(&two)));
    assert_eq!(home.service("one")["ports"], serde_json::json!([port(&one)]));
}

#[test]
fn a_port_stays_with_its_service_through_down_and_shutdown() {
    let home = TestHome::new("[services.web]\ncommand = \"sleep 1000\"\n[services.api]\ncommand = \"sleep 1000\"\n");
    let ports = |home: &TestHome| ["web", "api"].map(|name| home.service(name)["ports"].clone());
    home.ok(&["up"]);
    let first = ports(&home);
    home.ok(&["down"]);
    home.ok(&["up"]);
    assert_eq!(ports(&home), first);
    home.ok(&["shutdown"]);
    home.ok(&["up"]);
    assert_eq!(ports(&home), first);
}

#[test]
fn a_changed_dotenv_file_counts_from_the_next_up_on() {
    let home = TestHome::new("[services.web]\ncommand = \"echo VALUE is $VALUE; sleep 1000\"\n");
    home.write(".env", "VALUE=old\n");
    home.ok(&["up"]);
    wait_for_line(&home, "web", "VALUE is old");
    home.write(".env", "VALUE=new\n");
    home.ok(&["stop"]);
    home.ok(&["up"]);
    wait_for_line(&home, "web", "VALUE is new");
}

#[test]
fn an_array_is_executed_as_it_is_and_a_string_by_a_shell() {
    let home = TestHome::new(
        r#"
        [services.array]
        command = ["printf", "<%s>\n", "a  b", "$HOME", "*", "it's \"quoted\"", ""]
        [services.string]
        command = "printf '<%s>\\n' \"a  b\" $((6 * 7)) | cat"
        "#,
    );
    home.ok(&["up"]);
    home.wait_for_state("array", "completed");
    home.wait_for_state("string", "completed");
    wait_for_line(&home, "array", "<>");
    assert_eq!(home.log_lines("array"), ["<a  b>", "<$HOME>", "<*>", "<it's \"quoted\">", "<>"]);
    wait_for_line(&home, "string", "<42>");
    assert_eq!(home.log_lines("string"), ["<a  b>", "<42>"]);
}

#[test]
fn a_service_runs_in_its_folder_on_a_terminal_or_without_one() {
    let home = TestHome::new(
        r#"
        [services.terminal]
        command = "pwd; test -t 0 && test -t 1 && test -t 2 && echo all a terminal; stty size; sleep 1000"
        cwd = "inner"
        size = "91x17"
        [services.pipes]
        command = "readlink /proc/self/fd/0; test -t 1 || echo no terminal; cat; echo end of input"
        tty = false
        "#,
    );
    fs::create_dir(home.project().join("inner")).expect("a folder");
    home.ok(&["up"]);
    wait_for_line(&home, "terminal", "17 91");
    let inner = home.project().join("inner").canonicalize().expect("a folder");
    assert_eq!(home.log_lines("terminal"), [inner.to_str().expect("text"), "all a terminal", "17 91"]);
    wait_for_line(&home, "pipes", "end of input");
    assert_eq!(home.log_lines("pipes"), ["/dev/null", "no terminal", "end of input"]);
}

#[test]
fn streams_are_told_apart_without_a_terminal_and_in_order() {
    let home = TestHome::new(
        "[services.pipes]\ncommand = \"for i in 1 2 3; do echo out $i; sleep 0.05; echo err $i >&2; sleep 0.05; done\"\ntty = false\n",
    );
    home.ok(&["up"]);
    wait_for_line(&home, "pipes", "err 3");
    let text = home.ok(&["logs", "pipes", "--json"]);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let printed: Vec<String> = lines
        .iter()
        .filter(|line| line["text"].is_string())
        .map(|line| format!("{}: {}", line["stream"].as_str().unwrap_or("?"), line["text"].as_str().unwrap_or("?")))
        .collect();
    let expected =
        ["stdout: out 1", "stderr: err 1", "stdout: out 2", "stderr: err 2", "stdout: out 3", "stderr: err 3"];
    assert_eq!(printed, expected);
    let shown = home.ok(&["logs", "pipes"]);
    assert!(shown.contains(" │ out 1\n") && shown.contains("!│ err 1\n"), "{shown}");
}

#[test]
fn the_last_line_needs_no_newline_and_bytes_that_are_no_text_hurt_nobody() {
    let home = TestHome::new(
        "[services.odd]\ncommand = \"printf 'caf\\\\303\\\\251 \\\\377\\\\376 \\\\033[31mred\\\\033[0m\\\\nno newline'\"\ntty = false\n",
    );
    home.ok(&["up"]);
    wait_for_line(&home, "odd", "no newline");
    assert_eq!(home.log_lines("odd"), ["café \u{fffd}\u{fffd} red", "no newline"]);
    let raw = home.command(&["logs", "odd", "--raw"]).output().expect("locald can be started").stdout;
    assert_eq!(raw, b"caf\xc3\xa9 \xff\xfe \x1b[31mred\x1b[0m\nno newline");
}

#[test]
fn lines_of_several_services_are_merged_by_time() {
    let home = TestHome::new(
        r#"
        [services.ping]
        command = "read line; echo 1; read line; echo 3"
        [services.pong]
        command = "read line; echo 2; read line; echo 4"
        "#,
    );
    home.ok(&["up"]);
    for (turn, service) in [(1, "ping"), (2, "pong"), (3, "ping"), (4, "pong")] {
        home.ok(&["send-keys", service, "Enter"]);
        wait_for_line(&home, service, &turn.to_string());
    }
    let turns = |arguments: &[&str]| -> Vec<String> {
        let text = home.ok(arguments);
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.filter_map(|line| Some(line["text"].as_str()?.to_owned())).filter(|text| !text.is_empty()).collect()
    };
    assert_eq!(turns(&["logs", "--json"]), ["1", "2", "3", "4"]);
    assert_eq!(turns(&["logs", "ping", "pong", "--json"]), ["1", "2", "3", "4"]);
    let shown = home.ok(&["logs"]);
    assert!(shown.contains("ping │ 1") && shown.contains("pong │ 2"), "{shown}");
}

#[test]
fn logs_can_be_narrowed_to_the_last_lines_to_a_pattern_and_to_a_time() {
    let home = TestHome::new(
        "[services.web]\ncommand = \"for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; done; read go; echo later\"\n",
    );
    home.ok(&["up"]);
    wait_for_line(&home, "web", "line 10");
    let count = |arguments: &[&str]| home.ok(arguments).lines().filter(|line| line.contains("line ")).count();
    assert_eq!(count(&["logs", "web"]), 10);
    assert_eq!(home.ok(&["logs", "web", "--tail", "2"]).lines().count(), 2);
    assert!(home.ok(&["logs", "web", "-n", "1"]).ends_with("│ line 10\n"));
    assert_eq!(count(&["logs", "web", "--grep", "line [37]$"]), 2);
    assert_eq!(count(&["logs", "--grep", "LINE"]), 0);
    assert_eq!(count(&["logs", "web", "--since", "1h"]), 10);
    let last: Value = serde_json::from_str(home.ok(&["logs", "web", "--json", "-n", "1"]).trim()).expect("JSON");
    let before = last["time"].as_str().expect("a time").to_owned();
    home.ok(&["send-keys", "web", "Enter"]);
    wait_for_line(&home, "web", "later");
    assert!(home.ok(&["logs", "web", "--since", &before]).contains("│ later"));
    assert_eq!(count(&["logs", "web", "--since", "0s"]), 0);
    assert!(home.fails(2, &["logs", "web", "--grep", "("]).contains("unclosed group"));
    home.fails(2, &["logs", "web", "--since", "yesterweek"]);
    home.fails(2, &["logs", "web", "--raw", "--json"]);
}

#[test]
fn times_are_those_of_the_users_zone() {
    let home = TestHome::new("[services.web]\ncommand = \"echo hello; sleep 1000\"\n");
    home.ok(&["up"]);
    wait_for_line(&home, "web", "hello");
    let hour = |zone: &str| {
        let output = home.command(&["logs", "web", "--grep", "hello"]).env("TZ", zone).output().expect("locald");
        let text = String::from_utf8(output.stdout).expect("text");
        // A line of another day than today has the date above it.
        let line = text.lines().find(|line| line.contains("hello")).expect("a line").to_owned();
        line[..2].parse::<u32>().expect("an hour")
    };
    assert_eq!((hour("UTC") + 9) % 24, hour("Asia/Tokyo"));
}

#[test]
fn a_follower_sees_each_line_once_through_restarts_of_the_service_and_of_the_daemon() {
    let home = TestHome::new(
        "[services.count]\ncommand = \"i=0; while [ $i -lt 100000 ]; do i=$((i+1)); echo $$ says $i; sleep 0.01; done\"\n",
    );
    home.ok(&["up"]);
    let follower = Follower::start(&home, &["logs", "-f", "count"]);
    let first = home.pid("count");
    follower.wait_for(&format!("{first} says 20"));
    home.ok(&["restart", "count"]);
    let second = home.pid("count");
    follower.wait_for(&format!("{second} says 20"));
    let daemon = home.daemon_pid();
    home.ok(&["daemon", "restart"]);
    assert_ne!(home.daemon_pid(), daemon);
    home.ok(&["stop", "count"]);
    wait::until("the stop is followed", || {
        follower.lines().iter().filter(|line| line.contains("── ") && !line.contains("started")).nth(1).map(drop)
    });
    let said = |lines: &[String]| -> Vec<String> {
        let texts = lines.iter().filter_map(|line| line.split_once("│ "));
        texts.map(|(_, text)| text.to_owned()).filter(|text| text.contains(" says ")).collect()
    };
    let shown = said(&follower.lines());
    let logged: Vec<String> = home.log_lines("count").into_iter().filter(|line| line.contains(" says ")).collect();
    let from = logged.len() - shown.len();
    assert_eq!(shown, logged[from..], "no line is lost, none comes twice");
    for pid in [first, second] {
        let numbers: Vec<u64> =
            logged.iter().filter_map(|line| line.strip_prefix(&format!("{pid} says "))?.parse().ok()).collect();
        let complete: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(numbers, complete);
    }
}

#[test]
fn a_follower_waits_for_a_project_that_goes_down_and_comes_up_again() {
    let home = TestHome::new("[services.web]\ncommand = \"echo hello from $$; sleep 1000\"\n");
    home.ok(&["up"]);
    let follower = Follower::start(&home, &["logs", "-f"]);
    follower.wait_for(&format!("hello from {}", home.pid("web")));
    home.ok(&["down"]);
    home.ok(&["up"]);
    follower.wait_for(&format!("hello from {}", home.pid("web")));
    let hellos = follower.lines().iter().filter(|line| line.contains("hello")).count();
    assert_eq!(hellos, 2, "{:?}", follower.lines());
}

#[test]
fn a_service_that_was_removed_long_ago_does_not_join_a_follower_when_its_project_goes_down() {
    let home = TestHome::new("[services.gone]\ncommand = \"echo long ago; sleep 1000\"\n");
    home.ok(&["up"]);
    wait_for_line(&home, "gone", "long ago");
    home.write("locald.toml", "[services.web]\ncommand = \"echo hello from $$; sleep 1000\"\n");
    home.ok(&["up"]);
    let follower = Follower::start(&home, &["logs", "-f"]);
    follower.wait_for(&format!("hello from {}", home.pid("web")));
    home.ok(&["down"]);
    home.ok(&["up"]);
    follower.wait_for(&format!("hello from {}", home.pid("web")));
    assert!(!follower.lines().iter().any(|line| line.contains("long ago")), "{:?}", follower.lines());
}

#[test]
fn a_follower_takes_up_a_service_that_is_added_later() {
    let home = TestHome::new("[services.one]\ncommand = \"echo first; sleep 1000\"\n");
    home.ok(&["up"]);
    let follower = Follower::start(&home, &["logs", "-f"]);
    follower.wait_for("first");
    home.write(
        "locald.toml",
        "[services.one]\ncommand = \"sleep 1\"\n[services.two]\ncommand = \"echo second; sleep 1000\"\n",
    );
    home.ok(&["up"]);
    follower.wait_for("second");
}

#[test]
fn a_follower_of_the_very_bytes_comes_past_all_that_is_too_old() {
    let home = TestHome::new(
        "[services.web]\ncommand = \"seq -f %0900g 1 5000; while [ ! -e go ]; do sleep 0.05; done; echo later\"\n",
    );
    home.ok(&["up"]);
    let last = || home.ok(&["logs", "web", "--json", "-n", "1"]);
    let old = wait::until("all is printed", || Some(last()).filter(|last| last.contains("00005000\"")));
    let old: Value = serde_json::from_str(old.trim()).expect("JSON");
    home.write("go", "");
    wait_for_line(&home, "web", "later");
    let follower =
        Follower::start(&home, &["logs", "-f", "web", "--raw", "--since", old["time"].as_str().expect("a time")]);
    follower.wait_for("later");
    assert!(follower.lines().len() < 5000, "what is older is left out");
}

#[test]
fn logs_outlive_their_services_their_project_and_the_daemon() {
    let home =
        TestHome::new("[services.web]\ncommand = \"echo kept; sleep 1000\"\n[services.gone]\ncommand = \"echo old\"\n");
    home.ok(&["up"]);
    wait_for_line(&home, "web", "kept");
    wait_for_line(&home, "gone", "old");
    home.ok(&["shutdown"]);
    assert!(home.ok(&["logs", "web"]).contains("│ kept"));
    assert!(home.ok(&["logs"]).contains("web  │ kept"));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let said = home.run_in(elsewhere.path(), &["logs", "demo:web"]);
    assert!(said.code == 0 && said.out.contains("│ kept"), "{said:?}");
    assert!(home.fails(4, &["logs", "wbe"]).contains("did you mean `web`?"));
    assert!(home.fails(4, &["logs", "demo:../web"]).contains("no project `demo` is up"));
    // Nor does a log go with the service's place in the configuration.
    home.write("locald.toml", "[services.web]\ncommand = \"echo kept; sleep 1000\"\n");
    home.ok(&["up"]);
    assert_eq!(home.log_lines("gone"), ["old"]);
    assert_eq!(home.log_lines("web").iter().filter(|line| *line == "kept").count(), 2);
}

#[test]
fn output_cut_off_by_its_reader_is_no_failure() {
    let home = TestHome::new("[services.web]\ncommand = \"seq 1 50000; sleep 1000\"\n");
    home.ok(&["up"]);
    wait_for_line(&home, "web", "50000");
    let mut child =
        home.command(&["logs", "web"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("locald");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let ended = child.wait_with_output().expect("an end");
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn a_capture_is_the_screen_with_history_colours_or_as_an_object() {
    let home = TestHome::new(
        "[services.screen]\ncommand = \"seq 1 30; printf '\\\\033[31mred\\\\033[0m\\\\033]2;my title\\\\007'; sleep 1000\"\nsize = \"20x5\"\n",
    );
    home.ok(&["up"]);
    wait::until("the screen is painted", || home.ok(&["capture", "screen"]).contains("red").then_some(()));
    assert_eq!(home.ok(&["capture", "screen"]), "27\n28\n29\n30\nred\n");
    assert_eq!(home.ok(&["capture", "screen", "--history", "2"]), "25\n26\n27\n28\n29\n30\nred\n");
    assert!(home.ok(&["capture", "screen", "--ansi"]).contains("31mred\u{1b}["));
    let json = home.json(&["capture", "screen", "--json", "--history", "100"]);
    assert_eq!((&json["columns"], &json["rows"], &json["history"]), (&20.into(), &5.into(), &26.into()));
    assert_eq!(json["cursor"], serde_json::json!({ "row": 4, "column": 3 }));
    assert_eq!(json["title"], "my title");
    assert_eq!(json["lines"].as_array().map(Vec::len), Some(31));
}

#[test]
fn keys_have_tmuxs_names_and_anything_else_is_typed() {
    let home = TestHome::new(
        "[services.cat]\ncommand = \"stty -echo; echo ready; cat -v\"\n[services.pipes]\ncommand = \"sleep 1000\"\ntty = false\n",
    );
    home.ok(&["up"]);
    wait_for_line(&home, "cat", "ready");
    home.ok(&["send-keys", "cat", "hello ", "world", "Enter"]);
    wait_for_line(&home, "cat", "hello world");
    home.ok(&["send-keys", "cat", "Up", "Escape", "F1", "C-a", "M-x", "Space", "-dash", "Enter"]);
    wait_for_line(&home, "cat", "^[[A^[^[OP^A^[x -dash");
    home.ok(&["send-keys", "-l", "cat", "Enter", " Up", "\n"]);
    wait_for_line(&home, "cat", "Enter Up");
    let said = home.fails(2, &["send-keys", "cat", "C-entre"]);
    assert!(said.contains("no key named `C-entre`") && said.contains("did you mean `C-Enter`?"), "{said}");
    assert!(home.fails(6, &["send-keys", "pipes", "x"]).contains("has no terminal"));
    home.ok(&["send-keys", "cat", "C-c"]);
    assert_eq!(home.wait_for_state("cat", "exited")["exit"]["signal"], 2);
    let said = home.fails(6, &["send-keys", "cat", "x"]);
    assert!(said.contains("`cat` is not running") && said.contains("`locald start cat`"), "{said}");
}

#[test]
fn replacing_the_daemon_changes_its_process_and_no_services() {
    let home = TestHome::new("[services.web]\ncommand = \"read line; echo got $line; sleep 1000\"\n");
    home.ok(&["up"]);
    let (web, daemon, keeper) = (home.pid("web"), home.daemon_pid(), home.keeper_pid());
    let said = home.json(&["daemon", "restart", "--json"]);
    assert_eq!(said["old_pid"], daemon);
    assert_eq!(said["pid"], home.daemon_pid());
    assert_ne!(home.daemon_pid(), daemon);
    assert_eq!((home.keeper_pid(), home.pid("web")), (keeper, web));
    assert!(!is_alive(daemon) && is_alive(web));
    home.ok(&["send-keys", "web", "it", "Enter"]);
    wait_for_line(&home, "web", "got it");
    let status = home.json(&["daemon", "status", "--json"]);
    for key in ["pid", "keeper_pid", "socket", "version", "uptime_seconds"] {
        assert!(!status[key].is_null(), "{key} of {status}");
    }
    assert_eq!(status["socket"], home.socket().to_str().expect("text"));
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn commands_that_start_a_daemon_at_the_same_moment_start_one() {
    let home = TestHome::new("[services.web]\ncommand = \"sleep 1000\"\n");
    let ups: Vec<Child> = (0..8)
        .map(|_| home.command(&["up"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("locald"))
        .collect();
    for up in ups {
        let ended = up.wait_with_output().expect("an end");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    let (keeper, daemon) = (home.keeper_pid(), home.daemon_pid());
    // Nobody else is left of what tried.
    wait::until("one keeper and one daemon are left", || {
        let mut left = crate::home::marked_processes(&home.path());
        left.retain(|&pid| is_alive(pid));
        left.sort_unstable();
        let mut expected = vec![keeper, daemon];
        expected.sort_unstable();
        (left == expected).then_some(())
    });
    assert_eq!(home.json(&["status", "--json"]).as_array().map(Vec::len), Some(1));
}

#[test]
fn a_wiped_runtime_folder_is_made_anew_for_the_next_command() {
    let home = TestHome::new("[services.web]\ncommand = \"sleep 1000\"\n");
    home.ok(&["up"]);
    let (web, daemon) = (home.pid("web"), home.daemon_pid());
    fs::remove_dir_all(home.path().join("run")).expect("a runtime folder");
    assert_eq!((home.pid("web"), home.daemon_pid()), (web, daemon));
    assert!(is_alive(web));
    home.ok(&["restart", "web"]);
    assert_ne!(home.pid("web"), web);
}

#[test]
fn a_home_whose_path_is_longer_than_a_sockets_may_be_works() {
    let mut home = TestHome::new("[services.web]\ncommand = \"sleep 1000\"\n");
    let long = home.path().join("long".repeat(30)).join("longer".repeat(20));
    home.set("LOCALD_HOME", long.to_str().expect("text"));
    home.ok(&["up"]);
    let web = home.pid("web");
    home.ok(&["daemon", "restart"]);
    assert_eq!(home.pid("web"), web);
    home.ok(&["shutdown"]);
    assert!(!is_alive(web));
}

#[test]
fn shutdown_leaves_no_process() {
    let home = TestHome::new("[services.web]\ncommand = \"sleep 1000\"\n[services.api]\ncommand = \"sleep 1000\"\n");
    home.ok(&["up"]);
    let all = [home.pid("web"), home.pid("api"), home.daemon_pid(), home.keeper_pid()];
    let said = home.run(&["shutdown"]);
    assert!(
        said.code == 0 && said.err.contains("web stopped") && said.err.contains("the daemon has shut down"),
        "{said:?}"
    );
    wait::until("everything is gone", || all.iter().all(|&pid| !is_alive(pid)).then_some(()));
    assert!(home.run(&["shutdown"]).err.contains("nothing was running"));
}

#[test]
fn a_signal_to_daemon_or_keeper_ends_everything_in_order() {
    use rustix::process::Signal;
    for (target, number) in [(0, Signal::TERM), (0, Signal::INT), (1, Signal::TERM), (1, Signal::INT)] {
        let home = TestHome::new(
            "[services.web]\ncommand = \"trap 'echo goodbye; exit 0' TERM; echo ready; while :; do sleep 0.05; done\"\n",
        );
        home.ok(&["up"]);
        wait_for_line(&home, "web", "ready");
        let ours = [home.daemon_pid(), home.keeper_pid()];
        let all = [home.pid("web"), ours[0], ours[1]];
        crate::home::signal(ours[target], number);
        wait::until("everything is gone", || all.iter().all(|&pid| !is_alive(pid)).then_some(()));
        assert!(home.log_lines("web").contains(&"goodbye".to_owned()), "stopped as a stop does, and logged to its end");
    }
}

#[test]
fn version_help_and_completion_need_no_daemon_and_start_none() {
    let home = TestHome::empty();
    assert_eq!(home.ok(&["--version"]), format!("locald {}\n", env!("CARGO_PKG_VERSION")));
    let help = home.ok(&["--help"]);
    assert!(help.contains("Exit codes:") && help.contains("send-keys"), "{help}");
    assert!(home.ok(&["help", "logs"]).contains("--follow"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.ok(&["completion", shell]).contains("send-keys"), "{shell}");
    }
    let said = home.fails(2, &["stauts"]);
    assert!(said.contains("'status'"), "{said}");
    assert!(!home.state().exists());
}

#[test]
fn the_workspace_without_a_terminal_says_what_to_do_instead() {
    let home = TestHome::new("[services.web]\ncommand = \"sleep 1000\"\n");
    let said = home.fails(2, &[]);
    assert!(said.contains("needs a terminal") && said.contains("`locald up`"), "{said}");
    assert!(home.fails(2, &["attach", "web"]).contains("needs a terminal"));
    assert!(!home.state().exists());
}
