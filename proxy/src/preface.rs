//! A connection whose client must say in time that it speaks HTTP/2.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The octets with which a client begins (RFC 9113 §3.4). Whether they are the right ones, the parser sees.
const PREFACE: usize = 24;

/// How long a client may take for them. Nothing would end a connection that never brings them.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A connection that fails if its client does not begin in time.
pub(crate) struct Prefaced<T> {
    stream: T,
    missing: usize,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<T> Prefaced<T> {
    pub(crate) fn new(stream: T) -> Self {
        Self { stream, missing: PREFACE, deadline: Some(Box::pin(sleep(TIMEOUT))) }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Prefaced<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let Some(deadline) = &mut this.deadline else { return read };
        if read.is_pending() {
            ready!(deadline.as_mut().poll(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        this.missing = this.missing.saturating_sub(buffer.filled().len() - before);
        if this.missing == 0 {
            this.deadline = None;
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Prefaced<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_has_begun_may_be_silent_for_as_long_as_it_likes_and_nobody_else() {
        for (octets, is_cut) in [(0, true), (PREFACE - 1, true), (PREFACE, false)] {
            let (mut client, server) = tokio::io::duplex(1024);
            let mut server = Prefaced::new(server);
            let said = vec![b'x'; octets];
            client.write_all(&said).await.unwrap();
            server.read_exact(&mut said.clone()).await.unwrap();
            let hour = tokio::time::timeout(Duration::from_hours(1), server.read(&mut [0])).await;
            assert_eq!(hour.is_ok_and(|read| read.is_err()), is_cut, "{octets}");
        }
    }
}
