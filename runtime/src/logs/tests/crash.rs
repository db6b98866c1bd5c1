//! What is left after the daemon, or the machine, died in the middle of it all.

use std::{fs, io::Write};

use proptest::prelude::*;

use super::{super::*, TINY_SEGMENTS, any_record, number, output, read_all};

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Record<'static>>),
    Sync,
    /// The last so many bytes never reached the disk, out of those that were not synced.
    Cut(prop::sample::Index),
    /// The last write was torn: a beginning of a record, or of anything.
    Garbage(Vec<u8>),
    /// Death between making a segment and writing to it.
    EmptySegment,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => prop::collection::vec(any_record(), 0..6).prop_map(Step::Append),
        1 => Just(Step::Sync),
        2 => any::<prop::sample::Index>().prop_map(Step::Cut),
        1 => prop::collection::vec(any::<u8>(), 1..90).prop_map(Step::Garbage),
        1 => Just(Step::EmptySegment),
    ]
}

/// How many records are left when the last segment loses this many bytes.
fn left_after_cut(records: &[Record<'_>], first_of_segment: usize, mut cut: u64) -> usize {
    let mut left = records.len();
    while cut > 0 && left > first_of_segment {
        left -= 1;
        cut = cut.saturating_sub(records[left].frame_length() as u64);
    }
    left
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn after_any_crash_the_log_is_what_was_appended_up_to_the_last_whole_record(
        steps in prop::collection::vec(any_step(), 1..25)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
        let mut model: Vec<Record<'static>> = Vec::new();
        // The newest segment and its length at the last sync.
        let mut synced = (0, 0);
        for step in steps {
            let newest = segment::list(dir.path()).unwrap().last().copied();
            let file = newest.map(|first| segment::path(dir.path(), first));
            let length = file.as_ref().map_or(0, |file| fs::metadata(file).unwrap().len());
            match (step, file) {
                (Step::Append(mut records), _) => {
                    number(&mut records, model.len());
                    writer.append_batch(&records).unwrap();
                    model.extend(records);
                    continue;
                }
                (Step::Sync, _) => {
                    writer.sync().unwrap();
                    synced = (newest.unwrap_or(0), length);
                    continue;
                }
                (Step::Cut(at), Some(file)) => {
                    let first = newest.unwrap();
                    let kept = if first == synced.0 { synced.1 } else { 0 };
                    let cut = at.index((length - kept) as usize + 1) as u64;
                    model.truncate(left_after_cut(&model, first as usize, cut));
                    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(length - cut).unwrap();
                }
                // Garbage instead of a head is no torn write, but a file of unknown origin.
                (Step::Garbage(bytes), Some(file)) if length > 0 => {
                    fs::OpenOptions::new().append(true).open(file).unwrap().write_all(&bytes).unwrap();
                }
                (Step::EmptySegment, _) => {
                    let next = segment::path(dir.path(), model.len() as u64);
                    fs::OpenOptions::new().append(true).create(true).open(next).unwrap();
                }
                (Step::Cut(_) | Step::Garbage(_), _) => continue,
            }
            prop_assert_eq!(read_all(dir.path()), model.clone(), "before the repair");
            let (reopened, opened) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
            writer = reopened;
            synced = (0, 0);
            prop_assert_eq!(opened.end, model.last().map(|record| record.end));
            let mut carry = carry::Carry::default();
            for record in &model {
                carry.observe(record);
            }
            prop_assert_eq!(opened.run, carry.run);
            prop_assert_eq!(read_all(dir.path()), model.clone(), "after the repair");
        }
        prop_assert_eq!(read_all(dir.path()), model);
    }

    #[test]
    fn a_reader_that_follows_sees_every_record_once_over_any_number_of_killed_daemons(
        steps in prop::collection::vec((prop::collection::vec(any_record(), 0..6), any::<Option<u8>>()), 1..20)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut writer, _) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
        let (mut model, mut seen, mut cursor) = (Vec::new(), Vec::new(), Cursor::OLDEST);
        for (mut records, torn) in steps {
            number(&mut records, model.len());
            writer.append_batch(&records).unwrap();
            model.extend(records);
            if let (Some(torn), Some(newest)) = (torn, segment::list(dir.path()).unwrap().last()) {
                // The next daemon's repair must not move what readers hold.
                let mut file = fs::OpenOptions::new().append(true).open(segment::path(dir.path(), *newest)).unwrap();
                file.write_all(&[torn; 50]).unwrap();
                let (records, next, lost) = super::read_on(dir.path(), cursor);
                seen.extend(records);
                cursor = next.to_string().parse().unwrap();
                prop_assert_eq!(lost, 0);
                writer = Writer::open(dir.path(), TINY_SEGMENTS).unwrap().0;
            }
        }
        seen.extend(super::read_on(dir.path(), cursor).0);
        prop_assert_eq!(seen, model);
    }
}

#[test]
fn a_torn_tail_is_cut_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, opened) = Writer::open(dir.path(), Caps::default()).unwrap();
    assert_eq!(opened, Opened::default());
    writer.append_batch(&[output(5, Stream::Tty, "whole")]).unwrap();
    drop(writer);
    let file = segment::path(dir.path(), 0);
    fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"torn").unwrap();
    let (_, opened) = Writer::open(dir.path(), Caps::default()).unwrap();
    assert_eq!((opened.end, opened.cut), (Some(5), 4));
}

#[test]
fn a_segment_of_another_version_is_set_aside_and_its_numbers_are_not_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
    writer.append_batch(&[output(1, Stream::Tty, [b'x'; 300]), output(2, Stream::Tty, [b'x'; 300])]).unwrap();
    drop(writer);
    let foreign = segment::path(dir.path(), 1);
    let mut bytes = fs::read(&foreign).unwrap();
    bytes[8] = 99;
    fs::write(&foreign, &bytes).unwrap();

    let (mut writer, opened) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
    assert_eq!(opened.set_aside, [foreign.with_extension("set-aside")]);
    assert_eq!(fs::read(&opened.set_aside[0]).unwrap(), bytes);
    assert_eq!(opened.end, Some(1));
    writer.append_batch(&[output(3, Stream::Tty, "x")]).unwrap();
    let (records, _, lost) = super::read_on(dir.path(), Cursor::OLDEST);
    assert_eq!(records.iter().map(|record| record.end).collect::<Vec<_>>(), [1, 3]);
    assert!(lost > 0);
}

#[test]
fn a_log_can_be_deleted_or_emptied_under_its_writer() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("project/web");
    let (mut writer, _) = Writer::open(&log, Caps::default()).unwrap();
    writer.append_batch(&[output(1, Stream::Tty, "a")]).unwrap();
    fs::remove_dir_all(dir.path().join("project")).unwrap();
    writer.append_batch(&[output(2, Stream::Tty, "b")]).unwrap();
    writer.sync().unwrap();
    assert_eq!(read_all(&log), [output(2, Stream::Tty, "b")]);

    fs::write(segment::path(&log, 1), "").unwrap();
    writer.append_batch(&[output(3, Stream::Tty, "c")]).unwrap();
    assert_eq!(read_all(&log), [output(3, Stream::Tty, "c")]);
    drop(writer);
    assert_eq!(Writer::open(&log, Caps::default()).unwrap().1.end, Some(3));
}
