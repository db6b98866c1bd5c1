//! WebSockets: what an echo costs, and what thousands cost on which nothing is said.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::contender::{Contender, HOST};
use super::load::ROUND;
use super::{Figures, per_cpu_second, percentile};
use crate::bench::procfs;

const SOCKETS: usize = 32;
/// What a frame of a page that edits something is.
const MESSAGE: usize = 64;
pub(super) const IDLE: usize = 4000;
/// What was allocated on the way is given back, or is not.
const SETTLE: Duration = Duration::from_secs(3);

/// Each of some sockets sends a message and waits for its echo, over and over.
pub(super) fn echo(contender: &Contender) -> Result<Figures> {
    let sockets: Vec<TcpStream> = (0..SOCKETS).map(|_| open(contender)).collect::<Result<_>>()?;
    let mut times = Vec::new();
    let cpu = per_cpu_second(contender, || {
        let end = Instant::now() + ROUND;
        let threads: Vec<_> = sockets.into_iter().map(|socket| thread::spawn(move || echoes(socket, end))).collect();
        for thread in threads {
            times.extend(thread.join().unwrap_or_else(|_| Ok(Vec::new()))?);
        }
        Ok(times.len())
    })?;
    Ok([cpu, percentile(&mut times, 99)])
}

fn echoes(mut socket: TcpStream, end: Instant) -> std::io::Result<Vec<f64>> {
    let (message, mut back) = ([b'a'; MESSAGE], [0; MESSAGE]);
    let mut times = Vec::new();
    while Instant::now() < end {
        let sent = Instant::now();
        socket.write_all(&message)?;
        socket.read_exact(&mut back)?;
        times.push(sent.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

/// Mebibytes by which thousands of open sockets have the processes grow.
pub(super) fn idle(contender: &Contender) -> Result<f64> {
    let processes = contender.processes()?;
    // What the first one needs, all share.
    drop(open(contender)?);
    let before = procfs::private_mib(&processes);
    let sockets: Vec<TcpStream> = (0..IDLE).map(|_| open(contender)).collect::<Result<_>>()?;
    thread::sleep(SETTLE);
    let grown = procfs::private_mib(&processes) - before;
    ensure!(
        sockets.len() == IDLE && echoes(open(contender)?, Instant::now() + SETTLE)?.len() > 1,
        "nothing comes back"
    );
    Ok(grown)
}

fn open(contender: &Contender) -> Result<TcpStream> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, contender.http))?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(Duration::from_secs(30)))?;
    socket.write_all(
        format!(
            "GET /socket HTTP/1.1\r\nHost: {HOST}:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            contender.http
        )
        .as_bytes(),
    )?;
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut octet)?;
        head.push(octet[0]);
    }
    ensure!(head.starts_with(b"HTTP/1.1 101 "), "{} opens no WebSocket", contender.name);
    Ok(socket)
}
