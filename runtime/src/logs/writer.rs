//! The one place that changes a log: it appends, rolls, deletes what is over the caps and cuts what a crash tore.
//!
//! A batch is one write, or one per segment where it crosses into the next. Whatever fails, the records that are whole
//! on disk stay and the rest is cut off again, at the latest before the next write: leftovers of a record are bytes of
//! a service's choosing, and must never come to stand where a record could start.

use std::{
    collections::VecDeque,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    carry::{Carry, LastRun},
    cursor::Cursor,
    disk::{Disk, RealDisk},
    record::{Entry, HEAD, Record},
    scan::{self, Scan},
    segment::{self, HEADER, Head, Header},
};

/// How much a log may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// The size at which a segment is closed, in bytes; at most a quarter of `total` is used.
    pub segment: u64,
    /// The size of all segments together, in bytes. Exceeded only by what a single segment must hold.
    pub total: u64,
    /// Segments whose records are all older are deleted.
    pub age: Duration,
}

/// What was found when a log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The journal offset at which the last record ends: where to go on. `None` in a new log.
    pub end: Option<u64>,
    /// The run that was started last.
    pub run: Option<LastRun>,
    /// Where the latest checkpoints stand in the newest segment, oldest first; a few at most.
    pub checkpoints: Vec<Cursor>,
    /// How many bytes of a torn tail were cut off.
    pub cut: u64,
    /// Segments of another version, or damaged in their first bytes: renamed, and otherwise left alone.
    pub set_aside: Vec<PathBuf>,
}

/// A batch could not be written as a whole.
#[derive(Debug, thiserror::Error)]
#[error("failed to write to the log")]
pub struct AppendError {
    /// How many records of the batch are in the log nevertheless. They stay.
    pub written: usize,
    /// Why the next one is not.
    pub source: io::Error,
}

/// Appends to the log of one service.
///
/// There must be one writer per log. Readers need no arrangement with it.
#[derive(Debug)]
pub struct Writer<D: Disk = RealDisk> {
    disk: D,
    dir: PathBuf,
    caps: Caps,
    /// Which log this is; `None` until it has a record.
    log: Option<u64>,
    /// The number of the next record.
    next: u64,
    carry: Carry,
    /// The segments before the current one, oldest first.
    older: VecDeque<Older>,
    current: Option<Current>,
    /// The batch as it will be written, kept for its capacity.
    buffer: Vec<u8>,
    /// Where in the buffer each record ends.
    ends: Vec<usize>,
    /// Closed segments whose bytes are not yet safe from a crash of the machine.
    unsynced: Vec<(u64, File)>,
    is_dirty: bool,
    is_dir_dirty: bool,
}

#[derive(Clone, Copy, Debug)]
struct Older {
    first: u64,
    time: u64,
    length: u64,
}

#[derive(Debug)]
struct Current {
    file: File,
    first: u64,
    time: u64,
    /// Up to here the file holds its head and whole records. 0: not even a head.
    length: u64,
}

/// How far a round of writing got.
struct Progress {
    records: usize,
    result: io::Result<()>,
}

impl Default for Caps {
    fn default() -> Caps {
        Caps { segment: 8 << 20, total: 64 << 20, age: Duration::from_hours(14 * 24) }
    }
}

impl Caps {
    fn segment_size(&self) -> u64 {
        self.segment.min(self.total / 4)
    }

    /// Whether a segment that began at `first` should take no record of this time. Without such a limit the one
    /// segment of a quiet service would keep its oldest records for ever.
    fn spans_too_much(&self, first: u64, time: u64) -> bool {
        u128::from(time.saturating_sub(first)) > self.age.as_nanos() / 4
    }
}

impl Writer {
    /// Opens the log in `dir`, which is made if it is missing, and repairs what a crash left of its last write.
    ///
    /// Only the newest segment with records is read; of the others, the heads.
    pub fn open(dir: &Path, caps: Caps) -> io::Result<(Writer, Opened)> {
        Writer::open_on(RealDisk, dir, caps)
    }
}

impl<D: Disk> Writer<D> {
    /// As [`Writer::open`], on a disk of one's own.
    pub fn open_on(disk: D, dir: &Path, caps: Caps) -> io::Result<(Writer<D>, Opened)> {
        make_private_dir(dir)?;
        let mut writer = Writer {
            disk,
            dir: dir.to_owned(),
            caps,
            log: None,
            next: 0,
            carry: Carry::default(),
            older: VecDeque::new(),
            current: None,
            buffer: Vec::new(),
            ends: Vec::new(),
            unsynced: Vec::new(),
            is_dirty: false,
            is_dir_dirty: false,
        };
        let mut opened = Opened::default();
        let mut newest = None;
        for first in segment::list(dir)? {
            let Some((header, file)) = writer.admit(first, &mut opened)? else { continue };
            writer.older.push_back(Older { first, time: header.time, length: file.metadata()?.len() });
            newest = Some((header, file));
        }
        if let Some((header, file)) = newest {
            writer.take_up(header, file, &mut opened)?;
        }
        opened.end = writer.carry.end;
        opened.run = writer.carry.run;
        Ok((writer, opened))
    }

    /// Appends records, in one write wherever they fit the current segment.
    ///
    /// They are safe from a crash of the daemon at once, and from one of the machine after [`Writer::sync`].
    ///
    /// # Errors
    /// [`AppendError`] says how many records got in; go on behind those. `InvalidInput`: the next one is too large.
    pub fn append_batch(&mut self, records: &[Record<'_>]) -> Result<(), AppendError> {
        let mut written = 0;
        while written < records.len() {
            let progress = self.append_some(&records[written..]);
            written += progress.records;
            progress.result.map_err(|source| AppendError { written, source })?;
        }
        Ok(())
    }

    /// The files and folders to be synced before everything appended so far would survive a crash of the machine, for somebody
    /// who can wait for that. They count as synced from now on.
    pub fn take_unsynced(&mut self) -> Vec<File> {
        let closed = std::mem::take(&mut self.unsynced).into_iter().map(|(_, file)| file);
        let current = self.current.as_ref().filter(|_| self.is_dirty).and_then(|current| current.file.try_clone().ok());
        let dir = self.is_dir_dirty.then(|| File::open(&self.dir).ok()).flatten();
        (self.is_dirty, self.is_dir_dirty) = (false, false);
        closed.chain(current).chain(dir).collect()
    }

    /// Waits until everything appended so far would survive a crash of the machine.
    pub fn sync(&mut self) -> io::Result<()> {
        while let Some((_, file)) = self.unsynced.first() {
            self.disk.sync(file)?;
            self.unsynced.remove(0);
        }
        if let Some(current) = self.current.as_ref().filter(|_| self.is_dirty) {
            self.disk.sync(&current.file)?;
        }
        self.is_dirty = false;
        if self.is_dir_dirty {
            match File::open(&self.dir) {
                Ok(dir) => self.disk.sync(&dir)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        self.is_dir_dirty = false;
        Ok(())
    }

    /// Deletes the segments whose records are all older than the cap, seen from `now` (nanoseconds since the epoch).
    pub fn prune(&mut self, now: u64) {
        let age = u64::try_from(self.caps.age.as_nanos()).unwrap_or(u64::MAX);
        let oldest_kept = now.saturating_sub(age);
        loop {
            // A segment's last record is no younger than the first of the next.
            let successor = self.older.get(1).map(|it| it.time).or(self.current.as_ref().map(|it| it.time));
            let is_too_old = successor.is_some_and(|time| time < oldest_kept);
            if self.older.is_empty() || !is_too_old || !self.remove_oldest() {
                return;
            }
        }
    }

    /// The place where the next record will be, if this log has any.
    pub fn place(&self) -> Option<Cursor> {
        let current = self.current.as_ref().filter(|current| current.length > 0);
        let (segment, byte) = current.map_or((self.next, HEADER as u64), |current| (current.first, current.length));
        Some(Cursor { log: self.log?, segment, byte, sequence: self.next })
    }

    /// The size of all segments in bytes.
    pub fn size(&self) -> u64 {
        self.older.iter().map(|it| it.length).sum::<u64>() + self.current.as_ref().map_or(0, |it| it.length)
    }

    /// Opens a segment that was found; sets it aside if it cannot be read and deletes it if it has no record yet.
    fn admit(&mut self, first: u64, opened: &mut Opened) -> io::Result<Option<(Header, File)>> {
        let path = segment::path(&self.dir, first);
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        match Head::read(&file)? {
            Head::Known(header) if header.first == first => {
                self.log = Some(header.log);
                Ok(Some((header, file)))
            }
            Head::Unfinished => {
                opened.cut += file.metadata()?.len();
                self.disk.remove(&path)?;
                Ok(None)
            }
            Head::Known(_) | Head::Foreign => {
                let aside = path.with_extension("set-aside");
                fs::rename(&path, &aside)?;
                opened.set_aside.push(aside);
                // Numbers are never used twice, and it holds at most this many.
                let most = file.metadata()?.len() / HEAD as u64 + 1;
                self.next = self.next.max(first.saturating_add(most));
                Ok(None)
            }
        }
    }

    /// Reads the newest segment, cuts its torn tail and goes on in it.
    fn take_up(&mut self, header: Header, file: File, opened: &mut Opened) -> io::Result<()> {
        let start = header.start();
        let mut scan = Scan::new(file, start.byte, start.sequence);
        self.carry = header.carry;
        opened.checkpoints.clear();
        loop {
            let place = Cursor { byte: scan.position(), sequence: scan.sequence(), ..start };
            let Some(record) = scan.next()? else { break };
            self.carry.observe(&record);
            if matches!(record.entry, Entry::Checkpoint(_)) {
                scan::keep_latest(&mut opened.checkpoints, place);
            }
        }
        let sequence = scan.sequence();
        // A head without a record is written again: it would share its number with the segment that follows.
        let length = if sequence == header.first { 0 } else { scan.position() };
        let file = scan.into_file();
        let torn = file.metadata()?.len().saturating_sub(length);
        opened.cut += torn;
        let current = Current { file, first: header.first, time: header.time, length };
        if torn > 0 {
            // If this fails, it is tried again before anything is appended.
            let _ = self.disk.truncate(&current.file, length);
        }
        self.older.pop_back();
        self.current = Some(current);
        if self.next > sequence {
            // A segment that was set aside has the numbers that would come next.
            self.retire();
        }
        self.next = self.next.max(sequence);
        // The previous daemon may have died before its last sync.
        self.is_dirty = true;
        Ok(())
    }

    /// Appends as many records as the current segment takes, and at least one.
    fn append_some(&mut self, records: &[Record<'_>]) -> Progress {
        if let Err(error) = self.check_current() {
            return Progress { records: 0, result: Err(error) };
        }
        if self.must_roll(&records[0]) {
            self.retire();
            self.prune(records[0].time);
        }
        if self.current.is_none()
            && let Err(error) = self.start_segment()
        {
            return Progress { records: 0, result: Err(error) };
        }
        if let Err(error) = self.encode(records) {
            return Progress { records: 0, result: Err(error) };
        }
        self.make_room(self.buffer.len() as u64);
        self.write(records)
    }

    /// Compares the current segment with what it should be: a user may have deleted or emptied it, and a failed write
    /// may have left part of a record behind.
    fn check_current(&mut self) -> io::Result<()> {
        let Some(current) = &self.current else { return Ok(()) };
        let metadata = current.file.metadata()?;
        if metadata.nlink() == 0 {
            self.current = None;
        } else if metadata.len() < current.length {
            self.retire();
        } else if metadata.len() > current.length {
            return self.disk.truncate(&current.file, current.length);
        } else {
            return Ok(());
        }
        let dir = &self.dir;
        self.older.retain(|it| segment::path(dir, it.first).exists());
        Ok(())
    }

    fn must_roll(&self, record: &Record<'_>) -> bool {
        let Some(current) = self.current.as_ref().filter(|it| it.length > 0) else { return false };
        let is_full = current.length + record.frame_length() as u64 > self.caps.segment_size();
        is_full || self.caps.spans_too_much(current.time, record.time)
    }

    /// Closes the current segment.
    fn retire(&mut self) {
        let Some(current) = self.current.take() else { return };
        self.older.push_back(Older { first: current.first, time: current.time, length: current.length });
        self.unsynced.push((current.first, current.file));
        self.is_dirty = false;
    }

    /// Makes the file of the next segment. Its head is written together with its first records.
    fn start_segment(&mut self) -> io::Result<()> {
        let path = segment::path(&self.dir, self.next);
        let file = match self.disk.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_private_dir(&self.dir)?;
                self.disk.create(&path)?
            }
            other => other?,
        };
        self.is_dir_dirty = true;
        self.current = Some(Current { file, first: self.next, time: 0, length: 0 });
        Ok(())
    }

    /// Brings records into the buffer, up to the size of a segment, behind the head if there is none yet.
    fn encode(&mut self, records: &[Record<'_>]) -> io::Result<()> {
        self.buffer.clear();
        self.ends.clear();
        let Some(current) = &mut self.current else { return Ok(()) };
        if current.length == 0 {
            current.time = records[0].time;
            let log = *self.log.get_or_insert(current.time.max(1));
            Header { log, first: self.next, time: current.time, carry: self.carry }.encode(&mut self.buffer);
        }
        for record in records {
            let length = current.length + (self.buffer.len() + record.frame_length()) as u64;
            if length > self.caps.segment_size() && !self.ends.is_empty() {
                break;
            }
            match record.encode(self.next + self.ends.len() as u64, &mut self.buffer) {
                Ok(()) => self.ends.push(self.buffer.len()),
                Err(_) if !self.ends.is_empty() => break,
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidInput, error)),
            }
        }
        Ok(())
    }

    /// Deletes old segments until so many more bytes are within the cap.
    fn make_room(&mut self, bytes: u64) {
        while self.size().saturating_add(bytes) > self.caps.total && !self.older.is_empty() {
            if !self.remove_oldest() {
                return;
            }
        }
    }

    /// Writes the buffer and takes note of the records that are whole on disk; cuts off the rest.
    fn write(&mut self, records: &[Record<'_>]) -> Progress {
        let Some(current) = &mut self.current else { return Progress { records: 0, result: Ok(()) } };
        let (done, result) = write_all(&self.disk, &current.file, &self.buffer, current.length);
        let whole = self.ends.partition_point(|end| *end <= done);
        // A head without a record does not count: the next attempt may begin with another record.
        let kept = if whole == 0 { 0 } else { self.ends[whole - 1] };
        current.length += kept as u64;
        if done > kept {
            // If this fails, `check_current` sees it before anything is appended.
            let _ = self.disk.truncate(&current.file, current.length);
        }
        for record in &records[..whole] {
            self.carry.observe(record);
        }
        self.next += whole as u64;
        self.is_dirty |= whole > 0;
        Progress { records: whole, result }
    }

    /// Deletes the oldest segment; `false` if it is still there.
    fn remove_oldest(&mut self) -> bool {
        let Some(oldest) = self.older.front() else { return false };
        let first = oldest.first;
        match self.disk.remove(&segment::path(&self.dir, first)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return false,
            _ => {}
        }
        self.older.pop_front();
        self.unsynced.retain(|(unsynced, _)| *unsynced != first);
        true
    }
}

/// Writes until everything is taken or something fails, and says how much was taken.
fn write_all(disk: &impl Disk, file: &File, bytes: &[u8], offset: u64) -> (usize, io::Result<()>) {
    let mut done = 0;
    while done < bytes.len() {
        match disk.write_at(file, &bytes[done..], offset + done as u64) {
            Ok(0) => return (done, Err(io::ErrorKind::WriteZero.into())),
            Ok(taken) => done += taken,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (done, Err(error)),
        }
    }
    (done, Ok(()))
}

fn make_private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mode = fs::metadata(dir)?.permissions().mode();
    if mode & 0o777 == 0o700 { Ok(()) } else { fs::set_permissions(dir, fs::Permissions::from_mode(0o700)) }
}
