//! Watches how the requests of an HTTP/1.1 connection are framed, beside the parser that reads them, and how long their heads take.
//!
//! A request with both a length and chunks is what request smuggling is made of (RFC 9112 §6.3, §11.2). The parser goes by the
//! chunks, and does not tell that there was a length; here that is seen, so that such a request can be refused.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::tap::Reader;

/// How much of a line is kept; what matters of one is at its beginning.
const LINE: usize = 64;

/// How long the head of a request may take, from its first octet on; the first one from the moment on at which its client is there.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Where in a connection the watch is.
#[derive(Debug, Default)]
struct Watch {
    place: Place,
    line: Vec<u8>,
    length: Option<u64>,
    is_chunked: bool,
    has_begun: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Head,
    Body(u64),
    /// The line that says how long the next chunk is.
    ChunkSize,
    /// A chunk, with the line break after it.
    Chunk(u64),
    Trailers,
    /// What follows is looked at no more: it was refused, is no HTTP, or cannot be followed, which the parser ends itself.
    Over,
}

impl Watch {
    /// Looks at what was read; says whether a request with two lengths is in it.
    fn look(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() && self.place != Place::Over {
            match &mut self.place {
                Place::Body(left) | Place::Chunk(left) => {
                    let skipped = (*left).min(bytes.len() as u64);
                    *left -= skipped;
                    bytes = &bytes[skipped as usize..];
                    if *left == 0 {
                        self.place = if matches!(self.place, Place::Chunk(_)) { Place::ChunkSize } else { Place::Head };
                    }
                }
                _ => {
                    let end = bytes.iter().position(|&byte| byte == b'\n');
                    let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
                    self.keep(piece);
                    bytes = rest;
                    if end.is_some() && self.end_line() {
                        self.place = Place::Over;
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Keeps what matters of a line: of headers those two that say how long a body is, without what may stand before a number, however
    /// much that is.
    fn keep(&mut self, piece: &[u8]) {
        for &byte in piece {
            let is_padding = match (self.place, self.line.as_slice()) {
                (Place::Head | Place::Trailers, [first, _, ..]) if !b"cCtT".contains(first) => return,
                (_, [.., b':']) => byte == b' ' || byte == b'\t',
                (_, [.., b':', b'0']) | (Place::ChunkSize, [b'0']) => byte == b'0',
                _ => false,
            };
            if self.line.len() == LINE {
                return;
            }
            if !is_padding {
                self.line.push(byte);
            }
        }
    }

    /// A line is whole; says whether it ends a head with two lengths.
    fn end_line(&mut self) -> bool {
        let mut line = std::mem::take(&mut self.line);
        let is_refused = self.read(line.trim_ascii());
        // Its memory does for the next one.
        line.clear();
        self.line = line;
        is_refused
    }

    fn read(&mut self, line: &[u8]) -> bool {
        match self.place {
            // Empty lines before a request mean nothing (RFC 9112 §2.2).
            Place::Head if line.is_empty() && self.has_begun => {
                let has_two = self.is_chunked && self.length.is_some();
                self.place = match (self.is_chunked, self.length) {
                    (true, _) => Place::ChunkSize,
                    (false, Some(length)) if length > 0 => Place::Body(length),
                    (false, _) => Place::Head,
                };
                (self.length, self.is_chunked, self.has_begun) = (None, false, false);
                return has_two;
            }
            Place::Head if !line.is_empty() => {
                self.has_begun = true;
                self.header(line);
            }
            Place::ChunkSize => {
                let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
                let size = std::str::from_utf8(digits).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok());
                self.place = match size {
                    Some(0) => Place::Trailers,
                    Some(size) => Place::Chunk(size.saturating_add(2)),
                    None => Place::Over,
                };
            }
            Place::Trailers if line.is_empty() => self.place = Place::Head,
            _ => {}
        }
        false
    }

    /// Whether a head has begun and is not whole.
    fn is_in_head(&self) -> bool {
        self.place == Place::Head && (self.has_begun || !self.line.is_empty())
    }

    fn header(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { return };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            // One that is no number is refused by the parser.
            let length = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
            self.length = length.or(self.length).or(Some(0));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_chunked = true;
        }
    }
}

/// Reads along with the parser of a connection.
pub(crate) struct Framing {
    watch: Watch,
    seen: Arc<Seen>,
    /// When the head must be whole that is being read. Most come whole, and cost no timer.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Framing {
    pub(crate) fn new() -> Self {
        Self { watch: Watch::default(), seen: Arc::default(), deadline: Some(Box::pin(sleep(HEAD_TIMEOUT))) }
    }

    /// What those who answer the requests see of the watch.
    pub(crate) fn seen(&self) -> Arc<Seen> {
        self.seen.clone()
    }
}

/// What the watch, and those who answer the requests, tell each other.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    has_two_lengths: AtomicBool,
    is_over: AtomicBool,
}

impl Seen {
    /// Whether a request with two lengths has come. Such a request is its connection's last.
    pub(crate) fn has_two_lengths(&self) -> bool {
        self.has_two_lengths.load(Ordering::Acquire)
    }

    /// What comes from now on is no HTTP.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }
}

impl Reader for Framing {
    fn poll_read<T: AsyncRead + Unpin>(
        &mut self,
        stream: &mut T,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.seen.is_over.load(Ordering::Acquire) {
            self.deadline = None;
            return Pin::new(stream).poll_read(cx, buffer);
        }
        match Pin::new(stream).poll_read(cx, buffer) {
            Poll::Ready(result) => result?,
            Poll::Pending => {
                let Some(deadline) = &mut self.deadline else { return Poll::Pending };
                ready!(deadline.as_mut().poll(cx));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        if self.watch.look(&buffer.filled()[before..]) {
            self.seen.has_two_lengths.store(true, Ordering::Release);
        }
        if !self.watch.is_in_head() {
            self.deadline = None;
        } else if self.deadline.is_none() {
            self.deadline = Some(Box::pin(sleep(HEAD_TIMEOUT)));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::tap::Tap;

    const GOOD: [&str; 9] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\nhello\n\nhello",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1A\r\nTransfer-Encoding: chunked\r\n0\r\nContent-Length: 1\r\n\r\n",
        "\r\nPOST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
        "POST / HTTP/1.1\nContent-Length:3\n\nabc",
        "GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Type: text/plain; charset=utf-8; boundary=a-long-word-that-is-no-number\r\n\r\n",
        concat!(
            "POST / HTTP/1.1\r\nContent-Length:",
            "          ",
            "          ",
            "          ",
            "          ",
            "          ",
            "12\r\n\r\nhello\n\nhello"
        ),
        concat!(
            "POST / HTTP/1.1\r\nContent-Length: ",
            "0000000000",
            "0000000000",
            "0000000000",
            "0000000000",
            "0000000000",
            "12\r\n\r\nhello\n\nhello"
        ),
        concat!(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "0000000000",
            "0000000000",
            "0000000000",
            "0000000000",
            "0000000000",
            "0000000000",
            "0000000000",
            "5\r\nhello\r\n000\r\n\r\n"
        ),
    ];
    const BAD: [&str; 3] = [
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding:  chunked\r\nX: y\r\nCONTENT-LENGTH: 5\r\n\r\n",
        "POST / HTTP/1.1\nContent-Length: 5\nTransfer-Encoding: identity, chunked\n\n",
    ];

    #[test]
    fn both_are_seen_in_either_order() {
        for bad in BAD {
            assert!(Watch::default().look(bad.as_bytes()), "{bad}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_and_what_comes_after_it_has_more() {
        for (said, is_cut) in [("", true), ("GET / HT", true), (GOOD[0], false), (&GOOD[0].repeat(2)[..40], true)] {
            let (mut client, server) = tokio::io::duplex(1024);
            let mut server = Tap { stream: server, reader: Framing::new() };
            client.write_all(said.as_bytes()).await.unwrap();
            let mut all = vec![0; said.len()];
            server.read_exact(&mut all).await.unwrap();
            let mut more = [0];
            let hour = tokio::time::timeout(Duration::from_hours(1), server.read(&mut more)).await;
            assert_eq!(hour.is_ok_and(|read| read.is_err()), is_cut, "{said:?}");
        }
    }

    proptest! {
        #[test]
        fn a_request_with_two_lengths_is_seen_behind_others_however_it_comes(
            before in proptest::collection::vec(0..GOOD.len(), 0..6), bad in proptest::option::of(0..BAD.len()), piece in 1usize..40,
        ) {
            let mut sent: String = before.iter().map(|&at| GOOD[at]).collect();
            sent.extend(bad.map(|at| BAD[at]));
            let mut watch = Watch::default();
            let seen = sent.as_bytes().chunks(piece).any(|piece| watch.look(piece));
            prop_assert_eq!(seen, bad.is_some());
        }

        #[test]
        fn any_octets_are_looked_at_in_little_memory(bytes in proptest::collection::vec(any::<u8>(), 0..500), piece in 1usize..40) {
            let mut watch = Watch::default();
            for piece in bytes.chunks(piece) {
                watch.look(piece);
                prop_assert!(watch.line.len() <= LINE);
            }
        }
    }
}
