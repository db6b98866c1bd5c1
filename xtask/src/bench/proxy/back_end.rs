//! What all proxies stand before: a server that costs as little as it can, as a process of its own.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result};

/// The path of a body of [`LARGE`] octets; all others have one of two.
pub(super) const LARGE_PATH: &str = "/large";
pub(super) const LARGE: usize = 1 << 20;

/// Thousands of connections each have a thread that does next to nothing.
const STACK: usize = 64 << 10;
/// More than any head that a proxy makes of ours.
const HEAD: usize = 4 << 10;

/// Serves on this port of loopback until the process is ended.
pub(crate) fn serve(port: &str) -> Result<()> {
    let port: u16 = port.parse().context("the port is no number")?;
    for stream in TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        // Whoever goes away has had enough.
        thread::Builder::new().stack_size(STACK).spawn(move || drop(speak(stream)))?;
    }
    Ok(())
}

fn speak(mut stream: TcpStream) -> std::io::Result<()> {
    let small = answer(2);
    let mut head = [0; HEAD];
    loop {
        let mut length = 0;
        while !head[..length].ends_with(b"\r\n\r\n") {
            match stream.read(&mut head[length..])? {
                0 => return Ok(()),
                count => length += count,
            }
        }
        let asked = head[..length].to_ascii_lowercase();
        if contains(&asked, b"upgrade: websocket") {
            stream.write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
            )?;
            return echo(stream);
        }
        if contains(&asked, LARGE_PATH.as_bytes()) {
            stream.write_all(&answer(LARGE))?;
        } else {
            stream.write_all(&small)?;
        }
    }
}

fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; HEAD];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => stream.write_all(&buffer[..count])?,
        }
    }
}

fn answer(length: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
    [head.into_bytes(), vec![b'a'; length]].concat()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
