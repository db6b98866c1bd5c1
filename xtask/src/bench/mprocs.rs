//! `mprocs` as a program under test. npm brings it, into a folder that goes away again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;

use anyhow::Result;
use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::cargo::program;

/// The program.
#[derive(Clone)]
pub(super) struct Mprocs {
    /// Not what npm puts on the path: that is a script, which starts this and would be measured in its stead.
    binary: PathBuf,
    _dir: Rc<TempDir>,
}

impl Mprocs {
    /// Installs it; or says why there is none.
    pub(super) fn install() -> Result<Result<Self, String>> {
        let dir = tempfile::tempdir()?;
        let mut npm = program("npm");
        npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(dir.path()).arg("mprocs");
        let installed = match npm.stdin(Stdio::null()).output() {
            Ok(output) => output,
            Err(error) => return Ok(Err(format!("npm, which brings it, cannot be run: {error}"))),
        };
        if !installed.status.success() {
            let said = String::from_utf8_lossy(&installed.stderr);
            return Ok(Err(format!("npm could not bring it: {}", said.lines().next().unwrap_or_default())));
        }
        let package = dir.path().join("node_modules/mprocs");
        let asked =
            program("node").args(["-p", "require(process.argv[1])"]).arg(package).stdin(Stdio::null()).output()?;
        let binary = PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim());
        if !binary.is_file() {
            return Ok(Err("its package holds no program for this machine".into()));
        }
        Ok(Ok(Self { binary, _dir: Rc::new(dir) }))
    }

    /// Panes that run these shell commands, once there is a terminal.
    pub(super) fn with_panes(&self, panes: &[String]) -> Result<Panes> {
        let dir = tempfile::tempdir()?;
        let pane = |(number, command): (usize, &String)| format!("p{number}: {{ cmd: ['sh', '-c', {command:?}] }}");
        let panes: Vec<String> = panes.iter().enumerate().map(pane).collect();
        let config = format!("scrollback: 10000\nprocs: {{ {} }}\n", panes.join(", "));
        fs::write(dir.path().join("mprocs.yaml"), config)?;
        Ok(Panes { binary: self.binary.clone(), dir })
    }
}

/// One process for its terminal and all panes, so nothing of them is there before somebody looks.
pub(super) struct Panes {
    binary: PathBuf,
    dir: TempDir,
}

impl Panes {
    /// The program, which shows the first pane.
    pub(super) fn client(&self) -> CommandBuilder {
        let mut command = CommandBuilder::new(&self.binary);
        command.arg("--config");
        command.arg(Path::new("mprocs.yaml"));
        command.cwd(self.dir.path());
        command
    }
}
