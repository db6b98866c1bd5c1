//! A private home and project for one test: nothing of it touches the user's, and nothing of it is left.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fs, thread};

use serde_json::Value;
use tempfile::TempDir;

use crate::wait;

/// A home with a project in it.
pub(crate) struct TestHome {
    dir: TempDir,
    environment: Vec<(String, Option<String>)>,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl TestHome {
    /// A home whose project has this `locald.toml`.
    pub(crate) fn new(config: &str) -> Self {
        let home = Self::empty();
        home.write("locald.toml", config);
        home
    }

    /// A home whose project has no files.
    pub(crate) fn empty() -> Self {
        let dir = tempfile::Builder::new().prefix("locald-e2e-").tempdir().expect("a temporary folder");
        fs::create_dir_all(dir.path().join("demo")).expect("a project folder");
        Self { dir, environment: Vec::new() }
    }

    /// Sets a variable for every command of this home, and so for its keeper and daemon.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), Some(value.to_owned())));
    }

    /// The variables that every command of this home gets, or is not to have.
    pub(crate) fn environment(&self) -> &[(String, Option<String>)] {
        &self.environment
    }

    /// Takes a variable away from every command of this home.
    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.push((name.to_owned(), None));
    }

    /// The project's folder; its project is named `demo`.
    pub(crate) fn project(&self) -> PathBuf {
        self.dir.path().join("demo")
    }

    /// What is in `LOCALD_HOME`.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// The folder of logs and state.
    pub(crate) fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// The control socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path().join("run/control.sock")
    }

    /// Writes a file of the project.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.project().join(name), text).expect("a file of the project");
    }

    /// The `locald` executable under test.
    pub(crate) fn executable() -> &'static Path {
        Path::new(env!("CARGO_BIN_EXE_locald"))
    }

    /// A `locald` command in the project's folder.
    #[expect(clippy::disallowed_methods, reason = "tests start the real program")]
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Self::executable());
        command.args(arguments).current_dir(self.project()).stdin(Stdio::null());
        command.env("LOCALD_HOME", self.path()).env_remove("XDG_RUNTIME_DIR").env("NO_COLOR", "1").env("TZ", "UTC");
        // Whoever has the usual ports keeps them.
        command.env("LOCALD_HTTP_PORT", "0").env("LOCALD_HTTPS_PORT", "0");
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::from(self.command(arguments).output().expect("locald can be started"))
    }

    /// Runs a command to its end, in another folder than the project's.
    pub(crate) fn run_in(&self, folder: &Path, arguments: &[&str]) -> Said {
        Said::from(self.command(arguments).current_dir(folder).output().expect("locald can be started"))
    }

    /// Runs a command that must fail with this exit code; returns what it said of it.
    pub(crate) fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, code, "locald {arguments:?}: {said:?}");
        said.err
    }

    /// Runs a command that must succeed; returns its standard output.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "locald {arguments:?} failed: {said:?}");
        said.out
    }

    /// Runs a command that must succeed and prints JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).expect("JSON on standard output")
    }

    /// The status of one service.
    pub(crate) fn service(&self, name: &str) -> Value {
        let status = self.json(&["status", "--json", name]);
        let list = status.get("services").unwrap_or(&status).as_array().cloned().unwrap_or_default();
        list.into_iter()
            .find(|service| service["name"] == name)
            .unwrap_or_else(|| panic!("no service {name}: {status}"))
    }

    /// The process of a service that runs.
    pub(crate) fn pid(&self, service: &str) -> i32 {
        let status = self.service(service);
        let pid = status["pid"].as_i64().unwrap_or_else(|| panic!("{service} does not run: {status}"));
        i32::try_from(pid).expect("a process number")
    }

    /// The daemon's process.
    pub(crate) fn daemon_pid(&self) -> i32 {
        self.daemon_fact("pid")
    }

    /// The keeper's process.
    pub(crate) fn keeper_pid(&self) -> i32 {
        self.daemon_fact("keeper_pid")
    }

    fn daemon_fact(&self, key: &str) -> i32 {
        let status = self.json(&["daemon", "status", "--json"]);
        let number = status.get("daemon").unwrap_or(&status)[key].as_i64();
        number.and_then(|number| i32::try_from(number).ok()).unwrap_or_else(|| panic!("no {key} in {status}"))
    }

    /// Waits until a service is in this state.
    pub(crate) fn wait_for_state(&self, service: &str, state: &str) -> Value {
        wait::until(&format!("{service} is {state}"), || {
            Some(self.service(service)).filter(|status| status["state"] == state)
        })
    }

    /// Everything a service has printed, line by line, without times.
    pub(crate) fn log_lines(&self, service: &str) -> Vec<String> {
        let text = self.ok(&["logs", service, "--json"]);
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter_map(|line| Some(line["text"].as_str()?.to_owned())).collect()
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let Output { stdout, stderr, status } = output;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { out: text(stdout), err: text(stderr), code: status.code().unwrap_or(-1) }
    }
}

impl Drop for TestHome {
    fn drop(&mut self) {
        if thread::panicking() {
            for log in ["keeper.log", "daemon.log"] {
                let text = fs::read_to_string(self.state().join(log)).unwrap_or_default();
                let last: Vec<&str> = text.lines().rev().take(60).collect();
                eprintln!("--- {log}\n{}", last.into_iter().rev().collect::<Vec<_>>().join("\n"));
            }
        }
        let _ = self.run(&["shutdown"]);
        kill_marked(&self.path());
        // A keeper that was killed leaves its control groups to the next one, and here there is none.
        if let Ok(group) = fs::read_to_string(self.state().join("control-group")) {
            let group = PathBuf::from(group.trim_end());
            for run in fs::read_dir(&group).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
                let _ = fs::remove_dir(run.path());
            }
            let _ = fs::remove_dir(group);
        }
    }
}

/// The living processes whose environment names this home, whatever became of their parents.
pub(crate) fn marked_processes(home: &Path) -> Vec<i32> {
    let wanted = [b"LOCALD_HOME=", home.as_os_str().as_encoded_bytes()].concat();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let ours = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|variable| variable == wanted)
    };
    pids.filter(ours).collect()
}

fn kill_marked(home: &Path) {
    for pid in marked_processes(home) {
        if let Some(pid) = rustix::process::Pid::from_raw(pid).filter(|_| pid != std::process::id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// Sends a signal to a process.
pub(crate) fn signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process number");
    rustix::process::kill_process(pid, signal).expect("a process of ours");
}

/// Whether a process lives; a zombie does not.
pub(crate) fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}
