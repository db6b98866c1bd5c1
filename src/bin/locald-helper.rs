//! `locald-helper`: does the few acts that need root. Its code lives in `locald-helper`, the crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    locald_helper::main(std::env::args_os().skip(1))
}
