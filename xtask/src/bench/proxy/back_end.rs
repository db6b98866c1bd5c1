//! What all proxies stand before: a server that costs as little as it can, as a process of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result};

/// The path of a body of [`LARGE`] octets; all others have one of two.
pub(super) const LARGE_PATH: &str = "/large";
pub(super) const LARGE: usize = 1 << 20;

/// Thousands of connections each have a thread that does next to nothing.
const STACK: usize = 64 << 10;
/// More than most heads that a proxy makes.
const BUFFER: usize = 4 << 10;

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

fn speak(stream: TcpStream) -> io::Result<()> {
    let small = answer(2);
    let mut stream = BufReader::with_capacity(BUFFER, stream);
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_until(b'\n', &mut head)? == 0 {
                return Ok(());
            }
        }
        head.make_ascii_lowercase();
        if contains(&head, b"upgrade: websocket") {
            stream.get_mut().write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
            )?;
            return echo(stream);
        }
        take_body(&mut stream, &head)?;
        if contains(&head, LARGE_PATH.as_bytes()) {
            stream.get_mut().write_all(&answer(LARGE))?;
        } else {
            stream.get_mut().write_all(&small)?;
        }
    }
}

/// Takes the body of a request whose head is in lower case, so that the next request begins where it ends.
fn take_body(stream: &mut impl BufRead, head: &[u8]) -> io::Result<()> {
    if contains(head, b"\r\ntransfer-encoding: chunked") {
        let mut line = String::new();
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let length = u64::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
            if length == 0 {
                break;
            }
            skip(stream, length + 2)?;
        }
        // Trailers, and the empty line after them.
        while !line.trim_end().is_empty() {
            line.clear();
            stream.read_line(&mut line)?;
        }
    } else if let Some(length) =
        head.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"content-length: "))
    {
        let length = str::from_utf8(length).map_err(io::Error::other)?.trim_end();
        skip(stream, length.parse().map_err(io::Error::other)?)?;
    }
    Ok(())
}

fn skip(stream: &mut impl BufRead, length: u64) -> io::Result<()> {
    io::copy(&mut stream.take(length), &mut io::sink()).map(drop)
}

fn echo(mut stream: BufReader<TcpStream>) -> io::Result<()> {
    loop {
        let read = stream.fill_buf()?;
        if read.is_empty() {
            return Ok(());
        }
        let read = read.to_vec();
        stream.get_mut().write_all(&read)?;
        stream.consume(read.len());
    }
}

fn answer(length: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
    [head.into_bytes(), vec![b'a'; length]].concat()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
