//! A connection whose client must say in time that it speaks HTTP/2, and how.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::tap::Reader;

/// The octets with which a client begins (RFC 9113 §3.4). Whether they are the right ones, the parser sees.
const PREFACE: usize = 24;
/// With the head of the frame that comes next: its length, kind, flags and stream (RFC 9113 §4.1).
const BEGINNING: usize = PREFACE + 9;
const KIND: usize = PREFACE + 3;
const FLAGS: usize = PREFACE + 4;
/// What that frame must be, which the parser does not ask: settings, and no acknowledgement of any.
const SETTINGS: u8 = 4;
const ACK: u8 = 1;

/// How long a client may take for them. Nothing would end a connection that never brings them.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a connection, which fails if its client does not begin in time, or with anything but its settings.
pub(crate) struct Preface {
    read: usize,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Preface {
    pub(crate) fn new() -> Self {
        Self { read: 0, deadline: Some(Box::pin(sleep(TIMEOUT))) }
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
        for at in before..buffer.filled().len() {
            let octet = buffer.filled()[at];
            let is_wrong = match self.read {
                KIND => octet != SETTINGS,
                FLAGS => octet & ACK != 0,
                _ => false,
            };
            if is_wrong {
                // Who does so does not speak HTTP/2 and need not be told (RFC 9113 §3.4).
                buffer.set_filled(before);
                return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
            }
            self.read += 1;
            if self.read == BEGINNING {
                self.deadline = None;
                break;
            }
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::tap::Tap;

    /// A preface and the head of a frame, and some more.
    fn begun_with(kind: u8, flags: u8) -> Vec<u8> {
        [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0, 0, 6, kind, flags, 0, 0, 0, 0][..], b"\0\x04\0\x10\0\0"].concat()
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_begun_may_be_silent_for_as_long_as_it_likes_and_nobody_else() {
        for (octets, is_cut) in [(0, true), (PREFACE, true), (BEGINNING - 1, true), (BEGINNING, false)] {
            let (mut client, server) = tokio::io::duplex(1024);
            let mut server = Tap { stream: server, reader: Preface::new() };
            let said = &begun_with(SETTINGS, 0)[..octets];
            client.write_all(said).await.unwrap();
            server.read_exact(&mut said.to_vec()).await.unwrap();
            let hour = tokio::time::timeout(Duration::from_hours(1), server.read(&mut [0])).await;
            assert_eq!(hour.is_ok_and(|read| read.is_err()), is_cut, "{octets}");
        }
    }

    #[tokio::test]
    async fn who_begins_with_anything_but_its_settings_is_cut() {
        const PING: u8 = 6;
        for (kind, flags, is_taken) in [(SETTINGS, 0, true), (SETTINGS, ACK, false), (PING, 0, false), (0, 0, false)] {
            let said = begun_with(kind, flags);
            for piece in [1, 10, PREFACE, said.len()] {
                // No more than this is there to be read at once.
                let (mut client, server) = tokio::io::duplex(piece);
                let all = said.clone();
                // It may have been cut before it has said all.
                let client = tokio::spawn(async move { client.write_all(&all).await });
                let mut server = Tap { stream: server, reader: Preface::new() };
                let mut heard = Vec::new();
                let read = server.read_to_end(&mut heard).await;
                assert_eq!((read.is_ok(), heard == said), (is_taken, is_taken), "{kind} {flags} {piece}");
                drop(server);
                let _ = client.await.unwrap();
            }
        }
    }
}
