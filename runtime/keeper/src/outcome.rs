//! How a run of a service ended.

use crate::codec::{Malformed, Reader, Writer};

/// How a run's first process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It returned this exit code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// Nobody saw it: the reaper that watched it was killed.
    Unknown,
}

/// The end of a run: the first process's outcome, and what was done about the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// How the first process ended.
    pub outcome: Outcome,
    /// Names of processes below it that outlived it and were ended too.
    pub killed: Vec<String>,
    /// Names of processes that were left alone on purpose.
    pub left: Vec<String>,
}

/// Names kept of one run's processes, so that a fork bomb does not make a long list.
pub(crate) const MAX_NAMES: usize = 32;

impl Outcome {
    pub(crate) fn write(self, out: &mut Writer) {
        match self {
            Self::Code(code) => out.u8(0).i32(code),
            Self::Signal(signal) => out.u8(1).i32(signal),
            Self::Unknown => out.u8(2).i32(0),
        };
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        match (input.u8()?, input.i32()?) {
            (0, code) => Ok(Self::Code(code)),
            (1, signal) => Ok(Self::Signal(signal)),
            (2, _) => Ok(Self::Unknown),
            _ => Err(Malformed),
        }
    }
}

impl From<rustix::process::WaitStatus> for Outcome {
    fn from(status: rustix::process::WaitStatus) -> Self {
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Unknown,
        }
    }
}

impl Ending {
    pub(crate) fn write(&self, out: &mut Writer) {
        self.outcome.write(out);
        out.list(&self.killed, |out, name| {
            out.bytes(name.as_bytes());
        });
        out.list(&self.left, |out, name| {
            out.bytes(name.as_bytes());
        });
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        let outcome = Outcome::read(input)?;
        Ok(Self { outcome, killed: input.list(Reader::text)?, left: input.list(Reader::text)? })
    }
}
