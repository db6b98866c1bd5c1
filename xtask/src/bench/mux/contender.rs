//! The multiplexers under test, and what all of them can do: run panes, show them on a terminal, and name their processes.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};

use super::super::mprocs::{self, Mprocs};
use super::super::outer::Outer;
use super::super::workload::{Ours, Tmux};

/// What a pane prints first; a terminal that shows it shows the pane. Marks are single characters that nothing else prints.
pub(super) const READY: &str = "Ж";
/// What a pane prints when it is done.
pub(super) const DONE: &str = "Ю";
/// A shell command that prints [`READY`]. Spelt so that the mark is in no command line, which may be shown somewhere.
pub(super) const SAY_READY: &str = r"printf '\320\226'";
/// A shell command that prints [`DONE`].
pub(super) const SAY_DONE: &str = r"printf '\320\256'";

/// The size of outer terminals.
pub(super) const COLUMNS: u16 = 120;
pub(super) const ROWS: u16 = 40;

/// A multiplexer under test.
#[derive(Clone)]
pub(super) enum Contender {
    Locald(PathBuf),
    Tmux,
    /// Measured only where somebody looks: it has no life without its terminal, and no second one.
    Mprocs(Mprocs),
}

/// A multiplexer with panes.
pub(super) enum Session {
    Locald(Ours),
    Tmux(Tmux),
    Mprocs(mprocs::Panes),
}

/// Ours first, then the peers that there are.
pub(super) fn contenders(executable: &Path) -> Result<Vec<Contender>> {
    let tmux = Tmux::new()?.map(|_| Contender::Tmux);
    if tmux.is_none() {
        eprintln!("tmux is left out: it is not installed");
    }
    let mprocs = Mprocs::install()?.map(Contender::Mprocs);
    let mprocs = mprocs.inspect_err(|why| eprintln!("mprocs is left out: {why}")).ok();
    Ok([Contender::Locald(executable.to_owned())].into_iter().chain(tmux).chain(mprocs).collect())
}

impl Contender {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Locald(_) => "locald",
            Self::Tmux => "tmux",
            Self::Mprocs(_) => "mprocs",
        }
    }

    /// Whether its panes live without a terminal, and can be shown on several.
    pub(super) fn detaches(&self) -> bool {
        !matches!(self, Self::Mprocs(_))
    }

    /// Starts panes that run these shell commands, with nobody looking.
    pub(super) fn start(&self, panes: &[String]) -> Result<Session> {
        match self {
            Self::Locald(executable) => {
                let service =
                    |(number, command): (usize, &String)| format!("[services.p{number}]\ncommand = '''{command}'''\n");
                let ours = Ours::new(executable, &panes.iter().enumerate().map(service).collect::<String>())?;
                ours.run(&["up"])?;
                Ok(Session::Locald(ours))
            }
            Self::Tmux => {
                let tmux = Tmux::new()?.ok_or_else(|| anyhow::anyhow!("tmux is gone"))?;
                // As many lines of history as we keep, or more.
                let history = ["set-option", "-g", "history-limit", "10000", ";"];
                let first = ["new-session", "-d", "-x", "80", "-y", "24", &panes[0]];
                tmux.run(&[&["start-server", ";"], &history[..], &first[..]].concat())?;
                for pane in &panes[1..] {
                    tmux.run(&["new-window", "-d", pane])?;
                }
                Ok(Session::Tmux(tmux))
            }
            Self::Mprocs(mprocs) => Ok(Session::Mprocs(mprocs.with_panes(panes)?)),
        }
    }
}

impl Session {
    /// Opens a terminal with the pane of this number on the whole of it and the keys going there, once it shows [`READY`].
    pub(super) fn attach(&self, pane: usize) -> Result<Outer> {
        self.attach_sized(pane, COLUMNS, ROWS)
    }

    /// As [`Self::attach`], of another size.
    pub(super) fn attach_sized(&self, pane: usize, columns: u16, rows: u16) -> Result<Outer> {
        let mut outer = self.open(pane, columns, rows)?;
        outer.found()?;
        match self {
            Self::Locald(_) => {
                outer.expect(READY);
                outer.type_keys("\u{2}z")?;
                outer.found()?;
            }
            Self::Tmux(_) => {}
            // From the list to the pane.
            Self::Mprocs(_) => outer.type_keys("\u{1}")?,
        }
        Ok(outer)
    }

    /// Opens a terminal that is about to show the pane of this number.
    pub(super) fn open(&self, pane: usize, columns: u16, rows: u16) -> Result<Outer> {
        let command = match self {
            Self::Locald(ours) => ours.workspace(&format!("p{pane}")),
            Self::Tmux(tmux) => {
                tmux.run(&["select-window", "-t", &format!(":{pane}")])?;
                tmux.client()
            }
            Self::Mprocs(panes) => {
                ensure!(pane == 0, "only the first pane is shown of mprocs");
                panes.client()
            }
        };
        Outer::open(command, columns, rows, READY)
    }

    /// Every process of the multiplexer, those on these terminals among them.
    pub(super) fn processes(&self, clients: &[&Outer]) -> Result<Vec<u32>> {
        let mut all = match self {
            Self::Locald(ours) => ours.all_processes()?,
            Self::Tmux(tmux) => tmux.server()?,
            // It is on the terminal.
            Self::Mprocs(_) => Vec::new(),
        };
        for client in clients {
            all.push(client.pid()?);
        }
        Ok(all)
    }

    /// The process that has the screens.
    pub(super) fn daemon(&self) -> Result<u32> {
        match self {
            Self::Locald(ours) => Ok(ours.processes()?.1),
            Self::Tmux(tmux) => Ok(tmux.server()?[0]),
            Self::Mprocs(_) => bail!("only ours is measured so"),
        }
    }
}
