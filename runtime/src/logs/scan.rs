//! Record after record of one segment, in bounded memory, up to the first that is not whole.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::cursor::Cursor;
use super::record::{self, Fault, Record};

/// How much is read at once; a larger record is read in one piece of its own size.
const CHUNK: usize = 128 << 10;

/// The most places that [`keep_latest`] keeps.
const KEPT: usize = 4;

/// Adds a place to the latest of its kind.
pub(super) fn keep_latest(places: &mut Vec<Cursor>, place: Cursor) {
    if places.len() == KEPT {
        places.remove(0);
    }
    places.push(place);
}

/// Reads a segment from some record on.
pub(super) struct Scan {
    file: File,
    buffer: Vec<u8>,
    /// Where the unread part of the buffer starts, and where it ends.
    unread: usize,
    filled: usize,
    /// The place in the file of that part.
    position: u64,
    /// The number of the record at that place.
    sequence: u64,
}

impl Scan {
    /// Starts at the record number `sequence`, which is at `position`.
    pub(super) fn new(file: File, position: u64, sequence: u64) -> Scan {
        Scan { file, buffer: vec![0; CHUNK], unread: 0, filled: 0, position, sequence }
    }

    /// The byte right behind the last record that was returned.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The number of the record that comes next.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn into_file(self) -> File {
        self.file
    }

    /// The next whole record; `None` where the segment ends or is torn, now: a writer may add to it.
    pub(super) fn next(&mut self) -> io::Result<Option<Record<'_>>> {
        if !self.fill()? {
            return Ok(None);
        }
        let frame = &self.buffer[self.unread..self.filled];
        let Ok((record, length)) = record::decode(frame, self.sequence) else { return Ok(None) };
        self.unread += length;
        self.position += length as u64;
        self.sequence += 1;
        Ok(Some(record))
    }

    /// The next whole record, if it is the first behind `start` or ends at most `max_bytes` behind it.
    pub(super) fn next_within(&mut self, max_bytes: u64, start: u64) -> io::Result<Option<Record<'_>>> {
        if !self.fill()? {
            return Ok(None);
        }
        let length = record::frame_length(self.unread()).unwrap_or(0) as u64;
        let is_first = self.position == start;
        if !is_first && self.position - start + length > max_bytes { Ok(None) } else { self.next() }
    }

    /// Whether a whole record is next.
    pub(super) fn is_at_record(&mut self) -> io::Result<bool> {
        Ok(self.fill()? && record::decode(self.unread(), self.sequence).is_ok())
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.unread..self.filled]
    }

    /// Brings the next frame into the buffer, as far as its length says.
    fn fill(&mut self) -> io::Result<bool> {
        loop {
            let needed = match record::frame_length(self.unread()) {
                Ok(length) if length <= self.unread().len() => return Ok(true),
                Ok(length) => length,
                Err(Fault::Incomplete { needed }) => needed,
                Err(Fault::Invalid) => return Ok(false),
            };
            if !self.read_at_least(needed)? {
                return Ok(false);
            }
        }
    }

    /// Reads until so many bytes are unread; `false` at the end of the file.
    fn read_at_least(&mut self, needed: usize) -> io::Result<bool> {
        self.buffer.copy_within(self.unread..self.filled, 0);
        self.filled -= self.unread;
        self.unread = 0;
        if needed > self.buffer.len() {
            self.buffer.resize(needed, 0);
        }
        while self.filled < needed {
            let place = self.position.saturating_add(self.filled as u64);
            match self.file.read_at(&mut self.buffer[self.filled..], place) {
                Ok(0) => return Ok(false),
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
