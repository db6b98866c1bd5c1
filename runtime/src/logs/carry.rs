//! What a segment must know of the segments before it, so that it can be read alone.
//!
//! Each segment opens with the [`Carry`] of everything before it. So the newest segment alone says where the journal
//! goes on and which run is alive, and a listing may start at any segment that starts between two lines.

use super::record::{Entry, Record, Stream};

/// The run that was started last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastRun {
    /// Its number.
    pub run: u64,
    /// Its process.
    pub pid: u32,
    /// The last width of its terminal.
    pub columns: u16,
    /// The last height of its terminal.
    pub rows: u16,
    /// Whether its end is not in the log.
    pub running: bool,
}

/// The sum of all records up to some place in a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// The journal offset at which the last record ends; `None` before the first record.
    pub end: Option<u64>,
    /// The run that was started last.
    pub run: Option<LastRun>,
    /// The streams that are in the middle of a line, one bit each.
    pub(super) midline: u8,
}

impl Carry {
    /// Adds one record.
    pub fn observe(&mut self, record: &Record<'_>) {
        self.end = Some(record.end);
        match &record.entry {
            Entry::Output { stream, bytes } => self.note_line(*stream, bytes),
            Entry::RunStarted { run, pid, columns, rows } => {
                self.midline = 0;
                self.run = Some(LastRun { run: *run, pid: *pid, columns: *columns, rows: *rows, running: true });
            }
            Entry::RunEnded { run, .. } => {
                self.midline = 0;
                if let Some(last) = self.run.as_mut().filter(|last| last.run == *run) {
                    last.running = false;
                }
            }
            Entry::Resized { columns, rows } => {
                if let Some(last) = &mut self.run {
                    (last.columns, last.rows) = (*columns, *rows);
                }
            }
            Entry::Gap { .. } => self.midline = 0,
            Entry::Note { .. } | Entry::Checkpoint(_) => {}
        }
    }

    /// Whether no stream is in the middle of a line.
    pub fn is_between_lines(&self) -> bool {
        self.midline == 0
    }

    fn note_line(&mut self, stream: Stream, bytes: &[u8]) {
        let bit = 1 << stream as u8;
        match bytes.last() {
            Some(b'\n') => self.midline &= !bit,
            Some(_) => self.midline |= bit,
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carry_of(entries: &[Entry<'_>]) -> Carry {
        let mut carry = Carry::default();
        for (at, entry) in entries.iter().enumerate() {
            carry.observe(&Record { time: 0, end: at as u64, entry: entry.clone() });
        }
        carry
    }

    #[test]
    fn a_run_without_its_end_is_running_and_has_its_last_size() {
        let started = Entry::RunStarted { run: 3, pid: 40, columns: 80, rows: 24 };
        let carry = carry_of(&[started, Entry::Resized { columns: 100, rows: 30 }]);
        assert_eq!(carry.run, Some(LastRun { run: 3, pid: 40, columns: 100, rows: 30, running: true }));
        assert_eq!(carry.end, Some(1));
    }

    #[test]
    fn the_end_of_an_earlier_run_does_not_end_the_current_one() {
        let start = |run| Entry::RunStarted { run, pid: 1, columns: 80, rows: 24 };
        let ended = Entry::RunEnded { run: 1, outcome: crate::logs::Outcome::Lost };
        assert!(carry_of(&[start(1), start(2), ended.clone()]).run.unwrap().running);
        assert!(!carry_of(&[start(1), ended]).run.unwrap().running);
    }

    #[test]
    fn a_stream_is_between_lines_only_after_its_own_newline() {
        let output = |stream, bytes: &'static [u8]| Entry::Output { stream, bytes: bytes.into() };
        assert!(carry_of(&[output(Stream::Stdout, b"a\n")]).is_between_lines());
        let carry = carry_of(&[output(Stream::Stdout, b"a"), output(Stream::Stderr, b"b\n")]);
        assert!(!carry.is_between_lines());
    }
}
