//! Everything a service's process needs to begin, as it crosses from the daemon through the keeper to the reaper.

use std::time::Duration;

use crate::codec::{Malformed, Reader, Writer};

/// How to start one run of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The program and its arguments; the program is looked up in the `PATH` of `environment` unless it has a slash.
    pub arguments: Vec<Vec<u8>>,
    /// The working directory.
    pub directory: Vec<u8>,
    /// The whole environment as `NAME=value`.
    pub environment: Vec<Vec<u8>>,
    /// Where its output goes.
    pub terminal: Terminal,
    /// What becomes of processes that outlive it in a session of their own.
    pub escape: Escape,
    /// The signal that asks it to stop when its keeper dies.
    pub stop_signal: i32,
    /// How many open sockets travel with this; the process finds them as its descriptors 3 and on (sd_listen_fds(3)).
    pub sockets: u8,
}

/// The most sockets one process is given.
pub(crate) const MAX_SOCKETS: u8 = 4;

/// Where a service's output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminal {
    /// A pseudo-terminal of this size.
    Pty {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// One pipe for standard output and one for standard error; standard input is `/dev/null`.
    Pipes,
}

/// What becomes of processes that outlive a service in a session of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// They end with it.
    Kill,
    /// They are spared.
    Leave,
}

/// A request to end a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// The signal that asks for it.
    pub signal: i32,
    /// How long the processes may take before they are killed.
    pub grace: Duration,
}

/// A run that could not begin: at which step, and the `errno` of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaunchFailure {
    /// What was being done.
    pub step: Step,
    /// The error number (errno(3)); 0 where there is none.
    pub errno: i32,
}

/// The steps of beginning a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Opening the terminal or the pipes.
    Terminal,
    /// Starting `locald-reaper`, which stands beside the `locald` executable.
    Reaper,
    /// A `locald-reaper` of another release stands beside `locald`.
    ReaperVersion,
    /// Changing into the working directory.
    Directory,
    /// Executing the program.
    Execute,
}

impl Launch {
    pub(crate) fn write(&self, out: &mut Writer) {
        let bytes = |out: &mut Writer, item: &Vec<u8>| {
            out.bytes(item);
        };
        out.list(&self.arguments, bytes).bytes(&self.directory).list(&self.environment, bytes);
        match self.terminal {
            Terminal::Pty { columns, rows } => out.u8(1).u16(columns).u16(rows),
            Terminal::Pipes => out.u8(0).u16(0).u16(0),
        };
        out.u8(u8::from(self.escape == Escape::Leave)).i32(self.stop_signal).u8(self.sockets);
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let bytes = |input: &mut Reader<'_>| input.bytes().map(<[u8]>::to_vec);
        let (arguments, directory, environment) = (input.list(bytes)?, bytes(input)?, input.list(bytes)?);
        let terminal = match (input.u8()?, input.u16()?, input.u16()?) {
            (0, _, _) => Terminal::Pipes,
            (1, columns, rows) => Terminal::Pty { columns, rows },
            _ => return Err(Malformed),
        };
        let escape = if input.bool()? { Escape::Leave } else { Escape::Kill };
        let (stop_signal, sockets) = (input.i32()?, input.u8()?);
        if sockets > MAX_SOCKETS {
            return Err(Malformed);
        }
        Ok(Self { arguments, directory, environment, terminal, escape, stop_signal, sockets })
    }
}

impl Stop {
    pub(crate) fn write(self, out: &mut Writer) {
        out.i32(self.signal).u64(u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX));
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { signal: input.i32()?, grace: Duration::from_millis(input.u64()?) })
    }
}

impl LaunchFailure {
    pub(crate) fn write(self, out: &mut Writer) {
        out.u8(self.step as u8).i32(self.errno);
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let step = match input.u8()? {
            0 => Step::Terminal,
            1 => Step::Reaper,
            2 => Step::ReaperVersion,
            3 => Step::Directory,
            4 => Step::Execute,
            _ => return Err(Malformed),
        };
        Ok(Self { step, errno: input.i32()? })
    }
}
