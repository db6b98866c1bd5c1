//! What a log may hold, and who may read it.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use proptest::prelude::*;

use super::{super::*, any_record, number, output, read_on};

fn size_on_disk(dir: &std::path::Path) -> u64 {
    let segments = segment::list(dir).unwrap();
    segments.iter().map(|first| fs::metadata(segment::path(dir, *first)).unwrap().len()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_log_never_outgrows_its_cap_and_a_reader_knows_what_it_lost(
        steps in prop::collection::vec((prop::collection::vec(any_record(), 1..9), any::<bool>(), 0u8..6), 1..40)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let caps = Caps { segment: 500, total: 2000, age: Duration::MAX };
        let (mut writer, _) = Writer::open(dir.path(), caps).unwrap();
        let (mut model, mut cursor, mut expected) = (Vec::new(), Cursor::OLDEST, 0);
        for (mut records, read, reopen) in steps {
            number(&mut records, model.len());
            writer.append_batch(&records).unwrap();
            model.extend(records);
            prop_assert_eq!(size_on_disk(dir.path()), writer.size());
            prop_assert!(writer.size() <= caps.total);
            if reopen == 0 {
                writer = Writer::open(dir.path(), caps).unwrap().0;
            }
            if read {
                let (seen, next, lost) = read_on(dir.path(), cursor);
                // What `OLDEST` does not find was never asked for.
                expected = if cursor == Cursor::OLDEST { model.len() - seen.len() } else { expected + lost as usize };
                prop_assert_eq!(&model[expected..], &seen);
                expected = model.len();
                cursor = next;
            }
        }
    }
}

#[test]
fn segments_whose_records_are_all_too_old_are_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let caps = Caps { segment: 400, total: u64::MAX, age: Duration::from_micros(1) };
    let (mut writer, _) = Writer::open(dir.path(), caps).unwrap();
    for time in [0, 100, 2000, 2100] {
        writer.append_batch(&[output(time, Stream::Tty, [b'x'; 300])]).unwrap();
    }
    writer.prune(2900);
    let times: Vec<_> = super::read_all(dir.path()).iter().map(|record| record.time).collect();
    assert_eq!(times, [100, 2000, 2100], "the second may hold records up to the time of the third");
    writer.prune(3001);
    let times: Vec<_> = super::read_all(dir.path()).iter().map(|record| record.time).collect();
    assert_eq!(times, [2000, 2100]);
}

#[test]
fn a_quiet_service_does_not_keep_its_oldest_records_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let caps = Caps { age: Duration::from_micros(1), ..Caps::default() };
    let (mut writer, _) = Writer::open(dir.path(), caps).unwrap();
    for time in (0..10_000).step_by(100) {
        writer.append_batch(&[output(time, Stream::Tty, "x")]).unwrap();
    }
    let oldest = super::read_all(dir.path())[0].time;
    assert!((8000..9000).contains(&oldest), "{oldest}");
}

#[test]
fn nobody_else_can_read_a_log() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("web");
    fs::create_dir(&log).unwrap();
    fs::set_permissions(&log, fs::Permissions::from_mode(0o755)).unwrap();
    let (mut writer, _) = Writer::open(&log, Caps::default()).unwrap();
    writer.append_batch(&[output(1, Stream::Tty, "a")]).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&log), mode(&segment::path(&log, 0))), (0o700, 0o600));
}

/// All bytes in the folder of a log, whatever the files are.
fn folder_size(dir: &std::path::Path) -> u64 {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn the_output_of_a_day_stays_inside_the_cap_through_floods_quiet_hours_and_daemons_that_come_and_go() {
    const SECOND: u64 = 1_000_000_000;
    const HOUR: u64 = 3600 * SECOND;
    let dir = tempfile::tempdir().unwrap();
    // The smallest cap that can be set, and an age that is reached within the day.
    let caps = Caps { total: 1 << 20, age: Duration::from_hours(6), ..Caps::default() };
    let (mut writer, _) = Writer::open(dir.path(), caps).unwrap();
    let line = |second: u64| format!("{:>6} GET /items/{} 200 in {} ms\n", second, second % 997, second % 89);
    let (mut written, mut most) = (0, 0);
    // The clock is that of the records: a day in steps of ten seconds.
    for second in (0..24 * 3600).step_by(10) {
        let lines = match second / 3600 {
            // At night nearly nothing, and once a flood.
            0..6 => usize::from(second % 600 == 0),
            9 => 400,
            _ => 80,
        };
        let now = second * SECOND;
        let text = line(second).repeat(lines);
        let mut records = vec![output(now, Stream::Tty, text.clone())];
        if second % 1800 == 0 {
            let state = vec![7; 30_000].into();
            let checkpoint = Checkpoint { at: now, from: Cursor::OLDEST, run: Run::default(), state };
            records.push(Record { time: now, end: now, entry: Entry::Checkpoint(checkpoint) });
        }
        writer.append_batch(&records).unwrap();
        written += text.len() as u64;
        if second % 3600 == 0 {
            writer.prune(now);
            writer = Writer::open(dir.path(), caps).unwrap().0;
        }
        most = most.max(folder_size(dir.path()));
        assert!(most <= caps.total, "{most} bytes after {second} s");
    }
    assert!(written > 20 * caps.total, "the day was not much: {written}");
    assert!(most > caps.total / 2, "what may be kept is kept: {most}");
    let kept = super::read_all(dir.path());
    let (first, last) = (kept[0].time, kept[kept.len() - 1].time);
    assert_eq!(last, (24 * 3600 - 10) * SECOND);
    assert!(first > 17 * HOUR && kept.windows(2).all(|pair| pair[0].time <= pair[1].time), "{first}");
}
