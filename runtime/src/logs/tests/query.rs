//! Lines of whole logs: the last ones, since a time, matching, and resumed.

use std::path::Path;

use proptest::prelude::*;
use regex::Regex;

use super::{super::*, TINY_SEGMENTS, any_record, number, output};

fn log_of(records: &[Record<'static>]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
    for batch in records.chunks(3) {
        writer.append_batch(batch).unwrap();
    }
    dir
}

fn list(dir: &Path, query: Query) -> Vec<LogLine> {
    Listing::open(Reader::new(dir), query).unwrap().map(Result::unwrap).collect()
}

/// All lines, made without any file.
fn lines_of(records: &[Record<'static>]) -> Vec<LogLine> {
    let mut lines = Lines::default();
    for record in records {
        lines.push(record.clone());
    }
    let mut all: Vec<_> = std::iter::from_fn(|| lines.next_line()).collect();
    lines.flush();
    all.extend(std::iter::from_fn(|| lines.next_line()));
    all
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().filter_map(LogLine::text).collect()
}

fn numbered_records(count: usize) -> impl Strategy<Value = Vec<Record<'static>>> {
    prop::collection::vec(any_record(), 0..count).prop_map(|mut records| {
        number(&mut records, 1);
        records
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn tail_since_and_grep_leave_the_lines_they_leave_of_a_plain_list(
        records in numbered_records(60), tail: Option<u8>, since: Option<u8>, grep: bool
    ) {
        let dir = log_of(&records);
        let all = lines_of(&records);
        prop_assert_eq!(list(dir.path(), Query::default()), all.clone());
        let query = Query {
            tail: tail.map(|tail| usize::from(tail % 40)),
            since: since.map(|since| u64::from(since) * 3),
            grep: grep.then(|| Regex::new("[a-m]").unwrap()),
            ..Query::default()
        };
        let matching: Vec<_> = all.into_iter().filter(|line| query.matches(line)).collect();
        let matching = texts(&matching);
        let expected = &matching[matching.len() - query.tail.unwrap_or(usize::MAX).min(matching.len())..];
        let listed = list(dir.path(), query);
        prop_assert_eq!(texts(&listed), expected);
    }

    #[test]
    fn a_listing_can_be_resumed_behind_any_of_its_lines(records in numbered_records(40), grep: bool) {
        let dir = log_of(&records);
        let grep = grep.then(|| Regex::new("[a-m]").unwrap());
        let query = Query { grep, follow: true, ..Query::default() };
        let all = list(dir.path(), query.clone());
        let mut listing = Listing::open(Reader::new(dir.path()), query.clone()).unwrap();
        for shown in 0..=all.len() {
            let position = listing.position().to_string().parse().unwrap();
            let resumed = Listing::resume(Reader::new(dir.path()), query.clone(), position).unwrap();
            prop_assert_eq!(resumed.position(), position);
            let rest: Vec<_> = resumed.map(Result::unwrap).collect();
            prop_assert_eq!(&all[shown..], &rest);
            listing.next_line().unwrap();
        }
    }
}

#[test]
fn the_last_ten_thousand_lines_are_the_right_ones() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = Writer::open(dir.path(), Caps { segment: 100_000, ..Caps::default() }).unwrap();
    let mut text = String::new();
    for batch in 0..25_u32 {
        let lines =
            (batch * 1000..(batch + 1) * 1000).map(|line| format!("line {line}\n")).collect::<Vec<_>>().concat();
        // Cut within lines, so that lines also cross from one segment to the next.
        let records: Vec<_> = lines.as_bytes().chunks(97).map(|chunk| output(1, Stream::Stdout, chunk)).collect();
        writer.append_batch(&records).unwrap();
        text.push_str(&lines);
    }
    assert!(segment::list(dir.path()).unwrap().len() > 3);
    let lines = list(dir.path(), Query { tail: Some(10_000), ..Query::default() });
    let expected: Vec<_> = text.lines().skip(15_000).collect();
    assert_eq!(texts(&lines), expected);
}

#[test]
fn a_listing_that_follows_goes_on_and_keeps_a_half_line_until_it_is_whole() {
    let dir = log_of(&[output(1, Stream::Tty, "one\ntw")]);
    let (mut writer, _) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
    let query = Query { follow: true, ..Query::default() };
    let mut listing = Listing::open(Reader::new(dir.path()), query).unwrap();
    let mut next = || listing.next_line().unwrap().map(|line| line.text().unwrap().to_owned());
    assert_eq!((next().as_deref(), next()), (Some("one"), None));
    writer.append_batch(&[output(2, Stream::Tty, "o\nthree\n")]).unwrap();
    assert_eq!((next().as_deref(), next().as_deref(), next()), (Some("two"), Some("three"), None));
}

#[test]
fn a_listing_that_does_not_follow_ends_where_the_log_ended_when_it_was_opened() {
    let dir = log_of(&[output(1, Stream::Tty, "one\nprompt> ")]);
    let (mut writer, _) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
    let listing = Listing::open(Reader::new(dir.path()), Query::default()).unwrap();
    writer.append_batch(&[output(2, Stream::Tty, "yes\n")]).unwrap();
    let lines: Vec<_> = listing.map(Result::unwrap).collect();
    assert_eq!(texts(&lines), ["one", "prompt> "]);
}

#[test]
fn a_follower_that_fell_behind_is_told_what_it_missed() {
    let dir = tempfile::tempdir().unwrap();
    let caps = Caps { segment: 400, total: 1600, ..TINY_SEGMENTS };
    let (mut writer, _) = Writer::open(dir.path(), caps).unwrap();
    writer.append_batch(&[output(1, Stream::Tty, "half a line, and")]).unwrap();
    let query = Query { follow: true, ..Query::default() };
    let mut listing = Listing::open(Reader::new(dir.path()), query).unwrap();
    assert_eq!(listing.next_line().unwrap(), None);
    for time in 2..20 {
        writer.append_batch(&[output(time, Stream::Tty, format!("{time:300}\n"))]).unwrap();
    }
    let kinds: Vec<_> = listing.by_ref().map(|line| line.unwrap().kind).collect();
    assert!(matches!(&kinds[0], Kind::Line { text, is_whole: false, .. } if text == "half a line, and"));
    let Kind::Missed { lost: Lost::Records(missed) } = kinds[1] else { panic!("{:?}", kinds[1]) };
    assert_eq!(missed as usize + kinds.len() - 2, 18);
}

#[test]
fn lines_are_matched_without_their_colours_even_where_colours_are_kept() {
    let dir = log_of(&[output(1, Stream::Tty, "\x1b[31merror\x1b[0m: disk\nfine\n")]);
    let grep = Some(Regex::new("^error: ").unwrap());
    let query = Query { grep, escapes: Escapes::Keep, ..Query::default() };
    assert_eq!(texts(&list(dir.path(), query)), ["\x1b[31merror\x1b[0m: disk"]);
}

#[test]
fn a_line_that_stays_open_does_not_hold_back_the_place_to_resume_from() {
    let mut records = vec![output(1, Stream::Stderr, "no newline")];
    records.extend((2..2500).map(|time| output(time, Stream::Stdout, format!("{time}\n"))));
    records.push(output(2500, Stream::Stderr, " for long\n"));
    let dir = log_of(&records);
    let all = list(dir.path(), Query::default());
    assert_eq!(all.len(), 2500);
    let mut texts = texts(&all).into_iter();
    assert!(texts.any(|text| text == "no newline") && texts.any(|text| text == " for long"));
    let query = Query { follow: true, ..Query::default() };
    let mut listing = Listing::open(Reader::new(dir.path()), query.clone()).unwrap();
    for at in 0..all.len() {
        assert_eq!(listing.next_line().unwrap().as_ref(), Some(&all[at]));
        assert!(listing.position().shown <= 1001);
        if at % 83 == 0 {
            let mut resumed = Listing::resume(Reader::new(dir.path()), query.clone(), listing.position()).unwrap();
            assert_eq!(resumed.next_line().unwrap().as_ref(), all.get(at + 1), "behind line {at}");
        }
    }
}
