//! Reading while someone writes, and from places that are no more.

use std::{fs, thread};

use proptest::prelude::*;

use super::{super::*, TINY_SEGMENTS, output, read_on};

#[test]
fn a_reader_sees_every_record_once_while_a_writer_appends() {
    const RECORDS: u64 = 5000;
    let dir = tempfile::tempdir().unwrap();
    let caps = Caps { segment: 20_000, ..TINY_SEGMENTS };
    let (mut writer, _) = Writer::open(dir.path(), caps).unwrap();
    let writing = thread::spawn(move || {
        for batch in (0..RECORDS).collect::<Vec<_>>().chunks(7) {
            let records: Vec<_> =
                batch.iter().map(|number| output(*number, Stream::Tty, vec![b'x'; *number as usize % 300])).collect();
            writer.append_batch(&records).unwrap();
        }
    });
    let (mut expected, mut cursor) = (0, Cursor::OLDEST);
    while expected < RECORDS {
        let (records, next, lost) = read_on(dir.path(), cursor);
        assert_eq!(lost, 0);
        for record in records {
            assert_eq!(record.end, expected);
            expected += 1;
        }
        cursor = next;
        assert!(expected == RECORDS || !writing.is_finished() || !read_on(dir.path(), cursor).0.is_empty());
    }
    writing.join().unwrap();
}

#[test]
fn a_cursor_into_deleted_segments_moves_to_the_oldest_record_and_counts_the_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
    let started = Record { time: 0, end: 0, entry: Entry::RunStarted { run: 9, pid: 1, columns: 80, rows: 24 } };
    writer.append_batch(&[started]).unwrap();
    let cursor = Reader::new(dir.path()).end().unwrap();
    for number in 1..=4 {
        writer.append_batch(&[output(number, Stream::Tty, [b'x'; 350])]).unwrap();
    }
    for first in &segment::list(dir.path()).unwrap()[..3] {
        fs::remove_file(segment::path(dir.path(), *first)).unwrap();
    }
    let batch = Reader::new(dir.path()).records_from(cursor, 10_000).unwrap();
    assert_eq!(batch.moved, Some(Moved { lost: Lost::Records(2), run: Some(9) }));
    assert_eq!(batch.records[0].end, 3);
}

#[test]
fn a_damaged_record_costs_the_rest_of_its_segment_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
    for number in 0..6 {
        writer.append_batch(&[output(number, Stream::Tty, [b'x'; 100])]).unwrap();
    }
    let oldest = segment::path(dir.path(), 0);
    let mut bytes = fs::read(&oldest).unwrap();
    bytes[segment::HEADER + 140] ^= 1;
    fs::write(&oldest, bytes).unwrap();
    let (records, _, lost) = read_on(dir.path(), Cursor::OLDEST);
    assert_eq!(records.iter().map(|record| record.end).collect::<Vec<_>>(), [0, 2, 3, 4, 5]);
    assert_eq!(lost, 1);
}

#[test]
fn a_cursor_of_another_log_starts_over() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = Writer::open(dir.path(), Caps::default()).unwrap();
    writer.append_batch(&[output(7, Stream::Tty, "a"), output(8, Stream::Tty, "b")]).unwrap();
    let cursor = Reader::new(dir.path()).end().unwrap();
    drop(writer);
    fs::remove_dir_all(dir.path()).unwrap();
    let empty = Reader::new(dir.path()).records_from(cursor, 100).unwrap();
    assert_eq!((empty.records.len(), empty.cursor), (0, cursor));
    let (mut writer, _) = Writer::open(dir.path(), Caps::default()).unwrap();
    writer.append_batch(&[output(9, Stream::Tty, "new")]).unwrap();
    let batch = Reader::new(dir.path()).records_from(cursor, 100).unwrap();
    assert_eq!(batch.moved, Some(Moved { lost: Lost::AnotherLog, run: None }));
    assert_eq!(batch.records, [output(9, Stream::Tty, "new")]);
}

proptest! {
    #[test]
    fn no_cursor_makes_the_reader_panic_or_invent_records(near: bool, parts in prop::array::uniform3(0u64..900), far: [u64; 4]) {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
        let records: Vec<_> = (1..9).map(|number| output(number, Stream::Tty, vec![b'x'; 60])).collect();
        writer.append_batch(&records).unwrap();
        let [log, segment, byte, sequence] = if near { [1, parts[0] % 10, parts[1], parts[2] % 12] } else { far };
        let batch = Reader::new(dir.path()).records_from(Cursor { log, segment, byte, sequence }, 200).unwrap();
        prop_assert!(batch.records.iter().all(|record| records.contains(record)));
    }
}
