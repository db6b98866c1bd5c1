//! Input on its way to a service's terminal: in order, bounded, and never in the way of anything else.
#![expect(unsafe_code, reason = "registering a descriptor with the runtime is a promise about its owner")]

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use locald_term::Size;
use rustix::termios::Winsize;
use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// What may wait for a program that does not read, in bytes: keys come one by one, so their number says nothing.
const MAX_QUEUED: usize = 4 * 1024 * 1024;
/// What may wait when the emulator has something to say, in bytes.
const MAX_BEFORE_ANSWERS: usize = 64 * 1024;
const MAX_PIECE: usize = 64 * 1024;
/// What a piece costs beside its bytes.
const OVERHEAD: usize = 64;

/// A piece of input, and the room in the queue that it gives back once it is written.
type Piece = (Vec<u8>, OwnedSemaphorePermit);

/// The way to a terminal. Cloning is cheap; when the last clone goes, so does the terminal's descriptor.
#[derive(Clone, Debug)]
pub(crate) struct InputQueue {
    pieces: mpsc::UnboundedSender<Piece>,
    room: Arc<Semaphore>,
    master: Arc<OwnedFd>,
}

impl InputQueue {
    /// Opens the way to the terminal with this master. Must be called inside the runtime.
    pub(crate) fn open(master: OwnedFd) -> io::Result<Self> {
        let master = Arc::new(master);
        // SAFETY: an `OwnedFd` names the same open descriptor for as long as it lives, and the `AsyncFd` owns it.
        let writable = unsafe { AsyncFd::register_with_interest(master.try_clone()?, Interest::WRITABLE)? };
        // Bounded by the room that each piece takes.
        let (pieces, queue) = mpsc::unbounded_channel();
        tokio::spawn(write_all(writable, queue));
        Ok(Self { pieces, room: Arc::new(Semaphore::new(MAX_QUEUED)), master })
    }

    /// Queues input, waiting while a program that does not read has filled the queue.
    ///
    /// # Errors
    /// [`io::ErrorKind::BrokenPipe`] if the terminal is gone.
    pub(crate) async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(MAX_PIECE) {
            let room = self.room.clone().acquire_many_owned(cost(piece)).await;
            let room = room.map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.pieces.send((piece.to_vec(), room)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Ok(())
    }

    /// Writes input at once where nothing waits before it and the terminal takes it; else queues it, if there is room for all of it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there is not; then nothing is queued.
    pub(crate) fn send_at_once(&self, bytes: &[u8]) -> io::Result<()> {
        let whole = u32::try_from(bytes.len().saturating_add(OVERHEAD * bytes.len().div_ceil(MAX_PIECE)))
            .map_err(|_| io::ErrorKind::WouldBlock)?;
        let mut room = self.room.clone().try_acquire_many_owned(whole).map_err(|_| io::ErrorKind::WouldBlock)?;
        // All other room is free: nothing is queued, and whoever comes meanwhile sees that this is on its way.
        let is_first = self.room.available_permits() + whole as usize == MAX_QUEUED;
        let written = if is_first { rustix::io::write(&*self.master, bytes).unwrap_or(0) } else { 0 };
        for piece in bytes[written..].chunks(MAX_PIECE) {
            let Some(own) = room.split(cost(piece) as usize) else { break };
            // Nobody is there to be told that the terminal is gone.
            let _ = self.pieces.send((piece.to_vec(), own));
        }
        Ok(())
    }

    /// Queues an answer of the emulator, which is dropped where a program asks and never reads.
    pub(crate) fn answer(&self, bytes: &[u8]) {
        if self.room.available_permits() >= MAX_QUEUED - MAX_BEFORE_ANSWERS {
            let _ = self.send_at_once(bytes);
        }
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

/// The room that a piece of at most [`MAX_PIECE`] bytes takes in the queue.
fn cost(piece: &[u8]) -> u32 {
    (piece.len() + OVERHEAD) as u32
}

async fn write_all(master: AsyncFd<OwnedFd>, mut queue: mpsc::UnboundedReceiver<Piece>) {
    while let Some((piece, _room)) = queue.recv().await {
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

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn queue() -> (InputQueue, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        (InputQueue::open(OwnedFd::from(ours)).unwrap(), theirs)
    }

    #[tokio::test]
    async fn keys_typed_ahead_one_by_one_are_all_kept() {
        let (queue, mut theirs) = queue();
        // The writer has no turn until the first await.
        for _ in 0..5000 {
            queue.send_at_once(b"k").unwrap();
        }
        let mut read = vec![0; 5000];
        let read = tokio::task::spawn_blocking(move || theirs.read_exact(&mut read).map(|()| read)).await.unwrap();
        assert!(read.unwrap().iter().all(|&byte| byte == b'k'));
    }

    #[tokio::test]
    async fn what_waits_for_a_program_that_does_not_read_is_bounded() {
        let (queue, _theirs) = queue();
        let piece = vec![b'x'; MAX_PIECE];
        let taken = (0..1000).take_while(|_| queue.send_at_once(&piece).is_ok()).count();
        // Beside what a socket holds itself.
        assert!((32..=MAX_QUEUED / MAX_PIECE + 8).contains(&taken), "{taken} pieces");
        assert_eq!(queue.send_at_once(&piece).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        let before = queue.room.available_permits();
        queue.answer(b"nobody waits for this");
        assert_eq!(queue.room.available_permits(), before);
    }
}
