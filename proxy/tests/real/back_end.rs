//! Back ends: each connection is given to a function of the test.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::world::{PATIENCE, read_until};

pub(crate) struct BackEnd {
    pub(crate) port: u16,
    connections: Arc<AtomicUsize>,
}

impl BackEnd {
    /// Gives each connection, by its number, to `serve`, in a thread of its own.
    pub(crate) fn new(serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", serve)
    }

    pub(crate) fn at(address: &str, serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind(address).unwrap(), serve)
    }

    pub(crate) fn on(listener: TcpListener, serve: impl Fn(usize, TcpStream) + Send + Sync + 'static) -> Self {
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, serve) = (connections.clone(), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let serve = serve.clone();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_nodelay(true).unwrap();
                thread::spawn(move || serve(number, stream));
            }
        });
        Self { port, connections }
    }

    /// How many connections it has had.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads the head of a request.
pub(crate) fn head(stream: &mut TcpStream) -> String {
    read_until(stream, "\r\n\r\n")
}

/// Reads a body of this length and returns how much of it came.
pub(crate) fn skip(stream: &mut TcpStream, length: u64) -> u64 {
    let mut buffer = vec![0; 64 << 10];
    let mut left = length;
    while left > 0 {
        match stream.read(&mut buffer[..usize::try_from(left.min(64 << 10)).unwrap()]) {
            Ok(0) | Err(_) => break,
            Ok(count) => left -= count as u64,
        }
    }
    length - left
}

/// The value of a header in a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
