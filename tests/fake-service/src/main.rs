//! A service that does on purpose what real ones do by accident. The end-to-end tests run it; nothing else does.
//!
//! ```text
//! fake-service lines NAME RATE WIDTH      numbered lines, RATE a second; says how many when asked to stop
//! fake-service family KIND FILE           a child of this kind, and then waits; every process adds its number to FILE
//! fake-service notify TEXT                tells its state on $NOTIFY_SOCKET, and then waits
//! fake-service listen                     accepts on $PORT and hangs up
//! fake-service listen-on PORT             the same on another port
//! fake-service listen-once FILE NOTE      the same on $PORT once FILE is there; then makes the file NOTE
//! fake-service http FILE                  answers on $PORT with the status that FILE holds
//! fake-service sink                       answers on $PORT with how much was sent
//! fake-service ports VARIABLE...          answers on the port that each of these variables holds with the variable's name
//! fake-service who                        answers on $PORT with the name of the service
//! ```

mod family;
mod lines;
mod sink;

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, thread};

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
        ["listen"] => listen(port()?),
        ["listen-on", port] => listen(port.parse()?),
        ["listen-once", gate, note] => listen_once(Path::new(gate), note),
        ["http", file] => http(file),
        ["ports", ref variables @ ..] => {
            serve(&variables.iter().map(|name| (*name, name.to_string())).collect::<Vec<_>>())
        }
        ["who"] => serve(&[("PORT", std::env::var("LOCALD_SERVICE")?)]),
        ["mirror"] => mirror(),
        ["sink"] => sink::serve(port()?),
        ["halves", gate] => halves(Path::new(gate)),
        _ => Err("these words mean nothing".into()),
    }
}

fn notify(text: &str) -> Result<(), Box<dyn Error>> {
    UnixDatagram::unbound()?.send_to(text.as_bytes(), std::env::var("NOTIFY_SOCKET")?)?;
    wait()
}

fn port() -> Result<u16, Box<dyn Error>> {
    Ok(std::env::var("PORT")?.parse()?)
}

fn listen(port: u16) -> Result<(), Box<dyn Error>> {
    for stream in TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.incoming() {
        drop(stream?);
    }
    Ok(())
}

fn listen_once(gate: &Path, note: &str) -> Result<(), Box<dyn Error>> {
    while !gate.exists() {
        thread::sleep(Duration::from_millis(5));
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port()?))?;
    fs::write(note, "")?;
    for stream in listener.incoming() {
        drop(stream?);
    }
    Ok(())
}

fn http(file: &str) -> Result<(), Box<dyn Error>> {
    for stream in TcpListener::bind((Ipv4Addr::LOCALHOST, port()?))?.incoming() {
        let (mut stream, mut request) = (stream?, [0; 4096]);
        // One read holds a whole request of ours; a client that hangs up is not served.
        let _ = stream.read(&mut request);
        let status = fs::read_to_string(file)?;
        let _ = write!(stream, "HTTP/1.1 {} X\r\nContent-Length: 0\r\n\r\n", status.trim());
    }
    Ok(())
}

/// Answers on several ports, each with a text of its own.
fn serve(ports: &[(&str, String)]) -> Result<(), Box<dyn Error>> {
    let mut serving = Vec::new();
    for (variable, text) in ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, std::env::var(variable)?.parse()?))?;
        let text = text.clone();
        serving.push(thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 4096]);
                let _ = write!(stream, "HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n{text}", text.len());
            }
        }));
    }
    for each in serving {
        each.join().map_err(|_| "a thread has panicked")?;
    }
    Ok(())
}

/// Answers every request with its own head.
fn mirror() -> Result<(), Box<dyn Error>> {
    for stream in TcpListener::bind((Ipv4Addr::LOCALHOST, port()?))?.incoming() {
        let (mut stream, mut request) = (stream?, [0; 16384]);
        let length = stream.read(&mut request).unwrap_or(0);
        let _ = write!(stream, "HTTP/1.1 200 X\r\nContent-Length: {length}\r\n\r\n");
        let _ = stream.write_all(&request[..length]);
    }
    Ok(())
}

/// Answers every request with a first half, and with the second once a file is there.
fn halves(gate: &Path) -> Result<(), Box<dyn Error>> {
    for stream in TcpListener::bind((Ipv4Addr::LOCALHOST, port()?))?.incoming() {
        let (mut stream, gate) = (stream?, gate.to_owned());
        thread::spawn(move || {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\nContent-Length: 8\r\n\r\none,");
            while !gate.exists() {
                thread::sleep(Duration::from_millis(5));
            }
            let _ = stream.write_all(b"two.");
        });
    }
    Ok(())
}

/// Does nothing until a signal ends the process.
fn wait() -> ! {
    loop {
        thread::sleep(Duration::from_hours(1));
    }
}
