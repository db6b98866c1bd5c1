//! The files of a log: their names and their heads. What follows the head is left to [`record`](super::record).
//!
//! A segment is named for the number of its first record, so names sort as the records do. Its head says which log it
//! belongs to, when it begins and what went before:
//!
//! ```text
//! magic 8 | version u32 | crc32 u32 | log u64 | first u64 | time u64 | end u64
//!         | flags u32 | pid u32 | run u64 | columns u16 | rows u16 | zero u32
//! ```

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::{
    carry::{Carry, LastRun},
    cursor::Cursor,
    record::{Fault, Fields},
};

/// The bytes of a segment before its first record.
pub const HEADER: usize = 72;
/// The format that is written. Any other is left untouched and set aside.
pub const VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"\x89locald\n";
const CHECKED_FROM: usize = 16;
const HAS_END: u32 = 1;
const HAS_RUN: u32 = 2;
const IS_RUNNING: u32 = 4;
const MIDLINE_SHIFT: u32 = 8;

/// The head of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which log this segment belongs to; never 0.
    pub log: u64,
    /// The number of its first record.
    pub first: u64,
    /// The time of its first record.
    pub time: u64,
    /// The sum of all records before it.
    pub carry: Carry,
}

/// What the first bytes of a file are.
#[derive(Debug, PartialEq, Eq)]
pub enum Head {
    /// A head that can be read.
    Known(Header),
    /// The beginning of one: the segment has no record yet.
    Unfinished,
    /// Of another version, or damaged, or no segment at all.
    Foreign,
}

impl Header {
    /// Appends the head to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let run = self.carry.run.unwrap_or(LastRun { run: 0, pid: 0, columns: 0, rows: 0, running: false });
        let has_end = if self.carry.end.is_some() { HAS_END } else { 0 };
        let has_run = if self.carry.run.is_some() { HAS_RUN } else { 0 };
        let is_running = if run.running { IS_RUNNING } else { 0 };
        let flags = has_end | has_run | is_running | u32::from(self.carry.midline) << MIDLINE_SHIFT;
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        for number in [self.log, self.first, self.time, self.carry.end.unwrap_or(0)] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&flags.to_le_bytes());
        out.extend_from_slice(&run.pid.to_le_bytes());
        out.extend_from_slice(&run.run.to_le_bytes());
        out.extend_from_slice(&run.columns.to_le_bytes());
        out.extend_from_slice(&run.rows.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let checksum = crc32fast::hash(&out[start + CHECKED_FROM..]);
        out[start + 12..start + CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
    }

    /// The place of this segment's first record.
    pub fn start(&self) -> Cursor {
        Cursor { log: self.log, segment: self.first, byte: HEADER as u64, sequence: self.first }
    }
}

impl Head {
    /// Reads the head of a segment from the first bytes of its file.
    pub fn decode(bytes: &[u8]) -> Head {
        let mut known = Vec::with_capacity(12);
        known.extend_from_slice(&MAGIC);
        known.extend_from_slice(&VERSION.to_le_bytes());
        let compared = bytes.len().min(known.len());
        if bytes[..compared] != known[..compared] {
            return Head::Foreign;
        }
        match bytes.first_chunk::<HEADER>() {
            Some(head) => decode_known(head).map_or(Head::Foreign, Head::Known),
            None => Head::Unfinished,
        }
    }

    /// Reads the head of an open segment.
    pub fn read(file: &File) -> io::Result<Head> {
        let mut bytes = [0; HEADER];
        let mut length = 0;
        while length < HEADER {
            match file.read_at(&mut bytes[length..], length as u64) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Head::decode(&bytes[..length]))
    }
}

/// The file of the segment whose first record has this number.
pub fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.log"))
}

/// Lists the segments of a log by the numbers of their first records, in order. A missing directory is an empty log.
pub fn list(dir: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut segments = Vec::new();
    for entry in entries {
        segments.extend(entry?.file_name().to_str().and_then(parse_name));
    }
    segments.sort_unstable();
    Ok(segments)
}

fn parse_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    let well_formed = digits.len() == 20 && digits.bytes().all(|digit| digit.is_ascii_digit());
    if well_formed { digits.parse().ok() } else { None }
}

fn decode_known(head: &[u8; HEADER]) -> Result<Header, Fault> {
    let mut fields = Fields(&head[12..]);
    if fields.u32()? != crc32fast::hash(&head[CHECKED_FROM..]) {
        return Err(Fault::Invalid);
    }
    let (log, first, time, end) = (fields.u64()?, fields.u64()?, fields.u64()?, fields.u64()?);
    let (flags, pid, run) = (fields.u32()?, fields.u32()?, fields.u64()?);
    let (columns, rows) = (fields.u16()?, fields.u16()?);
    let run = LastRun { run, pid, columns, rows, running: flags & IS_RUNNING != 0 };
    let carry = Carry {
        end: (flags & HAS_END != 0).then_some(end),
        run: (flags & HAS_RUN != 0).then_some(run),
        midline: (flags >> MIDLINE_SHIFT) as u8,
    };
    Ok(Header { log, first, time, carry })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_head_is_read_back_as_it_was_written(
            numbers: [u64; 3], end: Option<u64>, run: Option<(u64, u32, u16, u16, bool)>, midline in 0u8..8
        ) {
            let [log, first, time] = numbers;
            let run = run.map(|(run, pid, columns, rows, running)| LastRun { run, pid, columns, rows, running });
            let header = Header { log, first, time, carry: Carry { end, run, midline } };
            let mut bytes = Vec::new();
            header.encode(&mut bytes);
            prop_assert_eq!(bytes.len(), HEADER);
            prop_assert_eq!(Head::decode(&bytes), Head::Known(header));
            for length in 0..HEADER {
                prop_assert_eq!(Head::decode(&bytes[..length]), Head::Unfinished);
            }
        }

        #[test]
        fn a_changed_head_is_foreign(at in 0..HEADER, by in 1u8..) {
            let mut bytes = Vec::new();
            Header { log: 1, first: 2, time: 3, carry: Carry::default() }.encode(&mut bytes);
            bytes[at] ^= by;
            prop_assert_eq!(Head::decode(&bytes), Head::Foreign);
        }
    }

    #[test]
    fn only_files_named_as_segments_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["00000000000000000012.log", "00000000000000000003.log", "3.log", "notes.txt"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::write(path(dir.path(), 5).with_extension("set-aside"), "").unwrap();
        assert_eq!(list(dir.path()).unwrap(), [3, 12]);
        assert!(list(&dir.path().join("absent")).unwrap().is_empty());
    }
}
