//! One service's output on its way: from the keeper's journal to the screen and to the log, and input on its way back.
//!
//! Two threads read each journal, each at its own pace: the [`pump`] feeds screens, the [`logger`] writes logs. What both are
//! done with is released to the keeper. Neither ever waits for a client.

mod checkpoints;
mod divider;
mod flood;
mod focus;
mod gathered;
mod inlet;
pub(crate) mod input;
mod line_watch;
pub(crate) mod logger;
mod news;
mod notices;
pub(crate) mod past;
pub(crate) mod pump;
mod replay;
mod resize;
mod run;
mod screen;
mod search;
pub(crate) mod sizing;
mod syncer;

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};
use std::thread::Thread;
use std::time::Duration;
use std::{fmt, io};

use locald_api::ServiceId;
use locald_keeper::{JournalReader, RunInfo};
use locald_term::Palette;
use regex::Regex;
use tokio::sync::{Notify, watch};

use checkpoints::Checkpoints;
use flood::Flood;
pub(crate) use focus::Focused;
use inlet::Inlet;
pub(crate) use input::InputQueue;
use line_watch::LineWatch;
use logger::PaneLog;
use news::News;
pub(crate) use notices::Notices;
use replay::Replayed;
pub(crate) use resize::Showing;
pub(crate) use run::{RunPhase, RunState};
pub(crate) use screen::Screen;
use sizing::Sizing;
pub(crate) use sizing::Viewer;

/// One service's output, screen, log and input.
pub(crate) struct Pane {
    pub(crate) id: ServiceId,
    pub(crate) log_dir: PathBuf,
    journal: JournalReader,
    room: Arc<OwnedFd>,
    screen: Mutex<Screen>,
    /// Rises with every change of the screen.
    version: AtomicU64,
    /// The journal's offset up to which the screen has been fed.
    screen_at: AtomicU64,
    flood: Mutex<Flood>,
    /// The journal's offset up to which everything is in the log or known to be missing from it.
    log_at: AtomicU64,
    /// The journal's offset up to which the keeper may forget even what is not in the log, because the log is too slow.
    forced: AtomicU64,
    log: Mutex<PaneLog>,
    resizes: logger::Resizes,
    checkpoints: Checkpoints,
    /// The journal's offset up to which older lines of history are still to be read from the log.
    older: Mutex<Option<u64>>,
    /// The thread that writes the log.
    logger: Thread,
    log_fault: watch::Sender<Option<String>>,
    /// Moves with every record that was logged; whoever follows the log waits for it.
    logged: watch::Sender<u64>,
    /// What the service says of itself.
    notices: watch::Sender<Notices>,
    lines: LineWatch,
    runs: watch::Sender<RunState>,
    /// The run that the keeper was just starting when this daemon began.
    pub(crate) starting: Option<u64>,
    inlet: Mutex<Inlet>,
    sizing: Mutex<Sizing>,
    pending_size: Mutex<resize::Pending>,
    watchers: Mutex<Vec<Weak<Notify>>>,
    /// The clients whose keys go to it.
    focused_by: AtomicU32,
    /// The client that typed last; 0 before anyone has.
    typist: AtomicU64,
    news: Mutex<News>,
}

/// All panes, as the two threads see them.
#[derive(Default)]
pub(crate) struct PaneSet {
    panes: RwLock<Vec<Arc<Pane>>>,
    /// The colours that programs are told of.
    palette: Mutex<Palette>,
    /// Rises with everything that any pane's program does.
    news: watch::Sender<u64>,
}

/// What a pane is made from.
pub(crate) struct PaneParts {
    pub(crate) id: ServiceId,
    pub(crate) log_dir: PathBuf,
    pub(crate) memory: OwnedFd,
    pub(crate) room: Arc<OwnedFd>,
    pub(crate) log: PaneLog,
    /// The thread that writes the log.
    pub(crate) logger: Thread,
    /// The run that the keeper holds.
    pub(crate) run: Option<RunInfo>,
    /// The number of the run that the keeper is just starting.
    pub(crate) starting: Option<u64>,
}

impl Pane {
    /// Opens the journal and shows what the log holds of the screen.
    pub(crate) fn open(parts: PaneParts) -> io::Result<Arc<Self>> {
        let PaneParts { id, log_dir, memory, room, mut log, logger, run: held, starting } = parts;
        let journal = JournalReader::open(memory)?;
        let resume = log.end().unwrap_or_else(|| journal.tail());
        let Replayed { screen, mut run, older } = replay::replay(&log_dir, resume, log.last_run(), log.checkpoints());
        run::follow(&mut run, &journal, resume);
        match held {
            Some(held) if run.run == held.run && matches!(run.phase, RunPhase::Ended { .. }) => {}
            Some(held) => {
                run = RunState { run: held.run, phase: RunPhase::Alive { pid: held.pid, since: held.since } };
            }
            // Its keeper died with it, or its end was in a part of the log that could not be written.
            // It has begun since the keeper spoke of it.
            None if starting == Some(run.run) => {}
            None if run.lose() => log.note_lost_run(&log_dir, resume, run.run),
            None => {}
        }
        let pane = Self {
            id,
            log_dir,
            screen: Mutex::new(screen),
            version: AtomicU64::new(1),
            screen_at: AtomicU64::new(resume),
            flood: Mutex::default(),
            log_at: AtomicU64::new(resume),
            forced: AtomicU64::new(journal.tail()),
            log: Mutex::new(log),
            resizes: logger::Resizes::default(),
            checkpoints: Checkpoints::begin(resume),
            older: Mutex::new(older),
            logger,
            log_fault: watch::Sender::new(None),
            logged: watch::Sender::new(0),
            notices: watch::Sender::new(Notices::default()),
            lines: LineWatch::default(),
            runs: watch::Sender::new(run),
            starting,
            inlet: Mutex::default(),
            sizing: Mutex::default(),
            pending_size: Mutex::default(),
            watchers: Mutex::new(Vec::new()),
            focused_by: AtomicU32::new(0),
            typist: AtomicU64::new(0),
            news: Mutex::default(),
            journal,
            room,
        };
        // The last daemon may have been killed between logging something and giving it back. Nothing else would, if the journal is
        // full of it: there is no room for the news that would lead to it.
        pane.release();
        Ok(Arc::new(pane))
    }

    /// The screen, drawn as far as it was fed. Hold it briefly: while it is held, the pane's output waits.
    pub(crate) fn screen(&self) -> MutexGuard<'_, Screen> {
        let mut screen = self.undrawn_screen();
        screen.engine_mut().settle();
        screen
    }

    /// As [`screen`](Self::screen), but not drawn: for what is known without, which is its size, its modes and its texts.
    pub(crate) fn undrawn_screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rises with every change of the screen.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(SeqCst)
    }

    /// The latest run, as far as it is known.
    pub(crate) fn runs(&self) -> watch::Receiver<RunState> {
        self.runs.subscribe()
    }

    /// Tells what became of a run; older news than what is known is dropped.
    pub(crate) fn note_run(&self, state: RunState) {
        self.runs.send_if_modified(|known| {
            let newer = state.is_after(known);
            if newer {
                *known = state;
            }
            newer
        });
    }

    /// What is wrong with keeping the log, if something is.
    pub(crate) fn log_fault(&self) -> watch::Receiver<Option<String>> {
        self.log_fault.subscribe()
    }

    /// What the service says of itself.
    pub(crate) fn notices(&self) -> watch::Receiver<Notices> {
        self.notices.subscribe()
    }

    /// The service said something of itself.
    pub(crate) fn note_notice(&self, key: &str, value: &str) {
        self.notices.send_if_modified(|notices| notices.note(key, value));
    }

    /// A run is about to begin, of which nothing is known yet. `line`: what a line of its output is to match.
    pub(crate) fn expect_run(&self, run: u64, line: Option<Regex>) {
        self.notices.send_replace(Notices::default());
        if let Some(pattern) = line {
            self.lines.expect(run, pattern, false);
        }
    }

    /// Goes on waiting for a line of a run that has begun.
    pub(crate) fn expect_line(&self, run: u64, pattern: Regex) {
        self.lines.expect(run, pattern, true);
    }

    /// Whether the line of `run` that is waited for has come, and a way to wait for it.
    pub(crate) fn line_matched(&self, run: u64) -> Option<watch::Receiver<bool>> {
        self.lines.matched(run)
    }

    /// The last lines on the screen that say anything; those of the latest run only.
    pub(crate) fn last_lines(&self, count: usize) -> Vec<String> {
        let text = locald_term::capture(self.screen().engine(), 0, false);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect()
    }

    /// Changes whenever something was logged.
    pub(crate) fn logged(&self) -> watch::Receiver<u64> {
        self.logged.subscribe()
    }

    /// Takes the terminal's master of a run, so that input can be written to it. A run that was there before this daemon knows its
    /// terminal's size better than the log does; a new one is told.
    pub(crate) fn attach(&self, run: u64, master: Option<OwnedFd>, inherited: bool) {
        let Some(queue) = master.and_then(|master| InputQueue::open(master).ok()) else { return };
        let size = queue.size().filter(|_| inherited);
        match size {
            Some(size) => drop(self.undrawn_screen().resize(size)),
            None => drop(queue.resize(self.undrawn_screen().size())),
        }
        let mut inlet = self.inlet();
        // Its end may have been read from the journal before its beginning was heard of.
        let known = self.runs.borrow().clone();
        let over = known.run > run || known.run == run && matches!(known.phase, RunPhase::Ended { .. });
        if !over {
            inlet.open(run, queue);
        }
    }

    /// The run is over: nobody is there to type to. Its terminal goes with this, so that whatever was left alone of the run gets
    /// an error from it instead of waiting for a reader. A later run keeps its own.
    fn detach(&self, run: u64) {
        self.inlet().close(run);
    }

    /// Where input goes, while a run with a terminal lives.
    pub(crate) fn input(&self) -> Option<InputQueue> {
        self.inlet().queue()
    }

    fn inlet(&self) -> MutexGuard<'_, Inlet> {
        self.inlet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the log has everything that the journal has now, for a while.
    pub(crate) async fn wait_until_logged(&self, limit: Duration) {
        let (mut logged, now) = (self.logged(), self.journal.head());
        let wait = async { while self.log_at.load(SeqCst) < now && logged.changed().await.is_ok() {} };
        // A log that is that slow has a gap.
        let _ = tokio::time::timeout(limit, wait).await;
    }

    /// Changes the size of the screen and of the terminal.
    pub(crate) fn resize(&self, size: locald_term::Size) {
        let mut screen = self.undrawn_screen();
        if !screen.resize(size) {
            return;
        }
        self.checkpoints.forget_waiting();
        self.resizes.note(screen.at(), size);
        drop(screen);
        // A service that prints nothing now would have its new size in the log only with its next output.
        self.logger.unpark();
        if let Some(input) = self.input() {
            let _ = input.resize(size);
        }
        self.changed();
    }

    /// The colours that the program is told of when it asks, or because it asked to be told when they change.
    fn set_palette(&self, palette: Palette) {
        let replies = {
            let mut screen = self.undrawn_screen();
            screen.engine_mut().set_palette(palette);
            screen.engine_mut().take_replies()
        };
        self.answer(&replies);
    }

    /// Sends the program what the emulator or the daemon has to say to it.
    fn answer(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.inlet().answer(bytes);
        }
    }

    /// Wakes this client whenever the screen changes, as long as it keeps its end.
    pub(crate) fn watch(&self, watcher: &Arc<Notify>) {
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.retain(|known| known.upgrade().is_some_and(|known| !Arc::ptr_eq(&known, watcher)));
        watchers.push(Arc::downgrade(watcher));
    }

    /// Whether a client looks at it.
    fn is_watched(&self) -> bool {
        let watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.iter().any(|watcher| watcher.strong_count() > 0)
    }

    fn changed(&self) {
        self.version.fetch_add(1, SeqCst);
        for watcher in self.watchers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(watcher) = watcher.upgrade() {
                watcher.notify_one();
            }
        }
    }

    /// Gives the keeper back what screen and log are done with.
    fn release(&self) {
        let logged = self.log_at.load(SeqCst).max(self.forced.load(SeqCst));
        if self.journal.release(logged.min(self.screen_at.load(SeqCst))) {
            let _ = rustix::io::write(&*self.room, &1u64.to_ne_bytes());
        }
    }

    /// Whether the log is behind the screen.
    fn log_lags(&self) -> bool {
        self.log_at.load(SeqCst) < self.screen_at.load(SeqCst)
    }
}

impl PaneSet {
    pub(crate) fn add(&self, pane: Arc<Pane>) {
        let palette = self.palette.lock().unwrap_or_else(PoisonError::into_inner);
        pane.set_palette(*palette);
        self.write().push(pane);
    }

    pub(crate) fn remove(&self, id: &ServiceId) {
        self.write().retain(|pane| pane.id != *id);
    }

    pub(crate) fn find(&self, id: &ServiceId) -> Option<Arc<Pane>> {
        self.read().iter().find(|pane| pane.id == *id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Pane>> {
        self.read().clone()
    }

    /// Tells all programs that ask of these colours from now on.
    pub(crate) fn set_palette(&self, palette: Palette) {
        let mut known = self.palette.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != palette {
            *known = palette;
            self.read().iter().for_each(|pane| pane.set_palette(palette));
        }
    }

    fn note_news(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    /// Changes whenever any pane's program has done something.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Arc<Pane>>> {
        self.panes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Arc<Pane>>> {
        self.panes.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pane").field("id", &self.id).finish_non_exhaustive()
    }
}
