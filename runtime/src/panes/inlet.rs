//! The way to the program in a pane: the terminal of its latest run, and what was to be said to it before that was here.
//!
//! A run's output and its terminal come from the keeper by two ways, and a program may ask its terminal something at once.

use super::InputQueue;

/// What is kept for a terminal that is not here yet, in bytes. Who asks more than that does not wait for its answers.
const MAX_EARLY: usize = 4096;

/// The way to the program.
#[derive(Default)]
pub(super) struct Inlet {
    /// The latest run and its terminal, while there is one.
    open: Option<(u64, InputQueue)>,
    early: Vec<u8>,
}

impl Inlet {
    /// The terminal of a run is here.
    pub(super) fn open(&mut self, run: u64, queue: InputQueue) {
        if !self.early.is_empty() {
            queue.answer(&std::mem::take(&mut self.early));
        }
        self.open = Some((run, queue));
    }

    /// The run is over. A later one keeps its terminal.
    pub(super) fn close(&mut self, run: u64) {
        self.open.take_if(|(of, _)| *of <= run);
    }

    /// A run begins. What was said to the one before is not for it.
    pub(super) fn begin_run(&mut self) {
        self.early.clear();
    }

    /// The terminal, while there is one.
    pub(super) fn queue(&self) -> Option<InputQueue> {
        self.open.as_ref().map(|(_, queue)| queue.clone())
    }

    /// Sends the program an answer, now or as soon as its terminal is here.
    pub(super) fn answer(&mut self, bytes: &[u8]) {
        match &self.open {
            Some((_, queue)) => queue.answer(bytes),
            None if self.early.len() + bytes.len() <= MAX_EARLY => self.early.extend(bytes),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn terminal() -> (InputQueue, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (InputQueue::open(OwnedFd::from(ours)).unwrap(), theirs)
    }

    async fn read(mut theirs: UnixStream, length: usize) -> String {
        let mut bytes = vec![0; length];
        tokio::task::spawn_blocking(move || theirs.read_exact(&mut bytes).map(|()| bytes))
            .await
            .unwrap()
            .map_or_else(|error| error.to_string(), |bytes| String::from_utf8(bytes).unwrap())
    }

    #[tokio::test]
    async fn what_was_asked_before_the_terminal_was_here_is_answered_in_order() {
        let mut inlet = Inlet::default();
        inlet.answer(b"for the run before");
        inlet.begin_run();
        inlet.answer(b"one ");
        inlet.answer(&[b'x'; MAX_EARLY]);
        let (queue, theirs) = terminal();
        inlet.open(2, queue);
        inlet.answer(b"two");
        assert_eq!(read(theirs, 7).await, "one two");
    }

    #[tokio::test]
    async fn the_end_of_a_run_leaves_the_terminal_of_the_next() {
        let mut inlet = Inlet::default();
        let (queue, _theirs) = terminal();
        inlet.open(2, queue);
        inlet.close(1);
        assert!(inlet.queue().is_some());
        inlet.close(2);
        assert!(inlet.queue().is_none());
    }
}
