//! The thread that feeds screens: all panes in turn, a slice each, so that a flood in one delays no other.
//!
//! It sleeps until the keeper says that a journal has something new. It writes no log and waits for no client.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use locald_api::ServiceId;
use locald_keeper::{JournalReader, Stream, What, entries};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Pane, PaneSet, RunPhase, RunState, Screen};

/// How much of one pane is parsed before the next has its turn: well under a millisecond of work.
const SLICE: usize = 32 * 1024;
/// How long a log may lag while its service waits; then the service goes on and the log has a gap.
const SLOW_LOG: Duration = Duration::from_secs(1);

/// Starts the thread. `logger` is woken whenever there is something to log.
pub(crate) fn start(panes: Arc<PaneSet>, output: OwnedFd, logger: Thread) -> std::io::Result<JoinHandle<()>> {
    thread::Builder::new().name("screens".to_owned()).spawn(move || run(&panes, &output, &logger))
}

fn run(set: &PaneSet, output: &OwnedFd, logger: &Thread) {
    let mut buffer = Vec::new();
    let mut lags = Lags::default();
    loop {
        let panes = set.all();
        let mut news = false;
        for pane in &panes {
            news |= pane.feed_slice(&mut buffer);
        }
        if news {
            logger.unpark();
            continue;
        }
        lags.look(&panes);
        for pane in &panes {
            pane.journal.wait_for_entries();
        }
        if panes.iter().any(|pane| pane.has_news()) {
            continue;
        }
        sleep(output, (!lags.0.is_empty()).then_some(SLOW_LOG));
    }
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

fn sleep(output: &OwnedFd, limit: Option<Duration>) {
    let limit = limit.map(|limit| Timespec { tv_sec: limit.as_secs().cast_signed(), tv_nsec: 0 });
    let _ = poll(&mut [PollFd::new(output, PollFlags::IN)], limit.as_ref());
    let _ = rustix::io::read(output, &mut [0u8; 8]);
}

impl Pane {
    fn has_news(&self) -> bool {
        self.journal.head() != self.screen_at.load(SeqCst)
    }

    /// Feeds the screen with the next slice of the journal; says whether there was one.
    fn feed_slice(&self, buffer: &mut Vec<u8>) -> bool {
        let at = self.screen_at.load(SeqCst);
        if self.journal.head() == at {
            return false;
        }
        let end = match read(&self.journal, at, buffer) {
            Ok(()) => self.feed(buffer, at),
            // What the keeper no longer holds cannot be shown; the log names the gap.
            Err(resume) => resume,
        };
        self.screen_at.store(end, SeqCst);
        self.release();
        self.changed();
        true
    }

    fn feed(&self, buffer: &[u8], from: u64) -> u64 {
        let mut screen = self.screen();
        let mut end = from;
        for entry in entries(buffer, from) {
            end = entry.end;
            match entry.what {
                What::Output(stream, bytes) => screen.feed_output(stream, bytes),
                What::Started { run, pid, .. } => {
                    screen.begin_run();
                    self.note_run(RunState { run, phase: RunPhase::Alive { pid, since: entry.time } });
                }
                What::Ended { run, ending } => {
                    self.detach(run);
                    let since = self.runs.borrow().phase.since();
                    self.note_run(RunState { run, phase: RunPhase::Ended { since, ending } });
                }
            }
        }
        let replies = screen.engine_mut().take_replies();
        drop(screen);
        if !replies.is_empty()
            && let Some(input) = self.input()
        {
            input.answer(replies);
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

impl Screen {
    /// A new run begins: the screen is fresh, and what it showed is history.
    pub(super) fn begin_run(&mut self) {
        self.engine_mut().restart();
    }

    /// Feeds output. Without a terminal in between, a newline alone must also return to the first column.
    pub(super) fn feed_output(&mut self, stream: Stream, bytes: &[u8]) {
        if stream == Stream::Tty {
            return self.engine_mut().feed(bytes);
        }
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => {
                    self.engine_mut().feed(line);
                    self.engine_mut().feed(b"\r\n");
                }
                None => self.engine_mut().feed(line),
            }
        }
    }
}
