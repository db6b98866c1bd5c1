//! A pane gets the size that its clients want, soon but not with every step of a drag: the last size of a burst wins.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use locald_term::Size;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::Pane;
use super::sizing::{Policy, Sizing, Viewer};

/// The shortest time between two sizes. A program that redraws everything for each has some time left for its work.
const PAUSE: Duration = Duration::from_millis(50);

/// When a pane changed its size last, and whether it will look again.
#[derive(Debug, Default)]
pub(super) struct Pending {
    last: Option<Instant>,
    waiting: bool,
}

/// A client shows a pane with some size for as long as this is there.
#[derive(Debug)]
pub(crate) struct Showing {
    pane: Arc<Pane>,
    viewer: Viewer,
    size: Size,
}

impl Showing {
    pub(crate) fn new(pane: Arc<Pane>, viewer: Viewer, size: Size, acted: u64) -> Self {
        pane.sizing().show(viewer, size, acted);
        pane.settle_size();
        Self { pane, viewer, size }
    }

    /// The client acted, or shows it with another size.
    pub(crate) fn update(&mut self, size: Size, acted: u64) {
        self.size = size;
        self.pane.sizing().show(self.viewer, size, acted);
        self.pane.settle_size();
    }

    /// The client acted.
    pub(crate) fn act(&mut self, acted: u64) {
        self.update(self.size, acted);
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        self.pane.sizing().hide(self.viewer);
        self.pane.settle_size();
    }
}

impl Pane {
    fn sizing(&self) -> MutexGuard<'_, Sizing> {
        self.sizing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who decides the size from now on.
    pub(crate) fn set_size_policy(self: &Arc<Self>, policy: Policy) {
        self.sizing().set_policy(policy);
        self.settle_size();
    }

    /// Gives the pane the wanted size, now or when its last change is long enough ago.
    fn settle_size(self: &Arc<Self>) {
        let Some(wanted) = self.sizing().wanted().filter(|wanted| *wanted != self.undrawn_screen().size()) else {
            return;
        };
        let now = Instant::now();
        let mut pending = self.pending_size();
        let due = pending.last.map_or(now, |last| last + PAUSE);
        // A screen that grows takes lines back from its history, which a new daemon may still have to read.
        let lacks_history = self.lacks_history();
        if due <= now && !lacks_history {
            pending.last = Some(now);
            drop(pending);
            return self.resize(wanted);
        }
        // Outside of the runtime there is nobody left to mind: the daemon is ending.
        let Some(runtime) = Handle::try_current().ok().filter(|_| !pending.waiting) else { return };
        pending.waiting = true;
        let pane = self.clone();
        runtime.spawn(async move {
            if lacks_history {
                let pane = pane.clone();
                // If that fails, the size is right all the same.
                let _ = tokio::task::spawn_blocking(move || pane.recall()).await;
            }
            tokio::time::sleep_until(due).await;
            pane.pending_size().waiting = false;
            pane.settle_size();
        });
    }

    fn pending_size(&self) -> MutexGuard<'_, Pending> {
        self.pending_size.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client typed: what the program wants in the clipboard is for it.
    pub(crate) fn note_typist(&self, client: u64) {
        self.typist.store(client, SeqCst);
    }
}
