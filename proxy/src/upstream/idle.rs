//! Connections that wait for the next request, the one used last first.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Sender;

/// The most that are kept; what a browser's burst leaves beyond them is closed.
const MAX: usize = 64;
/// How long a connection may take to be ready again after its last answer. It takes a task switch; one that does not is no use.
const SETTLES: Duration = Duration::from_millis(20);

#[derive(Default)]
pub(super) struct Idle(Mutex<Vec<(Sender, Instant)>>);

impl Idle {
    pub(super) fn put(&self, sender: Sender) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() >= MAX {
            idle.retain(|(sender, _)| !sender.is_closed());
        }
        if idle.len() < MAX {
            idle.push((sender, Instant::now()));
        }
    }

    /// A connection that has not been idle for longer than `most`.
    pub(super) async fn take(&self, most: Duration) -> Option<Sender> {
        loop {
            let mut sender = {
                let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                // Those below it have been idle for longer.
                if idle.last()?.1.elapsed() > most {
                    return None;
                }
                idle.pop()?.0
            };
            if sender.is_ready() || matches!(timeout(SETTLES, sender.ready()).await, Ok(Ok(()))) {
                return Some(sender);
            }
        }
    }
}
