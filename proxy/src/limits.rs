//! What a stranger may send at most. Bodies have no limit: they are never held.

/// The head of a request or an answer, in octets: the line and all headers. What tokens in cookies need, several times over.
pub(crate) const MAX_HEAD: usize = 64 << 10;
/// What the loopback interface of Linux carries in one packet: its MTU of 64 KiB without the headers of IPv6 and of TCP with timestamps
/// (RFC 8200 §3, RFC 9293 §3.1, RFC 7323 §3.2).
const PACKET: usize = (64 << 10) - 72;
/// What is read and held of a message at once, in octets: two packets, with room for a head before the first piece of a body. What is a
/// little more than whole packets, as powers of two are, costs one more for the rest each time; pieces that fit into a processor's cache
/// are written from there.
pub(crate) const BUFFER: usize = 2 * PACKET - (4 << 10);
/// Headers of one message.
pub(crate) const MAX_HEADERS: usize = 200;
/// Connections at one time, of all listeners. More wait in the listeners' queues.
pub(crate) const MAX_CONNECTIONS: usize = 8192;
/// What a client of HTTP/2 may send before somebody takes it, in octets, in one stream and in all of them.
pub(crate) const WINDOW: u32 = 1 << 20;
/// Streams of one HTTP/2 connection that are dropped before they were taken up.
pub(crate) const MAX_RESETS: usize = 2048;
/// How often a request may come back to this proxy before it is taken for a loop.
pub(crate) const MAX_HOPS: u8 = 5;
