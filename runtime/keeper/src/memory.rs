//! A piece of memory that two processes share (memfd_create(2)), as bytes to copy and 64-bit words to load and store.
//!
//! The other process may write at any moment, so no reference into the bytes is ever given out: they are copied in and out, and
//! whoever copies has agreed with the other side, by the words, that this part is theirs.
#![expect(unsafe_code, reason = "mapping memory that another process writes has no safe form")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{MapFlags, ProtFlags};

/// Bytes before the data, which hold the words: one page.
const HEADER: usize = 4096;

/// A mapping of shared memory. Unmapped when dropped.
#[derive(Debug)]
pub(crate) struct Shared {
    start: NonNull<u8>,
    data: usize,
    file: OwnedFd,
}

// SAFETY: the mapping belongs to no thread; all access to it is by atomics or by copying.
unsafe impl Send for Shared {}
// SAFETY: as above; concurrent copies are what the other process may do at any time anyway.
unsafe impl Sync for Shared {}

impl Shared {
    /// Makes zeroed memory with room for `data` bytes. Its size is sealed, so nobody can shrink it under the other side.
    pub(crate) fn create(data: usize) -> io::Result<Self> {
        let file = rustix::fs::memfd_create("locald-journal", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        rustix::fs::ftruncate(&file, (HEADER + data) as u64)?;
        rustix::fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Self::map(file, data)
    }

    /// Maps memory that the other side made.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it is not sealed, because then it could vanish under a copy (SIGBUS), or too small.
    pub(crate) fn open(file: OwnedFd) -> io::Result<Self> {
        let seals = rustix::fs::fcntl_get_seals(&file)?;
        let size = usize::try_from(rustix::fs::fstat(&file)?.st_size).unwrap_or(0);
        if !seals.contains(SealFlags::SHRINK) || size <= HEADER {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the shared memory is not sealed or too small"));
        }
        Self::map(file, size - HEADER)
    }

    fn map(file: OwnedFd, data: usize) -> io::Result<Self> {
        let (protection, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: a fresh mapping at an address of the kernel's choice; the file is that large and sealed against shrinking.
        let start = unsafe { rustix::mm::mmap(ptr::null_mut(), HEADER + data, protection, flags, &file, 0)? };
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, data, file })
    }

    /// How many bytes of data there are.
    pub(crate) fn len(&self) -> usize {
        self.data
    }

    /// One of the 512 words.
    pub(crate) fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < HEADER / size_of::<u64>(), "there is no such word");
        // SAFETY: inside the mapping, which is page-aligned and lives as long as `self`; only ever used as an atomic.
        unsafe { self.start.cast::<AtomicU64>().add(index).as_ref() }
    }

    /// Copies `bytes` to `offset` of the data.
    pub(crate) fn copy_in(&self, offset: usize, bytes: &[u8]) {
        assert!(bytes.len() <= self.data && offset <= self.data - bytes.len(), "the copy would leave the memory");
        // SAFETY: the destination is inside the mapping by the assertion, and `bytes` is ordinary memory elsewhere.
        unsafe { self.start.as_ptr().add(HEADER + offset).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) }
    }

    /// Copies from `offset` of the data, appending `length` bytes to `out`.
    pub(crate) fn copy_out(&self, offset: usize, length: usize, out: &mut Vec<u8>) {
        assert!(length <= self.data && offset <= self.data - length, "the copy would leave the memory");
        out.reserve(length);
        // SAFETY: the source is inside the mapping by the assertion; the destination has room for it and is initialised by it.
        unsafe {
            let end = out.as_mut_ptr().add(out.len());
            self.start.as_ptr().add(HEADER + offset).copy_to_nonoverlapping(end, length);
            out.set_len(out.len() + length);
        }
    }
}

impl AsFd for Shared {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: the mapping was made with this length, and nothing refers into it any more.
        let result = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), HEADER + self.data) };
        debug_assert!(result.is_ok(), "munmap of our own mapping");
    }
}
