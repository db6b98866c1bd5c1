//! The logs of services: append-only segments on disk that survive a `kill -9` of the daemon at any instruction.
//!
//! Output reaches the daemon as a *journal*: a byte stream numbered by absolute offset, held in shared memory by the
//! keeper. A [`Record`] carries the journal offset at which it ends, so the last whole record on disk says where the
//! next daemon resumes, and nothing is lost or doubled. From the bottom up:
//!
//! - [`record`]: one record as bytes and back, pure. [`carry`]: what a new segment must know of the ones before it.
//! - [`segment`]: the files, their heads and their names. [`disk`]: the system calls the writer makes, for tests to break.
//! - [`writer`]: the only place that changes anything. [`reader`]: whole records from a [`Cursor`] on, at any time.
//! - [`strip`] and [`lines`]: records become lines. [`listing`]: lines under a [`Query`]. [`merge`]: several services.
//!
//! Everything blocks and nothing reads a clock: times come with the records. What is shown of a log may hold secrets;
//! masking them is left to whoever shows it.

pub mod carry;
pub mod cursor;
pub mod disk;
pub mod lines;
pub mod listing;
pub mod merge;
pub mod reader;
pub mod record;
mod scan;
pub mod segment;
pub mod strip;
pub mod writer;

#[cfg(test)]
mod tests;

pub use self::{
    carry::LastRun,
    cursor::{Cursor, InvalidCursor, LineCursor},
    lines::{Escapes, Kind, Lines, LogLine},
    listing::{Listing, Query},
    merge::Merge,
    reader::{Batch, Lost, Moved, Reader},
    record::{Checkpoint, Entry, GapReason, MAX_STATE, Outcome, Record, Run, Stream},
    writer::{AppendError, Caps, Opened, Writer},
};
