//! The thread on which the proxy works, and nothing else.
//!
//! Whatever comes on one connection goes out on another. Spread over several threads, that has them wake each other for each
//! request, which costs more than the request; and what is painted for panes must not wait for what pages load.

use std::future::pending;
use std::{io, thread};

use tokio::runtime::{Builder, Handle};

/// Begins the thread, which ends with the process.
///
/// # Errors
/// There is no thread to be had, or nothing to wait for sockets with.
pub(super) fn begin() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("proxy".to_owned()).spawn(move || runtime.block_on(pending::<()>()))?;
    Ok(handle)
}
