//! A disk that is full, or fails to cut what it wrote.

use std::{cell::Cell, fs::File, io, path::Path, rc::Rc};

use proptest::prelude::*;

use super::{
    super::{
        disk::{Disk, RealDisk},
        *,
    },
    TINY_SEGMENTS, any_record, number, output, read_all,
};

/// Takes so many more bytes.
#[derive(Clone)]
struct FullDisk {
    room: Rc<Cell<u64>>,
    can_truncate: Rc<Cell<bool>>,
}

impl FullDisk {
    fn new() -> FullDisk {
        FullDisk { room: Rc::new(Cell::new(u64::MAX)), can_truncate: Rc::new(Cell::new(true)) }
    }
}

impl Disk for FullDisk {
    fn create(&self, path: &Path) -> io::Result<File> {
        RealDisk.create(path)
    }

    fn write_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let taken = self.room.get().min(bytes.len() as u64);
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room.set(self.room.get() - taken);
        RealDisk.write_at(file, &bytes[..taken as usize], offset)
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        if self.can_truncate.get() { RealDisk.truncate(file, length) } else { Err(io::ErrorKind::Other.into()) }
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        RealDisk.sync(file)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_full_disk_leaves_whole_records_only_and_says_how_many(
        steps in prop::collection::vec((prop::collection::vec(any_record(), 1..8), 0u64..900, any::<bool>()), 1..15)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let disk = FullDisk::new();
        let (mut writer, _) = Writer::open_on(disk.clone(), dir.path(), TINY_SEGMENTS).unwrap();
        let mut model: Vec<Record<'static>> = Vec::new();
        for (mut records, room, can_truncate) in steps {
            number(&mut records, model.len());
            disk.room.set(room);
            disk.can_truncate.set(can_truncate);
            let written = match writer.append_batch(&records) {
                Ok(()) => records.len(),
                Err(error) => error.written,
            };
            model.extend_from_slice(&records[..written]);
            prop_assert_eq!(read_all(dir.path()), model.clone());
            disk.room.set(u64::MAX);
            disk.can_truncate.set(true);
            if written < records.len() {
                // With room again, going on behind what was written loses and doubles nothing.
                writer.append_batch(&records[written..]).unwrap();
                model.extend_from_slice(&records[written..]);
            }
            prop_assert_eq!(read_all(dir.path()), model.clone());
        }
        let (_, opened) = Writer::open(dir.path(), TINY_SEGMENTS).unwrap();
        prop_assert_eq!(opened.end, model.last().map(|record| record.end));
        prop_assert_eq!(opened.cut, 0);
    }
}

#[test]
fn nothing_is_appended_behind_a_torn_record_that_cannot_be_cut() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FullDisk::new();
    let (mut writer, _) = Writer::open_on(disk.clone(), dir.path(), Caps::default()).unwrap();
    writer.append_batch(&[output(1, Stream::Tty, "a")]).unwrap();
    disk.room.set(40);
    disk.can_truncate.set(false);
    writer.append_batch(&[output(2, Stream::Tty, [b'x'; 100])]).unwrap_err();
    disk.room.set(u64::MAX);
    assert_eq!(writer.append_batch(&[output(3, Stream::Tty, "c")]).unwrap_err().written, 0);
    disk.can_truncate.set(true);
    writer.append_batch(&[output(4, Stream::Tty, "d")]).unwrap();
    assert_eq!(read_all(dir.path()), [output(1, Stream::Tty, "a"), output(4, Stream::Tty, "d")]);
}

#[test]
fn a_record_that_is_too_large_does_not_take_those_before_it_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = Writer::open(dir.path(), Caps::default()).unwrap();
    let large = output(2, Stream::Tty, vec![0; record::MAX_PAYLOAD + 1]);
    let error = writer.append_batch(&[output(1, Stream::Tty, "a"), large]).unwrap_err();
    assert_eq!((error.written, error.source.kind()), (1, io::ErrorKind::InvalidInput));
    assert_eq!(read_all(dir.path()), [output(1, Stream::Tty, "a")]);
}
