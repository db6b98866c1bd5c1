//! Starts a process that is in a control group from its first moment (`CLONE_INTO_CGROUP` in clone(2), Linux 5.7).
//!
//! To move a process into a group after its birth makes the kernel wait until every processor has passed through the scheduler: some
//! 10 ms, in which nobody else can move one. The standard library cannot start one this way.
#![expect(unsafe_code, reason = "the system call has no safe form: the child runs on in a copy of this process")]

use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::pipe::PipeFlags;
use rustix::process::{Pid, WaitOptions, waitpid};

/// In clone(2) as a number of 64 bits, which `libc` gives a type that is too small for it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Starts `command` in the group with this folder; gives its process number, or why it could not be executed. `None`: the kernel, or
/// what guards it (seccomp(2)), does not do that here, and nothing has begun.
pub(super) fn spawn(command: &mut Command, group: &OwnedFd) -> Option<io::Result<i32>> {
    let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC).ok()?;
    // SAFETY: this process has one thread, so its copy is whole: nobody else can hold a lock in it.
    match unsafe { clone_into(group) } {
        0 => {
            drop(read);
            // It only comes back if it fails.
            let error = command.exec();
            let _ = rustix::io::write(&write, &error.raw_os_error().unwrap_or(0).to_ne_bytes());
            // SAFETY: ends the process at once; nothing of its original is flushed or dropped a second time.
            unsafe { libc::_exit(1) }
        }
        child if child > 0 => {
            drop(write);
            Some(outcome(child, read.into()))
        }
        _ => None,
    }
}

/// As fork(2): 0 in the child, which is in the group; the child's number in the parent, or -1.
///
/// # Safety
/// As for fork(2): where there are several threads, the child may only make calls that are safe in a signal handler.
unsafe fn clone_into(group: &OwnedFd) -> i32 {
    // SAFETY: a structure of numbers, of which zeros are valid (clone3(2)).
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.exit_signal = u64::from(libc::SIGCHLD.cast_unsigned());
    arguments.cgroup = u64::from(group.as_raw_fd().cast_unsigned());
    // SAFETY: the structure is as large as is said, and outlives the call. Without CLONE_VM the child has its own copy of everything.
    let child = unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size_of::<libc::clone_args>()) };
    i32::try_from(child).unwrap_or(-1)
}

/// The end of the pipe without a word means that the program runs: exec has closed it.
fn outcome(child: i32, mut read: std::fs::File) -> io::Result<i32> {
    let mut errno = [0; 4];
    if read.read_exact(&mut errno).is_err() {
        return Ok(child);
    }
    let _ = waitpid(Pid::from_raw(child), WaitOptions::empty());
    Err(io::Error::from_raw_os_error(i32::from_ne_bytes(errno)))
}
