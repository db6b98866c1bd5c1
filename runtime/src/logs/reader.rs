//! Whole records from a place on, while a writer may be at work, in this process or another.
//!
//! A reader keeps nothing open and no lock. Two facts make that safe: a record whose length or checksum is not complete
//! is not there yet, and a segment is complete once a later one exists. So segments are always listed *before* they
//! are read; the other way round, records appended in between would be skipped.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{
    cursor::Cursor,
    record::{Entry, Record},
    scan::{self, Scan},
    segment::{self, HEADER, Head, Header},
};

/// How many of the newest segments are looked through for checkpoints: each that is not the newest has some.
const CHECKPOINT_SEGMENTS: usize = 4;

/// Reads the log of one service.
#[derive(Clone, Debug)]
pub struct Reader {
    dir: PathBuf,
}

/// Records that follow each other in one segment.
#[derive(Debug, PartialEq, Eq)]
pub struct Batch {
    /// Set if the reading did not start where it was asked to.
    pub moved: Option<Moved>,
    /// The place of the first record.
    pub start: Cursor,
    /// The records; empty only at the end of the log.
    pub records: Vec<Record<'static>>,
    /// The place to go on from.
    pub cursor: Cursor,
}

/// The place asked for is gone, and the reading went on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What there is no way to read any more.
    pub lost: Lost,
    /// The run that the next record belongs to.
    pub run: Option<u64>,
}

/// How much was lost between two places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nothing: the cursor was [`Cursor::OLDEST`].
    Nothing,
    /// This many records, deleted or damaged.
    Records(u64),
    /// The cursor belongs to a log that is gone.
    AnotherLog,
}

impl Reader {
    /// Reads the log in `dir`, which need not exist yet.
    pub fn new(dir: &Path) -> Reader {
        Reader { dir: dir.to_owned() }
    }

    /// The place behind the last record.
    pub fn end(&self) -> io::Result<Cursor> {
        for first in segment::list(&self.dir)?.into_iter().rev() {
            if let Some(mut place) = self.enter(first)? {
                while place.scan.next()?.is_some() {}
                return Ok(place.cursor());
            }
        }
        Ok(Cursor::OLDEST)
    }

    /// A place from which about `bytes` of segments follow, or the oldest place if there are not as many.
    pub fn tail(&self, bytes: u64) -> io::Result<Cursor> {
        let mut missing = bytes;
        let mut start = Cursor::OLDEST;
        for first in segment::list(&self.dir)?.into_iter().rev() {
            let Some(mut place) = self.enter(first)? else { continue };
            let length = place.scan.file().metadata()?.len();
            while length.saturating_sub(place.scan.position()) > missing && place.scan.next()?.is_some() {}
            start = place.cursor();
            missing = missing.saturating_sub(length);
            if missing == 0 {
                break;
            }
        }
        Ok(start)
    }

    /// Where the latest checkpoints stand, oldest first; a few at most, of the newest segment that has any.
    pub fn checkpoints(&self) -> io::Result<Vec<Cursor>> {
        let mut places = Vec::new();
        for first in segment::list(&self.dir)?.into_iter().rev().take(CHECKPOINT_SEGMENTS) {
            let Some(mut place) = self.enter(first)? else { continue };
            loop {
                let cursor = place.cursor();
                let Some(record) = place.scan.next()? else { break };
                if matches!(record.entry, Entry::Checkpoint(_)) {
                    scan::keep_latest(&mut places, cursor);
                }
            }
            if !places.is_empty() {
                break;
            }
        }
        Ok(places)
    }

    /// Reads on from a place: records of at most `max_bytes` together, but at least one if there is one.
    ///
    /// An empty batch means the end of the log, for now. One batch never spans two segments.
    pub fn records_from(&self, cursor: Cursor, max_bytes: usize) -> io::Result<Batch> {
        let segments = segment::list(&self.dir)?;
        let Some((mut place, mut moved)) = self.settle(cursor, &segments)? else {
            return Ok(Batch { moved: None, start: cursor, records: Vec::new(), cursor });
        };
        loop {
            let start = place.cursor();
            let records = place.read(max_bytes)?;
            let at_end = Batch { moved, start, cursor: place.cursor(), records };
            if !at_end.records.is_empty() {
                return Ok(at_end);
            }
            let later = segments.partition_point(|first| *first <= place.header.first);
            let Some(next) = self.enter_first(&segments[later..])? else { return Ok(at_end) };
            // After a lost tail the place may have fewer records than were already read from it.
            let expected = place.scan.sequence().max(cursor.sequence.min(next.header.first));
            match next.header.first.saturating_sub(expected) {
                0 => {}
                missing => moved = Some(next.moved_to(Lost::Records(missing).and(moved))),
            }
            place = next;
        }
    }

    /// The heads of all segments that can be read, oldest first.
    pub(super) fn headers(&self) -> io::Result<Vec<Header>> {
        let mut headers = Vec::new();
        for first in segment::list(&self.dir)? {
            headers.extend(self.enter(first)?.map(|place| place.header));
        }
        Ok(headers)
    }

    /// Finds the segment to read in and the byte in it; `None` while the log is empty.
    fn settle(&self, cursor: Cursor, segments: &[u64]) -> io::Result<Option<(Place, Option<Moved>)>> {
        if segments.binary_search(&cursor.segment).is_ok()
            && let Some(place) = self.enter(cursor.segment)?
            && place.header.log == cursor.log
            && place.header.first <= cursor.sequence
        {
            return Ok(Some((place.seek(cursor)?, None)));
        }
        let Some(oldest) = self.enter_first(segments)? else { return Ok(None) };
        let lost = if cursor.log == Cursor::OLDEST.log {
            Lost::Nothing
        } else if cursor.log != oldest.header.log {
            Lost::AnotherLog
        } else if let missing @ 1.. = oldest.header.first.saturating_sub(cursor.sequence) {
            Lost::Records(missing)
        } else {
            return Ok(Some((self.find(oldest, cursor.sequence, segments)?, None)));
        };
        let moved = oldest.moved_to(lost);
        Ok(Some((oldest, Some(moved))))
    }

    /// Finds a record by its number alone, for a cursor whose segment is gone.
    fn find(&self, oldest: Place, sequence: u64, segments: &[u64]) -> io::Result<Place> {
        let not_later = segments.partition_point(|first| *first <= sequence);
        for first in segments[..not_later].iter().rev() {
            if let Some(place) = self.enter(*first)? {
                return place.skip_to(sequence);
            }
        }
        oldest.skip_to(sequence)
    }

    fn enter_first(&self, segments: &[u64]) -> io::Result<Option<Place>> {
        for first in segments {
            if let Some(place) = self.enter(*first)? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Opens a segment at its first record; `None` if it was deleted meanwhile or cannot be read.
    fn enter(&self, first: u64) -> io::Result<Option<Place>> {
        let file = match File::open(segment::path(&self.dir, first)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Head::Known(header) = Head::read(&file)? else { return Ok(None) };
        let start = header.start();
        let is_as_named = header.first == first;
        Ok(is_as_named.then(|| Place { header, scan: Scan::new(file, start.byte, start.sequence) }))
    }
}

impl Batch {
    /// Each record with the place right behind it.
    pub fn into_steps(self) -> impl Iterator<Item = (Record<'static>, Cursor)> {
        let mut cursor = self.start;
        self.records.into_iter().map(move |record| {
            cursor = cursor.after(record.frame_length());
            (record, cursor)
        })
    }
}

impl Lost {
    /// Adds what was lost just before.
    fn and(self, earlier: Option<Moved>) -> Lost {
        match (earlier.map_or(Lost::Nothing, |moved| moved.lost), self) {
            (Lost::AnotherLog, _) | (_, Lost::AnotherLog) => Lost::AnotherLog,
            (Lost::Nothing, lost) | (lost, Lost::Nothing) => lost,
            (Lost::Records(one), Lost::Records(other)) => Lost::Records(one.saturating_add(other)),
        }
    }
}

/// The segment that is read, and where in it.
struct Place {
    header: Header,
    scan: Scan,
}

impl Place {
    fn cursor(&self) -> Cursor {
        Cursor { byte: self.scan.position(), sequence: self.scan.sequence(), ..self.header.start() }
    }

    fn moved_to(&self, lost: Lost) -> Moved {
        Moved { lost, run: self.header.carry.run.map(|last| last.run) }
    }

    /// Goes to the byte a cursor names, if the record it names is there, and else looks for that record.
    fn seek(self, cursor: Cursor) -> io::Result<Place> {
        let length = self.scan.file().metadata()?.len();
        if cursor.byte < HEADER as u64 || cursor.byte > length {
            return self.skip_to(cursor.sequence);
        }
        let mut scan = Scan::new(self.scan.file().try_clone()?, cursor.byte, cursor.sequence);
        if cursor.byte == length || scan.is_at_record()? {
            return Ok(Place { scan, ..self });
        }
        self.skip_to(cursor.sequence)
    }

    fn skip_to(mut self, sequence: u64) -> io::Result<Place> {
        while self.scan.sequence() < sequence && self.scan.next()?.is_some() {}
        Ok(self)
    }

    fn read(&mut self, max_bytes: usize) -> io::Result<Vec<Record<'static>>> {
        let mut records = Vec::new();
        let first_byte = self.scan.position();
        while let Some(record) = self.scan.next_within(max_bytes as u64, first_byte)? {
            records.push(record.into_owned());
        }
        Ok(records)
    }
}
