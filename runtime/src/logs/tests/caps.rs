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
