//! An outer terminal: a program on it, what it writes counted and looked through as it arrives, at a speed of our choosing.

use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const PATIENCE: Duration = Duration::from_mins(2);

/// A terminal with a program on it. The program is killed when this is dropped.
pub(super) struct Outer {
    shared: Arc<Shared>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    opened: Instant,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// What has come so far.
#[derive(Default)]
struct Seen {
    /// The end of it, to look through and to quote where something went wrong.
    tail: Vec<u8>,
    bytes: u64,
    /// What is waited for, and when it came.
    mark: Vec<u8>,
    found: Option<Instant>,
    /// Synchronized updates since the mark was set.
    updates: u64,
    /// Bytes taken per second; `None` for as fast as they come.
    rate: Option<u32>,
    ended: bool,
}

const TAIL: usize = 16 * 1024;
const UPDATE: &[u8] = b"\x1b[?2026h";

impl Outer {
    /// Starts a program on a terminal of this size, and looks out for `mark`.
    pub(super) fn open(mut command: CommandBuilder, columns: u16, rows: u16, mark: &str) -> Result<Self> {
        let pair = native_pty_system().openpty(size(columns, rows))?;
        command.env("TERM", "xterm-256color");
        for ours in ["TMUX", "NO_COLOR", "COLUMNS", "LINES"] {
            command.env_remove(ours);
        }
        let opened = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let shared = Arc::new(Shared::default());
        shared.seen().mark = mark.as_bytes().to_vec();
        let (reader, told) = (pair.master.try_clone_reader()?, shared.clone());
        thread::spawn(move || told.read_all(reader));
        let writer = pair.master.take_writer()?;
        Ok(Self { shared, writer, child, master: pair.master, opened })
    }

    /// The program's process.
    pub(super) fn pid(&self) -> Result<u32> {
        self.child.process_id().context("a program on a terminal has a process")
    }

    /// When the program was started.
    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    /// Bytes that the program has written so far.
    pub(super) fn bytes(&self) -> u64 {
        self.shared.seen().bytes
    }

    /// Takes only so many bytes per second from now on.
    pub(super) fn set_rate(&self, rate: Option<u32>) {
        self.shared.seen().rate = rate;
    }

    /// Looks out for `mark` from now on.
    pub(super) fn expect(&self, mark: &str) {
        let mut seen = self.shared.seen();
        seen.mark = mark.as_bytes().to_vec();
        seen.found = None;
        seen.updates = 0;
        seen.tail.clear();
    }

    /// When what is expected came. A mark is one cell: programs write only what changes, and more than one could come in pieces.
    pub(super) fn found(&self) -> Result<Instant> {
        let (begun, mut seen) = (Instant::now(), self.shared.seen());
        loop {
            if let Some(found) = seen.found {
                return Ok(found);
            }
            if seen.ended || begun.elapsed() > PATIENCE {
                let (mark, tail) = (String::from_utf8_lossy(&seen.mark), String::from_utf8_lossy(&seen.tail));
                bail!("the terminal never showed {mark:?}; the last it showed was {tail:?}");
            }
            let wait = self.shared.changed.wait_timeout(seen, Duration::from_millis(100));
            seen = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Synchronized updates that were begun from [`Self::expect`] to the mark.
    pub(super) fn updates(&self) -> u64 {
        self.shared.seen().updates
    }

    pub(super) fn type_keys(&mut self, keys: &str) -> Result<()> {
        self.writer.write_all(keys.as_bytes())?;
        Ok(self.writer.flush()?)
    }

    pub(super) fn resize(&self, columns: u16, rows: u16) -> Result<()> {
        self.master.resize(size(columns, rows))
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_all(&self, mut reader: Box<dyn Read + Send>) {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            let now = Instant::now();
            let mut seen = self.seen();
            seen.take(&buffer[..count], now);
            let rate = seen.rate;
            drop(seen);
            self.changed.notify_all();
            if let Some(rate) = rate {
                thread::sleep(Duration::from_secs(1) * count as u32 / rate);
            }
        }
        self.seen().ended = true;
        self.changed.notify_all();
    }
}

impl Seen {
    fn take(&mut self, bytes: &[u8], now: Instant) {
        self.bytes += bytes.len() as u64;
        if self.tail.len() > TAIL {
            self.tail.drain(..TAIL / 2);
        }
        // What is looked for may have come in two pieces.
        let from = self.tail.len().saturating_sub(UPDATE.len().max(self.mark.len()) - 1);
        self.tail.extend_from_slice(bytes);
        if self.found.is_some() {
            return;
        }
        let mark = (!self.mark.is_empty()).then(|| position(&self.tail[from..], &self.mark)).flatten();
        if mark.is_some() {
            self.found = Some(now);
        }
        let mut rest = &self.tail[from..mark.map_or(self.tail.len(), |at| from + at)];
        while let Some(at) = position(rest, UPDATE) {
            self.updates += 1;
            rest = &rest[at + UPDATE.len()..];
        }
    }
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}
