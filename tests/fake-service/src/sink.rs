//! A server that swallows what is sent to it, and says how much that was.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

/// What is read at a time.
const BLOCK: usize = 256 << 10;

/// Answers each request on a connection of its own: `COUNT zeros` or `COUNT others`, by what came of the body that was announced.
pub(crate) fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    for stream in TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.incoming() {
        let stream = stream?;
        // Whoever hangs up has no use for an answer.
        thread::spawn(move || swallow(stream));
    }
    Ok(())
}

fn swallow(stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut announced = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => announced = value.parse().ok()?,
            None if line.trim_end().is_empty() => break,
            Some(_) | None => {}
        }
    }
    let (mut block, zeros) = (vec![0; BLOCK], vec![0; BLOCK]);
    let (mut came, mut has_others) = (0_u64, false);
    while came < announced {
        let most = usize::try_from(announced - came).unwrap_or(BLOCK).min(BLOCK);
        let count = match reader.read(&mut block[..most]) {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        has_others |= block[..count] != zeros[..count];
        came += count as u64;
    }
    let said = format!("{came} {}", if has_others { "others" } else { "zeros" });
    let mut stream = reader.into_inner();
    write!(stream, "HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{said}", said.len()).ok()
}
