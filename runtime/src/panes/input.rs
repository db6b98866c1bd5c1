//! Input on its way to a service's terminal: in order, bounded, and never in the way of anything else.
#![expect(unsafe_code, reason = "registering a descriptor with the runtime is a promise about its owner")]

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use locald_term::Size;
use rustix::termios::Winsize;
use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};
use tokio::sync::mpsc;

/// Pieces of input that may wait for a program that does not read. Each is at most [`MAX_PIECE`] bytes.
const QUEUE: usize = 64;
const MAX_PIECE: usize = 64 * 1024;

/// The way to a terminal. Cloning is cheap; when the last clone goes, so does the terminal's descriptor.
#[derive(Clone, Debug)]
pub(crate) struct InputQueue {
    pieces: mpsc::Sender<Vec<u8>>,
    master: Arc<OwnedFd>,
}

impl InputQueue {
    /// Opens the way to the terminal with this master. Must be called inside the runtime.
    pub(crate) fn open(master: OwnedFd) -> io::Result<Self> {
        let master = Arc::new(master);
        // SAFETY: an `OwnedFd` names the same open descriptor for as long as it lives, and the `AsyncFd` owns it.
        let writable = unsafe { AsyncFd::register_with_interest(master.try_clone()?, Interest::WRITABLE)? };
        let (pieces, queue) = mpsc::channel(QUEUE);
        tokio::spawn(write_all(writable, queue));
        Ok(Self { pieces, master })
    }

    /// Queues input, waiting while a program that does not read has filled the queue.
    ///
    /// # Errors
    /// [`io::ErrorKind::BrokenPipe`] if the terminal is gone.
    pub(crate) async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(MAX_PIECE) {
            self.pieces.send(piece.to_vec()).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Ok(())
    }

    /// Queues input if there is room for all of it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there is not; then nothing is queued.
    pub(crate) fn send_at_once(&self, bytes: &[u8]) -> io::Result<()> {
        let places =
            self.pieces.try_reserve_many(bytes.len().div_ceil(MAX_PIECE)).map_err(|_| io::ErrorKind::WouldBlock)?;
        for (place, piece) in places.zip(bytes.chunks(MAX_PIECE)) {
            place.send(piece.to_vec());
        }
        Ok(())
    }

    /// Queues an answer of the emulator, which is dropped where a program asks and never reads.
    pub(crate) fn answer(&self, bytes: Vec<u8>) {
        let _ = self.pieces.try_send(bytes);
    }

    /// The terminal's size, if it has one.
    pub(crate) fn size(&self) -> Option<Size> {
        let size = rustix::termios::tcgetwinsize(&*self.master).ok()?;
        (size.ws_row > 0 && size.ws_col > 0).then(|| Size::new(size.ws_row, size.ws_col))
    }

    /// Tells the terminal its size; the kernel tells the program (SIGWINCH).
    pub(crate) fn resize(&self, size: Size) -> io::Result<()> {
        let size = Winsize { ws_row: size.rows(), ws_col: size.columns(), ws_xpixel: 0, ws_ypixel: 0 };
        Ok(rustix::termios::tcsetwinsize(&*self.master, size)?)
    }
}

async fn write_all(master: AsyncFd<OwnedFd>, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(piece) = queue.recv().await {
        let mut rest = &piece[..];
        while !rest.is_empty() {
            let Ok(mut ready) = master.writable().await else { return };
            match rustix::io::write(&master, rest) {
                Ok(written) => rest = &rest[written..],
                Err(rustix::io::Errno::AGAIN) => ready.clear_ready_matching(Ready::WRITABLE),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }
}
