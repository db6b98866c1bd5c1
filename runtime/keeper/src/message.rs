//! The keeper's two private protocols: with the daemon, and with the reaper of each run.
//!
//! Both ends of a conversation come from one release most of the time, but a daemon may be replaced while its keeper lives on,
//! so the first message of each says [`VERSION`], and an unknown message is an error and never guessed at.

use crate::codec::{Malformed, Reader, Writer};
use crate::launch::{Launch, LaunchFailure, Stop};
use crate::outcome::{Ending, Outcome};

/// The version of both protocols and of the shared memory between keeper and daemon.
pub const VERSION: u32 = 3;

/// From the daemon to the keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToKeeper {
    /// First of all.
    Hello {
        /// The daemon's [`VERSION`].
        version: u32,
    },
    /// Makes a slot, unless it is there. Answered by [`FromKeeper::Slot`].
    Open {
        /// The slot's name, chosen by the daemon.
        slot: String,
        /// The offset at which the slot's journal begins: where the log on disk ends.
        base: u64,
    },
    /// Forgets a slot that has no run.
    Close {
        /// The slot.
        slot: String,
    },
    /// Starts a run in a slot that has none. With the launch's sockets. Answered by `Spawned` or `SpawnFailed`.
    Spawn {
        /// The slot.
        slot: String,
        /// The run's number, chosen by the daemon.
        run: u64,
        /// What to start.
        launch: Launch,
    },
    /// Sends a signal to the process group of a run's first process.
    Signal {
        /// The slot.
        slot: String,
        /// The signal.
        signal: i32,
    },
    /// Ends a run and everything below it.
    Stop {
        /// The slot.
        slot: String,
        /// How.
        stop: Stop,
    },
    /// Keeps a value for the next daemon, in memory only.
    Put {
        /// Its name.
        key: String,
        /// The value.
        value: Vec<u8>,
    },
    /// Forgets a value.
    Remove {
        /// Its name.
        key: String,
    },
    /// The daemon has stopped everything and will exit; the keeper ends after it.
    Shutdown,
    /// Holds a socket for the next daemon, in the place of one that was held under this name. With the socket.
    Hold {
        /// Its name.
        key: String,
    },
    /// Closes a socket that is held.
    Release {
        /// Its name.
        key: String,
    },
}

/// From the keeper to the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromKeeper {
    /// First of all. With the control listener, the daemon's wake event and the keeper's wake event.
    Welcome {
        /// The keeper's [`VERSION`].
        version: u32,
        /// The keeper's process.
        pid: u32,
        /// When the keeper started, in nanoseconds since the Unix epoch.
        started: u64,
        /// How many daemons have failed before this one.
        failures: u32,
    },
    /// A slot and its run, if it has one. With the ring's memory, then the terminal's master if there is one.
    Slot {
        /// The slot's name.
        slot: String,
        /// Where the slot's processes send sd_notify(3) messages.
        notify: String,
        /// The run that lives in it.
        run: Option<RunInfo>,
        /// The number of the run that is just being started in it.
        starting: Option<u64>,
    },
    /// A value that an earlier daemon put.
    Value {
        /// Its name.
        key: String,
        /// The value.
        value: Vec<u8>,
    },
    /// A socket that an earlier daemon had held. With the socket.
    Held {
        /// Its name.
        key: String,
    },
    /// Everything the keeper holds has been said.
    Ready,
    /// A run has begun. With the terminal's master if there is one.
    Spawned {
        /// The slot.
        slot: String,
        /// The run.
        run: RunInfo,
    },
    /// A run could not begin; the slot has none.
    SpawnFailed {
        /// The slot.
        slot: String,
        /// The run's number.
        run: u64,
        /// Why.
        failure: LaunchFailure,
    },
    /// A process of the slot's service told something by sd_notify(3).
    Notify {
        /// The slot.
        slot: String,
        /// The variable, such as `READY`.
        key: String,
        /// Its value.
        value: String,
    },
    /// The control socket had to be made anew. With the new listener.
    Listener,
    /// The keeper was asked to end: stop everything, then say [`ToKeeper::Shutdown`].
    Terminate,
}

/// A living run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunInfo {
    /// Its number.
    pub run: u64,
    /// Its first process.
    pub pid: u32,
    /// When it began, in nanoseconds since the Unix epoch.
    pub since: u64,
    /// Whether it has a terminal.
    pub terminal: bool,
}

/// From the keeper to a reaper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToReaper {
    Launch(Launch),
    Signal(i32),
    Stop(Stop),
}

/// From a reaper to the keeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FromReaper {
    Hello {
        version: u32,
    },
    Started {
        pid: u32,
    },
    Failed(LaunchFailure),
    /// The first process has ended; others may still be there.
    Exited(Outcome),
    /// Nothing is left that is not left on purpose.
    Gone(Ending),
}

/// A message with a byte form.
pub trait Message: Sized {
    /// The byte form.
    fn encode(&self) -> Vec<u8>;
    /// Reads the byte form.
    fn decode(bytes: &[u8]) -> Result<Self, Malformed>;
    /// How many descriptors travel with it at most.
    fn descriptors(&self) -> usize {
        0
    }
}

impl RunInfo {
    fn write(self, out: &mut Writer) {
        out.u64(self.run).u32(self.pid).u64(self.since).u8(u8::from(self.terminal));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { run: input.u64()?, pid: input.u32()?, since: input.u64()?, terminal: input.bool()? })
    }
}

impl Message for ToKeeper {
    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Hello { version } => out.u8(0).u32(*version),
            Self::Open { slot, base } => out.u8(1).bytes(slot.as_bytes()).u64(*base),
            Self::Close { slot } => out.u8(2).bytes(slot.as_bytes()),
            Self::Spawn { slot, run, launch } => {
                out.u8(3).bytes(slot.as_bytes()).u64(*run);
                launch.write(&mut out);
                &mut out
            }
            Self::Signal { slot, signal } => out.u8(4).bytes(slot.as_bytes()).i32(*signal),
            Self::Stop { slot, stop } => {
                out.u8(5).bytes(slot.as_bytes());
                stop.write(&mut out);
                &mut out
            }
            Self::Put { key, value } => out.u8(6).bytes(key.as_bytes()).bytes(value),
            Self::Remove { key } => out.u8(7).bytes(key.as_bytes()),
            Self::Shutdown => out.u8(8),
            Self::Hold { key } => out.u8(9).bytes(key.as_bytes()),
            Self::Release { key } => out.u8(10).bytes(key.as_bytes()),
        };
        out.0
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut input = Reader::new(bytes);
        let message = match input.u8()? {
            0 => Self::Hello { version: input.u32()? },
            1 => Self::Open { slot: input.text()?, base: input.u64()? },
            2 => Self::Close { slot: input.text()? },
            3 => Self::Spawn { slot: input.text()?, run: input.u64()?, launch: Launch::read(&mut input)? },
            4 => Self::Signal { slot: input.text()?, signal: input.i32()? },
            5 => Self::Stop { slot: input.text()?, stop: Stop::read(&mut input)? },
            6 => Self::Put { key: input.text()?, value: input.bytes()?.to_vec() },
            7 => Self::Remove { key: input.text()? },
            8 => Self::Shutdown,
            9 => Self::Hold { key: input.text()? },
            10 => Self::Release { key: input.text()? },
            _ => return Err(Malformed),
        };
        input.end()?;
        Ok(message)
    }

    fn descriptors(&self) -> usize {
        match self {
            Self::Spawn { launch, .. } => launch.sockets.into(),
            Self::Hold { .. } => 1,
            _ => 0,
        }
    }
}

impl Message for FromKeeper {
    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Welcome { version, pid, started, failures } => {
                out.u8(0).u32(*version).u32(*pid).u64(*started).u32(*failures)
            }
            Self::Slot { slot, notify, run, starting } => {
                out.u8(1).bytes(slot.as_bytes()).bytes(notify.as_bytes());
                out.list(run.as_slice(), |out, run| run.write(out)).list(starting.as_slice(), |out, run| {
                    out.u64(*run);
                })
            }
            Self::Value { key, value } => out.u8(2).bytes(key.as_bytes()).bytes(value),
            Self::Ready => out.u8(3),
            Self::Spawned { slot, run } => {
                out.u8(4).bytes(slot.as_bytes());
                run.write(&mut out);
                &mut out
            }
            Self::SpawnFailed { slot, run, failure } => {
                out.u8(5).bytes(slot.as_bytes()).u64(*run);
                failure.write(&mut out);
                &mut out
            }
            Self::Notify { slot, key, value } => {
                out.u8(6).bytes(slot.as_bytes()).bytes(key.as_bytes()).bytes(value.as_bytes())
            }
            Self::Listener => out.u8(7),
            Self::Terminate => out.u8(8),
            Self::Held { key } => out.u8(9).bytes(key.as_bytes()),
        };
        out.0
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut input = Reader::new(bytes);
        let message = match input.u8()? {
            0 => {
                let (version, pid) = (input.u32()?, input.u32()?);
                Self::Welcome { version, pid, started: input.u64()?, failures: input.u32()? }
            }
            1 => {
                let (slot, notify) = (input.text()?, input.text()?);
                let run = input.list(RunInfo::read)?.pop();
                Self::Slot { slot, notify, run, starting: input.list(Reader::u64)?.pop() }
            }
            2 => Self::Value { key: input.text()?, value: input.bytes()?.to_vec() },
            3 => Self::Ready,
            4 => Self::Spawned { slot: input.text()?, run: RunInfo::read(&mut input)? },
            5 => {
                Self::SpawnFailed { slot: input.text()?, run: input.u64()?, failure: LaunchFailure::read(&mut input)? }
            }
            6 => Self::Notify { slot: input.text()?, key: input.text()?, value: input.text()? },
            7 => Self::Listener,
            8 => Self::Terminate,
            9 => Self::Held { key: input.text()? },
            _ => return Err(Malformed),
        };
        input.end()?;
        Ok(message)
    }

    fn descriptors(&self) -> usize {
        match self {
            Self::Welcome { .. } => 3,
            Self::Slot { run, .. } => 1 + usize::from(run.is_some_and(|run| run.terminal)),
            Self::Spawned { run, .. } => usize::from(run.terminal),
            Self::Listener | Self::Held { .. } => 1,
            Self::Value { .. } | Self::Ready | Self::SpawnFailed { .. } | Self::Notify { .. } | Self::Terminate => 0,
        }
    }
}

impl Message for ToReaper {
    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Launch(launch) => {
                out.u8(0);
                launch.write(&mut out);
            }
            Self::Signal(signal) => {
                out.u8(1).i32(*signal);
            }
            Self::Stop(stop) => {
                out.u8(2);
                stop.write(&mut out);
            }
        }
        out.0
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut input = Reader::new(bytes);
        let message = match input.u8()? {
            0 => Self::Launch(Launch::read(&mut input)?),
            1 => Self::Signal(input.i32()?),
            2 => Self::Stop(Stop::read(&mut input)?),
            _ => return Err(Malformed),
        };
        input.end()?;
        Ok(message)
    }

    fn descriptors(&self) -> usize {
        match self {
            Self::Launch(launch) => launch.sockets.into(),
            Self::Signal(_) | Self::Stop(_) => 0,
        }
    }
}

impl Message for FromReaper {
    fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        match self {
            Self::Hello { version } => {
                out.u8(0).u32(*version);
            }
            Self::Started { pid } => {
                out.u8(1).u32(*pid);
            }
            Self::Failed(failure) => {
                out.u8(2);
                failure.write(&mut out);
            }
            Self::Exited(outcome) => {
                out.u8(3);
                outcome.write(&mut out);
            }
            Self::Gone(ending) => {
                out.u8(4);
                ending.write(&mut out);
            }
        }
        out.0
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut input = Reader::new(bytes);
        let message = match input.u8()? {
            0 => Self::Hello { version: input.u32()? },
            1 => Self::Started { pid: input.u32()? },
            2 => Self::Failed(LaunchFailure::read(&mut input)?),
            3 => Self::Exited(Outcome::read(&mut input)?),
            4 => Self::Gone(Ending::read(&mut input)?),
            _ => return Err(Malformed),
        };
        input.end()?;
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::launch::{Escape, Step, Terminal};

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(any::<u8>(), 0..20)
    }

    prop_compose! {
        fn launch()(
            arguments in proptest::collection::vec(bytes(), 0..4), directory in bytes(), size in proptest::option::of(any::<(u16, u16)>()),
            environment in proptest::collection::vec(bytes(), 0..4), leave in any::<bool>(), stop_signal in any::<i32>(),
            sockets in 0..=crate::launch::MAX_SOCKETS,
        ) -> Launch {
            let terminal = size.map_or(Terminal::Pipes, |(columns, rows)| Terminal::Pty { columns, rows });
            let escape = if leave { Escape::Leave } else { Escape::Kill };
            Launch { arguments, directory, environment, terminal, escape, stop_signal, sockets }
        }
    }

    prop_compose! {
        fn run_info()(run in any::<u64>(), pid in any::<u32>(), since in any::<u64>(), terminal in any::<bool>()) -> RunInfo {
            RunInfo { run, pid, since, terminal }
        }
    }

    fn to_keeper() -> impl Strategy<Value = ToKeeper> {
        let stop = (any::<i32>(), any::<u32>())
            .prop_map(|(signal, millis)| Stop { signal, grace: Duration::from_millis(u64::from(millis)) });
        prop_oneof![
            any::<u32>().prop_map(|version| ToKeeper::Hello { version }),
            (".{0,9}", any::<u64>()).prop_map(|(slot, base)| ToKeeper::Open { slot, base }),
            ".{0,9}".prop_map(|slot| ToKeeper::Close { slot }),
            (".{0,9}", any::<u64>(), launch()).prop_map(|(slot, run, launch)| ToKeeper::Spawn { slot, run, launch }),
            (".{0,9}", any::<i32>()).prop_map(|(slot, signal)| ToKeeper::Signal { slot, signal }),
            (".{0,9}", stop).prop_map(|(slot, stop)| ToKeeper::Stop { slot, stop }),
            (".{0,9}", bytes()).prop_map(|(key, value)| ToKeeper::Put { key, value }),
            ".{0,9}".prop_map(|key| ToKeeper::Remove { key }),
            Just(ToKeeper::Shutdown),
            ".{0,9}".prop_map(|key| ToKeeper::Hold { key }),
            ".{0,9}".prop_map(|key| ToKeeper::Release { key }),
        ]
    }

    fn from_keeper() -> impl Strategy<Value = FromKeeper> {
        let failure = (0usize..5, any::<i32>()).prop_map(|(step, errno)| LaunchFailure {
            step: [Step::Terminal, Step::Reaper, Step::ReaperVersion, Step::Directory, Step::Execute][step],
            errno,
        });
        prop_oneof![
            any::<(u32, u32, u64, u32)>().prop_map(|(version, pid, started, failures)| FromKeeper::Welcome {
                version,
                pid,
                started,
                failures
            }),
            (".{0,9}", ".{0,9}", proptest::option::of(run_info()), any::<Option<u64>>())
                .prop_map(|(slot, notify, run, starting)| FromKeeper::Slot { slot, notify, run, starting }),
            (".{0,9}", bytes()).prop_map(|(key, value)| FromKeeper::Value { key, value }),
            ".{0,9}".prop_map(|key| FromKeeper::Held { key }),
            Just(FromKeeper::Ready),
            (".{0,9}", run_info()).prop_map(|(slot, run)| FromKeeper::Spawned { slot, run }),
            (".{0,9}", any::<u64>(), failure).prop_map(|(slot, run, failure)| FromKeeper::SpawnFailed {
                slot,
                run,
                failure
            }),
            (".{0,9}", ".{0,9}", ".{0,9}").prop_map(|(slot, key, value)| FromKeeper::Notify { slot, key, value }),
            Just(FromKeeper::Listener),
            Just(FromKeeper::Terminate),
        ]
    }

    fn survives<M: Message + PartialEq + std::fmt::Debug>(message: &M) -> Result<(), TestCaseError> {
        let bytes = message.encode();
        let read = M::decode(&bytes);
        prop_assert_eq!(read.as_ref(), Ok(message));
        for cut in 0..bytes.len() {
            prop_assert_eq!(M::decode(&bytes[..cut]), Err(Malformed), "cut at {}", cut);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn what_the_daemon_says_reads_back_as_it_was_and_never_in_part(message in to_keeper()) {
            survives(&message)?;
        }

        #[test]
        fn what_the_keeper_says_reads_back_as_it_was_and_never_in_part(message in from_keeper()) {
            survives(&message)?;
        }

        #[test]
        fn a_launch_reads_back_as_it_was_at_the_reaper(launch in launch()) {
            survives(&ToReaper::Launch(launch))?;
        }

        #[test]
        fn arbitrary_bytes_never_panic_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = (ToKeeper::decode(&bytes), FromKeeper::decode(&bytes));
            let _ = (ToReaper::decode(&bytes), FromReaper::decode(&bytes));
        }
    }
}
