//! A service that does on purpose what real ones do by accident. The end-to-end tests run it; nothing else does.
//!
//! ```text
//! fake-service lines NAME RATE WIDTH      numbered lines, RATE a second; says how many when asked to stop
//! fake-service family KIND FILE           a child of this kind, and then waits; every process adds its number to FILE
//! fake-service notify TEXT                tells its state on $NOTIFY_SOCKET, and then waits
//! fake-service listen                     accepts on $PORT and hangs up
//! ```

mod family;
mod lines;

use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-service: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<(), Box<dyn Error>> {
    match *words {
        ["lines", name, rate, width] => Ok(lines::print(name, rate.parse()?, width.parse()?)?),
        ["family", kind, file] => Ok(family::start(kind, file)?),
        ["member", kind, file] => Ok(family::member(kind, file)?),
        ["notify", text] => notify(text),
        ["listen"] => listen(),
        _ => Err("these words mean nothing".into()),
    }
}

fn notify(text: &str) -> Result<(), Box<dyn Error>> {
    UnixDatagram::unbound()?.send_to(text.as_bytes(), std::env::var("NOTIFY_SOCKET")?)?;
    wait()
}

fn listen() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, std::env::var("PORT")?.parse()?))?;
    for stream in listener.incoming() {
        drop(stream?);
    }
    Ok(())
}

/// Does nothing until a signal ends the process.
fn wait() -> ! {
    loop {
        thread::sleep(Duration::from_hours(1));
    }
}
