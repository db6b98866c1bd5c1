//! Sandboxes: homes that share nothing with the user's own, nor with each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use regex::Regex;

use crate::home::{TestHome, is_alive};
use crate::wait;

const SLEEPER: &str = "[services.web]\ncommand = [\"sleep\", \"1000\"]\n";

fn pid(home: &TestHome, sandbox: &str) -> i32 {
    let status = home.json(&["--sandbox", sandbox, "status", "--json"]);
    let pid = status[0]["pid"].as_i64().unwrap_or_else(|| panic!("web does not run: {status}"));
    i32::try_from(pid).expect("a process number")
}

fn folder(home: &TestHome, sandbox: &str) -> PathBuf {
    home.state().join("sandboxes").join(sandbox)
}

#[test]
fn the_same_project_runs_in_two_sandboxes_and_at_home_and_each_ends_alone() {
    let home = TestHome::new(SLEEPER);
    home.ok(&["up"]);
    home.ok(&["--sandbox", "one", "up"]);
    home.ok(&["up", "--sandbox", "two"]);
    let (own, one, two) = (home.pid("web"), pid(&home, "one"), pid(&home, "two"));
    assert!(own != one && one != two && two != own);

    let listed = home.json(&["sandbox", "list", "--json"]);
    let told: Vec<_> =
        listed.as_array().unwrap().iter().map(|it| (&it["name"], &it["running"], &it["services"])).collect();
    assert_eq!(told, [(&"one".into(), &true.into(), &1.into()), (&"two".into(), &true.into(), &1.into())]);

    home.ok(&["sandbox", "stop", "one"]);
    assert_eq!([own, one, two].map(is_alive), [true, false, true]);
    assert!(folder(&home, "one").join("state/logs").is_dir());
    home.ok(&["sandbox", "rm", "one", "two", "--yes"]);
    assert_eq!([own, two].map(is_alive), [true, false]);
    assert!(!folder(&home, "one").exists() && !folder(&home, "two").exists());
    assert_eq!(home.pid("web"), own);
}

#[test]
fn a_command_in_a_sandbox_keeps_its_words_and_its_exit_code_and_every_locald_below_it_is_in_there() {
    let home = TestHome::new(SLEEPER);
    let locald = TestHome::executable().to_str().expect("UTF-8");
    let script = format!("'{locald}' up && '{locald}' status --json; printf '%s|' \"$@\"; exit 7");
    let said = home.run(&["sandbox", "exec", "ci", "--", "sh", "-c", &script, "x", "a b", "-c"]);
    assert_eq!(said.code, 7, "{said:?}");
    assert!(said.out.ends_with("a b|-c|"), "{said:?}");
    assert!(is_alive(pid(&home, "ci")));
    // At home nothing has started.
    assert_eq!(home.json(&["status", "--json"]), serde_json::Value::Array(vec![]));
    home.ok(&["sandbox", "rm", "ci", "--yes"]);
}

#[test]
fn a_sandbox_that_is_not_there_and_a_name_that_cannot_be_are_told_apart() {
    let home = TestHome::new(SLEEPER);
    home.ok(&["--sandbox", "nightly", "up"]);
    assert!(home.fails(4, &["sandbox", "rm", "nightli", "--yes"]).contains("did you mean `nightly`?"));
    assert!(home.fails(2, &["--sandbox", "../x", "up"]).contains("a sandbox's name"));
    assert!(home.fails(2, &["sandbox", "rm", "nightly"]).contains("--yes"), "nothing may be lost unasked");
    assert!(is_alive(pid(&home, "nightly")));
    home.ok(&["sandbox", "rm", "nightly", "-y"]);
}

#[test]
fn nothing_outside_of_a_sandbox_is_written() {
    let home = TestHome::new(SLEEPER);
    let trace = home.project().join("trace");
    let Some(mut strace) = traced(&home, &["--sandbox", "iso", "up"], &trace) else {
        eprintln!("SKIPPED: writes outside of a sandbox: strace cannot be run here");
        return;
    };
    // It ends with the last process that it traces: the keeper.
    wait::until("the sandbox runs", || {
        let status = home.run(&["--sandbox", "iso", "status", "--json"]);
        status.out.contains("\"state\":\"ready\"").then_some(())
    });
    home.ok(&["sandbox", "stop", "iso"]);
    strace.wait().expect("strace ends");
    let (inside, text) = (folder(&home, "iso"), fs::read_to_string(&trace).expect("a trace"));
    let written = written_paths(&text);
    assert!(written.iter().filter(|path| path.starts_with(&inside)).count() > 5, "the trace is not read: {text}");
    let elsewhere: Vec<&PathBuf> = written
        .iter()
        .filter(|path| !path.starts_with(&inside) && !path.starts_with("/dev") && !path.starts_with("/proc"))
        // Control groups are the kernel's, and gone with the sandbox's keeper.
        .filter(|path| !path.starts_with("/sys/fs/cgroup"))
        // Made on the way to the sandbox's own folder.
        .filter(|path| !inside.starts_with(path))
        .collect();
    assert!(elsewhere.is_empty(), "written outside of the sandbox: {elsewhere:?}");
}

#[expect(clippy::disallowed_methods, reason = "what is traced is the real program")]
fn traced(home: &TestHome, arguments: &[&str], trace: &Path) -> Option<std::process::Child> {
    let probe = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        return None;
    }
    let command = home.command(arguments);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-y", "-s", "4096", "-e", "trace=%file,bind", "-o"]).arg(trace);
    strace.arg(command.get_program()).args(command.get_args()).current_dir(home.project());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    Some(strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("strace starts"))
}

/// The paths that the traced calls have made, changed or removed.
fn written_paths(trace: &str) -> Vec<PathBuf> {
    let call = Regex::new(r"^\d+ +(\w+)\((.*)\) += \d").expect("a pattern");
    let path = Regex::new(r#"(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)""#).expect("a pattern");
    let mut written = Vec::new();
    for found in trace.lines().filter_map(|line| call.captures(line)) {
        let (name, arguments) = (&found[1], &found[2]);
        let writes = match name {
            "open" | "openat" | "openat2" => {
                ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| arguments.contains(flag))
            }
            "creat" | "truncate" => true,
            "bind" => arguments.contains("AF_UNIX"),
            _ => ["mkdir", "mknod", "rename", "unlink", "rmdir", "link", "symlink", "chmod", "fchmodat", "chown"]
                .iter()
                .any(|start| name.starts_with(start)),
        };
        for named in path.captures_iter(arguments).filter(|_| writes) {
            let folder = named.get(1).map_or(Path::new("/"), |folder| Path::new(folder.as_str()));
            written.push(folder.join(&named[2]));
        }
    }
    written
}
