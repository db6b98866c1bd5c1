//! Connections to a back end: used again while it lives, never after, and replaced when it has closed one.

use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc;

use crate::back_end::{BackEnd, head};
use crate::curl::curl;
use crate::world::{PATIENCE, World, read_until, ready};

const URL: &str = "http://shop.localhost/";

fn ok(stream: &mut std::net::TcpStream, body: &str) {
    let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
}

/// A back end that answers on a connection as often as it is asked.
fn lasting() -> BackEnd {
    BackEnd::new(|number, mut stream| {
        let mut buffer = [0; 4096];
        while matches!(stream.read(&mut buffer), Ok(count) if count > 0) {
            ok(&mut stream, &number.to_string());
        }
    })
}

#[test]
fn a_connection_is_used_again_and_by_other_clients_too() {
    let back_end = lasting();
    let world = World::before(&back_end);
    for _ in 0..5 {
        assert_eq!(curl(&world, &[URL, URL]).out, "00");
    }
    assert_eq!(back_end.connections(), 1);
}

#[test]
fn another_life_of_the_back_end_never_sees_a_connection_of_the_last() {
    let back_end = lasting();
    let world = World::before(&back_end);
    assert_eq!(curl(&world, &[URL]).out, "0");
    world.backend.send_replace(ready(back_end.port));
    assert_eq!(curl(&world, &[URL]).out, "1");
}

/// A back end that closes its first connection when it is asked a second time on it.
fn forgetful(close: mpsc::Receiver<()>) -> BackEnd {
    let close = Mutex::new(close);
    BackEnd::new(move |number, mut stream| {
        head(&mut stream);
        ok(&mut stream, "x");
        if number == 0 {
            let _ = close.lock().unwrap().recv_timeout(PATIENCE);
            // It reads the request and says nothing: the worst that can happen.
            let _ = stream.read(&mut [0; 4096]);
            return;
        }
        while matches!(stream.read(&mut [0; 4096]), Ok(count) if count > 0) {
            ok(&mut stream, "again");
        }
    })
}

#[test]
fn a_request_that_can_be_sent_twice_is_when_an_old_connection_turns_out_to_be_closed() {
    let (close, closing) = mpsc::channel();
    let back_end = forgetful(closing);
    let world = World::before(&back_end);
    assert_eq!(curl(&world, &[URL]).out, "x");
    close.send(()).unwrap();
    let said = curl(&world, &["-w", "%{http_code}", URL]);
    assert_eq!((said.out.as_str(), back_end.connections()), ("x200", 2), "{said:?}");
}

#[test]
fn a_request_that_may_have_done_something_is_not_sent_twice() {
    let (close, closing) = mpsc::channel();
    let back_end = forgetful(closing);
    let world = World::before(&back_end);
    assert_eq!(curl(&world, &[URL]).out, "x");
    close.send(()).unwrap();
    let said = curl(&world, &["-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", URL]);
    assert_eq!((said.out.as_str(), back_end.connections()), ("502", 1), "{said:?}");
}

#[test]
fn a_connection_in_the_middle_of_an_answer_is_not_used_again() {
    let back_end = BackEnd::new(|number, mut stream| {
        head(&mut stream);
        if number == 0 {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
            let _ = stream.read(&mut [0]);
        } else {
            ok(&mut stream, "whole");
        }
    });
    let world = World::before(&back_end);
    let mut stream = world.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n").unwrap();
    read_until(&mut stream, "some");
    drop(stream);
    assert_eq!(curl(&world, &[URL]).out, "whole");
}
