//! `cargo xtask`: what is longer than one command in this repository.
//!
//! Run it from anywhere inside. It needs Rust's toolchain and nothing else; whatever it cannot do for want of a tool it names.

mod bench;
mod cargo;
mod example;
mod gate;
mod manual;
mod modules;
mod packages;
mod picture;
mod place;

use std::process::ExitCode;

const USAGE: &str = "\
What is longer than one command in this repository

Usage: cargo xtask COMMAND

  example [NAME]  Build locald and open the workspace in examples/NAME [default: hello]
  test            Check and test everything, as CI does
  bench NAME      Measure ours and the peers in one run: http2, mux, proxy or spine [--json], term, conformance
  manual          Write the generated parts of docs/reference anew
  picture         Draw docs/picture.svg anew, from the real program
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["example"] => example::open("hello"),
        ["example", name] => example::open(name),
        ["bench", name, ref options @ ..] => bench::run(name, options),
        ["test"] => gate::test(),
        // What `bench proxy` and `bench http2` have each proxy stand before.
        ["back-end", port] => bench::serve_back_end(port).map(|()| ExitCode::SUCCESS),
        ["manual"] => manual::write(),
        ["picture"] => picture::draw(),
        [] | ["help" | "-h" | "--help"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
