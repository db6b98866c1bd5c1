//! A connection that both ends have agreed to make a WebSocket: bytes both ways, as they come, for as long as either has some.
//!
//! Nothing of the protocol is looked at, so whatever the two have agreed on, subprotocols and extensions included, holds.

use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional_with_sizes;

use crate::activity::{Activity, Heard};

/// What is on its way at most, in octets and in each direction. Thousands of sockets may be open and idle.
const BUFFER: usize = 4 << 10;

/// Passes bytes on until both directions have ended, each for itself, or one has failed, which ends the other.
pub(crate) async fn relay(client: OnUpgrade, back_end: OnUpgrade, activity: Option<Arc<Activity>>) {
    // One that does not come about has ended both.
    let (Ok(client), Ok(back_end)) = (client.await, back_end.await) else { return };
    let mut client = Heard { stream: TokioIo::new(client), activity: activity.clone() };
    let mut back_end = Heard { stream: TokioIo::new(back_end), activity };
    let _ = copy_bidirectional_with_sizes(&mut client, &mut back_end, BUFFER, BUFFER).await;
}
