//! Whole logs on a real file system, against simple models; and the generators that all tests of logs share.

mod caps;
mod crash;
mod follow;
mod full_disk;
mod query;

use std::{path::Path, time::Duration};

use proptest::prelude::*;

use super::{Caps, Checkpoint, Cursor, Entry, GapReason, Lost, Outcome, Reader, Record, Run, Stream};

/// Segments so small that a few records fill one, and no other limit.
pub(super) const TINY_SEGMENTS: Caps = Caps { segment: 400, total: u64::MAX, age: Duration::MAX };

/// Any stream.
pub(super) fn any_stream() -> impl Strategy<Value = Stream> {
    prop::sample::select(vec![Stream::Tty, Stream::Stdout, Stream::Stderr])
}

/// Any entry, with output that is often cut within lines and sequences.
pub(super) fn any_entry() -> impl Strategy<Value = Entry<'static>> {
    let reasons = vec![GapReason::NoSpace, GapReason::Quota, GapReason::Io, GapReason::Slow, GapReason::Lost];
    let outcome =
        prop_oneof![any::<i32>().prop_map(Outcome::Code), any::<i32>().prop_map(Outcome::Signal), Just(Outcome::Lost)];
    let byte = prop_oneof![4 => any::<u8>(), 2 => Just(b'\n'), 1 => Just(b'\r'), 1 => Just(0x1b)];
    let bytes = prop::collection::vec(byte, 0..120);
    prop_oneof![
        6 => (any_stream(), bytes).prop_map(|(stream, bytes)| Entry::Output { stream, bytes: bytes.into() }),
        1 => (0u64..9, any::<u32>(), any::<u16>(), any::<u16>())
            .prop_map(|(run, pid, columns, rows)| Entry::RunStarted { run, pid, columns, rows }),
        1 => (0u64..9, outcome).prop_map(|(run, outcome)| Entry::RunEnded { run, outcome }),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(columns, rows)| Entry::Resized { columns, rows }),
        1 => (any::<u64>(), prop::sample::select(reasons)).prop_map(|(length, reason)| Entry::Gap { length, reason }),
        1 => ".{0,40}".prop_map(|text| Entry::Note { text: text.into() }),
        1 => any_checkpoint().prop_map(Entry::Checkpoint),
    ]
}

fn any_checkpoint() -> impl Strategy<Value = Checkpoint<'static>> {
    let outcome =
        prop_oneof![any::<i32>().prop_map(Outcome::Code), any::<i32>().prop_map(Outcome::Signal), Just(Outcome::Lost)];
    let run = (any::<u64>(), any::<u32>(), any::<u64>(), prop::option::of(outcome))
        .prop_map(|(run, pid, since, outcome)| Run { run, pid, since, outcome });
    (any::<[u64; 5]>(), run, prop::collection::vec(any::<u8>(), 0..60)).prop_map(|(numbers, run, state)| {
        let [at, log, segment, byte, sequence] = numbers;
        Checkpoint { at, from: Cursor { log, segment, byte, sequence }, run, state: state.into() }
    })
}

/// Any record at all.
pub(super) fn any_record() -> impl Strategy<Value = Record<'static>> {
    (any::<u64>(), any::<u64>(), any_entry()).prop_map(|(time, end, entry)| Record { time, end, entry })
}

/// Output at a time; its end is the time as well, so that records tell themselves apart.
pub(super) fn output(time: u64, stream: Stream, bytes: impl Into<Vec<u8>>) -> Record<'static> {
    Record { time, end: time, entry: Entry::Output { stream, bytes: bytes.into().into() } }
}

/// Gives records ends that count up, and times that do, as a daemon would.
pub(super) fn number(records: &mut [Record<'_>], from: usize) {
    for (record, number) in records.iter_mut().zip(from..) {
        (record.time, record.end) = (number as u64 * 10, number as u64 * 7);
    }
}

/// Everything a log holds.
pub(super) fn read_all(dir: &Path) -> Vec<Record<'static>> {
    let (records, _, lost) = read_on(dir, Cursor::OLDEST);
    assert_eq!(lost, 0);
    records
}

/// Everything behind a place, the place behind that, and how many records were lost.
pub(super) fn read_on(dir: &Path, mut cursor: Cursor) -> (Vec<Record<'static>>, Cursor, u64) {
    let (mut records, mut lost) = (Vec::new(), 0);
    loop {
        let batch = Reader::new(dir).records_from(cursor, 500).unwrap();
        match batch.moved.map(|moved| moved.lost) {
            Some(Lost::Records(missing)) => lost += missing,
            Some(Lost::AnotherLog) => panic!("the log is still the same"),
            Some(Lost::Nothing) | None => {}
        }
        cursor = batch.cursor;
        if batch.records.is_empty() {
            return (records, cursor, lost);
        }
        records.extend(batch.records);
    }
}
