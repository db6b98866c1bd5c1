//! What a stranger may send at most. Bodies have no limit: they are never held.

/// The head of a request or an answer, in octets: the line and all headers. What tokens in cookies need, several times over.
pub(crate) const MAX_HEAD: usize = 64 << 10;
/// Headers of one message.
pub(crate) const MAX_HEADERS: usize = 200;
/// Connections at one time, of one listener. More wait in the listener's queue.
pub(crate) const MAX_CONNECTIONS: usize = 8192;
/// How often a request may come back to this proxy before it is taken for a loop.
pub(crate) const MAX_HOPS: u8 = 5;
