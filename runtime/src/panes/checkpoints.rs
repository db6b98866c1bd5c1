//! Checkpoints of a pane's screen on their way into its log, so that a new daemon need not read all of it again.
//!
//! The thread that feeds the screen takes one after so much output, when the output pauses or at the latest at a bound; the one
//! that writes the log puts it there once everything that the screen has seen is in the log as well. No thread is woken for it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use locald_keeper::Outcome;

use super::{RunPhase, RunState, Screen};
use crate::logs::{self, Checkpoint, Cursor, Entry, MAX_STATE};

/// How long after a checkpoint output may pause for the next: a flood has many pauses.
const CALM: Duration = Duration::from_secs(1);
/// How much output makes a checkpoint worth its while when output pauses, and when it does not. It may not be more than a small
/// part of the log either.
const AT_A_PAUSE: u64 = 128 * 1024;
const AT_THE_LATEST: u64 = 512 * 1024;
const SHARE: u64 = 32;
/// How much output comes before it is tried again, where a screen would not come back as it is.
const RETRY: u64 = 16 * 1024;

/// How far apart places in the log are remembered, and how many: more than the screen can be behind the log.
const STEP: u64 = 16 * 1024;
const PLACES: usize = 64;

/// The checkpoints of one pane.
#[derive(Default)]
pub(super) struct Checkpoints(Mutex<State>);

#[derive(Default)]
struct State {
    /// Where in the journal the latest one was taken, and its size.
    at: u64,
    size: u64,
    taken: Option<Instant>,
    /// Where it was tried in vain.
    tried: Option<u64>,
    waiting: Option<Waiting>,
}

/// A checkpoint that is not in the log yet.
struct Waiting {
    at: u64,
    run: RunState,
    state: Vec<u8>,
}

/// Places in the log by the journal's offset up to which everything stands before them.
#[derive(Default)]
pub(super) struct Places(VecDeque<(u64, Cursor)>);

impl Checkpoints {
    /// As of a screen that a new daemon has fed up to `at`.
    pub(super) fn begin(at: u64) -> Self {
        Self(Mutex::new(State { at, ..State::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a checkpoint if it is time for one. `pauses`: there is no more output now.
    pub(super) fn consider(&self, screen: &mut Screen, run: impl FnOnce() -> RunState, pauses: bool) {
        let mut state = self.lock();
        let enough = |usual: u64, times| screen.at().saturating_sub(state.at) >= usual.max(times * state.size);
        let is_calm = || state.taken.is_none_or(|taken| taken.elapsed() >= CALM);
        let is_due = enough(AT_THE_LATEST, 2 * SHARE) || pauses && enough(AT_A_PAUSE, SHARE) && is_calm();
        if is_due && state.tried.is_none_or(|tried| screen.at() >= tried + RETRY) {
            state.take(screen, run());
        }
    }

    /// Takes a checkpoint unless nothing has come since the latest.
    pub(super) fn take(&self, screen: &mut Screen, run: RunState) {
        let mut state = self.lock();
        if screen.at() > state.at {
            state.take(screen, run);
        }
    }

    /// The screen's size has changed. A checkpoint of before that is not in the log yet would come there behind the new size.
    pub(super) fn forget_waiting(&self) {
        self.lock().waiting = None;
    }

    /// The record of the checkpoint that waits, if the log has all that its screen has seen: everything up to `at`.
    pub(super) fn take_logged(&self, at: u64, place: impl FnOnce(u64) -> Option<Cursor>) -> Option<Entry<'static>> {
        let Waiting { at, run, state } = self.lock().waiting.take_if(|waiting| waiting.at <= at)?;
        Some(Entry::Checkpoint(Checkpoint { at, from: place(at)?, run: logged_run(&run), state: Cow::Owned(state) }))
    }
}

impl State {
    fn take(&mut self, screen: &mut Screen, run: RunState) {
        // In the middle of a sequence there is none, but behind some of the next bytes.
        let Some(state) = screen.engine_mut().checkpoint() else {
            self.tried = Some(screen.at());
            return;
        };
        (self.at, self.size, self.tried) = (screen.at(), state.len() as u64, None);
        self.taken = Some(Instant::now());
        let waiting = Waiting { at: self.at, run, state };
        self.waiting = Some(waiting).filter(|waiting| waiting.state.len() <= MAX_STATE);
    }
}

impl Places {
    /// Remembers that everything up to the journal's offset `at` stands before `place`.
    pub(super) fn note(&mut self, at: u64, place: Option<Cursor>) {
        if self.0.back().is_some_and(|(last, _)| *last + STEP > at) {
            return;
        }
        if self.0.len() == PLACES {
            self.0.pop_front();
        }
        self.0.extend(place.map(|place| (at, place)));
    }

    /// The last known place before everything behind the journal's offset `at`.
    pub(super) fn before(&self, at: u64) -> Option<Cursor> {
        self.0.iter().rev().find(|(known, _)| *known <= at).map(|(_, place)| *place)
    }
}

/// What the log keeps of a run.
fn logged_run(run: &RunState) -> logs::Run {
    let kept = logs::Run { run: run.run, since: run.phase.since(), ..logs::Run::default() };
    match &run.phase {
        RunPhase::Alive { pid, .. } => logs::Run { pid: *pid, ..kept },
        RunPhase::Ended { ending, .. } => {
            let outcome = match ending.outcome {
                Outcome::Code(code) => logs::Outcome::Code(code),
                Outcome::Signal(signal) => logs::Outcome::Signal(signal),
                Outcome::Unknown => logs::Outcome::Lost,
            };
            logs::Run { outcome: Some(outcome), ..kept }
        }
        RunPhase::Unknown | RunPhase::Failed(_) => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(screen: &mut Screen, bytes: u64) {
        let at = screen.at() + bytes;
        screen.set_at(at);
    }

    fn waits(checkpoints: &Checkpoints) -> bool {
        checkpoints.lock().waiting.is_some()
    }

    #[test]
    fn one_is_taken_when_output_pauses_after_much_and_at_a_bound_though_it_does_not() {
        let checkpoints = Checkpoints::begin(0);
        let mut screen = Screen::new(80, 24);
        fed(&mut screen, AT_A_PAUSE - 1);
        checkpoints.consider(&mut screen, RunState::default, true);
        assert!(!waits(&checkpoints));
        fed(&mut screen, 1);
        checkpoints.consider(&mut screen, RunState::default, false);
        assert!(!waits(&checkpoints));
        checkpoints.consider(&mut screen, RunState::default, true);
        assert!(waits(&checkpoints));
        checkpoints.forget_waiting();
        fed(&mut screen, AT_THE_LATEST);
        checkpoints.consider(&mut screen, RunState::default, false);
        assert!(waits(&checkpoints));
    }

    #[test]
    fn one_waits_until_the_log_has_what_its_screen_has_seen() {
        let checkpoints = Checkpoints::begin(0);
        let mut screen = Screen::new(80, 24);
        fed(&mut screen, 1000);
        checkpoints.take(&mut screen, RunState::default());
        assert!(checkpoints.take_logged(999, |_| Some(Cursor::OLDEST)).is_none());
        let entry = checkpoints.take_logged(1000, |_| Some(Cursor::OLDEST));
        assert!(matches!(entry, Some(Entry::Checkpoint(Checkpoint { at: 1000, .. }))));
        checkpoints.take(&mut screen, RunState::default());
        assert!(!waits(&checkpoints), "nothing has come since");
    }

    #[test]
    fn none_is_taken_in_the_middle_of_a_sequence() {
        let checkpoints = Checkpoints::begin(0);
        let mut screen = Screen::new(80, 24);
        screen.engine_mut().feed(b"\x1b[3");
        fed(&mut screen, 1);
        checkpoints.take(&mut screen, RunState::default());
        assert!(!waits(&checkpoints));
        screen.engine_mut().feed(b"1m");
        checkpoints.take(&mut screen, RunState::default());
        assert!(waits(&checkpoints));
    }

    #[test]
    fn places_are_known_some_way_back() {
        let mut places = Places::default();
        let place = |byte| Some(Cursor::OLDEST).filter(|_| byte > 0);
        (1..1000).for_each(|number| places.note(number * STEP / 2, place(number)));
        assert_eq!(places.0.len(), PLACES);
        assert!(places.before(999 * STEP / 2 - 256 * 1024).is_some());
        assert!(places.before(0).is_none());
    }
}
