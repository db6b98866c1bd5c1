//! What happened to a service, in order: its output, and when runs of it began and ended, as entries in a ring.
//!
//! The keeper appends, the daemon reads and releases what its log holds. A daemon that was killed resumes where its log ends; so
//! the journal is the part of the log that is not on disk yet, and nothing is lost or doubled in between.
//!
//! ```text
//! entry: length of the payload u32, kind u8, three unused bytes, nanoseconds since the Unix epoch u64, payload
//! ```

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::codec::{Malformed, Reader, Writer};
use crate::outcome::Ending;
use crate::ring::{Lost, RingReader, RingWriter};

/// The bytes a journal holds. One second of a fast build log; while it is full, the service waits.
const CAPACITY: usize = 256 * 1024;
/// The longest payload of one entry.
pub(crate) const MAX_PAYLOAD: usize = 16 * 1024;
const HEADER: usize = 16;

/// Where output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The terminal.
    Tty,
    /// The pipe of standard output.
    Stdout,
    /// The pipe of standard error.
    Stderr,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When, in nanoseconds since the Unix epoch.
    pub time: u64,
    /// The journal's offset after this entry.
    pub end: u64,
    /// What.
    pub what: What<'a>,
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What<'a> {
    /// The service printed something.
    Output(Stream, &'a [u8]),
    /// A run began.
    Started {
        /// Its number.
        run: u64,
        /// Its first process.
        pid: u32,
        /// The terminal's columns; 0 without a terminal.
        columns: u16,
        /// The terminal's rows; 0 without a terminal.
        rows: u16,
    },
    /// A run ended, and all its output stands before this.
    Ended {
        /// Its number.
        run: u64,
        /// How.
        ending: Ending,
    },
}

/// The keeper's end.
#[derive(Debug)]
pub(crate) struct JournalWriter {
    ring: RingWriter,
    /// Something was appended since the reader was last looked after.
    news: bool,
}

/// The daemon's end.
#[derive(Debug)]
pub struct JournalReader(RingReader);

impl JournalWriter {
    pub(crate) fn create(base: u64) -> io::Result<Self> {
        Ok(Self { ring: RingWriter::create(CAPACITY, base)?, news: false })
    }

    /// How many bytes of output fit into one entry now.
    pub(crate) fn room(&self) -> usize {
        self.ring.free().saturating_sub(HEADER).min(MAX_PAYLOAD)
    }

    /// Appends what happened at `time`; `false` if there is no room for it.
    pub(crate) fn append(&mut self, time: u64, what: &What<'_>) -> bool {
        match what {
            What::Output(stream, bytes) => self.put(time, *stream as u8, bytes),
            What::Started { run, pid, columns, rows } => {
                self.put(time, 3, &Writer::default().u64(*run).u32(*pid).u16(*columns).u16(*rows).0)
            }
            What::Ended { run, ending } => {
                let mut payload = Writer::default();
                ending.write(payload.u64(*run));
                self.put(time, 4, &payload.0)
            }
        }
    }

    fn put(&mut self, time: u64, kind: u8, payload: &[u8]) -> bool {
        let mut header = [0; HEADER];
        header[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        header[4] = kind;
        header[8..].copy_from_slice(&time.to_le_bytes());
        let appended = self.ring.append(&[&header, payload]);
        self.news |= appended;
        appended
    }

    /// Whether the daemon sleeps and has to be woken for what was appended since the last call.
    pub(crate) fn take_wake(&mut self) -> bool {
        std::mem::take(&mut self.news) && self.ring.take_reader_waits()
    }

    /// Throws away what nobody will read.
    pub(crate) fn discard(&mut self) {
        self.ring.discard();
    }

    /// Asks the daemon to wake the keeper once there is room. Look at [`Self::room`] again afterwards.
    pub(crate) fn wait_for_room(&self) {
        self.ring.wait_for_room();
    }
}

impl AsFd for JournalWriter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ring.as_fd()
    }
}

impl JournalReader {
    /// Maps the journal that came with a slot.
    pub fn open(memory: OwnedFd) -> io::Result<Self> {
        RingReader::open(memory).map(Self)
    }

    /// The offset after the last entry.
    pub fn head(&self) -> u64 {
        self.0.head()
    }

    /// The offset of the first entry not yet released.
    pub fn tail(&self) -> u64 {
        self.0.tail()
    }

    /// Fills `buffer` with whole entries from offset `from` on, at most about `limit` bytes, for [`entries`] to read.
    ///
    /// # Errors
    /// [`Lost`] if they are no longer there, or if what is there is not entries.
    pub fn read(&self, from: u64, limit: usize, buffer: &mut Vec<u8>) -> Result<(), Lost> {
        buffer.clear();
        self.0.read(from, limit.max(HEADER + MAX_PAYLOAD), buffer)?;
        let whole = whole_entries(buffer).map_err(|Malformed| Lost { resume: self.head() })?;
        buffer.truncate(whole);
        Ok(())
    }

    /// Gives everything before offset `to` back; says whether the keeper waits for room and is to be woken.
    #[must_use = "a keeper that waits for room is not woken by itself"]
    pub fn release(&self, to: u64) -> bool {
        self.0.release(to)
    }

    /// Asks the keeper to wake the daemon at the next entry. Check [`Self::head`] again afterwards.
    pub fn wait_for_entries(&self) {
        self.0.wait_for_bytes();
    }
}

/// The entries in a buffer that [`JournalReader::read`] filled from offset `from` on. Ends early at one that makes no sense.
pub fn entries(buffer: &[u8], from: u64) -> impl Iterator<Item = Entry<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (kind, time, payload) = split(&buffer[at..])?;
        at += HEADER + payload.len();
        Some(Entry { time, end: from + at as u64, what: decode(kind, payload).ok()? })
    })
}

fn split(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
    let length = u32::from_le_bytes(*header.first_chunk()?) as usize;
    let time = u64::from_le_bytes(*header.last_chunk()?);
    Some((header[4], time, rest.get(..length)?))
}

/// The length of the longest prefix of whole entries.
fn whole_entries(buffer: &[u8]) -> Result<usize, Malformed> {
    let mut at = 0;
    while let Some(header) = buffer[at..].first_chunk::<HEADER>() {
        let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        if length > MAX_PAYLOAD || header[4] > 4 {
            return Err(Malformed);
        }
        if buffer.len() - at < HEADER + length {
            break;
        }
        at += HEADER + length;
    }
    Ok(at)
}

fn decode(kind: u8, payload: &[u8]) -> Result<What<'_>, Malformed> {
    let mut input = Reader::new(payload);
    Ok(match kind {
        0 => What::Output(Stream::Tty, payload),
        1 => What::Output(Stream::Stdout, payload),
        2 => What::Output(Stream::Stderr, payload),
        3 => What::Started { run: input.u64()?, pid: input.u32()?, columns: input.u16()?, rows: input.u16()? },
        4 => What::Ended { run: input.u64()?, ending: Ending::read(&mut input)? },
        _ => return Err(Malformed),
    })
}

/// Nanoseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::Outcome;

    fn what() -> impl Strategy<Value = (u8, Vec<u8>, u64)> {
        (0u8..5, proptest::collection::vec(any::<u8>(), 0..3000), any::<u64>())
    }

    fn entry_of((kind, bytes, number): &(u8, Vec<u8>, u64)) -> What<'_> {
        match kind {
            0 => What::Output(Stream::Tty, bytes),
            1 => What::Output(Stream::Stdout, bytes),
            2 => What::Output(Stream::Stderr, bytes),
            3 => What::Started { run: *number, pid: *number as u32, columns: 80, rows: bytes.len() as u16 },
            _ => What::Ended {
                run: *number,
                ending: Ending { outcome: Outcome::Signal(9), killed: vec!["sleep".to_owned()], left: vec![] },
            },
        }
    }

    proptest! {
        // Each case fills the journal several times over.
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_daemon_that_dies_and_resumes_reads_each_entry_once_and_in_order(
            told in proptest::collection::vec(what(), 1..200), dies in proptest::collection::vec(any::<bool>(), 200), limit in 0usize..100_000,
        ) {
            let mut writer = JournalWriter::create(7).unwrap();
            let open = |writer: &JournalWriter| JournalReader::open(writer.as_fd().try_clone_to_owned().unwrap()).unwrap();
            let mut reader = open(&writer);
            let (mut logged, mut at, mut buffer) = (Vec::new(), 7, Vec::new());
            for (item, dies) in told.iter().zip(&dies) {
                while !writer.append(now(), &entry_of(item)) {
                    reader.read(at, limit, &mut buffer).unwrap();
                    for entry in entries(&buffer, at) {
                        logged.push(format!("{:?}", entry.what));
                        at = entry.end;
                    }
                    // Killed between writing the log and releasing: the next daemon begins where the log ends.
                    if *dies { reader = open(&writer); }
                    let _ = reader.release(at);
                }
            }
            while at < reader.head() {
                reader.read(at, limit, &mut buffer).unwrap();
                for entry in entries(&buffer, at) {
                    logged.push(format!("{:?}", entry.what));
                    at = entry.end;
                }
            }
            prop_assert_eq!(logged, told.iter().map(|item| format!("{:?}", entry_of(item))).collect::<Vec<_>>());
        }

        #[test]
        fn arbitrary_bytes_never_panic_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = whole_entries(&bytes);
            entries(&bytes, 0).for_each(drop);
        }
    }
}
