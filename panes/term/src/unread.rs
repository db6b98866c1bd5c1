//! What the emulator is to read and has not: the output as far as it was carried out, in words that the emulator knows.
//!
//! It reads late so that it need not read everything: of a thousand lines that are fed at once only the last screen full is
//! ever seen.

use crate::csi::Csi;

/// Bytes for the emulator, with places that are counted from the very first one.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    bytes: Vec<u8>,
    start: u64,
}

impl Unread {
    /// The most memory kept while there is nothing to read.
    const SPARE: usize = 4096;

    /// The most that should be left unread: what takes a moment to read.
    const MOST: usize = 64 * 1024;

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether it is time to read.
    pub(crate) fn is_much(&self) -> bool {
        self.bytes.len() >= Self::MOST
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

    /// Everything from a place on.
    pub(crate) fn since(&self, place: u64) -> &[u8] {
        let skipped = usize::try_from(place.saturating_sub(self.start)).unwrap_or(usize::MAX);
        self.bytes.get(skipped..).unwrap_or_default()
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn push_csi(&mut self, csi: &Csi) {
        csi.write(&mut self.bytes);
    }

    /// Notes that everything was read.
    pub(crate) fn clear(&mut self) {
        self.start = self.end();
        self.bytes.clear();
    }

    /// Gives back memory that a piece of output took.
    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to(Self::SPARE);
    }
}
