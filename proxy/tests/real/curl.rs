//! curl, the client that most people try first.

use std::process::{Command, Stdio};

use crate::world::World;

/// What curl made of it.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) code: i32,
    /// For whoever reads why a test failed.
    #[expect(dead_code, reason = "shown where a claim does not hold")]
    err: String,
}

/// A curl that asks the proxy.
#[expect(clippy::disallowed_methods, reason = "what is tested is how real clients fare")]
pub(crate) fn command(world: &World, arguments: &[&str]) -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "120", "--noproxy", "*"]);
    // Names of loopback are found by curl itself; this says so also to one that was built without that.
    command.args(["--connect-to", &format!("::127.0.0.1:{}", world.port)]).args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn curl(world: &World, arguments: &[&str]) -> Said {
    let output = command(world, arguments).output().expect("curl is installed");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { out: text(output.stdout), err: text(output.stderr), code: output.status.code().unwrap_or(-1) }
}
