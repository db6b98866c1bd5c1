//! The socket on which a service tells how it is (sd_notify(3)), held here so that nothing it says while no daemon lives is lost.
//!
//! It is always drained, so that no service blocks on it, and only the latest value of each variable is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use super::MESSAGES_A_TURN;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};

/// The longest message taken, as for the service manager that this protocol comes from.
const MAX_MESSAGE: usize = 4096;
/// Variables that mean something; others are not kept, so that a service cannot fill memory.
const KNOWN: [&str; 8] = ["READY", "RELOADING", "STOPPING", "STATUS", "ERRNO", "MAINPID", "WATCHDOG", "WATCHDOG_USEC"];

/// A notify socket and what was said on it during the current run.
#[derive(Debug)]
pub(super) struct NotifySocket {
    socket: UnixDatagram,
    path: PathBuf,
    latest: BTreeMap<&'static str, String>,
    /// What the daemon was not told yet.
    news: BTreeSet<&'static str>,
}

impl NotifySocket {
    /// Binds the socket at `path`, in the place of whatever was there.
    pub(super) fn bind(path: PathBuf) -> io::Result<Self> {
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path)?;
        socket.set_nonblocking(true)?;
        rustix::net::sockopt::set_socket_passcred(&socket, true)?;
        Ok(Self { socket, path, latest: BTreeMap::new(), news: BTreeSet::new() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Forgets what an earlier run said.
    pub(super) fn forget(&mut self) {
        self.latest.clear();
        self.news.clear();
    }

    /// What the current run has said, the latest of each.
    pub(super) fn latest(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.latest.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// Reads what has come, as much as one turn allows.
    pub(super) fn drain(&mut self) {
        for _ in 0..MESSAGES_A_TURN {
            let Some(message) = self.receive() else { return };
            for (key, value) in variables(&message) {
                self.latest.insert(key, value.to_owned());
                self.news.insert(key);
            }
        }
    }

    /// What was set since the last call, the latest of each.
    pub(super) fn take_news(&mut self) -> Vec<(&'static str, String)> {
        let news = std::mem::take(&mut self.news);
        news.into_iter().filter_map(|key| Some((key, self.latest.get(key)?.clone()))).collect()
    }

    /// The next message, empty if it is of another user's process. `None`: nothing more is there.
    fn receive(&self) -> Option<Vec<u8>> {
        let mut bytes = [0; MAX_MESSAGE];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut buffers = [IoSliceMut::new(&mut bytes)];
        let received =
            rustix::net::recvmsg(&self.socket, &mut buffers, &mut ancillary, RecvFlags::CMSG_CLOEXEC).ok()?;
        let ours = rustix::process::geteuid();
        let is_ours = ancillary
            .drain()
            .any(|message| matches!(message, RecvAncillaryMessage::ScmCredentials(sender) if sender.uid == ours));
        Some(if is_ours { bytes[..received.bytes].to_vec() } else { Vec::new() })
    }
}

impl AsFd for NotifySocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The known variables of a message: lines of `NAME=value`.
fn variables(message: &[u8]) -> impl Iterator<Item = (&'static str, &str)> {
    message.split(|&byte| byte == b'\n').filter_map(|line| {
        let (name, value) = std::str::from_utf8(line).ok()?.split_once('=')?;
        Some((*KNOWN.iter().find(|known| **known == name)?, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_value_of_each_known_variable_is_kept_and_the_socket_is_always_drained() {
        let scratch = tempfile::tempdir().unwrap();
        let mut notify = NotifySocket::bind(scratch.path().join("n")).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        for message in ["READY=1\nSTATUS=one", "STATUS=two\nUNKNOWN=x", "\u{0}\nnonsense", ""] {
            sender.send_to(message.as_bytes(), notify.path()).unwrap();
        }
        sender.send_to(b"\xff\xfe=1", notify.path()).unwrap();
        notify.drain();
        assert_eq!(notify.take_news(), [("READY", "1".to_owned()), ("STATUS", "two".to_owned())]);
        assert_eq!(notify.latest().collect::<Vec<_>>(), [("READY", "1"), ("STATUS", "two")]);
        notify.drain();
        assert!(notify.take_news().is_empty());
        notify.forget();
        assert_eq!(notify.latest().count(), 0);
    }

    #[test]
    fn what_a_process_of_another_user_says_is_not_heard() {
        use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, UCred};

        let scratch = tempfile::tempdir().unwrap();
        let mut notify = NotifySocket::bind(scratch.path().join("n")).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(notify.path()).unwrap();
        let (pid, gid) = (rustix::process::getpid(), rustix::process::getgid());
        let nobody = UCred { pid, uid: rustix::process::Uid::from_raw(65_534), gid };
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        assert!(ancillary.push(SendAncillaryMessage::ScmCredentials(nobody)));
        let message = [io::IoSlice::new(b"READY=1")];
        if rustix::net::sendmsg(&sender, &message, &mut ancillary, SendFlags::empty()).is_err() {
            eprintln!("SKIPPED: notices of other users: only root may speak for another one");
            return;
        }
        sender.send(b"STATUS=ours").unwrap();
        notify.drain();
        assert_eq!(notify.take_news(), [("STATUS", "ours".to_owned())]);
    }
}
