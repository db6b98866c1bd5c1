//! Connections that wait for the next request, the one used last first.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::Line;

/// The most that are kept; what a browser's burst leaves beyond them is closed.
const MAX: usize = 64;
/// How long a connection may take to be ready again after its last answer; one that does not is no use.
const SETTLES: Duration = Duration::from_millis(20);
/// How long a connection is idle before somebody watches whether its other end closes it. Busy ones are looked at when they are used.
const UNWATCHED: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Idle(Mutex<State>);

#[derive(Default)]
struct State {
    lines: Vec<(Line, Instant)>,
    watch: Watch,
}

/// What the task does that watches.
#[derive(Default)]
enum Watch {
    /// There is none.
    #[default]
    Nobody,
    /// It looks again by itself soon.
    Looks,
    /// It has seen all there is, and is to be told of more.
    Waits(Waker),
}

impl Idle {
    pub(super) fn put(self: &Arc<Self>, mut line: Line) {
        match line.is_ready() {
            Some(true) => {}
            Some(false) => return,
            // The end of what was asked is not written yet, or that of the answer not read.
            None => line.detach(),
        }
        let mut state = self.lock();
        if state.lines.len() >= MAX {
            state.lines.retain_mut(|(line, _)| line.glance());
            // They tell nobody any more.
            if let Watch::Waits(waker) = &state.watch {
                waker.wake_by_ref();
            }
        }
        if state.lines.len() >= MAX {
            return;
        }
        state.lines.push((line, Instant::now()));
        match std::mem::replace(&mut state.watch, Watch::Looks) {
            Watch::Nobody => drop(tokio::spawn(watch(Arc::downgrade(self)))),
            Watch::Looks => {}
            Watch::Waits(waker) => waker.wake(),
        }
    }

    /// A connection that has not been idle for longer than `most`.
    pub(super) async fn take(&self, most: Duration) -> Option<Line> {
        loop {
            let mut line = {
                let mut state = self.lock();
                // Those below it have been idle for longer.
                if state.lines.last()?.1.elapsed() > most {
                    return None;
                }
                state.lines.pop()?.0
            };
            let is_ready = match line.is_ready() {
                Some(is_ready) => is_ready,
                None => timeout(SETTLES, poll_fn(|cx| line.poll_ready(cx))).await.unwrap_or(false),
            };
            if is_ready {
                return Some(line);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        if let Watch::Waits(waker) = &self.lock().watch {
            waker.wake_by_ref();
        }
    }
}

/// Drops connections that their other ends close, as long as there are any.
async fn watch(idle: Weak<Idle>) {
    let mut pause = pin!(sleep(UNWATCHED));
    poll_fn(|cx| {
        let Some(idle) = idle.upgrade() else { return Poll::Ready(()) };
        let mut state = idle.lock();
        let now = Instant::now();
        state.lines.retain_mut(|(line, since)| now.duration_since(*since) < UNWATCHED || line.look(cx));
        let Some(seen) = state.lines.last().map(|(_, since)| *since + UNWATCHED) else {
            state.watch = Watch::Nobody;
            return Poll::Ready(());
        };
        pause.as_mut().reset(seen);
        // One that is over by now is looked at without further ado.
        state.watch = match pause.as_mut().poll(cx) {
            Poll::Pending => Watch::Looks,
            Poll::Ready(()) if seen <= now => Watch::Waits(cx.waker().clone()),
            Poll::Ready(()) => {
                cx.waker().wake_by_ref();
                Watch::Looks
            }
        };
        Poll::Pending
    })
    .await;
}
