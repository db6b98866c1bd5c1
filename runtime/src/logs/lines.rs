//! Records become lines. Pure: records go in one by one, lines come out one by one, and memory stays bounded.
//!
//! Each stream is put together by itself, so half a line on one never swallows a line of another. A line is cut into
//! pieces where it is too long, and ends without a newline where its run ends, where the log has a gap, or where the
//! caller says so ([`Lines::flush`]).

use std::collections::VecDeque;

use super::{
    reader::Lost,
    record::{Entry, GapReason, Outcome, Record, Stream},
    strip::{Stripper, to_text},
};

/// The longest line in bytes; a longer one comes in pieces.
pub const MAX_LINE: usize = 64 << 10;

/// What becomes of escape sequences, control characters and overwritten text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escapes {
    /// They are taken out, and of text that was overwritten after a carriage return the last remains.
    #[default]
    Strip,
    /// They stay. For the bytes as they came, see [`Record::output`].
    Keep,
}

/// One line of a log, or what stands between lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When its last bytes came, in nanoseconds since the Unix epoch.
    pub time: u64,
    /// The run it belongs to, unless the log no longer says.
    pub run: Option<u64>,
    /// What it is.
    pub kind: Kind,
}

/// What a [`LogLine`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something the service wrote.
    Line {
        /// Where to.
        stream: Stream,
        /// What, without its newline; bytes that are not UTF-8 are replaced.
        text: String,
        /// Whether a newline ended it. If not, it is a piece, or its service or the log broke off here.
        is_whole: bool,
    },
    /// The service was started.
    RunStarted {
        /// Its process.
        pid: u32,
    },
    /// The service ended.
    RunEnded {
        /// How.
        outcome: Outcome,
    },
    /// Output that could not be logged.
    Gap {
        /// Its length in journal bytes.
        length: u64,
        /// Why.
        reason: GapReason,
    },
    /// Records that are no longer in the log, where the reader had not come to them yet.
    Missed {
        /// How much.
        lost: Lost,
    },
}

/// Turns records into lines.
#[derive(Debug, Default)]
pub struct Lines {
    escapes: Escapes,
    run: Option<u64>,
    partials: [Partial; 3],
    /// Records of which some part was not looked at yet.
    records: VecDeque<Record<'static>>,
    /// How much of the first of them was looked at.
    consumed: usize,
    ready: VecDeque<LogLine>,
}

/// The beginning of a line on one stream.
#[derive(Debug, Default)]
struct Partial {
    text: Vec<u8>,
    stripper: Stripper,
    /// A carriage return came: what follows takes the place of the text.
    is_overwritten: bool,
    /// Something came since the last newline, though maybe nothing visible.
    is_open: bool,
    /// An earlier piece of the same line was already given out.
    is_continued: bool,
    time: u64,
}

impl LogLine {
    /// The text of a line; `None` for what stands between lines.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Line { text, .. } => Some(text),
            _ => None,
        }
    }
}

impl Lines {
    /// Starts where the given run is the last that was started.
    pub fn new(escapes: Escapes, run: Option<u64>) -> Lines {
        Lines { escapes, run, ..Lines::default() }
    }

    /// Adds a record. Its lines are made when [`Lines::next_line`] asks for them.
    pub fn push(&mut self, record: Record<'static>) {
        self.records.push_back(record);
    }

    /// The next line; `None` once all records are used up.
    pub fn next_line(&mut self) -> Option<LogLine> {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return Some(line);
            }
            let record = self.records.pop_front()?;
            let Some((stream, bytes)) = record.output() else {
                self.divide(&record);
                continue;
            };
            let partial = &mut self.partials[stream as usize];
            let (consumed, line) = partial.take(&bytes[self.consumed..], record.time, self.escapes);
            self.consumed += consumed;
            self.ready.extend(line.map(|text| text.of(stream, record.time, self.run)));
            if self.consumed < bytes.len() {
                self.records.push_front(record);
            } else {
                self.consumed = 0;
            }
        }
    }

    /// Gives out the lines that have no newline yet. What comes of them later is a line of its own.
    pub fn flush(&mut self) {
        for stream in [Stream::Tty, Stream::Stdout, Stream::Stderr] {
            let partial = &mut self.partials[stream as usize];
            let time = partial.time;
            let line = partial.break_off(self.escapes);
            self.ready.extend(line.map(|text| text.of(stream, time, self.run)));
        }
    }

    /// Ends all lines and goes on behind a stretch that is lost.
    pub fn miss(&mut self, time: u64, lost: Lost, run: Option<u64>) {
        self.finish();
        self.run = run;
        if lost != Lost::Nothing {
            self.ready.push_back(LogLine { time, run, kind: Kind::Missed { lost } });
        }
    }

    /// Whether everything pushed was given out.
    pub fn is_drained(&self) -> bool {
        self.records.is_empty() && self.ready.is_empty()
    }

    /// Whether no line is open: another set of lines, started here, would go on the same way.
    pub fn is_between_lines(&self) -> bool {
        self.is_drained() && self.partials.iter().all(|partial| !partial.is_open)
    }

    /// The run that was started last.
    pub fn run(&self) -> Option<u64> {
        self.run
    }

    /// Ends all lines for good: what comes of them later is a line of its own, and whoever starts here sees the same.
    pub fn finish(&mut self) {
        self.flush();
        self.partials = <[Partial; 3]>::default();
    }

    fn divide(&mut self, record: &Record<'_>) {
        let kind = match record.entry {
            Entry::RunStarted { run, pid, .. } => {
                self.finish();
                self.run = Some(run);
                Kind::RunStarted { pid }
            }
            Entry::RunEnded { outcome, .. } => {
                self.finish();
                Kind::RunEnded { outcome }
            }
            Entry::Gap { length, reason } => {
                self.finish();
                Kind::Gap { length, reason }
            }
            Entry::Output { .. } | Entry::Resized { .. } | Entry::Note { .. } | Entry::Checkpoint(_) => return,
        };
        self.ready.push_back(LogLine { time: record.time, run: self.run, kind });
    }
}

/// The text of a line, and whether a newline ended it.
struct Text {
    text: String,
    is_whole: bool,
}

impl Text {
    fn of(self, stream: Stream, time: u64, run: Option<u64>) -> LogLine {
        let Text { text, is_whole } = self;
        LogLine { time, run, kind: Kind::Line { stream, text, is_whole } }
    }
}

impl Partial {
    /// Takes bytes up to the end of a line, and says how many.
    fn take(&mut self, bytes: &[u8], time: u64, escapes: Escapes) -> (usize, Option<Text>) {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            if rest[0] == b'\n' {
                return (taken + 1, self.end(escapes));
            }
            if self.text.len() >= MAX_LINE {
                return (taken, Some(self.cut(escapes)));
            }
            let room = rest.len().min(MAX_LINE - self.text.len());
            let length = rest[..room].iter().position(|byte| *byte == b'\n').unwrap_or(room);
            self.add(&rest[..length], escapes);
            (self.is_open, self.time) = (true, time);
            taken += length;
        }
        (taken, None)
    }

    /// Adds bytes without a newline.
    fn add(&mut self, bytes: &[u8], escapes: Escapes) {
        if escapes == Escapes::Keep {
            self.text.extend_from_slice(bytes);
            return;
        }
        let before = self.text.len();
        self.stripper.push(bytes, &mut self.text);
        if self.is_overwritten || self.text[before..].contains(&b'\r') {
            let added = self.text.split_off(before);
            self.overwrite(&added);
        }
    }

    /// Adds stripped text, in which a carriage return makes what follows it replace what came before.
    fn overwrite(&mut self, added: &[u8]) {
        for (index, run) in added.split(|byte| *byte == b'\r').enumerate() {
            self.is_overwritten |= index > 0;
            if run.is_empty() {
                continue;
            }
            if self.is_overwritten {
                self.text.clear();
                self.is_overwritten = false;
            }
            self.text.extend_from_slice(run);
        }
    }

    /// Ends the line at its newline. The empty rest of a line that was cut is no line.
    fn end(&mut self, escapes: Escapes) -> Option<Text> {
        let is_rest = self.is_continued && self.text.is_empty();
        let text = self.text_up_to(self.text.len(), escapes);
        *self = Partial { text: std::mem::take(&mut self.text), ..Partial::default() };
        (!is_rest).then_some(Text { text, is_whole: true })
    }

    /// Gives out a piece of a long line, and keeps the beginning of a character that is not complete.
    fn cut(&mut self, escapes: Escapes) -> Text {
        let text = self.text_up_to(self.text.len() - unfinished_character(&self.text), escapes);
        self.is_continued = true;
        Text { text, is_whole: false }
    }

    /// Gives out what is there of a line, if anything of it can be seen.
    fn break_off(&mut self, escapes: Escapes) -> Option<Text> {
        self.is_open = false;
        if self.text.is_empty() {
            return None;
        }
        let text = self.text_up_to(self.text.len(), escapes);
        self.is_continued = true;
        self.is_overwritten = false;
        Some(Text { text, is_whole: false })
    }

    fn text_up_to(&mut self, end: usize, escapes: Escapes) -> String {
        let text = match escapes {
            Escapes::Strip => to_text(&self.text[..end]),
            Escapes::Keep => String::from_utf8_lossy(&self.text[..end]).into_owned(),
        };
        self.text.drain(..end);
        text
    }
}

/// How many bytes at the end are the beginning of a UTF-8 character whose rest is still to come.
fn unfinished_character(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let needed = match bytes[bytes.len() - back] {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if needed > back { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::logs::tests::output;

    /// The lines of these records, and at the end those without a newline.
    fn lines_of(escapes: Escapes, records: impl IntoIterator<Item = Record<'static>>) -> Vec<LogLine> {
        let mut lines = Lines::new(escapes, None);
        records.into_iter().for_each(|record| lines.push(record));
        let mut all: Vec<_> = std::iter::from_fn(|| lines.next_line()).collect();
        lines.flush();
        all.extend(std::iter::from_fn(|| lines.next_line()));
        all
    }

    fn texts(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().filter_map(LogLine::text).collect()
    }

    fn plain(bytes: &[u8]) -> Vec<String> {
        let lines = lines_of(Escapes::Strip, [output(1, Stream::Tty, bytes)]);
        texts(&lines).into_iter().map(str::to_owned).collect()
    }

    fn record(time: u64, entry: Entry<'static>) -> Record<'static> {
        Record { time, end: time, entry }
    }

    proptest! {
        #[test]
        fn how_output_is_cut_into_records_makes_no_difference(
            bytes in prop::collection::vec(prop::sample::select(b"ab\n\r\x1b[m\xc3\xa9 ".to_vec()), 0..80),
            long in prop::option::of(0usize..80),
            cuts: Vec<prop::sample::Index>,
            escapes in prop::sample::select(vec![Escapes::Strip, Escapes::Keep]),
        ) {
            let mut bytes = bytes;
            if let Some(at) = long {
                let at = at.min(bytes.len());
                bytes.splice(at..at, std::iter::repeat_n(b'x', MAX_LINE - 5));
            }
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let whole = lines_of(escapes, [output(1, Stream::Tty, bytes.clone())]);
            let cut = lines_of(escapes, cuts.windows(2).map(|at| output(1, Stream::Tty, &bytes[at[0]..at[1]])));
            prop_assert_eq!(whole, cut);
        }

        #[test]
        fn no_line_is_longer_than_the_limit_and_nothing_of_it_is_lost(length in 0..5 * MAX_LINE, two_bytes: bool) {
            let text = if two_bytes { "é".repeat(length / 2) } else { "x".repeat(length) };
            let lines = plain(text.as_bytes());
            prop_assert!(lines.iter().all(|line| line.len() <= MAX_LINE));
            prop_assert_eq!(lines.concat(), text);
        }
    }

    #[test]
    fn a_half_line_on_one_stream_does_not_swallow_the_other() {
        let records = [
            output(1, Stream::Stdout, "out, "),
            output(2, Stream::Stderr, "err\n"),
            output(3, Stream::Stdout, "and more\n"),
        ];
        let lines = lines_of(Escapes::Strip, records);
        assert_eq!(texts(&lines), ["err", "out, and more"]);
        assert_eq!(lines[1].time, 3);
    }

    #[test]
    fn of_progress_that_overwrites_itself_the_last_remains() {
        assert_eq!(plain(b"10%\r50%\r\x1b[K100%\r\ndone\r\n"), ["100%", "done"]);
        assert_eq!(plain(b"10%\r50%\r"), ["50%"]);
        assert_eq!(plain(b"a\r\r\n\r\nb"), ["a", "", "b"]);
    }

    #[test]
    fn what_is_no_utf8_is_replaced_and_a_character_may_come_in_two_records() {
        assert_eq!(plain(b"a\xffb\n"), ["a\u{fffd}b"]);
        let lines = lines_of(Escapes::Strip, [output(1, Stream::Tty, *b"\xc3"), output(2, Stream::Tty, *b"\xa9\n")]);
        assert_eq!(texts(&lines), ["é"]);
    }

    #[test]
    fn kept_escapes_are_untouched() {
        let lines = lines_of(Escapes::Keep, [output(1, Stream::Tty, "\x1b[1mbold\x1b[0m\r\n")]);
        assert_eq!(texts(&lines), ["\x1b[1mbold\x1b[0m\r"]);
    }

    #[test]
    fn a_run_ends_the_lines_that_have_no_newline() {
        let started = |run| record(1, Entry::RunStarted { run, pid: 7, columns: 80, rows: 24 });
        let records = [
            started(4),
            output(2, Stream::Stdout, "last words"),
            output(3, Stream::Stderr, "\x1b[0m"),
            record(9, Entry::RunEnded { run: 4, outcome: Outcome::Code(1) }),
            started(5),
        ];
        let line = Kind::Line { stream: Stream::Stdout, text: "last words".into(), is_whole: false };
        let expected = [
            (1, Some(4), Kind::RunStarted { pid: 7 }),
            (2, Some(4), line),
            (9, Some(4), Kind::RunEnded { outcome: Outcome::Code(1) }),
            (1, Some(5), Kind::RunStarted { pid: 7 }),
        ];
        assert_eq!(lines_of(Escapes::Strip, records), expected.map(|(time, run, kind)| LogLine { time, run, kind }));
    }

    #[test]
    fn a_gap_ends_the_line_it_tore() {
        let gap = record(2, Entry::Gap { length: 90, reason: GapReason::NoSpace });
        let lines = lines_of(Escapes::Strip, [output(1, Stream::Tty, "be"), gap, output(3, Stream::Tty, "hind\n")]);
        assert_eq!(texts(&lines), ["be", "hind"]);
        assert_eq!(lines[1].kind, Kind::Gap { length: 90, reason: GapReason::NoSpace });
    }

    #[test]
    fn the_rest_of_a_flushed_line_is_a_line_unless_it_is_empty() {
        let mut lines = Lines::default();
        lines.push(output(1, Stream::Tty, "password: "));
        assert_eq!(lines.next_line(), None);
        lines.flush();
        assert_eq!(lines.next_line().unwrap().text(), Some("password: "));
        lines.push(output(2, Stream::Tty, "\nwelcome\n"));
        assert_eq!(lines.next_line().unwrap().text(), Some("welcome"));
    }
}
