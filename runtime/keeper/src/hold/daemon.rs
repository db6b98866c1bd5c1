//! The daemon's process as the keeper sees it: a child with one end of a socket pair as its standard input.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::channel::{Receiver, Sender, channel};
use crate::home::Home;

/// The argument by which `locald` becomes the daemon.
pub const DAEMON_ROLE: &str = "__daemon";
/// The size at which the keeper's log begins anew.
const MAX_LOG: u64 = 1 << 20;

/// A living daemon.
pub(super) struct Daemon {
    pub(super) pid: i32,
    pub(super) started: Instant,
    pub(super) sender: Sender,
    pub(super) receiver: Receiver,
    /// It has said hello and knows everything the keeper holds.
    pub(super) greeted: bool,
    /// The socket was full; the rest is sent when it is not.
    pub(super) sends_later: bool,
}

impl Daemon {
    #[expect(clippy::disallowed_methods, reason = "the daemon begins here and nowhere else")]
    pub(super) fn start(executable: &Path, home: &Home) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let log = open_log(home)?;
        let mut command = Command::new(executable);
        command.arg(DAEMON_ROLE).args(home.arguments());
        command.stdin(OwnedFd::from(theirs)).stdout(Stdio::null()).stderr(log).current_dir("/");
        let child = command.spawn()?;
        let (sender, receiver) = channel(ours)?;
        Ok(Self {
            pid: child.id().cast_signed(),
            started: Instant::now(),
            sender,
            receiver,
            greeted: false,
            sends_later: false,
        })
    }
}

/// Opens the keeper's log for appending, anew if it has grown large.
pub(super) fn open_log(home: &Home) -> io::Result<File> {
    let path = home.keeper_log();
    if std::fs::metadata(&path).is_ok_and(|found| found.len() > MAX_LOG) {
        // Truncated and not replaced: the keeper's own descriptor goes on at its new end.
        OpenOptions::new().write(true).truncate(true).open(&path)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}
