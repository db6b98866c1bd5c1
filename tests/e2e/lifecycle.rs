//! Up, status, stop, start, restart, down: what each does, and that none claims what it did not do.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::answering;
use crate::home::{Said, TestHome, is_alive, signal};
use crate::wait;

const THREE: &str = r#"
[services.clock]
command = "while true; do date; sleep 1; done"
[services.shell]
command = ["/bin/sh"]
[services.pipes]
command = "echo out; echo err >&2; exec sleep 1000"
tty = false
"#;

/// The processes that wrote their number into these files of the project.
fn pids(home: &TestHome, files: &[&str]) -> Vec<i32> {
    let read = |file: &&str| {
        wait::until(&format!("{file} is written"), || {
            fs::read_to_string(home.project().join(file)).ok()?.trim().parse().ok()
        })
    };
    files.iter().map(read).collect()
}

#[test]
fn what_was_brought_up_runs_and_what_was_brought_down_is_gone() {
    let home = TestHome::new(THREE);
    let said = home.run(&["up"]);
    assert_eq!(said.code, 0, "{said:?}");
    let pids = ["clock", "shell", "pipes"].map(|name| home.pid(name));
    for (name, pid) in ["clock", "shell", "pipes"].iter().zip(pids) {
        assert!(is_alive(pid));
        let is_told =
            |line: &str| line.starts_with(&format!("{name} started in ")) && line.contains(&format!("(pid {pid})"));
        assert!(said.err.lines().any(is_told), "{said:?}");
    }
    let said = home.run(&["down"]);
    assert_eq!((said.code, said.err.matches("stopped (SIG").count()), (0, 3), "{said:?}");
    assert!(pids.iter().all(|&pid| !is_alive(pid)));
    assert_eq!(home.json(&["status", "--json"]), Value::Array(vec![]));
}

#[test]
fn bringing_up_what_runs_says_that_it_was_running_and_touches_nothing() {
    let home = TestHome::new(THREE);
    home.ok(&["up"]);
    let pid = home.pid("shell");
    let said = home.run(&["up"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains(&format!("shell was already running (pid {pid})")), "{said:?}");
    assert_eq!(home.pid("shell"), pid);
    assert_eq!(home.service("shell")["restarts"], 0);
}

#[test]
fn only_the_named_services_are_brought_up() {
    let home = TestHome::new(THREE);
    home.ok(&["up", "shell", "pipes"]);
    assert_eq!(home.service("clock")["state"], "stopped");
    assert!(is_alive(home.pid("shell")) && is_alive(home.pid("pipes")));
}

#[test]
fn nothing_a_service_started_lives_after_it_was_stopped() {
    let home = TestHome::new(
        r#"
        [services.family]
        command = """
        sleep 1000 & echo $! > background.pid
        setsid sh -c 'echo $$ > session.pid; exec sleep 1000' &
        sh -c 'sh -c "echo \\$\\$ > orphan.pid; exec sleep 1000" &'
        trap '' HUP
        echo $$ > main.pid
        wait
        """
        "#,
    );
    home.ok(&["up"]);
    let pids = pids(&home, &["background.pid", "session.pid", "orphan.pid", "main.pid"]);
    assert!(pids.iter().all(|&pid| is_alive(pid)), "{pids:?}");
    let said = home.run(&["stop", "family"]);
    assert!(said.code == 0 && said.err.contains("family stopped (SIGTERM)"), "{said:?}");
    assert!(pids.iter().all(|&pid| !is_alive(pid)), "{pids:?}");
    let status = home.service("family");
    assert_eq!((&status["state"], &status["pid"]), (&"stopped".into(), &Value::Null));
}

#[test]
fn a_service_that_ignores_the_stop_signal_is_killed_after_its_timeout() {
    let home = TestHome::new(
        "[services.deaf]\ncommand = \"trap '' TERM HUP; echo ready; while :; do sleep 1; done\"\nstop_timeout = \"300ms\"\n",
    );
    home.ok(&["up"]);
    wait::until("the trap is set", || home.log_lines("deaf").contains(&"ready".to_owned()).then_some(()));
    let pid = home.pid("deaf");
    let said = home.run(&["stop", "deaf"]);
    assert!(said.err.contains("deaf stopped (SIGKILL)"), "{said:?}");
    assert!(!is_alive(pid));
}

#[test]
fn a_service_is_stopped_by_the_signal_it_asks_for() {
    let home = TestHome::new(
        "[services.polite]\ncommand = \"trap 'echo goodbye; exit 7' INT; echo ready; while :; do sleep 0.05; done\"\nstop_signal = \"SIGINT\"\n",
    );
    home.ok(&["up"]);
    wait::until("the trap is set", || home.log_lines("polite").contains(&"ready".to_owned()).then_some(()));
    let said = home.run(&["stop", "polite"]);
    assert!(said.err.contains("polite stopped (exit code 7)"), "{said:?}");
    assert!(home.log_lines("polite").contains(&"goodbye".to_owned()));
}

#[test]
fn a_restart_is_a_new_process_and_its_port_answers_again() {
    let home = TestHome::new(&answering::service("web"));
    home.ok(&["up"]);
    let (pid, port) = (home.pid("web"), answering::port(&home, "web"));
    answering::wait_for(port, pid);
    let said = home.run(&["restart", "web"]);
    assert_eq!(said.code, 0, "{said:?}");
    let status = home.service("web");
    assert_ne!(status["pid"], pid);
    assert!(!is_alive(pid));
    assert_eq!(status["restarts"], 1);
    assert_eq!(answering::port(&home, "web"), port);
    answering::wait_for(port, home.pid("web"));
    let urls = wait::until("the port that is listened on becomes a URL", || {
        Some(home.service("web")["urls"].clone()).filter(|urls| urls != &Value::Array(vec![]))
    });
    assert_eq!(urls.as_array().and_then(|urls| urls.last()), Some(&Value::from(format!("http://127.0.0.1:{port}"))));
}

#[test]
fn stopping_and_starting_what_is_so_already_is_said_and_not_claimed_as_done() {
    let home = TestHome::new(THREE);
    home.ok(&["up"]);
    let pid = home.pid("shell");
    let said = home.run(&["start", "shell"]);
    assert_eq!((said.code, said.err), (0, format!("shell was already running (pid {pid})\n")));
    home.ok(&["stop", "shell"]);
    let said = home.run(&["stop", "shell"]);
    assert_eq!((said.code, said.err.as_str()), (0, "shell was not running\n"));
    assert_eq!(home.json(&["stop", "shell", "--json"])[0]["change"], "was-not-running");
    let said = home.run(&["start", "shell"]);
    let pid = home.pid("shell");
    assert!(
        said.code == 0 && said.err.starts_with("shell started in ") && said.err.ends_with(&format!("(pid {pid})\n")),
        "{said:?}"
    );
}

#[test]
fn nothing_is_said_to_be_done_where_nothing_is_up() {
    let home = TestHome::new(THREE);
    for command in ["stop", "start", "restart"] {
        let said = home.fails(5, &[command, "shell"]);
        assert!(said.contains("the daemon is not running") && said.contains("`locald up`"), "{said}");
    }
    for command in ["down", "shutdown"] {
        let said = home.run(&[command]);
        assert!(said.code == 0 && said.err.contains("nothing was running"), "{command}: {said:?}");
    }
    let said = home.run(&["status"]);
    assert!(said.code == 0 && said.err.contains("no daemon runs"), "{said:?}");
    assert_eq!(home.json(&["status", "--json"]), Value::Array(vec![]));
    assert_eq!(home.json(&["daemon", "status", "--json"]), serde_json::json!({ "running": false }));
    assert!(!home.state().exists(), "asking starts nothing");
}

#[test]
fn a_command_that_does_not_exist_fails_up_with_the_reason_and_harms_no_other() {
    let home = TestHome::new(
        r#"
        [services.good]
        command = "sleep 1000"
        [services.missing]
        command = ["no-such-program", "--flag"]
        "#,
    );
    let said = home.run(&["up"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("missing failed: `no-such-program` is not in PATH\n"), "{said:?}");
    assert!(said.err.contains("error: `missing` failed to start"), "{said:?}");
    assert!(said.err.contains("good started"), "{said:?}");
    let status = home.service("missing");
    assert_eq!((&status["state"], &status["pid"]), (&"failed".into(), &Value::Null));
    assert_eq!(status["reason"], "`no-such-program` is not in PATH");
    assert!(is_alive(home.pid("good")));
}

#[test]
fn a_service_that_fails_at_once_fails_up_with_its_last_lines() {
    let home = TestHome::new(
        "[services.crash]\ncommand = \"echo loading; echo 'cannot find module' >&2; exit 3\"\n\
         [services.typo]\ncommand = \"no-such-program\"\n\
         [services.job]\ncommand = \"echo done\"\n",
    );
    let Said { out, err, code } = home.run(&["up"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("crash failed: exited with code 3 right after it was started"), "{err}");
    let under =
        err.split_once("crash failed").map(|(_, under)| under.lines().take(4).collect::<String>()).unwrap_or_default();
    assert!(under.contains("│ loading") && under.contains("│ cannot find module"), "{err}");
    assert!(err.contains("typo failed: exited with code 127") && err.contains("no-such-program: not found"), "{err}");
    assert!(err.contains("job completed in") && err.contains("error: 2 services failed to start"), "{err}");
    // A start of one that fails again fails the same way.
    assert!(home.fails(1, &["start", "crash"]).contains("cannot find module"));
    assert!(home.fails(1, &["restart", "crash"]).contains("cannot find module"));
}

#[test]
fn status_has_every_field_of_every_service() {
    let home = TestHome::new(
        "[services.runs]\ncommand = \"sleep 1000\"\n[services.ended]\ncommand = \"exit 5\"\n\
         [services.killed]\ncommand = \"kill -9 $$\"\n[services.failed]\ncommand = [\"no-such-program\"]\n\
         [services.stopped]\ncommand = \"sleep 1000\"\n",
    );
    home.fails(1, &["up"]);
    home.ok(&["stop", "stopped"]);
    let status = home.json(&["status", "--json"]);
    let services = status.as_array().expect("an array");
    let names: Vec<&str> = services.iter().filter_map(|service| service["name"].as_str()).collect();
    assert_eq!(names, ["runs", "ended", "killed", "failed", "stopped"], "in the order of the configuration");
    for service in services {
        for key in ["name", "kind", "state", "pid", "exit", "restarts", "started_at", "ports", "urls", "reason"] {
            assert!(service.get(key).is_some(), "{key} of {service}");
        }
        assert_eq!((&service["kind"], &service["project"]), (&"exec".into(), &"demo".into()));
    }
    let [runs, ended, killed, failed, stopped] = &services[..] else { panic!("{status}") };
    assert!(runs["state"] == "ready" && runs["pid"].is_u64() && runs["exit"].is_null(), "{runs}");
    assert!(runs["started_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{runs}");
    assert_eq!((&ended["state"], &ended["exit"]["code"]), (&"exited".into(), &5.into()));
    assert_eq!(ended["reason"], "exited with code 5");
    assert_eq!((&killed["state"], &killed["exit"]["signal"]), (&"exited".into(), &9.into()));
    assert_eq!((&failed["state"], &failed["started_at"]), (&"failed".into(), &Value::Null));
    assert_eq!((&stopped["state"], &stopped["exit"]["signal"]), (&"stopped".into(), &15.into()));
    let table = home.ok(&["status"]);
    for text in ["exited with code 5", "SIGKILL", "SIGTERM", "no-such-program"] {
        assert!(table.contains(text), "{text} in\n{table}");
    }
}

#[test]
fn a_service_that_ends_later_is_shown_with_how_it_ended() {
    let home = TestHome::new("[services.job]\ncommand = \"read line; exit 4\"\n");
    home.ok(&["up"]);
    home.ok(&["send-keys", "job", "Enter"]);
    assert_eq!(home.wait_for_state("job", "exited")["exit"]["code"], 4);
    home.ok(&["start", "job"]);
    signal(home.pid("job"), rustix::process::Signal::SEGV);
    assert_eq!(home.wait_for_state("job", "exited")["exit"]["signal"], 11);
}

#[test]
fn a_service_of_another_project_is_named_with_its_project() {
    let home = TestHome::new(THREE);
    home.ok(&["up"]);
    let pid = home.pid("shell");
    let elsewhere = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| home.run_in(elsewhere.path(), arguments);
    assert!(run(&["status", "demo:shell"]).out.contains(&pid.to_string()));
    assert!(run(&["status", "--all"]).out.contains("clock"));
    let said = run(&["restart", "demo:shell"]);
    assert!(said.code == 0 && home.pid("shell") != pid, "{said:?}");
    assert_eq!(run(&["send-keys", "demo:shell", "echo $((6 * 7))", "Enter"]).code, 0);
    wait::until("it was typed", || run(&["capture", "demo:shell"]).out.contains("\n42").then_some(()));
    assert!(run(&["logs", "demo:pipes"]).out.contains("│ out"));
    assert_eq!(run(&["stop", "demo:shell"]).code, 0);
    let said = run(&["stop", "shell"]);
    assert!(said.code == 4 && said.err.contains("project:shell"), "{said:?}");
    assert_eq!(run(&["stop"]).code, 3, "no project here to stop all of");
    let said = run(&["stop", "dmeo:shell"]);
    assert!(said.code == 4 && said.err.contains("did you mean `demo`?"), "{said:?}");
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_by_every_command() {
    let home = TestHome::new(THREE);
    home.ok(&["up", "shell"]);
    let commands: &[&[&str]] = &[
        &["up", "shel"],
        &["start", "shel"],
        &["stop", "shel"],
        &["restart", "shel"],
        &["status", "shel"],
        &["logs", "shel"],
        &["logs", "-f", "shel"],
        &["capture", "shel"],
        &["send-keys", "shel", "x"],
        &["stop", "demo:shel"],
        &["stop", "shell", "shel"],
    ];
    for command in commands {
        let said = home.fails(4, command);
        assert!(said.contains("`shel`") && said.contains("did you mean `shell`?"), "{command:?}: {said}");
    }
    assert!(is_alive(home.pid("shell")), "what was named beside an unknown name was left alone");
    assert!(home.fails(4, &["stop", "zzz"]).contains("its services are: clock, shell, pipes"));
}

#[test]
fn faults_of_the_configuration_are_shown_where_they_are_and_start_nothing() {
    let home = TestHome::new("[services.web]\ncomand = \"true\"\ntty = \"yes\"\n");
    let said = home.fails(3, &["up"]);
    assert!(said.contains("locald.toml:2:1") && said.contains("did you mean `command`?"), "{said}");
    assert!(said.contains("locald.toml:3:7"), "all faults at once: {said}");
    assert!(said.contains("nothing was started"), "{said}");
    assert!(!home.state().exists() && !home.socket().exists());
    home.write("locald.toml", "[services.web\n");
    assert!(home.fails(3, &["up"]).contains("locald.toml:1:"));
    // Nor does a running project suffer from a file that is broken later.
    home.write("locald.toml", "[services.web]\ncommand = \"sleep 1000\"\n");
    home.ok(&["up"]);
    let pid = home.pid("web");
    home.write("locald.toml", "[services.web]\ncommand = 5\n");
    home.fails(3, &["up"]);
    assert_eq!(home.pid("web"), pid);
}

#[test]
fn a_folder_without_a_project_is_told_what_makes_one() {
    let home = TestHome::empty();
    let said = home.fails(3, &["up"]);
    assert!(
        said.contains("no project in") && said.contains("a `locald.toml`, a `Procfile`, or a `package.json`"),
        "{said}"
    );
    assert!(!home.state().exists());
    let said = home.fails(1, &["init"]);
    assert!(said.contains("neither a Procfile nor a package.json") && said.contains("`locald try --save"), "{said}");
}

#[test]
fn a_package_alone_is_a_project_that_runs_its_script() {
    let mut home = TestHome::empty();
    home.write("package.json", r#"{"name": "shop", "scripts": {"build": "tsc", "dev": "vite"}}"#);
    let npm = home.project().join("bin/npm");
    fs::create_dir_all(npm.parent().unwrap()).unwrap();
    fs::write(&npm, format!("#!/bin/sh\n[ \"$*\" = 'run dev' ] || exit 9\n{}\n", answering::command_line())).unwrap();
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    home.set("PATH", &format!("{}:{}", npm.parent().unwrap().display(), std::env::var("PATH").unwrap()));
    let Said { err, code, .. } = home.run(&["up"]);
    assert!(code == 0 && err.contains("`locald init --from package.json`"), "{err}");
    let port = answering::port(&home, "web");
    wait::until("its script answers on its port", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
    let origin = home.ok(&["config", "show", "--origin"]);
    assert!(origin.contains("npm run dev") && origin.contains("package.json:1"), "{origin}");
    home.ok(&["init", "--yes"]);
    assert!(
        fs::read_to_string(home.project().join("locald.toml"))
            .unwrap()
            .contains("[services.web]\ncommand = \"npm run dev\"")
    );
}

#[test]
fn a_procfile_alone_is_a_project() {
    let home = TestHome::empty();
    home.write("Procfile", "# what runs\nweb: echo port $(printenv PORT); exec sleep 1000\nworker: exec sleep 1000\n");
    home.ok(&["up"]);
    assert!(is_alive(home.pid("web")) && is_alive(home.pid("worker")));
    let port = home.service("web")["ports"][0].clone();
    wait::until("the port was printed", || home.log_lines("web").contains(&format!("port {port}")).then_some(()));
}

#[test]
fn a_project_is_found_from_the_folders_inside_it() {
    let home = TestHome::new(THREE);
    let inside = home.project().join("src/deep");
    fs::create_dir_all(&inside).expect("a folder");
    assert_eq!(home.run_in(&inside, &["up", "shell"]).code, 0);
    assert_eq!(home.run_in(&inside, &["stop", "shell"]).code, 0);
    assert_eq!(home.service("shell")["state"], "stopped");
}

#[test]
fn bringing_up_again_follows_what_changed_in_the_configuration() {
    let home = TestHome::new("[services.old]\ncommand = \"sleep 1000\"\n[services.kept]\ncommand = \"sleep 1000\"\n");
    home.ok(&["up"]);
    let (old, kept) = (home.pid("old"), home.pid("kept"));
    home.write(
        "locald.toml",
        "[services.kept]\ncommand = \"echo changed; sleep 1000\"\n[services.new]\ncommand = \"sleep 1000\"\n",
    );
    home.ok(&["up"]);
    assert!(!is_alive(old), "a service that is not in the configuration any more is stopped");
    assert!(is_alive(home.pid("new")));
    assert_ne!(home.pid("kept"), kept, "one that is made from something else now runs anew");
    wait::until("the new command runs", || home.log_lines("kept").contains(&"changed".to_owned()).then_some(()));
    home.fails(4, &["stop", "old"]);
    home.write("locald.toml", "[services.kept]\ncommand = \"sleep 1000\"\nsize = \"91x17\"\n");
    home.ok(&["up"]);
    let screen = home.json(&["capture", "kept", "--json"]);
    assert_eq!((&screen["columns"], &screen["rows"]), (&91.into(), &17.into()), "a size needs no restart");
}

#[test]
fn up_with_an_unknown_name_changes_nothing() {
    let home = TestHome::new(THREE);
    let err = home.fails(4, &["up", "clock", "shel"]);
    assert!(err.contains("did you mean `shell`?"), "{err}");
    assert_eq!(home.json(&["status", "--json"]), serde_json::json!([]));
}

#[test]
fn a_service_does_not_ignore_what_whoever_started_locald_ignored() {
    let home = TestHome::new(
        r#"
[services.screen]
command = "grep SigIgn: /proc/$$/status; exec sleep 1000"
[services.pipes]
command = "grep SigIgn: /proc/$$/status; exec sleep 1000"
tty = false
"#,
    );
    let locald = home.command(&["up"]);
    let mut shell = sh("trap '' HUP INT QUIT ALRM; exec \"$0\" up");
    shell.arg(TestHome::executable()).current_dir(home.project());
    for (name, value) in locald.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let said = shell.output().unwrap();
    assert!(said.status.success(), "{said:?}");
    for service in ["screen", "pipes"] {
        let ignored = wait::until("the service says what it ignores", || {
            home.log_lines(service)
                .iter()
                .find_map(|line| line.strip_prefix("SigIgn:").map(|mask| mask.trim().to_owned()))
        });
        let ignored = u64::from_str_radix(&ignored, 16).unwrap();
        for signal in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::ALARM] {
            assert_eq!(ignored >> (signal.as_raw() - 1) & 1, 0, "{service} ignores {signal:?}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a shell that ignores signals starts the real program")]
fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}
