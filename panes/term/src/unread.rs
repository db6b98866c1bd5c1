//! What the emulator is to read and has not: the output as far as it was carried out, in words that the emulator knows.
//!
//! It reads late so that it need not read everything: of a thousand lines that come between two looks only the last screen
//! full is ever seen.

use crate::csi::Csi;
use crate::known_rows::Entry;

/// Bytes for the emulator, with places that are counted from the very first one.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    bytes: Vec<u8>,
    start: u64,
    /// The row that comes in just before the first byte, once all above it has scrolled off, if that was not read.
    entry: Option<Entry>,
}

impl Unread {
    /// The most memory kept while there is nothing to read.
    const SPARE: usize = 4096;

    /// The most that should be left unread: what takes a moment to read.
    const MOST: usize = 64 * 1024;

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.entry.is_none()
    }

    /// Whether it is time to read, or to [skip](Self::skip_to).
    pub(crate) fn is_much(&self) -> bool {
        self.bytes.len() >= Self::MOST
    }

    /// Whether it would be much again too soon for skipping to be worth it.
    pub(crate) fn is_half_of_much(&self) -> bool {
        self.bytes.len() >= Self::MOST / 2
    }

    /// The place of the first byte.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// The place after the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Everything.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The row with which reading begins, if something was skipped.
    pub(crate) fn entry(&self) -> Option<Entry> {
        self.entry
    }

    /// Forgets what comes before a row comes in: nothing of it is seen any more.
    pub(crate) fn skip_to(&mut self, entry: Entry) {
        let skipped = usize::try_from(entry.at.saturating_sub(self.start)).unwrap_or(usize::MAX);
        self.bytes.drain(..skipped.min(self.bytes.len()));
        (self.start, self.entry) = (entry.at, Some(entry));
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn push_csi(&mut self, csi: &Csi) {
        csi.write(&mut self.bytes);
    }

    /// Notes that everything was read.
    pub(crate) fn clear(&mut self) {
        (self.start, self.entry) = (self.end(), None);
        self.bytes.clear();
    }

    /// Gives back memory that a piece of output took.
    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to(Self::SPARE);
    }
}
