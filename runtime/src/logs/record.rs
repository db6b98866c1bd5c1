//! One log record as bytes and back. Pure: where the bytes live is left to [`segment`](super::segment) and others.
//!
//! A frame is a head of 32 bytes and a payload, all little-endian:
//!
//! ```text
//! length u32 | crc32 u32 | kind u8 | detail u8 | zero u16 | sequence u32 | time u64 | end u64 | payload
//! ```
//!
//! `length` counts what follows the checksum, and the checksum covers just that. `sequence` is the low half of the
//! record's number in its log: a stale or misplaced frame is never taken for the one that belongs there.

use std::borrow::Cow;

use super::cursor::Cursor;

/// The largest payload of a record; whatever claims more is torn.
pub const MAX_PAYLOAD: usize = 1 << 20;
/// The largest text of an [`Entry::Note`], in bytes.
pub const MAX_NOTE: usize = 64 << 10;
/// The largest state of a [`Checkpoint`], in bytes.
pub const MAX_STATE: usize = 256 << 10;
/// The bytes of a frame before its payload.
pub const HEAD: usize = 32;

/// The bytes of a checkpoint before its state.
const CHECKPOINT_HEAD: usize = 68;

/// The bytes of a frame that its checksum does not cover.
const UNCHECKED: usize = 8;

/// Where a service wrote its bytes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The terminal, where output and errors are one.
    Tty,
    /// Standard output, a pipe.
    Stdout,
    /// Standard error, a pipe.
    Stderr,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It exited with this code.
    Code(i32),
    /// This signal killed it.
    Signal(i32),
    /// Nobody saw its end.
    Lost,
}

/// Why journal bytes are not in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// The disk was full.
    NoSpace,
    /// The user's quota was used up.
    Quota,
    /// The device failed.
    Io,
    /// The write took too long, and the service came first.
    Slow,
    /// The journal no longer held them.
    Lost,
}

/// What happened; output is borrowed where it comes from the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// The service wrote something.
    Output {
        /// Where to.
        stream: Stream,
        /// What, untouched; at most [`MAX_PAYLOAD`].
        bytes: Cow<'a, [u8]>,
    },
    /// The service was started.
    RunStarted {
        /// The number of the run.
        run: u64,
        /// Its process.
        pid: u32,
        /// The width of its terminal.
        columns: u16,
        /// The height of its terminal.
        rows: u16,
    },
    /// The service ended.
    RunEnded {
        /// The number of the run.
        run: u64,
        /// How.
        outcome: Outcome,
    },
    /// The terminal has a new size.
    Resized {
        /// Its width.
        columns: u16,
        /// Its height.
        rows: u16,
    },
    /// A stretch of the journal that could not be logged.
    Gap {
        /// Its length in journal bytes.
        length: u64,
        /// Why.
        reason: GapReason,
    },
    /// A remark of the daemon's own; never shown as a line.
    Note {
        /// At most [`MAX_NOTE`] bytes.
        text: Cow<'a, str>,
    },
    /// What the screen was at some moment; never shown as a line.
    Checkpoint(Checkpoint<'a>),
}

/// A screen, and what is to be known to go on from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// The journal offset up to which the screen had been fed. The record itself may stand behind records of later output.
    pub at: u64,
    /// A place in this log before all records that the screen has not seen.
    pub from: Cursor,
    /// The run that was latest then.
    pub run: Run,
    /// The screen, in the terminal's own form; at most [`MAX_STATE`] bytes.
    pub state: Cow<'a, [u8]>,
}

/// A run as far as it had come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Its number; 0 if there was none.
    pub run: u64,
    /// Its process.
    pub pid: u32,
    /// When it began, in nanoseconds since the Unix epoch; 0 if that is not known.
    pub since: u64,
    /// How it ended, if it had.
    pub outcome: Option<Outcome>,
}

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// When the daemon took it from the journal, in nanoseconds since the Unix epoch.
    pub time: u64,
    /// The journal offset right after this entry: where to go on once this record is the last.
    pub end: u64,
    /// What happened.
    pub entry: Entry<'a>,
}

/// The payload is larger than a record may be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a log record of {length} bytes is too large")]
pub struct TooLarge {
    /// The bytes that were offered.
    pub length: usize,
}

/// Why no record could be read.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes end early; this many, counted from the frame's first, allow the next attempt.
    Incomplete {
        /// How many bytes to offer next time.
        needed: usize,
    },
    /// No record can start with these bytes.
    Invalid,
}

impl Record<'_> {
    /// Makes a copy that borrows nothing.
    pub fn into_owned(self) -> Record<'static> {
        let entry = match self.entry {
            Entry::Output { stream, bytes } => Entry::Output { stream, bytes: Cow::Owned(bytes.into_owned()) },
            Entry::Note { text } => Entry::Note { text: Cow::Owned(text.into_owned()) },
            Entry::RunStarted { run, pid, columns, rows } => Entry::RunStarted { run, pid, columns, rows },
            Entry::RunEnded { run, outcome } => Entry::RunEnded { run, outcome },
            Entry::Resized { columns, rows } => Entry::Resized { columns, rows },
            Entry::Gap { length, reason } => Entry::Gap { length, reason },
            Entry::Checkpoint(Checkpoint { at, from, run, state }) => {
                Entry::Checkpoint(Checkpoint { at, from, run, state: Cow::Owned(state.into_owned()) })
            }
        };
        Record { time: self.time, end: self.end, entry }
    }

    /// The bytes the service wrote, untouched, if this record holds output.
    pub fn output(&self) -> Option<(Stream, &[u8])> {
        match &self.entry {
            Entry::Output { stream, bytes } => Some((*stream, bytes)),
            _ => None,
        }
    }

    /// The size of this record's frame in bytes.
    pub fn frame_length(&self) -> usize {
        let payload = match &self.entry {
            Entry::Output { bytes, .. } => bytes.len(),
            Entry::RunStarted { .. } => 16,
            Entry::RunEnded { .. } => 12,
            Entry::Resized { .. } => 4,
            Entry::Gap { .. } => 8,
            Entry::Note { text } => text.len(),
            Entry::Checkpoint(checkpoint) => CHECKPOINT_HEAD + checkpoint.state.len(),
        };
        HEAD + payload
    }

    /// Appends this record's frame to `out`, which stays as it was on an error.
    pub fn encode(&self, sequence: u64, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let length = self.frame_length() - HEAD;
        let limit = match self.entry {
            Entry::Note { .. } => MAX_NOTE,
            Entry::Checkpoint(_) => CHECKPOINT_HEAD + MAX_STATE,
            _ => MAX_PAYLOAD,
        };
        if length > limit {
            return Err(TooLarge { length });
        }
        let start = out.len();
        let (kind, detail) = kind_and_detail(&self.entry);
        out.extend_from_slice(&((HEAD - UNCHECKED + length) as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&[kind, detail, 0, 0]);
        out.extend_from_slice(&(sequence as u32).to_le_bytes());
        out.extend_from_slice(&self.time.to_le_bytes());
        out.extend_from_slice(&self.end.to_le_bytes());
        encode_payload(&self.entry, out);
        let checksum = crc32fast::hash(&out[start + UNCHECKED..]);
        out[start + 4..start + UNCHECKED].copy_from_slice(&checksum.to_le_bytes());
        Ok(())
    }
}

/// Reads how long the frame is that starts here, from its first four bytes.
///
/// # Errors
/// [`Fault::Invalid`]: no record has such a length; zeros, which a machine crash leaves behind, are among those.
pub fn frame_length(bytes: &[u8]) -> Result<usize, Fault> {
    let Some(prefix) = bytes.first_chunk() else { return Err(Fault::Incomplete { needed: 4 }) };
    let length = u32::from_le_bytes(*prefix) as usize;
    let shortest = HEAD - UNCHECKED;
    if !(shortest..=shortest + MAX_PAYLOAD).contains(&length) {
        return Err(Fault::Invalid);
    }
    Ok(UNCHECKED + length)
}

/// Reads the record number `sequence` from the front of `bytes` and says how many of them it took.
pub fn decode(bytes: &[u8], sequence: u64) -> Result<(Record<'_>, usize), Fault> {
    let needed = frame_length(bytes)?;
    let Some(frame) = bytes.get(..needed) else { return Err(Fault::Incomplete { needed }) };
    let (head, payload) = frame.split_at(HEAD);
    let mut head = Fields(head);
    let (_, checksum) = (head.u32()?, head.u32()?);
    if crc32fast::hash(&frame[UNCHECKED..]) != checksum {
        return Err(Fault::Invalid);
    }
    let ([kind, detail, ..], number) = (head.take::<4>()?, head.u32()?);
    if number != sequence as u32 {
        return Err(Fault::Invalid);
    }
    let (time, end) = (head.u64()?, head.u64()?);
    Ok((Record { time, end, entry: decode_entry(kind, detail, payload)? }, needed))
}

fn kind_and_detail(entry: &Entry<'_>) -> (u8, u8) {
    match entry {
        Entry::Output { stream: Stream::Tty, .. } => (1, 0),
        Entry::Output { stream: Stream::Stdout, .. } => (1, 1),
        Entry::Output { stream: Stream::Stderr, .. } => (1, 2),
        Entry::RunStarted { .. } => (2, 0),
        Entry::RunEnded { outcome: Outcome::Code(_), .. } => (3, 0),
        Entry::RunEnded { outcome: Outcome::Signal(_), .. } => (3, 1),
        Entry::RunEnded { outcome: Outcome::Lost, .. } => (3, 2),
        Entry::Resized { .. } => (4, 0),
        Entry::Gap { reason: GapReason::NoSpace, .. } => (5, 0),
        Entry::Gap { reason: GapReason::Quota, .. } => (5, 1),
        Entry::Gap { reason: GapReason::Io, .. } => (5, 2),
        Entry::Gap { reason: GapReason::Slow, .. } => (5, 3),
        Entry::Gap { reason: GapReason::Lost, .. } => (5, 4),
        Entry::Note { .. } => (6, 0),
        Entry::Checkpoint(_) => (7, 0),
    }
}

fn encode_payload(entry: &Entry<'_>, out: &mut Vec<u8>) {
    match entry {
        Entry::Output { bytes, .. } => out.extend_from_slice(bytes),
        Entry::RunStarted { run, pid, columns, rows } => {
            out.extend_from_slice(&run.to_le_bytes());
            out.extend_from_slice(&pid.to_le_bytes());
            out.extend_from_slice(&columns.to_le_bytes());
            out.extend_from_slice(&rows.to_le_bytes());
        }
        Entry::RunEnded { run, outcome } => {
            let value = match outcome {
                Outcome::Code(value) | Outcome::Signal(value) => *value,
                Outcome::Lost => 0,
            };
            out.extend_from_slice(&run.to_le_bytes());
            out.extend_from_slice(&value.to_le_bytes());
        }
        Entry::Resized { columns, rows } => {
            out.extend_from_slice(&columns.to_le_bytes());
            out.extend_from_slice(&rows.to_le_bytes());
        }
        Entry::Gap { length, .. } => out.extend_from_slice(&length.to_le_bytes()),
        Entry::Note { text } => out.extend_from_slice(text.as_bytes()),
        Entry::Checkpoint(checkpoint) => encode_checkpoint(checkpoint, out),
    }
}

fn encode_checkpoint(checkpoint: &Checkpoint<'_>, out: &mut Vec<u8>) {
    let Checkpoint { at, from, run, state } = checkpoint;
    for number in [*at, from.log, from.segment, from.byte, from.sequence, run.run, run.since] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    let (how, value) = match run.outcome {
        None => (0, 0),
        Some(Outcome::Code(value)) => (1, value),
        Some(Outcome::Signal(value)) => (2, value),
        Some(Outcome::Lost) => (3, 0),
    };
    out.extend_from_slice(&run.pid.to_le_bytes());
    out.extend_from_slice(&i32::to_le_bytes(value));
    out.extend_from_slice(&u32::to_le_bytes(how));
    out.extend_from_slice(state);
}

fn decode_checkpoint(payload: &[u8]) -> Result<Checkpoint<'_>, Fault> {
    let mut fields = Fields(payload);
    let at = fields.u64()?;
    let from = Cursor { log: fields.u64()?, segment: fields.u64()?, byte: fields.u64()?, sequence: fields.u64()? };
    let (run, since, pid) = (fields.u64()?, fields.u64()?, fields.u32()?);
    let value = i32::from_le_bytes(fields.take()?);
    let outcome = match fields.u32()? {
        0 => None,
        1 => Some(Outcome::Code(value)),
        2 => Some(Outcome::Signal(value)),
        3 => Some(Outcome::Lost),
        _ => return Err(Fault::Invalid),
    };
    Ok(Checkpoint { at, from, run: Run { run, pid, since, outcome }, state: Cow::Borrowed(fields.0) })
}

fn decode_entry(kind: u8, detail: u8, payload: &[u8]) -> Result<Entry<'_>, Fault> {
    let stream = match (kind, detail) {
        (1, 0) => Some(Stream::Tty),
        (1, 1) => Some(Stream::Stdout),
        (1, 2) => Some(Stream::Stderr),
        _ => None,
    };
    if let Some(stream) = stream {
        return Ok(Entry::Output { stream, bytes: Cow::Borrowed(payload) });
    }
    if (kind, detail) == (6, 0) {
        let text = str::from_utf8(payload).ok().filter(|text| text.len() <= MAX_NOTE).ok_or(Fault::Invalid)?;
        return Ok(Entry::Note { text: Cow::Borrowed(text) });
    }
    if (kind, detail) == (7, 0) {
        return decode_checkpoint(payload).map(Entry::Checkpoint);
    }
    let mut fields = Fields(payload);
    let entry = match (kind, detail) {
        (2, 0) => {
            Entry::RunStarted { run: fields.u64()?, pid: fields.u32()?, columns: fields.u16()?, rows: fields.u16()? }
        }
        (3, how) => {
            let (run, value) = (fields.u64()?, i32::from_le_bytes(fields.take()?));
            let outcome = match how {
                0 => Outcome::Code(value),
                1 => Outcome::Signal(value),
                2 => Outcome::Lost,
                _ => return Err(Fault::Invalid),
            };
            Entry::RunEnded { run, outcome }
        }
        (4, 0) => Entry::Resized { columns: fields.u16()?, rows: fields.u16()? },
        (5, why) => {
            let reasons = [GapReason::NoSpace, GapReason::Quota, GapReason::Io, GapReason::Slow, GapReason::Lost];
            let reason = *reasons.get(usize::from(why)).ok_or(Fault::Invalid)?;
            Entry::Gap { length: fields.u64()?, reason }
        }
        _ => return Err(Fault::Invalid),
    };
    if fields.0.is_empty() { Ok(entry) } else { Err(Fault::Invalid) }
}

/// Little-endian numbers taken from the front of a slice.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Fault::Invalid)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        self.take().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        self.take().map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::logs::tests::any_record;

    proptest! {
        #[test]
        fn a_record_is_read_back_as_it_was_written(record in any_record(), sequence: u64, tail: Vec<u8>) {
            let mut bytes = Vec::new();
            record.encode(sequence, &mut bytes).unwrap();
            let length = bytes.len();
            prop_assert_eq!(length, record.frame_length());
            bytes.extend_from_slice(&tail);
            prop_assert_eq!(decode(&bytes, sequence), Ok((record, length)));
        }

        #[test]
        fn a_record_with_a_changed_byte_is_not_read(record in any_record(), at: prop::sample::Index, by in 1u8..) {
            let mut bytes = Vec::new();
            record.encode(7, &mut bytes).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            prop_assert!(decode(&bytes, 7).is_err());
        }

        #[test]
        fn a_record_cut_short_asks_for_what_is_missing(record in any_record(), at: prop::sample::Index) {
            let mut bytes = Vec::new();
            record.encode(7, &mut bytes).unwrap();
            let at = at.index(bytes.len());
            let needed = if at < 4 { 4 } else { bytes.len() };
            prop_assert_eq!(decode(&bytes[..at], 7), Err(Fault::Incomplete { needed }));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>, kind in 0u8..9, detail in 0u8..9, sequence: u64) {
            let _ = decode(&bytes, sequence);
            let _ = decode_entry(kind, detail, &bytes);
        }
    }

    #[test]
    fn zeros_are_no_record() {
        assert_eq!(decode(&[0; 64], 0), Err(Fault::Invalid));
    }

    #[test]
    fn a_record_of_another_place_is_not_read() {
        let record = Record { time: 1, end: 2, entry: Entry::Resized { columns: 80, rows: 24 } };
        let mut bytes = Vec::new();
        record.encode(7, &mut bytes).unwrap();
        assert_eq!(decode(&bytes, 8), Err(Fault::Invalid));
    }

    #[test]
    fn a_payload_beyond_the_limit_is_refused_and_leaves_the_buffer_alone() {
        let bytes = vec![0; MAX_PAYLOAD + 1];
        let record = Record { time: 0, end: 0, entry: Entry::Output { stream: Stream::Tty, bytes: bytes.into() } };
        let mut out = vec![9];
        assert_eq!(record.encode(0, &mut out), Err(TooLarge { length: MAX_PAYLOAD + 1 }));
        assert_eq!(out, [9]);
    }
}
