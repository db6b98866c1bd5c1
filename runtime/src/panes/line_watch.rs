//! Waits for a line of output that matches a pattern, as the output comes.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

use regex::Regex;
use tokio::sync::watch;

use crate::logs::strip::{Stripper, to_text};

/// Of a longer line, only its beginning is looked at.
const MAX_LINE: usize = 16 * 1024;

/// The line that is waited for, if one is. Costs one look at a flag while none is.
#[derive(Debug, Default)]
pub(super) struct LineWatch {
    waits: AtomicBool,
    wanted: Mutex<Option<Wanted>>,
}

#[derive(Debug)]
struct Wanted {
    run: u64,
    pattern: Regex,
    /// Whether the output that comes is that of the run.
    begun: bool,
    line: Vec<u8>,
    stripper: Stripper,
    matched: watch::Sender<bool>,
}

impl LineWatch {
    /// Waits for a line of `run` from its beginning on or, if it has `begun`, from now on.
    pub(super) fn expect(&self, run: u64, pattern: Regex, begun: bool) {
        let (line, stripper, matched) = (Vec::new(), Stripper::default(), watch::Sender::new(false));
        *self.wanted() = Some(Wanted { run, pattern, begun, line, stripper, matched });
        self.waits.store(true, SeqCst);
    }

    /// Whether the line of `run` has come, and a way to wait for it; `None` where none is expected.
    pub(super) fn matched(&self, run: u64) -> Option<watch::Receiver<bool>> {
        self.wanted().as_ref().filter(|wanted| wanted.run == run).map(|wanted| wanted.matched.subscribe())
    }

    /// A run begins: what comes now is its output.
    pub(super) fn begin(&self, run: u64) {
        if self.waits.load(SeqCst)
            && let Some(wanted) = self.wanted().as_mut()
        {
            wanted.begun = wanted.run == run;
        }
    }

    /// Looks at output.
    pub(super) fn feed(&self, bytes: &[u8]) {
        if !self.waits.load(SeqCst) {
            return;
        }
        let mut wanted = self.wanted();
        let Some(wanted) = wanted.as_mut().filter(|wanted| wanted.begun) else { return };
        if wanted.feed(bytes) {
            wanted.matched.send_replace(true);
            self.waits.store(false, SeqCst);
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Option<Wanted>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wanted {
    /// Whether a line that ends in `bytes` matches.
    fn feed(&mut self, bytes: &[u8]) -> bool {
        let mut text = Vec::with_capacity(bytes.len());
        self.stripper.push(bytes, &mut text);
        for piece in text.split_inclusive(|&byte| byte == b'\n') {
            let room = MAX_LINE - self.line.len().min(MAX_LINE);
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                if self.pattern.is_match(to_text(&line).trim_end_matches(['\r', '\n'])) {
                    return true;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn watch(pattern: &str) -> (LineWatch, watch::Receiver<bool>) {
        let watch = LineWatch::default();
        watch.expect(2, Regex::new(pattern).unwrap(), false);
        let matched = watch.matched(2).unwrap();
        (watch, matched)
    }

    #[test]
    fn a_line_of_the_run_counts_and_one_before_it_does_not() {
        let (watch, matched) = watch("^ready in [0-9]+ ms$");
        watch.feed(b"ready in 5 ms\n");
        watch.begin(1);
        watch.feed(b"ready in 5 ms\n");
        watch.begin(2);
        watch.feed(b"not ready in 5 ms\nready i");
        assert!(!*matched.borrow());
        watch.feed(b"n \x1b[1m17\x1b[0m ms\r");
        assert!(!*matched.borrow(), "a line is whole once it ends");
        watch.feed(b"\nmore");
        assert!(*matched.borrow());
        assert!(watch.matched(3).is_none());
    }

    proptest! {
        #[test]
        fn any_output_is_looked_at_in_bounded_memory(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 0..200)) {
            let (watch, _) = watch("never matches anything at all");
            watch.begin(2);
            for chunk in chunks {
                watch.feed(&chunk);
                prop_assert!(watch.wanted().as_ref().unwrap().line.len() <= MAX_LINE);
            }
        }
    }
}
