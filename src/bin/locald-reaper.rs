//! `locald-reaper`: starts one run of a service and ends everything below it. Its code lives in `locald-keeper`.

use std::process::ExitCode;

fn main() -> ExitCode {
    locald_keeper::reaper::main(std::env::args_os().skip(1))
}
