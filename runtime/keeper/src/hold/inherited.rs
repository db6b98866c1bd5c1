//! Descriptors that whoever started the keeper left open in it: a lock or a pipe of theirs must not live as long as a keeper.
#![expect(unsafe_code, reason = "descriptors that nobody in this process owns can only be named by their numbers")]

use std::os::fd::BorrowedFd;

/// Closes everything but standard input, output and error. Called before anything was opened.
pub(super) fn close_all() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return };
    let numbers: Vec<i32> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for number in numbers.into_iter().filter(|&number| number > 2) {
        // SAFETY: nothing in this process has opened a descriptor yet, so nobody owns this one, and nothing opens one meanwhile.
        let open = unsafe { rustix::io::fcntl_getfd(BorrowedFd::borrow_raw(number)).is_ok() };
        // The one that read the folder is closed already.
        if open {
            // SAFETY: as above.
            unsafe { rustix::io::close(number) };
        }
    }
}
