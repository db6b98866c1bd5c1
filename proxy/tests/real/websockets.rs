//! WebSockets: the handshake comes through as it was made, and then every octet.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::back_end::{BackEnd, head, header};
use crate::world::{PATIENCE, World, read_until};

const HANDSHAKE: &str = "GET /hmr HTTP/1.1\r\nHost: shop.localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: vite-hmr\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin: http://shop.localhost\r\n\r\n";
const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: vite-hmr\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// A back end that accepts and then gives the connection to `then`.
fn accepting(then: impl Fn(TcpStream) + Send + Sync + 'static) -> BackEnd {
    BackEnd::new(move |_, mut stream| {
        let head = head(&mut stream);
        assert_eq!(header(&head, "upgrade"), Some("websocket"), "{head}");
        assert_eq!(header(&head, "connection").map(str::to_lowercase).as_deref(), Some("upgrade"));
        assert_eq!(header(&head, "sec-websocket-protocol"), Some("vite-hmr"));
        assert_eq!(header(&head, "origin"), Some("http://shop.localhost"));
        stream.write_all(ACCEPTED.as_bytes()).unwrap();
        then(stream);
    })
}

fn open(world: &World) -> TcpStream {
    let mut stream = world.connect();
    stream.write_all(HANDSHAKE.as_bytes()).unwrap();
    let head = read_until(&mut stream, "\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    assert_eq!(header(&head, "sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(header(&head, "sec-websocket-protocol"), Some("vite-hmr"));
    assert_eq!(header(&head, "sec-websocket-extensions"), Some("permessage-deflate"));
    stream
}

#[test]
fn ten_megabytes_come_back_as_they_were() {
    let back_end = accepting(|mut stream| {
        let mut echo = stream.try_clone().unwrap();
        let _ = std::io::copy(&mut stream, &mut echo);
        let _ = echo.shutdown(Shutdown::Write);
    });
    let world = World::before(&back_end);
    let mut stream = open(&world);
    let sent: Vec<u8> = (0..10_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (mut writing, copy) = (stream.try_clone().unwrap(), sent.clone());
    let writer = thread::spawn(move || {
        writing.write_all(&copy).unwrap();
        // Half of it is closed; the other half has still everything to say.
        writing.shutdown(Shutdown::Write).unwrap();
    });
    let mut back = Vec::new();
    stream.read_to_end(&mut back).unwrap();
    writer.join().unwrap();
    assert!(back == sent, "{} of {} octets", back.len(), sent.len());
}

#[test]
fn a_back_end_that_dies_closes_the_client() {
    let (die, dies) = mpsc::channel::<()>();
    let dies = Mutex::new(dies);
    let back_end = accepting(move |stream| {
        let _ = dies.lock().unwrap().recv_timeout(PATIENCE);
        drop(stream);
    });
    let world = World::before(&back_end);
    let mut stream = open(&world);
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(stream.read(&mut [0]).is_err(), "it is silent, and stays");
    die.send(()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn what_a_client_sends_right_behind_its_handshake_is_not_lost() {
    let back_end = accepting(|mut stream| {
        let mut five = [0; 5];
        stream.read_exact(&mut five).unwrap();
        stream.write_all(&five).unwrap();
    });
    let world = World::before(&back_end);
    let mut stream = world.connect();
    stream.write_all(format!("{HANDSHAKE}hello").as_bytes()).unwrap();
    read_until(&mut stream, "\r\n\r\n");
    assert_eq!(read_until(&mut stream, "hello"), "hello");
}

#[test]
fn a_handshake_is_addressed_as_requests_are() {
    let back_end = BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        assert_eq!(header(&head, "host"), Some("localhost:3000"), "{head}");
        assert_eq!(header(&head, "x-forwarded-host"), Some("shop.localhost"), "{head}");
        stream.write_all(ACCEPTED.as_bytes()).unwrap();
    });
    let world = World::before(&back_end);
    world.address_as("localhost", Some(3000));
    open(&world);
}

#[test]
fn a_back_end_that_refuses_is_heard() {
    let back_end = BackEnd::new(|_, mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    });
    let world = World::before(&back_end);
    let answer = world.says(&HANDSHAKE.replace("keep-alive, Upgrade", "close, Upgrade"));
    assert!(answer.starts_with("HTTP/1.1 403") && answer.ends_with("no"), "{answer}");
}

#[test]
fn another_protocol_is_not_switched_to() {
    let back_end = BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        assert_eq!((header(&head, "upgrade"), header(&head, "http2-settings")), (None, None));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let world = World::before(&back_end);
    let answer = world.says("GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
