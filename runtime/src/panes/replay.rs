//! What a new daemon knows of a pane before anything new arrives: the screen and the latest run, from the end of the log.
//!
//! The replay is mute: questions that the program asked were answered by an earlier daemon.

use std::path::Path;

use locald_keeper::{Ending, Outcome};

use super::gathered::Gathered;
use super::screen::DEFAULT_SIZE;
use super::{RunPhase, RunState, Screen};
use crate::logs::{self, Cursor, Entry, LastRun, Reader, Record};

/// How much of a log's end is shown again. Enough for any screen and some pages of history.
const TAIL: u64 = 512 * 1024;
const BATCH: usize = 128 * 1024;

/// The screen and the latest run as the log has them, up to the journal's offset `until`. `last`: the latest run of the whole log,
/// which may have begun before the part that is shown again.
pub(super) fn replay(dir: &Path, until: u64, last: Option<LastRun>) -> (Screen, RunState) {
    let size = last.map(|last| (last.columns, last.rows)).filter(|(columns, rows)| *columns > 0 && *rows > 0);
    let (columns, rows) = size.unwrap_or(DEFAULT_SIZE);
    let mut screen = Screen::new(columns, rows);
    let mut run = last.map(begin_with).unwrap_or_default();
    screen.engine_mut().set_mute(true);
    let reader = Reader::new(dir);
    // A log that cannot be read leaves a blank screen; what is wrong with it shows when it is written.
    let mut cursor = reader.tail(TAIL).unwrap_or(Cursor::OLDEST);
    let mut gathered = Gathered::default();
    while let Ok(batch) = reader.records_from(cursor, BATCH) {
        if batch.records.is_empty() {
            break;
        }
        cursor = batch.cursor;
        for record in batch.records.iter().filter(|record| record.end <= until) {
            if let Entry::Output { stream, bytes } = &record.entry {
                gathered.add(journal_stream(*stream), bytes);
            } else {
                gathered.feed(&mut screen);
                show(record, &mut screen, &mut run);
            }
        }
        gathered.feed(&mut screen);
    }
    screen.engine_mut().set_mute(false);
    (screen, run)
}

/// What is known of a run of which neither beginning nor end is shown again.
fn begin_with(last: LastRun) -> RunState {
    let phase = if last.running {
        RunPhase::Alive { pid: last.pid, since: 0 }
    } else {
        let ending = Ending { outcome: Outcome::Unknown, killed: Vec::new(), left: Vec::new() };
        RunPhase::Ended { since: 0, ending }
    };
    RunState { run: last.run, phase }
}

/// Shows what is not output.
fn show(record: &Record<'_>, screen: &mut Screen, known: &mut RunState) {
    match &record.entry {
        Entry::RunStarted { run, pid, columns, rows } => {
            *known = RunState { run: *run, phase: RunPhase::Alive { pid: *pid, since: record.time } };
            screen.begin_run();
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
        Entry::Output { .. } | Entry::Gap { .. } | Entry::Note { .. } => {}
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
