//! The thread that gives panes their history back after a daemon was replaced, one after the other and those that somebody looks
//! at first. Their screens are right before it begins, and whatever else there is to do comes first; it ends when all have what
//! their logs hold.

use std::io;
use std::sync::{Arc, PoisonError, TryLockError};
use std::thread;

use rustix::process::setpriority_process;
use rustix::thread::gettid;

use super::{Pane, PaneSet, replay};

/// How much the thread gives way to others (setpriority(2)).
const NICE: i32 = 10;

/// Starts the thread.
pub(crate) fn start(panes: Arc<PaneSet>) -> io::Result<()> {
    let run = move || {
        // Where that is not allowed, it takes its share.
        let _ = setpriority_process(Some(gettid()), NICE);
        while recall_one(&panes) {}
    };
    thread::Builder::new().name("past".to_owned()).spawn(run)?;
    Ok(())
}

/// Gives one pane its history back; says whether there was one without.
fn recall_one(set: &PaneSet) -> bool {
    let panes = set.all();
    let mut waiting = panes.iter().filter(|pane| pane.lacks_history());
    let first = waiting.clone().find(|pane| pane.is_watched()).or_else(|| waiting.next());
    first.inspect(|pane| pane.recall()).is_some()
}

impl Pane {
    /// Whether its history is not there yet.
    pub(super) fn lacks_history(&self) -> bool {
        match self.older.try_lock() {
            Ok(older) => older.is_some(),
            Err(TryLockError::Poisoned(older)) => older.into_inner().is_some(),
            // It is being read.
            Err(TryLockError::WouldBlock) => true,
        }
    }

    /// Gives it its history back, or waits until another thread has done so. Reads some of its log.
    pub(super) fn recall(&self) {
        let mut older = self.older.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = older.take() else { return };
        // A flood may have filled the history meanwhile.
        let lacks_lines = self.screen().engine().lacks_history();
        if lacks_lines {
            let lines = replay::older_lines(&self.log_dir, until);
            self.screen().engine_mut().adopt_history(lines);
            self.changed();
        }
    }
}
