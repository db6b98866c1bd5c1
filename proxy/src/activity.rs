//! How long nobody has wanted anything of a back end.
//!
//! Requests count, and bytes in either direction. An open connection over which nothing is said does not, and neither do the
//! heartbeats of a WebSocket: a page that somebody has forgotten in a tab keeps nothing alive.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Duration, Instant};

use crate::tap::Reader;

/// So many octets of a WebSocket that come at once are more than a heartbeat.
const WORDS: usize = 512;

/// What is known of the requests of a route.
#[derive(Debug)]
pub struct Activity {
    made: Instant,
    /// In milliseconds since then.
    last: AtomicU64,
    /// Requests that wait for their answer.
    open: AtomicUsize,
}

/// A request that waits for its answer.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Activity>);

impl Activity {
    /// Nobody has asked for anything since now.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { made: Instant::now(), last: AtomicU64::new(0), open: AtomicUsize::new(0) })
    }

    /// When somebody has wanted something last; now, if somebody waits for it.
    pub fn last(&self) -> Instant {
        // Before the time is read: whoever is counted out in between has noted the time.
        if self.is_busy() {
            return Instant::now();
        }
        self.made + Duration::from_millis(self.last.load(Ordering::SeqCst))
    }

    /// Whether a request waits for its answer.
    pub fn is_busy(&self) -> bool {
        self.open.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.open.fetch_add(1, Ordering::SeqCst);
        Busy(self.clone())
    }

    pub(crate) fn note(&self) {
        let now = u64::try_from(self.made.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::SeqCst);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.note();
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Reads a stream whose words count, if somebody counts them.
pub(crate) struct Counter(pub(crate) Option<Arc<Activity>>);

impl Reader for Counter {
    fn poll_read<T: AsyncRead + Unpin>(
        &mut self,
        stream: &mut T,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(cx, buffer))?;
        if let Some(activity) = &self.0
            && buffer.filled().len() - before >= WORDS
        {
            activity.note();
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::tap::Tap;

    #[tokio::test(start_paused = true)]
    async fn a_request_counts_until_it_is_answered() {
        let activity = Activity::new();
        let begun = Instant::now();
        assert_eq!(activity.last(), begun);
        let busy = activity.begin();
        tokio::time::advance(Duration::from_hours(1)).await;
        assert!(
            activity.is_busy() && activity.last() == Instant::now(),
            "a debugger may hold it for as long as it likes"
        );
        drop(busy);
        let answered = Instant::now();
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!((activity.is_busy(), activity.last()), (false, answered));
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_websocket_words_count_and_heartbeats_do_not() {
        let activity = Activity::new();
        let begun = Instant::now();
        for (octets, counts) in [(40, false), (WORDS - 1, false), (WORDS, true)] {
            tokio::time::advance(Duration::from_secs(30)).await;
            let said = vec![0; octets];
            let mut heard = Tap { stream: &said[..], reader: Counter(Some(activity.clone())) };
            let mut buffer = vec![0; 4096];
            assert_eq!(heard.read(&mut buffer).await.unwrap(), octets);
            assert_eq!(activity.last() > begun, counts, "{octets}");
        }
    }
}
