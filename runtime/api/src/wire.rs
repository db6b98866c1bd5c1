//! Framing: a big-endian `u32` length, one byte that says what follows, then that many bytes less one.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::codec::LengthDelimitedCodec;

use crate::PaneFrame;

/// The largest frame a daemon takes from a client: an `up` with a large environment, or a paste.
pub const MAX_FROM_CLIENT: usize = 4 << 20;
/// The largest frame a client takes from a daemon: a page of logs, or a full screen of 1000 x 1000 cells.
pub const MAX_FROM_DAEMON: usize = 64 << 20;

const CONTROL: u8 = 0;
const PANE: u8 = 1;

/// What a frame holds.
#[derive(Debug)]
pub enum Payload<T> {
    /// A control message.
    Control(T),
    /// A pane's changed rows.
    Pane(PaneFrame),
}

/// A frame that cannot be read. The connection it came by cannot be trusted any further.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// A frame without its first byte.
    #[error("the frame is empty")]
    Empty,
    /// A first byte that this release does not know.
    #[error("the frame is of unknown kind {0}")]
    UnknownKind(u8),
    /// A control message that is not what was expected.
    #[error("the message cannot be read")]
    Control(#[from] serde_json::Error),
    /// A pane frame that breaks off or contradicts itself.
    #[error("the pane frame cannot be read")]
    Pane(#[from] crate::frame::DecodeError),
}

/// The codec both sides put around their stream; frames longer than `max` bytes are errors before they are buffered.
pub fn codec(max: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().length_field_type::<u32>().max_frame_length(max).new_codec()
}

/// A control message as the bytes of one frame.
pub fn control<T: Serialize>(message: &T) -> Bytes {
    let mut out = BytesMut::with_capacity(256).writer();
    out.get_mut().put_u8(CONTROL);
    serde_json::to_writer(&mut out, message).expect("messages have string keys and no failing serializer");
    out.into_inner().freeze()
}

/// A pane frame as the bytes of one frame.
pub fn pane(frame: &PaneFrame) -> Bytes {
    let mut out = BytesMut::with_capacity(1024);
    out.put_u8(PANE);
    frame.encode(&mut out);
    out.freeze()
}

/// Reads one frame.
pub fn read<T: DeserializeOwned>(frame: &[u8]) -> Result<Payload<T>, WireError> {
    match frame.split_first() {
        None => Err(WireError::Empty),
        Some((&CONTROL, body)) => Ok(Payload::Control(serde_json::from_slice(body)?)),
        Some((&PANE, body)) => Ok(Payload::Pane(PaneFrame::decode(body)?)),
        Some((&kind, _)) => Err(WireError::UnknownKind(kind)),
    }
}
