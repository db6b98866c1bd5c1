//! Starts the service's first process with the terminal, directory, environment and signals that a shell would give it.
#![expect(unsafe_code, reason = "a session and a controlling terminal can only be taken between fork and exec")]

use std::ffi::OsStr;
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::{io, path::Path};

use rustix::termios::InputModes;

use crate::cgroup;
use crate::launch::{Launch, LaunchFailure, Step, Terminal};
use crate::process::Identity;

pub(super) fn spawn(launch: &Launch, sockets: Vec<OwnedFd>, group: Option<&Path>) -> Result<Identity, LaunchFailure> {
    let terminal = matches!(launch.terminal, Terminal::Pty { .. });
    if terminal {
        // So that erasing a character of several bytes erases all of them. A terminal that refuses works all the same.
        let _ = rustix::termios::tcgetattr(io::stdin()).and_then(|mut attributes| {
            attributes.input_modes |= InputModes::IUTF8;
            rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &attributes)
        });
    }
    let mut command = command(launch).ok_or(LaunchFailure { step: Step::Execute, errno: ENOENT })?;
    if !terminal {
        command.stdin(Stdio::null());
    }
    // SAFETY: all calls are plain system calls, which may be made between fork and exec.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            place(&sockets)?;
            if terminal {
                rustix::process::ioctl_tiocsctty(io::stdin())?;
            }
            Ok(())
        });
    }
    let pid = begin(&mut command, group).map_err(|error| failure(launch, &error))?;
    release_terminal();
    // A child that has ended already is still ours to reap, so its start time is still there to read.
    Ok(Identity::of(pid).unwrap_or(Identity { pid, started: 0 }))
}

/// Starts the process in the group, if there is one.
fn begin(command: &mut Command, group: Option<&Path>) -> io::Result<i32> {
    #[cfg(target_os = "linux")]
    if let Some(folder) = group.and_then(|group| cgroup::folder(group).ok())
        && let Some(begun) = super::born_inside::spawn(command, &folder)
    {
        return begun;
    }
    // Without a way in, the run is ended by its reaper alone, as where there are no groups.
    if let Some(entrance) = group.and_then(|group| cgroup::entrance(group).ok()) {
        // SAFETY: a plain system call, which may be made between fork and exec.
        unsafe {
            command.pre_exec(move || {
                let _ = rustix::io::write(&entrance, cgroup::MYSELF);
                Ok(())
            });
        }
    }
    Ok(command.spawn()?.id().cast_signed())
}

/// Puts the sockets where sd_listen_fds(3) has them, and lets the program inherit them. What this process holds under those numbers is
/// its own and ends with exec.
fn place(sockets: &[OwnedFd]) -> io::Result<()> {
    for (socket, number) in sockets.iter().zip(FIRST_SOCKET..) {
        // SAFETY: the number is only replaced, by dup2(2), and never closed from here, as it is forgotten.
        let mut target = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(number) });
        rustix::io::dup2(socket, &mut target)?;
    }
    Ok(())
}

/// `SD_LISTEN_FDS_START`.
const FIRST_SOCKET: RawFd = 3;

const ENOENT: i32 = rustix::io::Errno::NOENT.raw_os_error();

#[expect(clippy::disallowed_methods, reason = "the one place where a service's process begins")]
fn command(launch: &Launch) -> Option<Command> {
    let (program, arguments) = launch.arguments.split_first()?;
    let mut command = Command::new(OsStr::from_bytes(program));
    command.args(arguments.iter().map(|argument| OsStr::from_bytes(argument)));
    command.current_dir(OsStr::from_bytes(&launch.directory)).env_clear();
    for entry in &launch.environment {
        if let Some(equals) = entry.iter().position(|&byte| byte == b'=') {
            command.env(OsStr::from_bytes(&entry[..equals]), OsStr::from_bytes(&entry[equals + 1..]));
        }
    }
    Some(command)
}

/// Tells a directory that cannot be entered from a program that cannot be executed: the kernel's number is the same.
fn failure(launch: &Launch, error: &io::Error) -> LaunchFailure {
    let directory = Path::new(OsStr::from_bytes(&launch.directory));
    let entered = rustix::fs::access(directory, rustix::fs::Access::EXEC_OK);
    match entered.map(|()| directory.is_dir()) {
        Ok(true) => LaunchFailure { step: Step::Execute, errno: error.raw_os_error().unwrap_or(0) },
        Ok(false) => LaunchFailure { step: Step::Directory, errno: rustix::io::Errno::NOTDIR.raw_os_error() },
        Err(errno) => LaunchFailure { step: Step::Directory, errno: errno.raw_os_error() },
    }
}

/// Lets go of the service's terminal or pipes, so that they end with the service and not with this reaper.
fn release_terminal() {
    let Ok(null) = rustix::fs::open("/dev/null", rustix::fs::OFlags::RDWR, rustix::fs::Mode::empty()) else { return };
    let _ = rustix::stdio::dup2_stdin(&null);
    let _ = rustix::stdio::dup2_stdout(&null);
    let _ = rustix::stdio::dup2_stderr(&null);
}
