//! Pages of logs: the client pulls, so a slow one holds nothing here but its cursor.
//!
//! A page's cursor names a place in the log of each service that was meant. Between two pages nothing is kept, so a cursor is as
//! good for the next daemon as for this one.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use locald_api::{Failure, FailureKind, LogEvent, LogLine, LogPage, LogQuery, LogStream, ServiceId};
use regex::Regex;

use super::Server;
use super::log_places::{Place, Places};
use super::log_sources::{self, Source};
use super::masking;
use crate::logs::{self, Cursor, Escapes, Kind, LineCursor, Listing, Merge, Outcome, Query, Reader};
use crate::panes::logger::fault_text;
use crate::pattern;
use crate::supervisor::describe;

/// A page ends after so many lines or bytes, whichever comes first.
const PAGE_LINES: usize = 2000;
const PAGE_BYTES: usize = 1 << 20;
/// The most lines that several logs together are asked for at once.
const MAX_MERGED_TAIL: usize = 20_000;
/// The most bytes in one answer where several logs are read together: even escaped, it has to fit into one frame.
const MERGED_BYTES: usize = 8 << 20;
/// What a line takes in an answer besides its text.
const LINE_BYTES: usize = 200;
/// The longest regular expression, in bytes.
const MAX_GREP: usize = 64 << 10;

/// How long somebody who asks for a log waits until what was printed before is in it.
const CATCH_UP: Duration = Duration::from_millis(250);

/// The next page of what `query` asks.
pub(super) async fn page(mut query: LogQuery, server: &Server) -> Result<LogPage, Failure> {
    let grep = query.grep.as_deref().map(|text| pattern::compile(text, false, MAX_GREP)).transpose()?;
    let mut revision = server.supervisor.revision();
    loop {
        revision.mark_unchanged();
        // Anew in each turn: projects come and go while somebody follows their logs.
        let mut sources = log_sources::find(server, &query.target)?;
        if let (true, Some(cursor)) = (query.follow, &query.cursor) {
            // What lies on disk only and was not there at first has gone long ago: it has no news.
            let known: Places<String> = cursor.parse()?;
            sources.retain(|source| source.logged.is_some() || known.get(&source.id).is_some());
        }
        if query.cursor.is_none() {
            let panes = sources.iter().filter_map(|source| source.pane.as_ref());
            join_all(panes.map(|pane| pane.wait_until_logged(CATCH_UP))).await;
        }
        let mut page = read(&query, grep.clone(), &sources).await?;
        if !query.reveal {
            masking::page(&mut page, |service| server.supervisor.masker(service));
        }
        if !query.follow || !page.lines.is_empty() {
            return Ok(page);
        }
        // What did not match needs not to be read again.
        query.cursor = Some(page.cursor);
        // There may be more behind what did not match, and no news would come of it.
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

fn failed(error: &io::Error) -> Failure {
    Failure::new(FailureKind::Internal, format!("the log cannot be read: {error}"))
}

/// A listing that knows where it stood before its latest line.
struct Marked {
    listing: Listing,
    before: LineCursor,
}

impl Iterator for Marked {
    type Item = io::Result<logs::LogLine>;

    fn next(&mut self) -> Option<Self::Item> {
        self.before = self.listing.position();
        self.listing.next()
    }
}

/// Where the page before ended, or where to begin.
fn places<P: FromStr>(query: &LogQuery) -> Result<Places<P>, Failure> {
    let Some(cursor) = &query.cursor else { return Ok(Places::begin(query.follow)) };
    cursor.parse()
}

/// Whether `id` belongs to this page. Without following, the logs of the first page are all there are.
fn is_meant<P>(query: &LogQuery, places: &Places<P>, id: &ServiceId) -> bool {
    query.cursor.is_none() || query.follow || places.get(id).is_some()
}

/// A listing of one log from its place on. One that joined a follow later is shown from the time the follow began.
fn listing(
    reader: Reader,
    mut query: Query,
    place: Option<&Place<LineCursor>>,
    began: Option<u64>,
) -> io::Result<Listing> {
    if let Some(place) = place {
        return Listing::resume_until(reader, query, place.at, place.stop);
    }
    query.since = query.since.max(began);
    Listing::open(reader, query)
}

fn text_page(query: &LogQuery, grep: Option<Regex>, sources: &[(ServiceId, PathBuf)]) -> Result<LogPage, Failure> {
    let mut places: Places<LineCursor> = places(query)?;
    let tail = query.tail.filter(|_| query.cursor.is_none()).map(|tail| usize::try_from(tail).unwrap_or(usize::MAX));
    let wanted = Query { since: query.since, grep, tail, follow: query.follow, escapes: Escapes::Strip };
    let sources: Vec<_> = sources.iter().filter(|(id, _)| is_meant(query, &places, id)).collect();
    let joined = places.began().filter(|_| query.cursor.is_some());
    let mut listings = Vec::new();
    for (id, dir) in &sources {
        let listing = listing(Reader::new(dir), wanted.clone(), places.get(id), joined);
        let listing = listing.map_err(|error| failed(&error))?;
        listings.push(Marked { before: listing.position(), listing });
    }
    let mut merge = Merge::new(listings);
    // Each log gives its last lines; of all of them together only the last are wanted, so these are read to their end.
    let last = tail.filter(|_| sources.len() > 1).map(|tail| tail.min(MAX_MERGED_TAIL));
    let (mut lines, mut bytes, mut texts, mut end) = (VecDeque::new(), 0, 0, false);
    while last.is_some() || (lines.len() < PAGE_LINES && bytes < PAGE_BYTES) {
        let Some(next) = merge.next() else {
            end = true;
            break;
        };
        let (at, line) = next.map_err(|error| failed(&error))?;
        let line = LogLine { time: line.time, service: sources[at].0.clone(), event: event(line.kind) };
        bytes += weight(&line);
        texts += usize::from(is_text(&line));
        lines.push_back(line);
        while last.is_some_and(|last| texts > last || bytes > MERGED_BYTES) {
            let Some(dropped) = lines.pop_front() else { break };
            bytes -= weight(&dropped);
            texts -= usize::from(is_text(&dropped));
        }
    }
    for (at, (id, _)) in sources.iter().enumerate() {
        let held = merge.holds(at);
        if let Some(source) = merge.source_mut(at) {
            let place = if held { source.before } else { source.listing.position() };
            let stop = source.listing.stop().filter(|_| !query.follow);
            places.set(id, Place { at: place, stop });
        }
    }
    Ok(LogPage { lines: lines.into(), cursor: places.to_string(), end })
}

fn is_text(line: &LogLine) -> bool {
    matches!(line.event, LogEvent::Text { .. })
}

/// About how many bytes of an answer a line takes.
fn weight(line: &LogLine) -> usize {
    let LogEvent::Text { text, .. } = &line.event else { return LINE_BYTES };
    LINE_BYTES + text.len()
}

fn raw_page(query: &LogQuery, sources: &[(ServiceId, PathBuf)]) -> Result<LogPage, Failure> {
    let mut places: Places<Cursor> = places(query)?;
    let tail = query.tail.filter(|_| query.cursor.is_none());
    let room = (MERGED_BYTES / sources.len().max(1)).min(PAGE_BYTES);
    let (mut lines, mut end) = (Vec::new(), true);
    for (id, dir) in sources.iter().filter(|(id, _)| is_meant(query, &places, id)).collect::<Vec<_>>() {
        let known = places.get(id).copied();
        let joined = places.began().filter(|_| query.cursor.is_some() && known.is_none());
        let since = query.since.max(joined);
        let read = |from| raw_part(&Reader::new(dir), from, tail, query.follow, room).map_err(|error| failed(&error));
        let (mut chunks, mut place, mut at_end) = read(known)?;
        let is_recent = |(time, ..): &Chunk| since.is_none_or(|since| *time >= since);
        // Read on here behind what is too old: to the next page, a log that joined is one like the others.
        while !at_end && !chunks.iter().any(is_recent) {
            (chunks, place, at_end) = read(Some(place))?;
        }
        end &= at_end;
        for (time, stream, bytes) in chunks.into_iter().filter(is_recent) {
            let latin1 = bytes.iter().map(|&byte| char::from(byte)).collect();
            lines.push(LogLine { time, service: id.clone(), event: LogEvent::Raw { stream, latin1 } });
        }
        places.set(id, place);
    }
    lines.sort_by_key(|line| line.time);
    Ok(LogPage { lines, cursor: places.to_string(), end })
}

/// What one log adds to a page, the place behind it, and whether that is the end.
fn raw_part(
    reader: &Reader,
    known: Option<Place<Cursor>>,
    tail: Option<u64>,
    follow: bool,
    room: usize,
) -> io::Result<(Vec<Chunk>, Place<Cursor>, bool)> {
    if let (None, Some(tail)) = (known, tail) {
        let stop = reader.end()?.sequence();
        let (chunks, at) = raw_tail(reader, tail, stop, room)?;
        return Ok((chunks, Place { at, stop: (!follow).then_some(stop) }, true));
    }
    let from = match known {
        Some(place) => place,
        None => Place { at: Cursor::OLDEST, stop: if follow { None } else { Some(reader.end()?.sequence()) } },
    };
    let (chunks, at, at_end) = raw_batch(reader, from.at, from.stop, room)?;
    Ok((chunks, Place { at, ..from }, at_end))
}

/// Output as it was written, with its time.
type Chunk = (u64, LogStream, Vec<u8>);

/// Reads on from a place, at most up to the record with the number `stop`.
fn raw_batch(reader: &Reader, place: Cursor, stop: Option<u64>, room: usize) -> io::Result<(Vec<Chunk>, Cursor, bool)> {
    let batch = reader.records_from(place, room)?;
    if batch.records.is_empty() {
        return Ok((Vec::new(), batch.cursor, true));
    }
    let is_wanted = |place: Cursor| stop.is_none_or(|stop| place.sequence() <= stop);
    let (mut chunks, mut place) = (Vec::new(), batch.start);
    for (record, behind) in batch.into_steps() {
        if !is_wanted(behind) {
            return Ok((chunks, place, true));
        }
        place = behind;
        if let Some((stream, bytes)) = record.output() {
            chunks.push((record.time, log_stream(stream), bytes.to_vec()));
        }
    }
    Ok((chunks, place, stop.is_some_and(|stop| place.sequence() >= stop)))
}

/// The last `lines` lines up to the record with the number `stop`, at most `room` bytes of them.
fn raw_tail(reader: &Reader, lines: u64, stop: u64, room: usize) -> io::Result<(Vec<Chunk>, Cursor)> {
    let mut place = reader.tail(room as u64)?;
    let mut chunks = Vec::new();
    loop {
        let (more, next, end) = raw_batch(reader, place, Some(stop), room)?;
        place = next;
        chunks.extend(more);
        if end {
            break;
        }
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
    Ok((chunks, place))
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use locald_api::ProjectId;

    use super::*;
    use crate::logs::{Caps, Entry, Record, Stream, Writer};

    fn source(dir: &Path, service: &str) -> (ServiceId, PathBuf) {
        let project = ProjectId("shop-1a2b".to_owned());
        (ServiceId { project, service: service.to_owned() }, dir.join(service))
    }

    fn writer(source: &(ServiceId, PathBuf)) -> Writer {
        Writer::open(&source.1, Caps::default()).expect("a log").0
    }

    fn append(writer: &mut Writer, time: u64, text: &str) {
        let entry = Entry::Output { stream: Stream::Tty, bytes: text.as_bytes().to_vec().into() };
        writer.append_batch(&[Record { time, end: time, entry }]).expect("room");
    }

    fn any_page(query: &LogQuery, sources: &[(ServiceId, PathBuf)]) -> LogPage {
        if query.raw { raw_page(query, sources) } else { text_page(query, None, sources) }.expect("a page")
    }

    fn texts(page: &LogPage) -> Vec<&str> {
        let texts = page.lines.iter().filter_map(|line| match &line.event {
            LogEvent::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    #[test]
    fn pages_end_where_the_log_ended_at_the_first_however_busy_its_service_is() {
        for raw in [false, true] {
            let dir = tempfile::tempdir().expect("a folder");
            let web = source(dir.path(), "web");
            let mut log = writer(&web);
            let lines = "a line\n".repeat(1000);
            (0..400).for_each(|time| append(&mut log, time, &lines));
            let mut query = LogQuery { raw, ..LogQuery::default() };
            let mut pages = 0;
            let mut bytes = 0;
            loop {
                let page = any_page(&query, std::slice::from_ref(&web));
                for line in &page.lines {
                    assert!(line.time < 400, "raw {raw}: {line:?} came later");
                    bytes += match &line.event {
                        LogEvent::Text { text, .. } => text.len() + 1,
                        LogEvent::Raw { latin1, .. } => latin1.len(),
                        _ => 0,
                    };
                }
                pages += 1;
                if page.end {
                    break;
                }
                append(&mut log, 400 + pages, &lines);
                query.cursor = Some(page.cursor);
            }
            assert!(pages > 1);
            assert_eq!(bytes, 400 * lines.len(), "raw {raw}");
        }
    }

    #[test]
    fn a_log_that_goes_and_comes_back_is_not_followed_from_its_start_again() {
        for raw in [false, true] {
            let dir = tempfile::tempdir().expect("a folder");
            let (web, db) = (source(dir.path(), "web"), source(dir.path(), "db"));
            let both = [web.clone(), db];
            let (mut log, mut other) = (writer(&web), writer(&both[1]));
            append(&mut log, 1, "old\n");
            append(&mut other, 2, "other\n");
            let mut query = LogQuery { raw, follow: true, ..LogQuery::default() };
            for (sources, lines) in [(&both[..], 2), (&both[1..], 0), (&both[..], 0)] {
                let page = any_page(&query, sources);
                assert_eq!(page.lines.len(), lines, "raw {raw}");
                query.cursor = Some(page.cursor);
            }
            append(&mut log, 3, "new\n");
            assert_eq!(any_page(&query, &both).lines.len(), 1);
        }
    }

    #[test]
    fn a_log_that_joins_a_follow_is_shown_from_when_the_follow_began() {
        for raw in [false, true] {
            let dir = tempfile::tempdir().expect("a folder");
            let both = [source(dir.path(), "web"), source(dir.path(), "db")];
            let mut joins = writer(&both[1]);
            append(&mut joins, 1, "of years ago\n");
            let mut query = LogQuery { raw, follow: true, ..LogQuery::default() };
            query.cursor = Some(any_page(&query, &both[..1]).cursor);
            append(&mut joins, u64::MAX, "of now\n");
            let page = any_page(&query, &both);
            let times: Vec<u64> = page.lines.iter().map(|line| line.time).collect();
            assert_eq!(times, [u64::MAX], "raw {raw}");
        }
    }

    #[test]
    fn the_last_lines_of_several_logs_fit_into_one_answer() {
        let dir = tempfile::tempdir().expect("a folder");
        let both = [source(dir.path(), "web"), source(dir.path(), "db")];
        let line = format!("{}\n", "x".repeat(60_000));
        for source in &both {
            let mut log = writer(source);
            (0..100).for_each(|time| append(&mut log, time, &line));
            append(&mut log, 200, "last\n");
        }
        let page = any_page(&LogQuery { tail: Some(1000), ..LogQuery::default() }, &both);
        let texts = texts(&page);
        assert!(texts.ends_with(&["last", "last"]));
        assert!(texts.iter().map(|text| text.len()).sum::<usize>() <= MERGED_BYTES);
    }

    #[test]
    fn only_text_counts_among_the_last_lines() {
        let dir = tempfile::tempdir().expect("a folder");
        let both = [source(dir.path(), "web"), source(dir.path(), "db")];
        let mut log = writer(&both[0]);
        append(&mut log, 1, "one\ntwo\n");
        let entry = Entry::RunEnded { run: 1, outcome: Outcome::Code(0) };
        log.append_batch(&[Record { time: 2, end: 2, entry }]).expect("room");
        let page = any_page(&LogQuery { tail: Some(1), ..LogQuery::default() }, &both);
        let [line, ended] = &page.lines[..] else { panic!("{:?}", page.lines) };
        assert!(matches!(&line.event, LogEvent::Text { text, .. } if text == "two"));
        assert!(matches!(ended.event, LogEvent::Ended { .. }));
    }
}
