//! Who is at the other end of a socket.

use std::io;

use tokio::net::UnixStream;

/// Refuses a peer that runs as another user (SO_PEERCRED, unix(7)).
///
/// Both sides check: the daemon serves its own user only, and a client does not talk to a socket that somebody else has put
/// in the daemon's place.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] for another user's process; otherwise what the kernel said.
pub fn check(stream: &UnixStream) -> io::Result<()> {
    let ours = rustix::process::geteuid().as_raw();
    let theirs = stream.peer_cred()?.uid();
    if theirs == ours {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("the other end runs as user {theirs}, not {ours}")))
}
