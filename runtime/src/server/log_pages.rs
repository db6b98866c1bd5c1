//! Pages of logs: the client pulls, so a slow one holds nothing here but its cursor.
//!
//! A page's cursor names a place in the log of each service that was meant. Between two pages nothing is kept, so a cursor is as
//! good for the next daemon as for this one.

use std::collections::VecDeque;
use std::fmt::Write;
use std::path::PathBuf;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use locald_api::{Failure, FailureKind, LogEvent, LogLine, LogPage, LogQuery, LogStream, ServiceId};
use regex::{Regex, RegexBuilder};

use super::Server;
use super::log_sources::{self, Source};
use crate::logs::{self, Cursor, Escapes, Kind, LineCursor, Listing, Merge, Outcome, Query, Reader};
use crate::panes::logger::fault_text;
use crate::supervisor::describe;

/// A page ends after so many lines or bytes, whichever comes first.
const PAGE_LINES: usize = 2000;
const PAGE_BYTES: usize = 1 << 20;
/// The most lines that several logs together are asked for at once.
const MAX_MERGED_TAIL: usize = 20_000;
/// How much memory a regular expression may take.
const REGEX_SIZE: usize = 1 << 20;

/// The next page of what `query` asks.
pub(super) async fn page(mut query: LogQuery, server: &Server) -> Result<LogPage, Failure> {
    let grep = query.grep.as_deref().map(regex).transpose()?;
    let mut revision = server.supervisor.revision();
    loop {
        revision.mark_unchanged();
        // Anew in each turn: projects come and go while somebody follows their logs.
        let mut sources = log_sources::find(server, &query.target)?;
        let page = read(&query, grep.clone(), &sources).await?;
        if !query.follow || !page.lines.is_empty() {
            return Ok(page);
        }
        // What did not match needs not to be read again.
        query.cursor = Some(page.cursor);
        // A page of bytes may be full of what is too old, and more lies behind it.
        if !page.end {
            continue;
        }
        let changes = sources.iter_mut().filter_map(|source| source.logged.as_mut());
        let news = changes.map(|logged| Box::pin(async move { logged.changed().await.is_ok() }));
        let mut news: FuturesUnordered<_> = news.collect();
        tokio::select! {
            // A pane that is gone has no more news, which is none; that it went changed the revision.
            () = async { while news.next().await == Some(false) {} }, if !news.is_empty() => {}
            _ = revision.changed() => {}
        }
    }
}

async fn read(query: &LogQuery, grep: Option<Regex>, sources: &[Source]) -> Result<LogPage, Failure> {
    let wanted: Vec<(ServiceId, PathBuf)> =
        sources.iter().map(|source| (source.id.clone(), source.dir.clone())).collect();
    let query = query.clone();
    let read = tokio::task::spawn_blocking(move || {
        if query.raw { raw_page(&query, &wanted) } else { text_page(&query, grep, &wanted) }
    });
    read.await.map_err(|error| Failure::new(FailureKind::Internal, error.to_string()))?
}

fn regex(text: &str) -> Result<Regex, Failure> {
    RegexBuilder::new(text).size_limit(REGEX_SIZE).build().map_err(|error| {
        Failure::new(FailureKind::BadRequest, format!("`{text}` is not a regular expression"))
            .details(error.to_string())
    })
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::new(FailureKind::Internal, format!("the log cannot be read: {error}"))
}

/// A listing that knows where it stood before its latest line.
struct Marked {
    listing: Listing,
    before: LineCursor,
}

impl Iterator for Marked {
    type Item = std::io::Result<logs::LogLine>;

    fn next(&mut self) -> Option<Self::Item> {
        self.before = self.listing.position();
        self.listing.next()
    }
}

fn text_page(query: &LogQuery, grep: Option<Regex>, sources: &[(ServiceId, PathBuf)]) -> Result<LogPage, Failure> {
    let places: Vec<(String, LineCursor)> = parse_cursor(query.cursor.as_deref())?;
    let tail = query.tail.filter(|_| query.cursor.is_none()).map(|tail| usize::try_from(tail).unwrap_or(usize::MAX));
    let wanted = Query { since: query.since, grep, tail, follow: query.follow, escapes: Escapes::Strip };
    let mut listings = Vec::new();
    for (id, dir) in sources {
        let (reader, wanted) = (Reader::new(dir), wanted.clone());
        let listing = match places.iter().find(|(known, _)| *known == id.to_string()) {
            Some((_, place)) => Listing::resume(reader, wanted, *place),
            // A service that joined since the first page is shown from its start.
            None => Listing::open(reader, wanted),
        };
        let listing = listing.map_err(|error| failed(&error))?;
        listings.push(Marked { before: listing.position(), listing });
    }
    let mut merge = Merge::new(listings);
    // Each log gives its last lines; of all of them together only the last are wanted, so these are read to their end.
    let last = tail.filter(|_| sources.len() > 1).map(|tail| tail.min(MAX_MERGED_TAIL));
    let (mut lines, mut bytes, mut end) = (VecDeque::new(), 0, false);
    while last.is_some() || (lines.len() < PAGE_LINES && bytes < PAGE_BYTES) {
        let Some(next) = merge.next() else {
            end = true;
            break;
        };
        let (at, line) = next.map_err(|error| failed(&error))?;
        bytes += line.text().map_or(0, str::len);
        lines.push_back(LogLine { time: line.time, service: sources[at].0.clone(), event: event(line.kind) });
        if last.is_some_and(|last| lines.len() > last) {
            lines.pop_front();
        }
    }
    let mut cursor = String::new();
    for (at, (id, _)) in sources.iter().enumerate() {
        let held = merge.holds(at);
        let place = merge.source_mut(at).map(|it| if held { it.before } else { it.listing.position() });
        let _ = place.map(|place| write!(cursor, "{id}={place} "));
    }
    Ok(LogPage { lines: lines.into(), cursor, end })
}

fn raw_page(query: &LogQuery, sources: &[(ServiceId, PathBuf)]) -> Result<LogPage, Failure> {
    let places: Vec<(String, Cursor)> = parse_cursor(query.cursor.as_deref())?;
    let tail = query.tail.filter(|_| query.cursor.is_none());
    let (mut lines, mut cursor, mut end) = (Vec::new(), String::new(), true);
    for (id, dir) in sources {
        let reader = Reader::new(dir);
        let place = places.iter().find(|(known, _)| *known == id.to_string()).map(|(_, place)| *place);
        let (chunks, place, at_end) = match (place, tail) {
            (None, Some(tail)) => raw_tail(&reader, tail).map_err(|error| failed(&error))?,
            (place, _) => raw_batch(&reader, place.unwrap_or(Cursor::OLDEST)).map_err(|error| failed(&error))?,
        };
        end &= at_end;
        for (time, stream, bytes) in chunks {
            if query.since.is_none_or(|since| time >= since) {
                let latin1 = bytes.iter().map(|&byte| char::from(byte)).collect();
                lines.push(LogLine { time, service: id.clone(), event: LogEvent::Raw { stream, latin1 } });
            }
        }
        let _ = write!(cursor, "{id}={place} ");
    }
    lines.sort_by_key(|line| line.time);
    Ok(LogPage { lines, cursor, end })
}

/// Output as it was written, with its time.
type Chunk = (u64, LogStream, Vec<u8>);

fn raw_batch(reader: &Reader, place: Cursor) -> std::io::Result<(Vec<Chunk>, Cursor, bool)> {
    let batch = reader.records_from(place, PAGE_BYTES)?;
    let chunks = batch.records.iter().filter_map(|record| {
        let (stream, bytes) = record.output()?;
        Some((record.time, log_stream(stream), bytes.to_vec()))
    });
    Ok((chunks.collect(), batch.cursor, batch.records.is_empty()))
}

/// The last `lines` lines, at most [`PAGE_BYTES`] of them.
fn raw_tail(reader: &Reader, lines: u64) -> std::io::Result<(Vec<Chunk>, Cursor, bool)> {
    let mut place = reader.tail(PAGE_BYTES as u64)?;
    let mut chunks = Vec::new();
    loop {
        let (more, next, end) = raw_batch(reader, place)?;
        place = next;
        if end {
            break;
        }
        chunks.extend(more);
    }
    let is_break = |byte: &&u8| **byte == b'\n';
    let breaks: u64 = chunks.iter().map(|(.., bytes)| bytes.iter().filter(is_break).count() as u64).sum();
    // A last line without its newline counts as one.
    let open = chunks.last().is_some_and(|(.., bytes): &Chunk| bytes.last() != Some(&b'\n'));
    let mut skip = (breaks + u64::from(open)).saturating_sub(lines);
    for (.., bytes) in &mut chunks {
        while skip > 0 {
            let Some(line_end) = bytes.iter().position(|&byte| byte == b'\n') else {
                bytes.clear();
                break;
            };
            bytes.drain(..=line_end);
            skip -= 1;
        }
    }
    chunks.retain(|(.., bytes)| !bytes.is_empty());
    Ok((chunks, place, true))
}

/// Reads `service=place` pairs, separated by spaces.
fn parse_cursor<P: std::str::FromStr>(cursor: Option<&str>) -> Result<Vec<(String, P)>, Failure> {
    let bad = || Failure::new(FailureKind::BadRequest, "the log cursor makes no sense");
    let pair = |pair: &str| {
        let (service, place) = pair.split_once('=').ok_or_else(bad)?;
        Ok((service.to_owned(), place.parse().map_err(|_| bad())?))
    };
    cursor.unwrap_or_default().split_ascii_whitespace().map(pair).collect()
}

fn event(kind: Kind) -> LogEvent {
    match kind {
        Kind::Line { stream, text, .. } => LogEvent::Text { stream: log_stream(stream), text },
        Kind::RunStarted { pid } => LogEvent::Started { pid },
        Kind::RunEnded { outcome } => LogEvent::Ended { how: describe(exit(outcome)) },
        Kind::Gap { length, reason } => LogEvent::Gap { bytes: length, reason: fault_text(reason).to_owned() },
        Kind::Missed { lost } => {
            let reason = match lost {
                logs::Lost::Nothing => "nothing",
                logs::Lost::Records(_) => "older than the log keeps",
                logs::Lost::AnotherLog => "the log was removed",
            };
            LogEvent::Gap { bytes: 0, reason: reason.to_owned() }
        }
    }
}

fn exit(outcome: Outcome) -> locald_api::Exit {
    match outcome {
        Outcome::Code(code) => locald_api::Exit::Code(code),
        Outcome::Signal(signal) => locald_api::Exit::Signal(signal),
        Outcome::Lost => locald_api::Exit::Unknown,
    }
}

fn log_stream(stream: logs::Stream) -> LogStream {
    match stream {
        logs::Stream::Tty => LogStream::Tty,
        logs::Stream::Stdout => LogStream::Stdout,
        logs::Stream::Stderr => LogStream::Stderr,
    }
}
