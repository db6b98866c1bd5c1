//! The two programs under test, each in a private place: `locald` with a project, and a `tmux` server of its own.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context, Result, bail, ensure};
use portable_pty::CommandBuilder;
use tempfile::TempDir;

use super::procfs;

/// A `locald` home and a project.
pub(super) struct Ours {
    executable: PathBuf,
    dir: TempDir,
}

impl Ours {
    pub(super) fn new(executable: &Path, config: &str) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        fs::create_dir(dir.path().join("bench"))?;
        fs::write(dir.path().join("bench/locald.toml"), config)?;
        Ok(Self { executable: executable.to_owned(), dir })
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        output(self.command(arguments))
    }

    /// The command line, to be started by the caller.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&self.executable);
        command.args(arguments).current_dir(self.dir.path().join("bench"));
        command.env("LOCALD_HOME", self.dir.path().join("home"));
        command.env("LOCALD_HTTP_PORT", "0");
        command.env("LOCALD_HTTPS_PORT", "0");
        command
    }

    /// The workspace, with the keys going to this service's pane.
    pub(super) fn workspace(&self, service: &str) -> CommandBuilder {
        let mut command = CommandBuilder::new(&self.executable);
        command.args(["attach", service]);
        command.cwd(self.dir.path().join("bench"));
        command.env("LOCALD_HOME", self.dir.path().join("home"));
        command.env("LOCALD_HTTP_PORT", "0");
        command.env("LOCALD_HTTPS_PORT", "0");
        command
    }

    /// The keeper, the daemon and the reapers; the keeper first.
    pub(super) fn processes(&self) -> Result<(u32, u32, Vec<u32>)> {
        let status = self.run(&["daemon", "status", "--json"])?;
        let (daemon, keeper) = (number(&status, "\"pid\":")?, number(&status, "\"keeper_pid\":")?);
        let reapers = procfs::children(keeper).into_iter().filter(|&pid| pid != daemon).collect();
        Ok((keeper, daemon, reapers))
    }

    pub(super) fn all_processes(&self) -> Result<Vec<u32>> {
        let (keeper, daemon, mut all) = self.processes()?;
        all.extend([keeper, daemon]);
        Ok(all)
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _ = self.run(&["shutdown"]);
    }
}

/// A `tmux` server.
pub(super) struct Tmux {
    dir: TempDir,
}

impl Tmux {
    /// `None` where tmux is not installed.
    pub(super) fn new() -> Result<Option<Self>> {
        let installed = command(Path::new("tmux")).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if installed.is_err() {
            return Ok(None);
        }
        Ok(Some(Self { dir: tempfile::tempdir()? }))
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = command(Path::new("tmux"));
        command.arg("-S").arg(self.dir.path().join("socket")).args(["-f", "/dev/null"]).args(arguments);
        output(command)
    }

    /// A client that shows what the server has.
    pub(super) fn client(&self) -> CommandBuilder {
        let mut command = CommandBuilder::new("tmux");
        command.args(["-u", "-S"]);
        command.arg(self.dir.path().join("socket"));
        command.arg("attach");
        command
    }

    pub(super) fn server(&self) -> Result<Vec<u32>> {
        let pid = self.run(&["display-message", "-p", "#{pid}"])?;
        Ok(vec![pid.trim().parse().context("tmux told no process number")?])
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.run(&["kill-server"]);
    }
}

/// A build log: lines of about 100 characters with a little colour.
pub(super) fn write_log(path: &Path, mebibytes: usize) -> Result<()> {
    let mut file = BufWriter::new(fs::File::create(path)?);
    let (mut written, mut number) = (0, 0u64);
    while written < mebibytes << 20 {
        number += 1;
        let line = format!(
            "12:00:00 \x1b[32mINFO\x1b[0m request {number:09} path=/api/v1/items/{} took {}ms, all is well\n",
            number % 997,
            number % 89
        );
        file.write_all(line.as_bytes())?;
        written += line.len();
    }
    Ok(file.flush()?)
}

/// Waits until a file exists.
pub(super) fn wait_for_file(path: &Path) -> Result<()> {
    let begun = Instant::now();
    while !path.exists() {
        ensure!(begun.elapsed() < Duration::from_mins(2), "{} never appeared", path.display());
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the programs under test begin here")]
fn command(executable: &Path) -> Command {
    let mut command = Command::new(executable);
    command.stdin(Stdio::null()).env_remove("TMUX").env("TERM", "xterm-256color").env("LOCALD_LOG_MAX_MIB", "1024");
    command
}

fn output(mut command: Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The number that follows `key` in JSON text.
fn number(json: &str, key: &str) -> Result<u32> {
    let after = json.split(key).nth(1).with_context(|| format!("no {key} in {json}"))?;
    let digits: String = after.trim_start().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().with_context(|| format!("{key} is no number in {json}"))
}
