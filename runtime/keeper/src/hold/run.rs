//! One run of a service as the keeper holds it: its reaper, and the ends of its terminal or pipes.
#![expect(
    unsafe_code,
    reason = "portable-pty gives out the master's number only, not a descriptor that can be duplicated"
)]

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use portable_pty::{PtySize, native_pty_system};
use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;

use crate::cgroup::RunGroup;
use crate::channel::{Receiver, Sender};
use crate::hold::poller::{Poller, Token};
use crate::journal::Stream;
use crate::launch::{Launch, LaunchFailure, Step, Terminal};
use crate::message::{RunInfo, ToReaper};
use crate::outcome::Outcome;

/// A run, from the start of its reaper to its last byte of output.
pub(super) struct Run {
    /// The keeper's own number for it.
    pub(super) id: u32,
    /// The daemon's number for it.
    pub(super) number: u64,
    /// What to start; taken once the reaper has it.
    pub(super) launch: Option<Launch>,
    /// What it is to listen on, until the reaper has that too.
    pub(super) sockets: Vec<OwnedFd>,
    pub(super) terminal: Terminal,
    /// The reaper's process, a child of ours until it is reaped.
    pub(super) reaper: i32,
    pub(super) sender: Option<Sender>,
    pub(super) receiver: Option<Receiver>,
    /// The reaper's socket was full; the rest is sent when it is not.
    sends_later: bool,
    /// The first process and when it began, in nanoseconds since the Unix epoch, once it has.
    pub(super) begun: Option<(u32, u64)>,
    /// How the first process ended, once it has.
    pub(super) outcome: Option<Outcome>,
    /// Where output comes from.
    pub(super) sources: Vec<Source>,
    /// Its processes, in one control group where such can be had.
    group: Option<RunGroup>,
    /// Held so that a service which closes its terminal for a while does not hang it up.
    _slave: Option<OwnedFd>,
}

/// A descriptor that output comes from.
pub(super) struct Source {
    pub(super) stream: Stream,
    pub(super) descriptor: OwnedFd,
    pub(super) state: SourceState,
}

/// What the keeper does with a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceState {
    /// Not watched: the run has not begun, or the journal is full.
    Idle,
    /// Watched.
    Watched,
    /// Nothing more can come.
    Ended,
}

impl Run {
    /// Starts the reaper that will start the run.
    pub(super) fn spawn(
        id: u32,
        number: u64,
        launch: Launch,
        sockets: Vec<OwnedFd>,
        group: Option<RunGroup>,
        (reaper, socket): (&Path, &Path),
    ) -> Result<Self, LaunchFailure> {
        let mut arguments = vec![socket.as_os_str().to_owned(), std::process::id().to_string().into()];
        arguments.extend(group.as_ref().map(|group| group.path().as_os_str().to_owned()));
        let terminal = launch.terminal;
        let (pid, sources, slave) = match terminal {
            Terminal::Pty { columns, rows } => spawn_on_terminal(reaper, &arguments, columns, rows)?,
            Terminal::Pipes => spawn_on_pipes(reaper, &arguments)?,
        };
        Ok(Self {
            id,
            number,
            launch: Some(launch),
            sockets,
            terminal,
            reaper: pid,
            sender: None,
            receiver: None,
            sends_later: false,
            begun: None,
            outcome: None,
            sources,
            group,
            _slave: slave,
        })
    }

    /// Tells the reaper something.
    pub(super) fn tell(&mut self, message: &ToReaper, descriptors: Vec<OwnedFd>, poller: &Poller) {
        if let Some(sender) = &mut self.sender {
            sender.queue(message, descriptors);
        }
        self.flush(poller);
    }

    /// Sends what is queued for the reaper, and watches for room for the rest: a launch may be larger than a socket takes.
    pub(super) fn flush(&mut self, poller: &Poller) {
        let (Some(sender), Some(receiver)) = (&mut self.sender, &self.receiver) else { return };
        // A reaper that is gone is dealt with when its process ends.
        let later = !sender.flush().unwrap_or(true);
        if later != self.sends_later {
            self.sends_later = later;
            let _ = poller.watch_writing(receiver, Token::Reaper(self.id), later);
        }
    }

    /// The run as the daemon knows it, once it has begun.
    pub(super) fn info(&self) -> Option<RunInfo> {
        let (pid, since) = self.begun?;
        Some(RunInfo { run: self.number, pid, since, terminal: matches!(self.terminal, Terminal::Pty { .. }) })
    }

    /// What stays of the run when only its reaper does, to watch over processes left alone on purpose.
    pub(super) fn husk(&mut self) -> Self {
        let (sender, receiver, group) = (self.sender.take(), self.receiver.take(), self.group.take());
        Self { sources: Vec::new(), sockets: Vec::new(), _slave: None, launch: None, sender, receiver, group, ..*self }
    }

    /// A descriptor of the terminal's master for the daemon, if there is a terminal.
    pub(super) fn master(&self) -> io::Result<Option<OwnedFd>> {
        let tty = self.sources.iter().find(|source| source.stream == Stream::Tty);
        tty.map(|source| source.descriptor.try_clone()).transpose()
    }
}

type Spawned = (i32, Vec<Source>, Option<OwnedFd>);

fn spawn_on_terminal(reaper: &Path, arguments: &[OsString], columns: u16, rows: u16) -> Result<Spawned, LaunchFailure> {
    let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
    let failed = |_| LaunchFailure { step: Step::Terminal, errno: last_errno() };
    let pair = native_pty_system().openpty(size).map_err(failed)?;
    let number = pair.master.as_raw_fd().ok_or(LaunchFailure { step: Step::Terminal, errno: 0 })?;
    let of_terminal = |error: io::Error| at(Step::Terminal, &error);
    let master = duplicate(number).map_err(of_terminal)?;
    let slave = other_end(&master).map_err(of_terminal)?;
    let end = || slave.try_clone().map_err(of_terminal);
    let pid = spawn_reaper(reaper, arguments, [end()?.into(), end()?.into(), end()?.into()])?;
    Ok((pid, vec![source(Stream::Tty, master)?], Some(slave)))
}

/// The end of a terminal that programs get.
fn other_end(master: &OwnedFd) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    let slave = {
        use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer};
        // By the master and not by its name: the name may be of another file system where a container has its own.
        ioctl_tiocgptpeer(master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?
    };
    #[cfg(not(target_os = "linux"))]
    let slave = {
        let name = rustix::pty::ptsname(master, Vec::new())?;
        rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, rustix::fs::Mode::empty())?
    };
    Ok(slave)
}

fn spawn_on_pipes(reaper: &Path, arguments: &[OsString]) -> Result<Spawned, LaunchFailure> {
    let pipe = || rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(|error| at(Step::Terminal, &error.into()));
    let ((out, out_write), (err, err_write)) = (pipe()?, pipe()?);
    let pid = spawn_reaper(reaper, arguments, [Stdio::null(), out_write.into(), err_write.into()])?;
    Ok((pid, vec![source(Stream::Stdout, out)?, source(Stream::Stderr, err)?], None))
}

/// Starts the reaper on these three descriptors. All others of this process end with its exec, so nothing is done between fork and
/// exec, and nothing of this process is copied for it (`posix_spawn`).
#[expect(clippy::disallowed_methods, reason = "the one place where a reaper begins")]
fn spawn_reaper(reaper: &Path, arguments: &[OsString], [input, out, err]: [Stdio; 3]) -> Result<i32, LaunchFailure> {
    let mut command = Command::new(reaper);
    command.args(arguments).env_clear().current_dir("/").process_group(0);
    let child = command.stdin(input).stdout(out).stderr(err).spawn().map_err(|error| at(Step::Reaper, &error))?;
    Ok(child.id().cast_signed())
}

fn source(stream: Stream, descriptor: OwnedFd) -> Result<Source, LaunchFailure> {
    let nonblocking = rustix::fs::fcntl_getfl(&descriptor)
        .and_then(|flags| rustix::fs::fcntl_setfl(&descriptor, flags | OFlags::NONBLOCK));
    nonblocking.map_err(|error| at(Step::Terminal, &error.into()))?;
    Ok(Source { stream, descriptor, state: SourceState::Idle })
}

fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the number is of a descriptor that its owner, alive in the caller, keeps open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    Ok(rustix::io::fcntl_dupfd_cloexec(borrowed, 3)?)
}

fn at(step: Step, error: &io::Error) -> LaunchFailure {
    LaunchFailure { step, errno: error.raw_os_error().unwrap_or(0) }
}

fn last_errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
