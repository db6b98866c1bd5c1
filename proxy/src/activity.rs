//! How long nobody has wanted anything of a back end.
//!
//! Requests count, and bytes in either direction. An open connection over which nothing is said does not, and neither do the
//! heartbeats of a WebSocket: a page that somebody has forgotten in a tab keeps nothing alive.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Duration, Instant};

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

/// A stream whose words count, if somebody counts them.
pub(crate) struct Heard<S> {
    pub(crate) stream: S,
    pub(crate) activity: Option<Arc<Activity>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if let Some(activity) = &self.activity
            && buf.filled().len() - before >= WORDS
        {
            activity.note();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

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
            let mut heard = Heard { stream: &said[..], activity: Some(activity.clone()) };
            let mut buffer = vec![0; 4096];
            assert_eq!(heard.read(&mut buffer).await.unwrap(), octets);
            assert_eq!(activity.last() > begun, counts, "{octets}");
        }
    }
}
