//! The roles in which `locald` starts itself: the keeper, the daemon, and one who asks the system's resolver. No user types these.

use std::ffi::OsString;
use std::process::ExitCode;

use locald_keeper::DAEMON_ROLE;

use crate::resolver;

/// The argument by which `locald` becomes the keeper.
pub(crate) const KEEPER_ROLE: &str = "__keeper";

/// Plays the role that the arguments (without the program's name) ask for. `None`: a person called.
pub(crate) fn dispatch(arguments: &[OsString]) -> Option<ExitCode> {
    let (role, rest) = arguments.split_first()?;
    match role.to_str()? {
        KEEPER_ROLE => Some(locald_keeper::main(rest.iter().cloned())),
        DAEMON_ROLE => Some(locald_runtime::main(rest.iter().cloned())),
        resolver::ROLE => Some(resolver::main(rest)),
        _ => None,
    }
}
