//! The thread that feeds screens: all panes in turn, a slice each, so that a flood in one delays no other.
//!
//! It sleeps until the keeper says that a journal has something new. It writes no log and waits for no client.

use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use locald_api::ServiceId;
use locald_keeper::{JournalReader, What, entries};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::gathered::Gathered;
use super::{Pane, PaneSet, RunPhase, RunState};

/// How much of one pane is parsed before the next has its turn: a millisecond of work, or two where each byte is a command.
const SLICE: usize = 64 * 1024;
/// How long a log may lag while its service waits; then the service goes on and the log has a gap.
const SLOW_LOG: Duration = Duration::from_secs(1);

/// Starts the thread. `logger` is woken whenever there is something to log.
pub(crate) fn start(panes: Arc<PaneSet>, output: OwnedFd, logger: Thread) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name("screens".to_owned()).spawn(move || run(&panes, &output, &logger))
}

fn run(set: &PaneSet, output: &OwnedFd, logger: &Thread) {
    let mut buffers = Buffers::default();
    let mut lags = Lags::default();
    loop {
        let panes = set.all();
        let mut news = false;
        for pane in &panes {
            news |= pane.feed_slice(&mut buffers);
        }
        if news {
            set.note_news();
            logger.unpark();
            continue;
        }
        lags.look(&panes);
        let now = Instant::now();
        let Turns { awake, rest } = Turns::of(&panes, |pane| pane.rests_until(now));
        for pane in &awake {
            pane.journal.wait_for_entries();
        }
        if awake.iter().any(|pane| pane.has_news()) {
            continue;
        }
        let look = (!lags.0.is_empty()).then_some(now + SLOW_LOG);
        sleep(output, rest.into_iter().chain(look).min());
    }
}

/// Whose turn is next: those whose keeper says when there is something, and the first of the others, after a rest.
struct Turns<'a, P> {
    awake: Vec<&'a P>,
    rest: Option<Instant>,
}

impl<'a, P> Turns<'a, P> {
    /// Each pane is asked once, as its answer may be another a moment later: one that is neither awake nor at rest would not be
    /// looked at again.
    fn of(panes: &'a [P], mut rests_until: impl FnMut(&P) -> Option<Instant>) -> Self {
        let mut turns = Self { awake: Vec::new(), rest: None };
        for pane in panes {
            match rests_until(pane) {
                None => turns.awake.push(pane),
                Some(until) => turns.rest = Some(turns.rest.map_or(until, |rest| rest.min(until))),
            }
        }
        turns
    }
}

/// Memory that is used again for every slice.
#[derive(Default)]
struct Buffers {
    entries: Vec<u8>,
    gathered: Gathered,
}

/// Logs that are behind their screens: which, at what offset they stand, and since when they have stood there.
#[derive(Default)]
struct Lags(Vec<(ServiceId, u64, Instant)>);

impl Lags {
    /// Looks at all panes, and gives up on a log that has not moved for [`SLOW_LOG`] though there was something to write.
    fn look(&mut self, panes: &[Arc<Pane>]) {
        let now = Instant::now();
        let lagging = panes.iter().filter(|pane| pane.log_lags()).map(|pane| {
            let at = pane.log_at.load(SeqCst);
            let known = self.0.iter().find(|(id, stood, _)| *id == pane.id && *stood == at);
            let since = known.map_or(now, |(.., since)| *since);
            if now.duration_since(since) >= SLOW_LOG {
                pane.give_up_on_log();
            }
            (pane.id.clone(), at, since)
        });
        self.0 = lagging.collect();
    }
}

fn sleep(output: &OwnedFd, until: Option<Instant>) {
    let limit = until.map(|until| until.saturating_duration_since(Instant::now()));
    let limit =
        limit.map(|limit| Timespec { tv_sec: limit.as_secs().cast_signed(), tv_nsec: limit.subsec_nanos().into() });
    let _ = poll(&mut [PollFd::new(output, PollFlags::IN)], limit.as_ref());
    let _ = rustix::io::read(output, &mut [0u8; 8]);
}

impl Pane {
    fn has_news(&self) -> bool {
        self.journal.head() != self.screen_at.load(SeqCst)
    }

    /// Until when the pane is left alone so that more of its flood is there at once. A whole slice is reason enough to go on.
    fn rests_until(&self, now: Instant) -> Option<Instant> {
        let until = self.flood.lock().unwrap_or_else(PoisonError::into_inner).rests_until(now)?;
        let waiting = self.journal.head().saturating_sub(self.screen_at.load(SeqCst));
        (waiting < SLICE as u64).then_some(until)
    }

    /// Feeds the screen with the next slice of the journal; says whether there was one.
    fn feed_slice(&self, buffers: &mut Buffers) -> bool {
        let at = self.screen_at.load(SeqCst);
        if self.journal.head() == at {
            return false;
        }
        let now = Instant::now();
        if self.rests_until(now).is_some() {
            return false;
        }
        let end = match read(&self.journal, at, &mut buffers.entries) {
            Ok(()) => self.feed(buffers, at),
            // What the keeper no longer holds cannot be shown; the log names the gap.
            Err(resume) => {
                self.undrawn_screen().set_at(resume);
                resume
            }
        };
        self.flood.lock().unwrap_or_else(PoisonError::into_inner).note(buffers.entries.len(), now);
        self.screen_at.store(end, SeqCst);
        self.release();
        self.changed();
        true
    }

    fn feed(&self, Buffers { entries: buffer, gathered }: &mut Buffers, from: u64) -> u64 {
        let mut screen = self.undrawn_screen();
        let mut end = from;
        for entry in entries(buffer, from) {
            end = entry.end;
            match entry.what {
                What::Output(stream, bytes) => {
                    gathered.add(stream, bytes);
                    self.lines.feed(bytes);
                }
                What::Started { run, pid, .. } => {
                    gathered.feed(&mut screen);
                    self.lines.begin(run);
                    screen.begin_run(run, entry.time);
                    self.inlet().begin_run();
                    self.note_new_run();
                    self.note_run(RunState { run, phase: RunPhase::Alive { pid, since: entry.time } });
                }
                What::Ended { run, ending } => {
                    self.detach(run);
                    let since = self.runs.borrow().phase.since();
                    self.note_run(RunState { run, phase: RunPhase::Ended { since, ending } });
                }
            }
        }
        gathered.feed(&mut screen);
        let (replies, events) = (screen.engine_mut().take_replies(), screen.engine_mut().take_events());
        screen.set_at(end);
        self.checkpoints.consider(&mut screen, || self.runs.borrow().clone(), self.journal.head() == end);
        drop(screen);
        self.answer(&replies);
        if !events.is_empty() {
            self.note_events(events);
        }
        end
    }

    /// Lets the keeper forget what the screen has seen, though the log has not.
    fn give_up_on_log(&self) {
        if self.log_lags() {
            self.forced.fetch_max(self.screen_at.load(SeqCst), SeqCst);
            self.release();
        }
    }
}

fn read(journal: &JournalReader, at: u64, buffer: &mut Vec<u8>) -> Result<(), u64> {
    journal.read(at, SLICE, buffer).map_err(|lost| lost.resume)?;
    // Whole entries are always there; none at all means that the journal makes no sense from here on.
    if buffer.is_empty() { Err(journal.head()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pane_whose_rest_ends_while_it_is_asked_has_its_turn_all_the_same() {
        let end = Instant::now() + Duration::from_millis(2);
        // A whole slice waits for the second pane as soon as it has answered.
        let mut asked = 0;
        let turns = Turns::of(&["calm", "flooding"], |pane| {
            asked += usize::from(*pane == "flooding");
            (*pane == "flooding" && asked == 1).then_some(end)
        });
        assert_eq!((turns.awake, turns.rest), (vec![&"calm"], Some(end)));
    }

    #[test]
    fn the_first_rest_to_end_ends_the_sleep() {
        let now = Instant::now();
        let rests = [now + Duration::from_millis(2), now + Duration::from_millis(1)];
        let turns = Turns::of(&rests, |until| Some(*until));
        assert_eq!((turns.awake.len(), turns.rest), (0, Some(rests[1])));
        assert_eq!(Turns::of(&rests, |_| None).rest, None);
    }
}
