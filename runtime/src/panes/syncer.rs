//! The thread that makes logs safe from a crash of the machine, once a second while they are written. It is apart from the one that
//! writes them, because a disk may take long over this, and no service shall wait for it.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

/// Hands files to the thread.
pub(super) struct Syncer {
    files: Sender<Vec<File>>,
    busy: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Syncer {
    pub(super) fn start() -> std::io::Result<Self> {
        let (files, queue) = channel();
        let busy = Arc::new(AtomicBool::new(false));
        let working = busy.clone();
        let thread = thread::Builder::new().name("log-sync".to_owned()).spawn(move || work(&queue, &working))?;
        Ok(Self { files, busy, thread })
    }

    /// Whether the last files are still being worked on; further ones had better wait, so that there is never more than one lot.
    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(SeqCst)
    }

    /// Makes these files safe, by and by.
    pub(super) fn sync(&self, files: Vec<File>) {
        if !files.is_empty() {
            self.busy.store(true, SeqCst);
            let _ = self.files.send(files);
        }
    }

    /// Waits until everything handed over is safe.
    pub(super) fn finish(self) {
        drop(self.files);
        let _ = self.thread.join();
    }
}

fn work(queue: &Receiver<Vec<File>>, busy: &AtomicBool) {
    while let Ok(files) = queue.recv() {
        for file in files {
            // Nothing can be done about a disk that fails here; the next write will say so.
            let _ = file.sync_data();
        }
        busy.store(false, SeqCst);
    }
}
