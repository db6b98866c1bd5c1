//! The checker: `h2spec`, a program of Go, which is installed where it can be had without asking.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use super::super::proxy::HOST;
use super::report::Report;
use crate::cargo::program;

const MODULE: &str = "github.com/summerwind/h2spec/cmd/h2spec";
/// What is tagged 2.6.0, by its commit, as Go takes a second version of a module only by a second name, which this one has not; or
/// else whatever Go takes for the latest one.
const VERSIONS: [&str; 2] = ["70ac2294010887f48b18e2d64f5cccd48421fad1", "latest"];

/// Namespaces in which a file can be another one: as anybody where that is allowed, or as root.
const NAMESPACES: [&[&str]; 2] = [&["--user", "--map-root-user", "--mount"], &["--mount"]];
/// Lays the first argument over the hosts file and becomes the rest.
const WITH_HOSTS: &str = r#"mount --bind "$1" /etc/hosts && shift && exec "$@""#;

/// The checker, in a place where the name that leads to the back end has an address: it has a resolver of its own, which asks a name
/// server for names below `localhost`, and whom it connects to is also whom it asks for.
pub(super) struct Checker {
    executable: PathBuf,
    namespaces: &'static [&'static str],
    dir: TempDir,
}

impl Checker {
    /// # Errors
    /// If there is none and none can be installed, or if there is no such place.
    pub(super) fn find() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        fs::write(dir.path().join("hosts"), format!("127.0.0.1 localhost {HOST}\n"))?;
        let mut checker = Self { executable: "true".into(), namespaces: NAMESPACES[0], dir };
        let works = NAMESPACES.into_iter().find(|namespaces| {
            checker.namespaces = namespaces;
            checker.command().stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        });
        checker.namespaces = works.context("no namespace with a hosts file of its own can be made by `unshare`")?;
        checker.executable = executable()?;
        Ok(checker)
    }

    /// Asks what listens on this port of loopback.
    pub(super) fn ask(&self, port: u16, is_secure: bool) -> Result<Report> {
        let path = self.dir.path().join("report.xml");
        let _ = fs::remove_file(&path);
        let mut command = self.command();
        command.args(["--host", HOST, "--port", &port.to_string(), "--junit-report"]).arg(&path);
        if is_secure {
            command.args(["--tls", "--insecure"]);
        }
        // That it fails says only that some case does.
        let output = command.output().context("unshare could not be started")?;
        let report = fs::read_to_string(&path).ok().and_then(|text| Report::parse(&text));
        report.with_context(|| {
            let said = [output.stdout, output.stderr].concat();
            format!("h2spec made no report; it said: {}", String::from_utf8_lossy(&said))
        })
    }

    fn command(&self) -> Command {
        let mut command = program("unshare");
        command.args(self.namespaces).args(["sh", "-c", WITH_HOSTS, "sh"]).arg(self.dir.path().join("hosts"));
        command.arg(&self.executable).env("GODEBUG", "netdns=go").stdin(Stdio::null());
        command
    }
}

/// One that is installed, or that we installed before or install now.
fn executable() -> Result<PathBuf> {
    let folder = cache()?;
    let installed = folder.join("bin/h2spec");
    for candidate in [Path::new("h2spec"), &installed] {
        if answers(candidate, "--version") {
            return Ok(candidate.to_owned());
        }
    }
    ensure!(answers("go", "version"), "neither h2spec nor Go (golang-go), which would install it, is there");
    let mut complaints = String::new();
    for version in VERSIONS {
        eprintln!("installing {MODULE}@{version} in {}", folder.display());
        let mut go = program("go");
        go.args(["install", &format!("{MODULE}@{version}")]).current_dir(std::env::temp_dir()).stdin(Stdio::null());
        // Without write bits nobody could remove the folder.
        go.env("GOFLAGS", "-modcacherw").env("GOBIN", folder.join("bin"));
        go.env("GOPATH", folder.join("go")).env("GOCACHE", folder.join("build"));
        let output = go.output().context("go could not be started")?;
        if output.status.success() && answers(&installed, "--version") {
            return Ok(installed);
        }
        complaints.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    bail!("Go cannot install h2spec: {}", complaints.trim())
}

/// Where what is installed is kept, outside of the repository.
fn cache() -> Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || variable("HOME").map(|home| home.join(".cache"));
    Ok(variable("XDG_CACHE_HOME").or_else(home).context("HOME is not set")?.join("locald-bench"))
}

fn answers(name: impl AsRef<OsStr>, argument: &str) -> bool {
    let mut asked = program(name);
    asked.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}
