//! A connection whose client must say in time that it speaks HTTP/2.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::tap::Reader;

/// The octets with which a client begins (RFC 9113 §3.4). Whether they are the right ones, the parser sees.
const PREFACE: usize = 24;

/// How long a client may take for them. Nothing would end a connection that never brings them.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a connection, which fails if its client does not begin in time.
pub(crate) struct Preface {
    missing: usize,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Preface {
    pub(crate) fn new() -> Self {
        Self { missing: PREFACE, deadline: Some(Box::pin(sleep(TIMEOUT))) }
    }
}

impl Reader for Preface {
    fn poll_read<T: AsyncRead + Unpin>(
        &mut self,
        stream: &mut T,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(stream).poll_read(cx, buffer);
        let Some(deadline) = &mut self.deadline else { return read };
        if read.is_pending() {
            ready!(deadline.as_mut().poll(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.missing = self.missing.saturating_sub(buffer.filled().len() - before);
        if self.missing == 0 {
            self.deadline = None;
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::tap::Tap;

    #[tokio::test(start_paused = true)]
    async fn who_has_begun_may_be_silent_for_as_long_as_it_likes_and_nobody_else() {
        for (octets, is_cut) in [(0, true), (PREFACE - 1, true), (PREFACE, false)] {
            let (mut client, server) = tokio::io::duplex(1024);
            let mut server = Tap { stream: server, reader: Preface::new() };
            let said = vec![b'x'; octets];
            client.write_all(&said).await.unwrap();
            server.read_exact(&mut said.clone()).await.unwrap();
            let hour = tokio::time::timeout(Duration::from_hours(1), server.read(&mut [0])).await;
            assert_eq!(hour.is_ok_and(|read| read.is_err()), is_cut, "{octets}");
        }
    }
}
