//! One service as the keeper holds it: its journal, its notify socket and, while it runs, its run.
//!
//! Output goes from the terminal or the pipes into the journal and nowhere else. Where the journal is full the service waits, as it
//! would for a slow terminal.

use std::collections::VecDeque;
use std::io;
use std::mem::MaybeUninit;
use std::path::PathBuf;

use crate::hold::notify::NotifySocket;
use crate::hold::poller::{Poller, Token};
use crate::hold::run::{Run, Source, SourceState};
use crate::journal::{JournalWriter, MAX_PAYLOAD, What, now};
use crate::outcome::Ending;

/// Less room than this is not worth a read: its entries would be mostly header.
const WORTHWHILE: usize = 4096;
/// Reads of one source before others have their turn.
const READS_IN_A_ROW: usize = 16;
/// Output still taken after a run has ended. More than a terminal or a pipe holds, so nothing a dead process wrote is lost; a
/// process left alone on purpose may go on writing for ever.
const LAST_BYTES: usize = 4 << 20;

/// A service's place in the keeper.
pub(super) struct Slot {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) journal: JournalWriter,
    pub(super) notify: NotifySocket,
    pub(super) run: Option<Run>,
    /// Entries that found no room yet.
    backlog: VecDeque<(u64, What<'static>)>,
    /// The end of the run, while its last output is read.
    closing: Option<(Ending, usize)>,
    /// Nobody will read the journal any more; the slot goes with its run.
    forgotten: bool,
}

/// What came of reading a source for a while.
enum Progress {
    /// It may have more.
    More,
    /// It has nothing now.
    Drained,
    /// The journal is full.
    Full,
}

impl Slot {
    pub(super) fn create(id: u32, name: String, base: u64, notify: PathBuf) -> io::Result<Self> {
        let (journal, notify) = (JournalWriter::create(base)?, NotifySocket::bind(notify)?);
        Ok(Self { id, name, journal, notify, run: None, backlog: VecDeque::new(), closing: None, forgotten: false })
    }

    /// The daemon has no more use for the slot.
    pub(super) fn forget(&mut self) {
        self.forgotten = true;
    }

    /// Whether the slot can go.
    pub(super) fn is_done(&self) -> bool {
        self.forgotten && self.run.is_none()
    }

    /// Binds the notify socket again after somebody removed its folder.
    pub(super) fn rebind(&mut self, poller: &Poller) -> io::Result<()> {
        poller.forget(&self.notify);
        let path = self.notify.path().to_owned();
        self.notify = NotifySocket::bind(path)?;
        poller.watch(&self.notify, Token::Notify(self.id))
    }

    /// The run began at `time`: its output may follow.
    pub(super) fn begin(&mut self, time: u64, what: What<'static>, poller: &Poller) {
        self.backlog.push_back((time, what));
        self.resume(poller);
    }

    /// The run has ended, as told; what it still wrote is read first.
    pub(super) fn close(&mut self, ending: Ending, poller: &Poller) {
        self.closing = Some((ending, LAST_BYTES));
        self.resume(poller);
    }

    /// Whether the run has ended and only its last output is still to be read.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Reads and appends as far as there is room, after the daemon has made some or something else has changed.
    pub(super) fn resume(&mut self, poller: &Poller) {
        if self.forgotten {
            self.journal.discard();
        }
        self.append_backlog();
        if !self.backlog.is_empty() || self.run.as_ref().is_none_or(|run| run.begun.is_none()) {
            return;
        }
        for index in 0..self.run.as_ref().map_or(0, |run| run.sources.len()) {
            self.read_source(index, poller);
        }
        self.finish_if_drained(poller);
    }

    /// Reads one source for a while.
    fn read_source(&mut self, index: usize, poller: &Poller) {
        let Some(run) = &mut self.run else { return };
        let source = &mut run.sources[index];
        if source.state == SourceState::Ended {
            return;
        }
        match transfer(source, &mut self.journal, self.closing.as_mut().map(|(_, left)| left)) {
            Progress::Full => pause(source, poller),
            Progress::More | Progress::Drained => watch(source, self.id, poller),
        }
        if source.state == SourceState::Ended {
            poller.forget(&*source);
        }
    }

    /// Ends the run once nothing more comes.
    fn finish_if_drained(&mut self, poller: &Poller) {
        let (Some((_, left)), Some(run)) = (&mut self.closing, &mut self.run) else { return };
        for source in &mut run.sources {
            loop {
                match transfer(source, &mut self.journal, Some(left)) {
                    Progress::More => {}
                    Progress::Drained => break,
                    Progress::Full => return pause(source, poller),
                }
            }
        }
        for source in &run.sources {
            poller.forget(source);
        }
        let (Some((ending, _)), Some(run)) = (self.closing.take(), self.run.take()) else { return };
        self.backlog.push_back((now(), What::Ended { run: run.number, ending }));
        self.append_backlog();
    }

    fn append_backlog(&mut self) {
        while let Some((time, what)) = self.backlog.front() {
            if !self.journal.append(*time, what) {
                self.journal.wait_for_room();
                if !self.journal.append(*time, what) {
                    return;
                }
            }
            self.backlog.pop_front();
        }
    }
}

/// Moves output from a source into the journal, for a while.
fn transfer(source: &mut Source, journal: &mut JournalWriter, mut last: Option<&mut usize>) -> Progress {
    let mut buffer = [const { MaybeUninit::uninit() }; MAX_PAYLOAD];
    for _ in 0..READS_IN_A_ROW {
        if source.state == SourceState::Ended || last.as_deref() == Some(&0) {
            return Progress::Drained;
        }
        if journal.room() < WORTHWHILE {
            journal.wait_for_room();
        }
        let room = journal.room();
        if room < WORTHWHILE {
            return Progress::Full;
        }
        match rustix::io::read(&source.descriptor, &mut buffer[..room]) {
            Ok(([], _)) | Err(rustix::io::Errno::IO) => source.state = SourceState::Ended,
            Ok((bytes, _)) => {
                let appended = journal.append(now(), &What::Output(source.stream, bytes));
                debug_assert!(appended, "there was room");
                if let Some(left) = &mut last {
                    **left = left.saturating_sub(bytes.len());
                }
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Progress::Drained,
        }
    }
    Progress::More
}

fn watch(source: &mut Source, slot: u32, poller: &Poller) {
    if source.state == SourceState::Idle && poller.watch(&*source, Token::Output(slot, source.stream)).is_ok() {
        source.state = SourceState::Watched;
    }
}

fn pause(source: &mut Source, poller: &Poller) {
    if source.state == SourceState::Watched {
        poller.forget(&*source);
        source.state = SourceState::Idle;
    }
}
