//! The lines of one log under a query: since when, how many of the last, which ones.
//!
//! Starting anywhere but at the oldest record takes care not to start within a line. Segments say in their heads
//! whether they begin between two lines; only there a listing starts, and it drops what comes before the lines asked
//! for. To find the last lines, segments are counted from the newest back until there are enough: at any time no more
//! than one chunk of records and one line are in memory.

use std::{collections::VecDeque, io};

use regex::Regex;

use super::{
    cursor::{Cursor, LineCursor},
    lines::{Escapes, Lines, LogLine},
    reader::{Lost, Reader},
    record::Record,
    segment::Header,
    strip::strip,
};

/// How many bytes of records are read at once.
const CHUNK: usize = 256 << 10;
/// A line that is open over so many records or bytes is ended, or the place to resume from would never move.
const OPEN_RECORDS: usize = 1000;
const OPEN_BYTES: usize = 1 << 20;

/// Which lines to show. The default is all.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only what came at this time or later, in nanoseconds since the Unix epoch.
    pub since: Option<u64>,
    /// Only lines whose text, without escape sequences, matches.
    pub grep: Option<Regex>,
    /// At the start, only so many of the last lines that the other conditions leave.
    pub tail: Option<usize>,
    /// Go on with what comes later. Otherwise a listing ends with what was there when it was opened, lines without
    /// their newline included; so it does end, however fast the service writes.
    pub follow: bool,
    /// What becomes of escape sequences.
    pub escapes: Escapes,
}

/// Gives out the lines of one log, and further ones as they come.
#[derive(Debug)]
pub struct Listing {
    reader: Reader,
    query: Query,
    lines: Lines,
    /// Records that were read, each with the place behind it.
    records: VecDeque<(Record<'static>, Cursor)>,
    /// The place behind the last record that was read.
    read_up_to: Cursor,
    /// The place behind the last record that was made into lines.
    used_up_to: Cursor,
    /// What [`Listing::position`] returns.
    position: LineCursor,
    /// Records used since that place's anchor, and the bytes of output in them.
    since_anchor: (usize, usize),
    /// Lines not to show, because whoever resumes has seen them.
    to_drop: u64,
    /// The number of the record at which to stop.
    stop: Option<u64>,
    /// Whether the lines that have no newline yet are given out at the end.
    flush_at_stop: bool,
    /// The time of the last line.
    time: u64,
}

impl Query {
    /// Whether a line is among those asked for. `tail` is left out, since it takes more than one line.
    pub fn matches(&self, line: &LogLine) -> bool {
        if self.since.is_some_and(|since| line.time < since) {
            return false;
        }
        let Some(grep) = &self.grep else { return true };
        match (line.text(), self.escapes) {
            (None, _) => false,
            (Some(text), Escapes::Strip) => grep.is_match(text),
            (Some(text), Escapes::Keep) => grep.is_match(&strip(text)),
        }
    }
}

impl Listing {
    /// Starts at the first line that the query asks for.
    pub fn open(reader: Reader, query: Query) -> io::Result<Listing> {
        let end = if query.tail.is_some() || !query.follow { Some(reader.end()?.sequence) } else { None };
        let headers = reader.headers()?;
        // Groups of segments that begin between lines, each with the number of the record behind it. Whatever the
        // oldest segment begins with, there is nothing before it.
        let mut behind = (end, true);
        let mut counted = 0;
        for (at, header) in headers.iter().enumerate().rev() {
            if at > 0 && !header.carry.is_between_lines() {
                continue;
            }
            let start = || Listing::at_header(reader.clone(), query.clone(), header);
            if query.tail.is_some() {
                let (stop, flush_at_stop) = behind;
                counted += Listing { stop, flush_at_stop, ..start() }.count()?;
            }
            let has_enough = query.tail.is_some_and(|tail| counted >= tail);
            let is_early_enough = query.since.is_some_and(|since| header.time < since);
            if at == 0 || has_enough || is_early_enough {
                let mut listing = start();
                listing.stop_unless_following(end);
                listing.drop_lines(query.tail.map_or(0, |tail| counted.saturating_sub(tail)))?;
                return Ok(listing);
            }
            behind = (Some(header.first), false);
        }
        let mut listing = Listing::at(reader, query, LineCursor { anchor: Cursor::OLDEST, shown: 0, run: None });
        listing.stop_unless_following(end);
        Ok(listing)
    }

    /// Goes on from a place that [`Listing::position`] gave out. The query's `tail` has had its effect and is ignored.
    pub fn resume(reader: Reader, query: Query, position: LineCursor) -> io::Result<Listing> {
        let end = if query.follow { None } else { Some(reader.end()?.sequence) };
        Listing::resume_until(reader, query, position, end)
    }

    /// As [`Listing::resume`], up to where an earlier listing of the same lines was to stop: [`Listing::stop`].
    pub fn resume_until(reader: Reader, query: Query, position: LineCursor, stop: Option<u64>) -> io::Result<Listing> {
        let mut listing = Listing::at(reader, query, position);
        listing.stop_unless_following(stop);
        Ok(listing)
    }

    /// The number of the record at which this listing stops, unless it follows.
    pub fn stop(&self) -> Option<u64> {
        self.stop
    }

    /// The next line that matches; `None` at the end of the log, for now if it is followed.
    pub fn next_line(&mut self) -> io::Result<Option<LogLine>> {
        while let Some(line) = self.next_unfiltered()? {
            if self.to_drop > 0 {
                self.to_drop -= 1;
            } else if self.query.matches(&line) {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// While following, gives out the lines that have no newline yet: [`Listing::next_line`] returns them.
    pub fn flush(&mut self) {
        self.lines.flush();
    }

    /// The place behind the last line that was returned, to [`Listing::resume`] from.
    pub fn position(&self) -> LineCursor {
        LineCursor { shown: self.position.shown.saturating_add(self.to_drop), ..self.position }
    }

    fn at(reader: Reader, query: Query, position: LineCursor) -> Listing {
        Listing {
            lines: Lines::new(query.escapes, position.run),
            reader,
            query,
            records: VecDeque::new(),
            read_up_to: position.anchor,
            used_up_to: position.anchor,
            position: LineCursor { shown: 0, ..position },
            since_anchor: (0, 0),
            to_drop: position.shown,
            stop: None,
            flush_at_stop: false,
            time: 0,
        }
    }

    fn at_header(reader: Reader, query: Query, header: &Header) -> Listing {
        let run = header.carry.run.map(|last| last.run);
        Listing::at(reader, query, LineCursor { anchor: header.start(), shown: 0, run })
    }

    fn stop_unless_following(&mut self, end: Option<u64>) {
        if !self.query.follow {
            (self.stop, self.flush_at_stop) = (end, true);
        }
    }

    /// Counts the matching lines up to where this listing stops.
    fn count(mut self) -> io::Result<usize> {
        let mut counted = 0;
        while let Some(line) = self.next_line()? {
            counted += usize::from(line.text().is_some());
        }
        Ok(counted)
    }

    /// Drops matching lines, and what stands between them.
    fn drop_lines(&mut self, mut lines: usize) -> io::Result<()> {
        while lines > 0 {
            let Some(line) = self.next_line()? else { return Ok(()) };
            lines -= usize::from(line.text().is_some());
        }
        Ok(())
    }

    fn next_unfiltered(&mut self) -> io::Result<Option<LogLine>> {
        loop {
            if let Some(line) = self.lines.next_line() {
                self.time = line.time;
                self.position.shown += 1;
                self.move_anchor();
                return Ok(Some(line));
            }
            self.move_anchor();
            // Counted from the anchor, so that a listing resumed there breaks lines at the same records.
            let (records, bytes) = self.since_anchor;
            if records >= OPEN_RECORDS || bytes >= OPEN_BYTES {
                self.since_anchor = (0, 0);
                self.lines.finish();
                continue;
            }
            let is_at_stop = self.stop.is_some_and(|stop| self.used_up_to.sequence >= stop);
            let next = if is_at_stop { None } else { self.next_record()? };
            match next {
                Some(record) => {
                    self.since_anchor.0 += 1;
                    self.since_anchor.1 += record.output().map_or(0, |(_, bytes)| bytes.len());
                    self.lines.push(record);
                }
                None if !self.lines.is_drained() => {}
                None if self.flush_at_stop => {
                    self.flush_at_stop = false;
                    self.lines.flush();
                }
                None => return Ok(None),
            }
        }
    }

    /// The next record; `None` where there is none, or where a loss has to be told first.
    fn next_record(&mut self) -> io::Result<Option<Record<'static>>> {
        if self.records.is_empty() {
            self.read()?;
        }
        if !self.lines.is_drained() {
            return Ok(None);
        }
        let Some((record, cursor)) = self.records.pop_front() else { return Ok(None) };
        self.used_up_to = cursor;
        Ok(Some(record))
    }

    fn read(&mut self) -> io::Result<()> {
        let batch = self.reader.records_from(self.read_up_to, CHUNK)?;
        self.read_up_to = batch.cursor;
        if let Some(moved) = batch.moved {
            // Behind a loss come other lines than those that were counted.
            self.to_drop = if moved.lost == Lost::Nothing { self.to_drop } else { 0 };
            let time = batch.records.first().map_or(self.time, |record| record.time);
            self.lines.miss(time, moved.lost, moved.run);
        }
        self.used_up_to = batch.start;
        self.records.extend(batch.into_steps());
        Ok(())
    }

    fn move_anchor(&mut self) {
        if self.lines.is_between_lines() {
            self.position = LineCursor { anchor: self.used_up_to, shown: 0, run: self.lines.run() };
            self.since_anchor = (0, 0);
        }
    }
}

impl Iterator for Listing {
    type Item = io::Result<LogLine>;

    /// As [`Listing::next_line`]: if the log is followed, there may be more after `None`.
    fn next(&mut self) -> Option<io::Result<LogLine>> {
        self.next_line().transpose()
    }
}
