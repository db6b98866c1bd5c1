//! What the helper was started with and does not want: descriptors, environment, folder, masks; and its privileges, at the end.
#![expect(
    unsafe_code,
    reason = "a single-threaded process clears its environment, and closes descriptors by their numbers"
)]

use std::io;

use rustix::fs::Mode;
use rustix::net::UCred;
use rustix::process::DumpableBehavior;
use rustix::thread::{set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// Where programs would be looked for. None is started; it is set for what the C library might do by itself.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Leaves behind what came along: every descriptor but the standard ones, the environment, the folder, the mask of modes.
pub(super) fn shed() -> io::Result<()> {
    close_others()?;
    clear_environment();
    std::env::set_current_dir("/")?;
    rustix::process::umask(Mode::from_raw_mode(0o077));
    // Nothing that it could start would have more than it, and nobody looks into its memory.
    set_no_new_privs(true)?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

fn close_others() -> io::Result<()> {
    // SAFETY: nothing in this process has opened a descriptor yet, so nobody owns those above the standard ones.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[expect(clippy::disallowed_methods, reason = "this process has one thread")]
fn clear_environment() {
    let names: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
    for name in names {
        // SAFETY: this process has one thread.
        unsafe { std::env::remove_var(name) };
    }
    // SAFETY: as above.
    unsafe { std::env::set_var("PATH", PATH) };
}

/// Goes on as whoever asked, for good: real, effective and saved, without any further group.
pub(super) fn become_caller(caller: UCred) -> io::Result<()> {
    // Whoever was not root has nothing to give back, and may not name their groups.
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    set_thread_groups(&[])?;
    set_thread_res_gid(caller.gid, caller.gid, caller.gid)?;
    set_thread_res_uid(caller.uid, caller.uid, caller.uid)?;
    Ok(())
}
