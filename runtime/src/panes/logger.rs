//! The thread that writes logs. A disk that is full, broken or slow costs lines of the log, never a service's time: what cannot be
//! written becomes a gap, which is named in the log as soon as there is room for that.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use locald_keeper::{Outcome, What, entries};
use locald_term::Size;
use rustix::io::Errno;
use tracing::{info, warn};

use super::checkpoints::Places;
use super::syncer::Syncer;
use super::{Pane, PaneSet};
use crate::logs::{self, Caps, Cursor, Entry, GapReason, LastRun, Record, Writer};

/// How much is written at once.
const BATCH: usize = 256 * 1024;
/// How often what was written is made safe from a crash of the machine, and how often a broken log is tried again.
const SYNC: Duration = Duration::from_secs(1);
/// A disk that was full is written to again once so much is free. The record that names a gap fits long before what follows it
/// does; written at once, it would only be the first of many.
const ENOUGH_ROOM: u64 = BATCH as u64;
/// Marks of runs that are kept while they cannot be written.
const MAX_MARKS: usize = 16;

/// The log of one pane, as the logger holds it.
pub(crate) struct PaneLog {
    caps: Caps,
    writer: Option<Writer>,
    end: Option<u64>,
    last_run: Option<LastRun>,
    gap: Option<Gap>,
    dirty: bool,
    /// Where the latest checkpoints were when it was opened.
    checkpoints: Vec<Cursor>,
    places: Places,
}

/// What could not be written, and is still to be named.
struct Gap {
    /// Its length in bytes of the journal.
    length: u64,
    reason: GapReason,
    /// When runs began and ended in it.
    marks: Vec<Record<'static>>,
    tried: Instant,
}

/// Tells the logger to finish.
#[derive(Clone, Default)]
pub(crate) struct Finish(Arc<AtomicBool>);

impl Finish {
    pub(crate) fn tell(&self, logger: &thread::Thread) {
        self.0.store(true, SeqCst);
        logger.unpark();
    }
}

/// Starts the thread. It sleeps until it is unparked.
pub(crate) fn start(panes: Arc<PaneSet>, finish: Finish) -> io::Result<JoinHandle<()>> {
    let syncer = Syncer::start()?;
    thread::Builder::new().name("logs".to_owned()).spawn(move || run(&panes, &finish, syncer))
}

fn run(set: &PaneSet, finish: &Finish, syncer: Syncer) {
    let mut buffer = Vec::new();
    let mut sync_at: Option<Instant> = None;
    loop {
        let panes = set.all();
        let mut news = false;
        for pane in &panes {
            news |= pane.log_batch(&mut buffer);
        }
        let now = Instant::now();
        if sync_at.is_some_and(|at| at <= now) {
            sync_at = if syncer.is_busy() { Some(now + SYNC) } else { None };
            if sync_at.is_none() {
                syncer.sync(unsynced(&panes));
            }
        }
        if finish.0.load(SeqCst) {
            break;
        }
        if news {
            sync_at.get_or_insert(now + SYNC);
            continue;
        }
        let mends = panes.iter().any(|pane| pane.log().gap.is_some());
        match sync_at.or_else(|| mends.then(|| now + SYNC)) {
            Some(at) => thread::park_timeout(at.saturating_duration_since(now)),
            None => thread::park(),
        }
    }
    // What is there now; a service that goes on printing is the next daemon's.
    for pane in set.all() {
        let until = pane.journal.head();
        while pane.log_at.load(SeqCst) < until && pane.log_batch(&mut buffer) {}
        pane.log_last_checkpoint();
    }
    syncer.sync(unsynced(&set.all()));
    syncer.finish();
}

/// What was written since the last call and is not safe yet.
fn unsynced(panes: &[Arc<Pane>]) -> Vec<File> {
    panes.iter().flat_map(|pane| pane.log().take_unsynced()).collect()
}

impl PaneLog {
    /// Opens the log in `dir`. One that cannot be opened is tried again later.
    pub(crate) fn open(dir: &Path, caps: Caps) -> Self {
        let mut log = Self {
            caps,
            writer: None,
            end: None,
            last_run: None,
            gap: None,
            dirty: false,
            checkpoints: Vec::new(),
            places: Places::default(),
        };
        if let Err(error) = log.reopen(dir) {
            warn!(dir = %dir.display(), %error, "the log cannot be opened");
        }
        log
    }

    /// The journal's offset at which the log ends, if it has a record.
    pub(crate) fn end(&self) -> Option<u64> {
        self.end
    }

    /// The run that began last, as the log was when it was opened.
    pub(crate) fn last_run(&self) -> Option<LastRun> {
        self.last_run
    }

    /// Where the latest checkpoints stand, as the log was when it was opened.
    pub(crate) fn checkpoints(&self) -> &[Cursor] {
        &self.checkpoints
    }

    /// Writes down that a run ended unseen. A log that cannot be written has a gap there anyway.
    pub(crate) fn note_lost_run(&mut self, dir: &Path, at: u64, run: u64) {
        let entry = Entry::RunEnded { run, outcome: logs::Outcome::Lost };
        let (_, written) = self.append(dir, at, &[Record { time: now(), end: at, entry }]);
        if let Err(error) = written {
            info!(dir = %dir.display(), %error, "the end of a lost run was not logged");
        }
    }

    fn reopen(&mut self, dir: &Path) -> io::Result<()> {
        let (mut writer, opened) = Writer::open(dir, self.caps)?;
        if opened.cut > 0 {
            info!(dir = %dir.display(), bytes = opened.cut, "cut the torn end of a log");
        }
        writer.prune(now());
        self.end = opened.end;
        self.last_run = opened.run;
        self.checkpoints = opened.checkpoints;
        self.writer = Some(writer);
        Ok(())
    }

    /// Appends records after naming a gap, if there is one; says how many of them are in the log, and why not all.
    fn append(&mut self, dir: &Path, at: u64, records: &[Record<'_>]) -> (usize, io::Result<()>) {
        if self.writer.is_none()
            && let Err(error) = self.reopen(dir)
        {
            return (0, Err(error));
        }
        let Some(writer) = &mut self.writer else { return (0, Ok(())) };
        self.dirty = true;
        if let Some(gap) = &mut self.gap {
            gap.tried = Instant::now();
            let named = Record { time: now(), end: at, entry: Entry::Gap { length: gap.length, reason: gap.reason } };
            if let Err(error) = writer.append_batch(&[named]) {
                return (0, Err(error.source));
            }
            let marks = std::mem::take(&mut gap.marks);
            self.gap = None;
            let marks: Vec<_> = marks.into_iter().map(|mark| Record { end: at, ..mark }).collect();
            // A mark that finds no room is not worth another gap.
            let _ = writer.append_batch(&marks);
        }
        match writer.append_batch(records) {
            Ok(()) => (records.len(), Ok(())),
            Err(error) => (error.written, Err(error.source)),
        }
    }

    /// Remembers that everything up to the journal's offset `at` is in the log.
    fn note_place(&mut self, at: u64) {
        self.places.note(at, self.writer.as_ref().and_then(Writer::place));
    }

    /// A place before everything behind the journal's offset `seen`, with the log at offset `at`.
    fn place_before(&self, seen: u64, at: u64) -> Option<Cursor> {
        if seen == at { self.writer.as_ref()?.place() } else { self.places.before(seen) }
    }

    /// Why nothing is written now: the disk was full a moment ago, or still is.
    fn refusal(&mut self, dir: &Path) -> Option<Errno> {
        let gap = self.gap.as_mut()?;
        let errno = match gap.reason {
            GapReason::NoSpace => Errno::NOSPC,
            GapReason::Quota => Errno::DQUOT,
            GapReason::Io | GapReason::Slow | GapReason::Lost => return None,
        };
        if gap.tried.elapsed() < SYNC {
            return Some(errno);
        }
        gap.tried = Instant::now();
        (!has_room(dir)).then_some(errno)
    }

    /// Adds to what could not be written.
    fn widen_gap(&mut self, length: u64, reason: GapReason, records: &[Record<'_>]) {
        if length == 0 && records.is_empty() {
            return;
        }
        let fresh = || Gap { length: 0, reason, marks: Vec::new(), tried: Instant::now() };
        let gap = self.gap.get_or_insert_with(fresh);
        gap.length += length;
        for record in records.iter().filter(|record| record.output().is_none()) {
            if gap.marks.len() < MAX_MARKS {
                gap.marks.push(record.clone().into_owned());
            }
        }
    }

    fn take_unsynced(&mut self) -> Vec<File> {
        let Some(writer) = self.writer.as_mut().filter(|_| std::mem::take(&mut self.dirty)) else { return Vec::new() };
        writer.prune(now());
        writer.take_unsynced()
    }
}

/// The sizes that a screen was given and the log has not yet.
#[derive(Default)]
pub(crate) struct Resizes(Mutex<Vec<(u64, Size)>>);

impl Resizes {
    /// `at` is the journal's offset up to which the screen had been fed.
    pub(super) fn note(&self, at: u64, size: Size) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Of sizes between two bytes only the last was ever painted on.
        waiting.retain(|(offset, _)| *offset != at);
        if waiting.len() >= MAX_MARKS {
            waiting.remove(0);
        }
        waiting.push((at, size));
    }

    /// Takes those that were given before the byte at `end`, in their order.
    fn take_below(&self, end: u64) -> impl Iterator<Item = Size> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.iter().take_while(|(at, _)| *at < end).count();
        waiting.drain(..count).map(|(_, size)| size).collect::<Vec<_>>().into_iter()
    }
}

impl Pane {
    /// The log. Held while writing, which may take as long as the disk takes.
    fn log(&self) -> MutexGuard<'_, PaneLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what the journal has that the log has not; says whether there was anything.
    fn log_batch(&self, buffer: &mut Vec<u8>) -> bool {
        let at = self.log_at.load(SeqCst);
        let mut log = self.log();
        if self.journal.head() == at {
            self.log_resizes(&mut log, at);
            self.log_checkpoint(&mut log, at);
            return self.try_to_mend(&mut log, at);
        }
        if let Err(lost) = self.journal.read(at, BATCH, buffer) {
            let slow = self.forced.load(SeqCst) > at;
            let reason = if slow { GapReason::Slow } else { GapReason::Lost };
            log.widen_gap(lost.resume.saturating_sub(at), reason, &[]);
            self.log_fault.send_replace(Some(fault_text(reason).to_owned()));
            self.advance_log(lost.resume);
            return true;
        }
        let (mut records, mut before): (Vec<Record<'_>>, u64) = (Vec::new(), at);
        for entry in entries(buffer, at) {
            records.extend(self.resizes.take_below(entry.end).map(|size| resized(size, before)));
            before = entry.end;
            records.push(record(&entry.what, entry.time, entry.end));
            records.extend(self.other_size(&entry.what).map(|size| resized(size, before)));
        }
        let Some(end) = records.last().map(|record| record.end).filter(|&end| end > at) else {
            self.advance_log(self.journal.head());
            return true;
        };
        log.note_place(at);
        let (written, result) = match log.refusal(&self.log_dir) {
            Some(errno) => (0, Err(errno.into())),
            None => log.append(&self.log_dir, at, &records),
        };
        let fault = match result {
            Ok(()) => None,
            Err(error) => {
                let logged = written.checked_sub(1).map_or(at, |last| records[last].end);
                let reason = gap_reason(&error);
                log.widen_gap(end - logged, reason, &records[written..]);
                Some(fault_text(reason).to_owned())
            }
        };
        if fault.is_none() {
            self.log_checkpoint(&mut log, end);
        }
        drop(log);
        self.tell_fault(fault);
        self.advance_log(end);
        true
    }

    /// Writes the checkpoint that waits for the log to come to the journal's offset `at`, if there is one. It is no loss if that
    /// cannot be done.
    fn log_checkpoint(&self, log: &mut PaneLog, at: u64) {
        if log.gap.is_some() {
            return;
        }
        let Some(entry) = self.checkpoints.take_logged(at, |seen| log.place_before(seen, at)) else { return };
        if let (_, Err(error)) = log.append(&self.log_dir, at, &[Record { time: now(), end: at, entry }]) {
            info!(service = %self.id, %error, "a checkpoint was not logged");
        }
    }

    /// Leaves a checkpoint of what the screen is now to the next daemon.
    fn log_last_checkpoint(&self) {
        self.checkpoints.take(&mut self.undrawn_screen(), self.runs.borrow().clone());
        self.log_checkpoint(&mut self.log(), self.log_at.load(SeqCst));
    }

    /// Names a gap once there is room again, though the service is silent. Tried once a second.
    fn try_to_mend(&self, log: &mut PaneLog, at: u64) -> bool {
        if log.gap.as_ref().is_none_or(|gap| gap.tried.elapsed() < SYNC) || log.refusal(&self.log_dir).is_some() {
            return false;
        }
        if let (_, Ok(())) = log.append(&self.log_dir, at, &[]) {
            self.tell_fault(None);
            self.logged.send_modify(|times| *times += 1);
        }
        false
    }

    fn tell_fault(&self, fault: Option<String>) {
        self.log_fault.send_if_modified(|known| {
            let other = *known != fault;
            if other {
                if let Some(fault) = &fault {
                    warn!(service = %self.id, fault, "the log is degraded");
                } else {
                    info!(service = %self.id, "the log is whole again");
                }
                *known = fault;
            }
            other
        });
    }

    fn advance_log(&self, to: u64) {
        self.log_at.store(to, SeqCst);
        self.release();
        self.logged.send_modify(|times| *times += 1);
    }

    /// The screen's size, where a run began with another: a client came while it was being launched.
    fn other_size(&self, what: &What<'_>) -> Option<Size> {
        let What::Started { columns, rows, .. } = *what else { return None };
        let size = self.undrawn_screen().size();
        (columns > 0 && (size.columns(), size.rows()) != (columns, rows)).then_some(size)
    }

    /// Writes down the sizes that a service was given which has printed nothing since.
    fn log_resizes(&self, log: &mut PaneLog, at: u64) {
        let records: Vec<Record<'_>> = self.resizes.take_below(at + 1).map(|size| resized(size, at)).collect();
        if records.is_empty() {
            return;
        }
        let (written, result) = log.append(&self.log_dir, at, &records);
        if let Err(error) = result {
            log.widen_gap(0, gap_reason(&error), &records[written..]);
        }
    }
}

/// How much each log may hold. `LOCALD_LOG_MAX_MIB`, in the environment that started locald, changes it.
pub(crate) fn log_caps() -> Caps {
    let wanted = std::env::var("LOCALD_LOG_MAX_MIB").ok().and_then(|text| text.parse::<u64>().ok());
    let caps = Caps::default();
    Caps { total: wanted.map_or(caps.total, |mebibytes| mebibytes.clamp(1, 1 << 20) << 20), ..caps }
}

fn record<'a>(what: &What<'a>, time: u64, end: u64) -> Record<'a> {
    let entry = match what {
        What::Output(stream, bytes) => Entry::Output { stream: log_stream(*stream), bytes: Cow::Borrowed(bytes) },
        What::Started { run, pid, columns, rows } => {
            Entry::RunStarted { run: *run, pid: *pid, columns: *columns, rows: *rows }
        }
        What::Ended { run, ending } => {
            let outcome = match ending.outcome {
                Outcome::Code(code) => logs::Outcome::Code(code),
                Outcome::Signal(signal) => logs::Outcome::Signal(signal),
                Outcome::Unknown => logs::Outcome::Lost,
            };
            Entry::RunEnded { run: *run, outcome }
        }
    };
    Record { time, end, entry }
}

fn resized(size: Size, at: u64) -> Record<'static> {
    Record { time: now(), end: at, entry: Entry::Resized { columns: size.columns(), rows: size.rows() } }
}

fn log_stream(stream: locald_keeper::Stream) -> logs::Stream {
    match stream {
        locald_keeper::Stream::Tty => logs::Stream::Tty,
        locald_keeper::Stream::Stdout => logs::Stream::Stdout,
        locald_keeper::Stream::Stderr => logs::Stream::Stderr,
    }
}

/// Whether it is worth writing to a disk that was full. Where that cannot be known, trying is the only way.
fn has_room(dir: &Path) -> bool {
    rustix::fs::statvfs(dir).map_or(true, |disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= ENOUGH_ROOM)
}

fn gap_reason(error: &io::Error) -> GapReason {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC) => GapReason::NoSpace,
        Some(Errno::DQUOT) => GapReason::Quota,
        _ => GapReason::Io,
    }
}

/// Why a stretch of output is not in the log, in words.
pub(crate) fn fault_text(reason: GapReason) -> &'static str {
    match reason {
        GapReason::NoSpace => "no space left for the log",
        GapReason::Quota => "the disk quota for the log is used up",
        GapReason::Io => "the log cannot be written",
        GapReason::Slow => "the disk is too slow for the log",
        GapReason::Lost => "output was lost before it could be logged",
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}
