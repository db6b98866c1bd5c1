//! A ring of bytes in shared memory with one writer and one reader, numbered by offsets that never repeat.
//!
//! The writer owns `head`, the reader owns `tail`; the bytes between them are the reader's, the rest is the writer's. Each side
//! may be killed at any instruction: an offset moves only after its bytes are done with. Nothing that the other side writes is
//! believed beyond what the memory's size allows.
//!
//! ```text
//! words: 0 head, 1 tail, 2 the writer waits for room, 3 the reader waits for bytes
//! ```

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::memory::Shared;

const HEAD: usize = 0;
const TAIL: usize = 1;
const WRITER_WAITS: usize = 2;
const READER_WAITS: usize = 3;

/// The writing end.
#[derive(Debug)]
pub(crate) struct RingWriter {
    shared: Shared,
    head: u64,
}

/// The reading end.
#[derive(Debug)]
pub(crate) struct RingReader {
    shared: Shared,
}

/// The bytes asked for are not in the ring any more, or never were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ring no longer holds these bytes; it goes on at {resume}")]
pub struct Lost {
    /// Where reading can go on.
    pub resume: u64,
}

impl RingWriter {
    /// An empty ring of `capacity` bytes whose first byte will have offset `base`.
    pub(crate) fn create(capacity: usize, base: u64) -> io::Result<Self> {
        let shared = Shared::create(capacity)?;
        shared.word(HEAD).store(base, SeqCst);
        shared.word(TAIL).store(base, SeqCst);
        Ok(Self { shared, head: base })
    }

    /// How many bytes fit now.
    pub(crate) fn free(&self) -> usize {
        let used = self.head.wrapping_sub(self.word(TAIL).load(SeqCst));
        // A tail beyond the head, or too far behind it, is a reader gone wrong: the ring then looks full until it is mended.
        self.shared.len().saturating_sub(usize::try_from(used).unwrap_or(usize::MAX))
    }

    /// Appends `parts` as one piece, or nothing if they do not fit.
    pub(crate) fn append(&mut self, parts: &[&[u8]]) -> bool {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length > self.free() {
            return false;
        }
        let mut at = self.head;
        for part in parts {
            self.copy_in(at, part);
            at += part.len() as u64;
        }
        self.head = at;
        self.word(HEAD).store(at, SeqCst);
        true
    }

    fn copy_in(&self, at: u64, bytes: &[u8]) {
        let place = (at % self.shared.len() as u64) as usize;
        let (first, second) = bytes.split_at(bytes.len().min(self.shared.len() - place));
        self.shared.copy_in(place, first);
        self.shared.copy_in(0, second);
    }

    /// Releases everything in the reader's place, when there is no reader any more.
    pub(crate) fn discard(&mut self) {
        self.word(TAIL).store(self.head, SeqCst);
    }

    /// Whether the reader has asked to be woken; it is asked once.
    pub(crate) fn take_reader_waits(&self) -> bool {
        self.word(READER_WAITS).swap(0, SeqCst) != 0
    }

    /// Asks the reader to wake the writer once there is room. Check [`Self::free`] again afterwards.
    pub(crate) fn wait_for_room(&self) {
        self.word(WRITER_WAITS).store(1, SeqCst);
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        self.shared.word(index)
    }
}

impl RingReader {
    /// Maps the ring that `memory` holds.
    pub(crate) fn open(memory: OwnedFd) -> io::Result<Self> {
        Ok(Self { shared: Shared::open(memory)? })
    }

    /// One past the last byte written.
    pub(crate) fn head(&self) -> u64 {
        self.shared.word(HEAD).load(SeqCst)
    }

    /// The first byte not yet released.
    pub(crate) fn tail(&self) -> u64 {
        self.shared.word(TAIL).load(SeqCst)
    }

    /// Appends the bytes from offset `from` on, at most `limit`, to `out`.
    pub(crate) fn read(&self, from: u64, limit: usize, out: &mut Vec<u8>) -> Result<(), Lost> {
        let (tail, head) = (self.tail(), self.head());
        if from < tail || from > head || head - tail > self.shared.len() as u64 {
            return Err(Lost { resume: if from < tail { tail } else { head } });
        }
        let length = limit.min((head - from) as usize);
        let place = (from % self.shared.len() as u64) as usize;
        let first = length.min(self.shared.len() - place);
        let kept = out.len();
        self.shared.copy_out(place, first, out);
        self.shared.copy_out(0, length - first, out);
        // Another thread of the reader may have released them meanwhile, and the writer may have written over them.
        let tail = self.tail();
        if from < tail {
            out.truncate(kept);
            return Err(Lost { resume: tail });
        }
        Ok(())
    }

    /// Gives everything before `to` back to the writer; says whether the writer waits for that.
    pub(crate) fn release(&self, to: u64) -> bool {
        if to <= self.head() {
            // Several threads of a reader may release; the tail never moves back.
            self.shared.word(TAIL).fetch_max(to, SeqCst);
        }
        self.shared.word(WRITER_WAITS).swap(0, SeqCst) != 0
    }

    /// Asks the writer to wake the reader at its next byte. Check [`Self::head`] again afterwards.
    pub(crate) fn wait_for_bytes(&self) {
        self.shared.word(READER_WAITS).store(1, SeqCst);
    }
}

impl AsFd for RingWriter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Append(Vec<u8>),
        Read(usize),
        Release(usize),
        Reopen,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(Step::Append),
            (0usize..80).prop_map(Step::Read),
            (0usize..80).prop_map(Step::Release),
            Just(Step::Reopen),
        ]
    }

    fn reader_of(writer: &RingWriter) -> RingReader {
        RingReader::open(writer.as_fd().try_clone_to_owned().unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn the_ring_behaves_as_a_queue_of_bytes(base in 0u64..1 << 40, steps in proptest::collection::vec(step(), 1..60)) {
            const CAPACITY: usize = 64;
            let mut writer = RingWriter::create(CAPACITY, base).unwrap();
            let mut reader = reader_of(&writer);
            let mut model: VecDeque<u8> = VecDeque::new();
            let (mut tail, mut cursor) = (base, base);
            for step in steps {
                match step {
                    Step::Append(bytes) => {
                        let fits = model.len() + bytes.len() <= CAPACITY;
                        let (one, two) = bytes.split_at(bytes.len() / 2);
                        prop_assert_eq!(writer.append(&[one, two]), fits);
                        if fits { model.extend(bytes); }
                    }
                    Step::Read(limit) => {
                        let mut out = Vec::new();
                        reader.read(cursor, limit, &mut out).unwrap();
                        let skip = (cursor - tail) as usize;
                        let expected: Vec<u8> = model.iter().skip(skip).take(limit).copied().collect();
                        prop_assert_eq!(&out, &expected);
                        cursor += out.len() as u64;
                    }
                    Step::Release(count) => {
                        let to = (tail + count as u64).min(cursor);
                        reader.release(to);
                        model.drain(..(to - tail) as usize);
                        tail = to;
                    }
                    // A new daemon: it maps the ring anew and resumes at the last offset it has released.
                    Step::Reopen => { reader = reader_of(&writer); cursor = tail; }
                }
                prop_assert_eq!(writer.free(), CAPACITY - model.len());
                prop_assert_eq!((reader.tail(), reader.head()), (tail, tail + model.len() as u64));
            }
        }

        #[test]
        fn whatever_the_other_side_writes_nothing_leaves_the_memory(head in any::<u64>(), tail in any::<u64>(), from in any::<u64>()) {
            let mut writer = RingWriter::create(64, 0).unwrap();
            let reader = reader_of(&writer);
            writer.word(HEAD).store(head, SeqCst);
            writer.word(TAIL).store(tail, SeqCst);
            let mut out = Vec::new();
            let _ = reader.read(from, 1 << 20, &mut out);
            prop_assert!(out.len() <= 64);
            writer.append(&[&[0; 32]]);
            prop_assert!(writer.free() <= 64);
        }
    }

    #[test]
    fn bytes_that_were_released_are_lost_and_the_reader_is_told_where_to_go_on() {
        let mut writer = RingWriter::create(8, 100).unwrap();
        let reader = reader_of(&writer);
        writer.append(&[b"abcd"]);
        reader.release(103);
        assert_eq!(reader.read(101, 8, &mut Vec::new()), Err(Lost { resume: 103 }));
        assert_eq!(reader.read(105, 8, &mut Vec::new()), Err(Lost { resume: 104 }));
    }

    #[test]
    fn each_side_learns_once_that_the_other_waits() {
        let writer = RingWriter::create(8, 0).unwrap();
        let reader = reader_of(&writer);
        reader.wait_for_bytes();
        assert!(writer.take_reader_waits());
        assert!(!writer.take_reader_waits());
        writer.wait_for_room();
        assert!(reader.release(0));
        assert!(!reader.release(0));
    }
}
