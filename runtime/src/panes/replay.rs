//! What a new daemon knows of a pane before anything new arrives: the screen and the latest run, from the log.
//!
//! The screen is the latest checkpoint's, fed with the output that the log has after it; without a usable one, what the end of the
//! log makes of a blank screen. History comes later, from further up in the log: [`older_lines`]. Replay is mute: questions
//! that the program asked were answered by an earlier daemon.

use std::path::Path;

use locald_keeper::{Ending, Outcome};
use locald_term::{History, VtEngine};

use super::gathered::Gathered;
use super::screen::DEFAULT_SIZE;
use super::{RunPhase, RunState, Screen};
use crate::logs::{self, Checkpoint, Cursor, Entry, LastRun, Lost, Reader, Record};

/// How much of a log's end is shown again where there is no checkpoint. Enough for any screen and some pages of history.
const TAIL: u64 = 512 * 1024;
/// How far up in a log lines of history are looked for: more than a history holds of usual output.
const PAST: u64 = 3 * 1024 * 1024;
const BATCH: usize = 128 * 1024;

/// What the log has of a pane.
pub(super) struct Replayed {
    pub(super) screen: Screen,
    pub(super) run: RunState,
    /// The journal's offset up to which [`older_lines`] are to be read, if there may be some.
    pub(super) older: Option<u64>,
}

/// The screen and the latest run as the log has them, up to the journal's offset `until`. `last`: the latest run of the whole log,
/// which may have begun before the part that is shown again. `checkpoints`: where some stand, oldest first.
pub(super) fn replay(dir: &Path, until: u64, last: Option<LastRun>, checkpoints: &[Cursor]) -> Replayed {
    let reader = Reader::new(dir);
    let found = if checkpoints.is_empty() { reader.checkpoints().unwrap_or_default() } else { checkpoints.to_vec() };
    let mut replayed = found
        .iter()
        .rev()
        .find_map(|place| Replay::from_checkpoint(&reader, *place, until))
        .unwrap_or_else(|| Replay::from_tail(&reader, until, last));
    replayed.screen.engine_mut().set_mute(false);
    replayed.screen.set_at(until);
    let Replay { screen, run, began, .. } = replayed;
    Replayed { screen, run, older: began }
}

/// The lines of history up to the journal's offset `until`, from further up in the log.
pub(super) fn older_lines(dir: &Path, until: u64) -> History {
    let reader = Reader::new(dir);
    let cursor = reader.tail(PAST).unwrap_or(Cursor::OLDEST);
    let mut replay = Replay::blank(DEFAULT_SIZE, RunState::default());
    // From the beginning of all, or from a checkpoint on, everything is exact. In between a checkpoint is soon there.
    if cursor.sequence() == 0 || !replay.read(&reader, cursor, until, Until::Checkpoint) {
        replay.read(&reader, cursor, until, Until::End);
    }
    replay.screen.engine_mut().take_history()
}

/// A screen on its way through the log.
struct Replay {
    screen: Screen,
    run: RunState,
    /// The checkpoint that it began with: the journal's offset there.
    began: Option<u64>,
    /// The number of the record that holds the checkpoint.
    sequence: u64,
    gathered: Gathered,
}

/// How far to read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// To the first checkpoint, and on from there to the end.
    Checkpoint,
    End,
}

impl Replay {
    fn blank((columns, rows): (u16, u16), run: RunState) -> Self {
        let mut screen = Screen::new(columns, rows);
        screen.engine_mut().set_mute(true);
        Self { screen, run, began: None, sequence: 0, gathered: Gathered::default() }
    }

    /// From the checkpoint at a place in the log, if it can be used.
    fn from_checkpoint(reader: &Reader, place: Cursor, until: u64) -> Option<Self> {
        let batch = reader.records_from(place, 1).ok().filter(|batch| batch.moved.is_none())?;
        let [Record { entry: Entry::Checkpoint(checkpoint), .. }] = &batch.records[..] else { return None };
        let mut replay = Self::begin(checkpoint, place.sequence(), until)?;
        replay.read(reader, checkpoint.from, until, Until::End).then_some(replay)
    }

    fn begin(checkpoint: &Checkpoint<'_>, sequence: u64, until: u64) -> Option<Self> {
        if checkpoint.at > until {
            return None;
        }
        let mut screen = Screen::restored(VtEngine::restore(&checkpoint.state).ok()?);
        screen.engine_mut().set_mute(true);
        let run = run_of(checkpoint.run);
        Some(Self { screen, run, began: Some(checkpoint.at), sequence, gathered: Gathered::default() })
    }

    /// From a blank screen, with the end of the log.
    fn from_tail(reader: &Reader, until: u64, last: Option<LastRun>) -> Self {
        let size = last.map(|last| (last.columns, last.rows)).filter(|(columns, rows)| *columns > 0 && *rows > 0);
        let mut replay = Self::blank(size.unwrap_or(DEFAULT_SIZE), last.map(begin_with).unwrap_or_default());
        // A log that cannot be read leaves a blank screen; what is wrong with it shows when it is written.
        replay.read(reader, reader.tail(TAIL).unwrap_or(Cursor::OLDEST), until, Until::End);
        replay
    }

    /// Feeds the screen with what the log has from a place on. Says whether that was all: nothing is missing, and the checkpoint
    /// was found if one was looked for.
    fn read(&mut self, reader: &Reader, cursor: Cursor, until: u64, goal: Until) -> bool {
        let complete = self.read_batches(reader, cursor, until, goal);
        self.gathered.feed(&mut self.screen);
        complete
    }

    fn read_batches(&mut self, reader: &Reader, mut cursor: Cursor, until: u64, mut goal: Until) -> bool {
        while let Ok(batch) = reader.records_from(cursor, BATCH) {
            if batch.moved.is_some_and(|moved| moved.lost != Lost::Nothing) {
                return false;
            }
            if batch.records.is_empty() {
                return goal == Until::End;
            }
            cursor = batch.cursor;
            self.gathered.feed(&mut self.screen);
            for (record, behind) in batch.into_steps() {
                if record.end > until {
                    return goal == Until::End;
                }
                match (&record.entry, goal) {
                    (Entry::Checkpoint(checkpoint), Until::Checkpoint) => {
                        let Some(begun) = Self::begin(checkpoint, behind.sequence() - 1, until) else { continue };
                        *self = begun;
                        (cursor, goal) = (checkpoint.from, Until::End);
                        break;
                    }
                    (_, Until::Checkpoint) => {}
                    (_, Until::End) => self.show(&record, behind.sequence() - 1),
                }
            }
        }
        false
    }

    /// Shows a record, unless the checkpoint has seen it.
    fn show(&mut self, record: &Record<'_>, sequence: u64) {
        let unseen = |at: u64| record.end > at || record.end == at && sequence > self.sequence;
        if !self.began.is_none_or(unseen) {
            return;
        }
        if let Entry::Output { stream, bytes } = &record.entry {
            self.gathered.add(journal_stream(*stream), bytes);
        } else {
            self.gathered.feed(&mut self.screen);
            show(record, &mut self.screen, &mut self.run);
        }
    }
}

/// What is known of a run of which neither beginning nor end is shown again.
fn begin_with(last: LastRun) -> RunState {
    let outcome = if last.running { None } else { Some(logs::Outcome::Lost) };
    run_of(logs::Run { run: last.run, pid: last.pid, since: 0, outcome })
}

fn run_of(run: logs::Run) -> RunState {
    let logs::Run { run, pid, since, outcome } = run;
    let phase = match outcome {
        Some(outcome) => {
            let ending = Ending { outcome: journal_outcome(outcome), killed: Vec::new(), left: Vec::new() };
            RunPhase::Ended { since, ending }
        }
        None if pid == 0 => RunPhase::Unknown,
        None => RunPhase::Alive { pid, since },
    };
    RunState { run, phase }
}

/// Shows what is not output.
fn show(record: &Record<'_>, screen: &mut Screen, known: &mut RunState) {
    match &record.entry {
        Entry::RunStarted { run, pid, columns, rows } => {
            *known = RunState { run: *run, phase: RunPhase::Alive { pid: *pid, since: record.time } };
            screen.begin_run(*run, record.time);
            if *columns > 0 && *rows > 0 {
                screen.resize(locald_term::Size::new(*rows, *columns));
            }
        }
        Entry::RunEnded { run, outcome } => {
            let since = known.phase.since();
            let ending = Ending { outcome: journal_outcome(*outcome), killed: Vec::new(), left: Vec::new() };
            *known = RunState { run: *run, phase: RunPhase::Ended { since, ending } };
        }
        Entry::Resized { columns, rows } => {
            screen.resize(locald_term::Size::new(*rows, *columns));
        }
        Entry::Output { .. } | Entry::Gap { .. } | Entry::Note { .. } | Entry::Checkpoint(_) => {}
    }
}

fn journal_stream(stream: logs::Stream) -> locald_keeper::Stream {
    match stream {
        logs::Stream::Tty => locald_keeper::Stream::Tty,
        logs::Stream::Stdout => locald_keeper::Stream::Stdout,
        logs::Stream::Stderr => locald_keeper::Stream::Stderr,
    }
}

fn journal_outcome(outcome: logs::Outcome) -> Outcome {
    match outcome {
        logs::Outcome::Code(code) => Outcome::Code(code),
        logs::Outcome::Signal(signal) => Outcome::Signal(signal),
        logs::Outcome::Lost => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Caps, Writer};

    /// A log of numbered lines, with the screen that saw them, and checkpoints of it after some of them.
    struct Logged {
        dir: tempfile::TempDir,
        writer: Writer,
        screen: Screen,
        lines: u64,
        end: u64,
        places: Vec<Cursor>,
    }

    impl Logged {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a folder");
            let (writer, _) = Writer::open(dir.path(), Caps::default()).expect("a log");
            Self { dir, writer, screen: Screen::new(80, 24), lines: 0, end: 0, places: Vec::new() }
        }

        fn print(&mut self, lines: u64) {
            for number in self.lines..self.lines + lines {
                let text = format!("\x1b[3{}mline {number} of what it says\r\n", number % 8);
                self.end += text.len() as u64 + 16;
                self.screen.engine_mut().feed(text.as_bytes());
                let bytes = text.into_bytes().into();
                self.append(Entry::Output { stream: logs::Stream::Tty, bytes });
            }
            self.lines += lines;
        }

        fn append(&mut self, entry: Entry<'_>) {
            self.writer.append_batch(&[Record { time: self.end, end: self.end, entry }]).expect("room");
        }

        fn place(&self) -> Cursor {
            self.writer.place().expect("a record")
        }

        /// A checkpoint of what the screen is now, which is written after so many further lines.
        fn checkpoint(&mut self, late: u64) {
            let state = self.screen.engine_mut().checkpoint().expect("no sequence is open");
            self.checkpoint_of(state, late);
        }

        fn checkpoint_of(&mut self, state: Vec<u8>, late: u64) {
            let run = logs::Run { run: 3, pid: 40, since: 5, outcome: Some(logs::Outcome::Code(7)) };
            let (at, from) = (self.end, self.place());
            self.print(late);
            self.places.push(self.place());
            self.append(Entry::Checkpoint(Checkpoint { at, from, run, state: state.into() }));
        }

        fn replay(&self) -> Replayed {
            self.replay_from(&self.places)
        }

        /// What is replayed, drawn.
        fn replay_from(&self, places: &[Cursor]) -> Replayed {
            let mut replayed = replay(self.dir.path(), self.end, None, places);
            replayed.screen.engine_mut().settle();
            replayed
        }
    }

    fn assert_same(replayed: &Screen, known: &Screen, history: bool) {
        let (replayed, known) = (replayed.engine(), known.engine());
        let lines = if history { usize::MAX } else { 0 };
        assert_eq!(locald_term::capture(replayed, lines, true), locald_term::capture(known, lines, true));
        assert_eq!(replayed.cursor(), known.cursor());
        assert_eq!(replayed.history().end(), known.history().end());
    }

    #[test]
    fn a_checkpoint_and_what_came_after_it_are_the_screen_and_the_run() {
        for late in [0, 1, 50] {
            let mut log = Logged::new();
            log.print(200);
            log.checkpoint(late);
            log.append(Entry::Resized { columns: 60, rows: 20 });
            log.screen.resize(locald_term::Size::new(20, 60));
            log.print(30);
            let Replayed { screen, run, older } = log.replay();
            assert_same(&screen, &log.screen, false);
            assert_eq!(screen.at(), log.end);
            assert!(older.is_some_and(|older| older < log.end));
            let ended =
                matches!(&run.phase, RunPhase::Ended { since: 5, ending } if ending.outcome == Outcome::Code(7));
            assert!(run.run == 3 && ended, "{run:?}");
        }
    }

    #[test]
    fn a_checkpoint_that_cannot_be_used_gives_way_to_an_earlier_one_and_then_to_the_log_alone() {
        let mut log = Logged::new();
        log.print(100);
        log.checkpoint(0);
        log.print(100);
        log.checkpoint_of(vec![1, 2, 3], 0);
        log.print(5);
        let replayed = log.replay();
        assert_same(&replayed.screen, &log.screen, false);
        assert!(replayed.older.is_some());
        let mut damaged = Logged::new();
        damaged.print(100);
        damaged.checkpoint_of(vec![0; 40], 0);
        damaged.print(5);
        let replayed = damaged.replay();
        assert_same(&replayed.screen, &damaged.screen, true);
        assert_eq!(replayed.older, None);
    }

    #[test]
    fn history_comes_back_from_the_log_under_the_numbers_it_had() {
        let mut log = Logged::new();
        log.print(500);
        log.checkpoint(7);
        log.print(500);
        log.checkpoint(0);
        log.print(50);
        let Replayed { mut screen, older, .. } = log.replay();
        let older = older_lines(log.dir.path(), older.expect("a checkpoint"));
        assert_eq!(older.first(), 0, "all of it is in the log");
        screen.engine_mut().adopt_history(older);
        let (mine, all) = (screen.engine().history(), log.screen.engine().history());
        assert_eq!((mine.first(), mine.end()), (all.first(), all.end()));
        for line in mine.lines(0, usize::MAX) {
            let known = all.line(line.number()).map(|line| line.text().to_owned());
            assert_eq!(Some(line.text().to_owned()), known);
        }
    }

    #[test]
    fn without_being_told_where_it_finds_the_checkpoints_of_the_segment_before() {
        let mut log = Logged::new();
        log.print(300);
        log.checkpoint(0);
        let caps = Caps { segment: 1, ..Caps::default() };
        log.writer = Writer::open(log.dir.path(), caps).expect("a log").0;
        log.print(3);
        let replayed = log.replay_from(&[]);
        assert_same(&replayed.screen, &log.screen, false);
        assert!(replayed.older.is_some());
    }
}
