//! Places in a log that outlive the daemon. Opaque text to everyone else; what they mean is left to the reader.

use std::{fmt, str::FromStr};

/// A place between two records.
///
/// It stays valid over restarts of the daemon, and over the deletion of what it pointed at: the reader then moves it
/// and says how much was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Which log; a directory that was deleted and made anew holds another one. Never 0, save for [`Cursor::OLDEST`].
    pub(super) log: u64,
    /// The number of the first record of the segment.
    pub(super) segment: u64,
    /// The byte in that segment.
    pub(super) byte: u64,
    /// The number of the next record.
    pub(super) sequence: u64,
}

/// A place between two lines, as a client holds it that follows a log.
///
/// Lines of several streams interleave, so a place between two lines can be in the middle of a third. It is therefore
/// kept as the last place where no line was open, and the count of lines that were shown since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LineCursor {
    pub(super) anchor: Cursor,
    pub(super) shown: u64,
    pub(super) run: Option<u64>,
}

/// The text is no cursor.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a place in a log")]
pub struct InvalidCursor;

impl Cursor {
    /// Before the oldest record that is still there, in whatever log it is used on.
    pub const OLDEST: Cursor = Cursor { log: 0, segment: 0, byte: 0, sequence: 0 };

    /// The number of the next record; they count up over all segments.
    #[must_use]
    pub fn sequence(self) -> u64 {
        self.sequence
    }

    /// The cursor right behind a record of this frame length, in the same segment.
    #[must_use]
    pub(super) fn after(self, frame_length: usize) -> Cursor {
        let (byte, sequence) = (self.byte.saturating_add(frame_length as u64), self.sequence.saturating_add(1));
        Cursor { byte, sequence, ..self }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}.{:x}.{:x}", self.log, self.segment, self.byte, self.sequence)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Cursor, InvalidCursor> {
        let mut parts = text.split('.').map(parse_hex);
        let mut next = || parts.next().unwrap_or(Err(InvalidCursor));
        let cursor = Cursor { log: next()?, segment: next()?, byte: next()?, sequence: next()? };
        if parts.next().is_some() { Err(InvalidCursor) } else { Ok(cursor) }
    }
}

impl fmt::Display for LineCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:x}-", self.anchor, self.shown)?;
        self.run.map_or(Ok(()), |run| write!(f, "{run:x}"))
    }
}

impl FromStr for LineCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<LineCursor, InvalidCursor> {
        let mut parts = text.splitn(3, '-');
        let mut next = || parts.next().ok_or(InvalidCursor);
        let (anchor, shown, run) = (next()?.parse()?, parse_hex(next()?)?, next()?);
        let run = if run.is_empty() { None } else { Some(parse_hex(run)?) };
        Ok(LineCursor { anchor, shown, run })
    }
}

fn parse_hex(digits: &str) -> Result<u64, InvalidCursor> {
    // The standard parser would also take a sign.
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(InvalidCursor);
    }
    u64::from_str_radix(digits, 16).map_err(|_| InvalidCursor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cursors_survive_being_text(parts: [u64; 5], run: Option<u64>) {
            let [log, segment, byte, sequence, shown] = parts;
            let cursor = Cursor { log, segment, byte, sequence };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            let line = LineCursor { anchor: cursor, shown, run };
            prop_assert_eq!(line.to_string().parse(), Ok(line));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[0-9a-f.+-]{0,80}|.{0,40}") {
            let _ = (text.parse::<Cursor>(), text.parse::<LineCursor>());
        }
    }

    #[test]
    fn text_with_too_few_or_too_many_parts_is_refused() {
        for text in ["", "1.2.3", "1.2.3.4.5", "1.2.3.+4", "1..3.4", "10000000000000000.2.3.4"] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text:?}");
        }
    }
}
