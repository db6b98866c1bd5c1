//! What is not passed on: requests that can be read in two ways, that are too large, or that go in a circle.

use std::io::Write;

use crate::back_end::{BackEnd, head};
use crate::curl::curl;
use crate::world::{World, ready};

fn answering() -> BackEnd {
    BackEnd::new(|_, mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        // A body that is left unread would reset the connection before the answer is read.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    })
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

#[test]
fn what_can_be_read_in_two_ways_is_passed_on_in_none() {
    let back_end = answering();
    let world = World::before(&back_end);
    let host = "Host: shop.localhost\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (what, request) in [
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned()),
        ("two hosts", format!("GET / HTTP/1.1\r\n{host}Host: other.localhost\r\n\r\n")),
        ("one host twice", format!("GET / HTTP/1.1\r\n{host}{host}\r\n")),
        ("another host in the target", format!("GET http://other.localhost/ HTTP/1.1\r\n{host}\r\n")),
        ("a folded header", format!("GET / HTTP/1.1\r\n{host}X-A: b\r\n c\r\n\r\n")),
        ("a folded host", "GET / HTTP/1.1\r\nHost: shop.localhost\r\n .x\r\n\r\n".to_owned()),
        ("a space before the colon", format!("GET / HTTP/1.1\r\n{host}X-A : b\r\n\r\n")),
        ("length and chunks", format!("POST / HTTP/1.1\r\n{host}Content-Length: 5\r\n{chunked}\r\n0\r\n\r\n")),
        ("chunks and length", format!("POST / HTTP/1.1\r\n{host}{chunked}Content-Length: 5\r\n\r\n0\r\n\r\n")),
        ("two lengths", format!("POST / HTTP/1.1\r\n{host}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef")),
        ("a signed length", format!("POST / HTTP/1.1\r\n{host}Content-Length: +5\r\n\r\nabcde")),
        (
            "chunks that do not come last",
            format!("POST / HTTP/1.1\r\n{host}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
        ),
        ("chunks in HTTP/1.0", format!("POST / HTTP/1.0\r\n{host}{chunked}\r\n0\r\n\r\n")),
        ("a tunnel", format!("CONNECT shop.localhost:80 HTTP/1.1\r\n{host}\r\n")),
        ("a bare line feed in a value", format!("GET / HTTP/1.1\r\n{host}X-A: b\rc\r\n\r\n")),
        ("a user in the host", "GET / HTTP/1.1\r\nHost: me@shop.localhost\r\n\r\n".to_owned()),
    ] {
        let answer = world.says(&request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
        assert_eq!(status(&answer), "400", "{what}: {answer}");
    }
    assert_eq!(back_end.connections(), 0);
}

#[test]
fn the_second_request_of_a_connection_is_looked_at_like_the_first() {
    let back_end = answering();
    let world = World::before(&back_end);
    let good = "POST / HTTP/1.1\r\nHost: shop.localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let bad =
        "POST / HTTP/1.1\r\nHost: shop.localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n";
    let mut stream = world.connect();
    stream.write_all(good.as_bytes()).unwrap();
    let first = crate::world::read_until(&mut stream, "\r\n\r\n");
    assert_eq!(status(&first), "200");
    stream.write_all(bad.as_bytes()).unwrap();
    let second = crate::world::read_until(&mut stream, "\r\n\r\n");
    assert_eq!(status(&second), "400", "{second}");
}

#[test]
fn a_head_has_its_limits() {
    let back_end = answering();
    let world = World::before(&back_end);
    let ask = |headers: String| {
        world.says(&format!("GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n{headers}\r\n"))
    };
    assert_eq!(status(&ask(format!("X-A: {}\r\n", "a".repeat(60 << 10)))), "200");
    assert_eq!(status(&ask(format!("X-A: {}\r\n", "a".repeat(70 << 10)))), "431");
    assert_eq!(status(&ask("X-A: b\r\n".repeat(250))), "431");
}

#[test]
fn a_circle_ends() {
    let world = World::with(ready(1));
    world.backend.send_replace(ready(world.port));
    let said = curl(&world, &["-w", "%{http_code}", "http://shop.localhost/"]);
    assert!(said.out.ends_with("508") && said.out.contains("changeOrigin"), "{said:?}");
}
