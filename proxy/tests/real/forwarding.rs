//! Requests and answers, as they come through.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::back_end::{BackEnd, head, header, skip};
use crate::curl::curl;
use crate::world::{PATIENCE, SecureWorld, World, read_until};

/// A back end that answers with the head of the request.
fn mirror(address: &str) -> BackEnd {
    BackEnd::at(address, |_, mut stream| {
        let head = head(&mut stream);
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}", head.len());
        // Whoever asked hangs up.
        let _ = stream.read(&mut [0]);
    })
}

#[test]
fn the_host_is_kept_and_who_asked_is_told_anew() {
    let back_end = mirror("127.0.0.1:0");
    let world = World::before(&back_end);
    let said = curl(
        &world,
        &[
            "http://shop.localhost:81/a/../b?c=d%20e",
            "--path-as-is",
            "-H",
            "X-Forwarded-For: 6.6.6.6",
            "-H",
            "Forwarded: for=6.6.6.6",
            "-A",
            "me",
        ],
    );
    let seen = said.out.as_str();
    assert!(seen.starts_with("GET /a/../b?c=d%20e HTTP/1.1\r\n"), "{said:?}");
    assert_eq!(header(seen, "host"), Some("shop.localhost:81"));
    assert_eq!(header(seen, "x-forwarded-host"), Some("shop.localhost:81"));
    assert_eq!(header(seen, "x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(header(seen, "x-forwarded-proto"), Some("http"));
    assert_eq!(header(seen, "x-forwarded-port"), Some(world.port.to_string().as_str()));
    assert_eq!((header(seen, "forwarded"), header(seen, "user-agent")), (None, Some("me")));
}

#[test]
fn a_back_end_that_knows_itself_by_another_name_is_addressed_by_that_and_told_the_one_that_was_asked_for() {
    let back_end = mirror("127.0.0.1:0");
    let (plain, secure) = (World::before(&back_end), SecureWorld::before(&back_end));
    let root = ["--cacert", secure.root.to_str().unwrap()];
    for (world, scheme, more) in [
        (&plain, "http", &[][..]),
        (&secure.world, "https", &[&root[..], &["--http1.1"]].concat()),
        (&secure.world, "https", &[&root[..], &["--http2"]].concat()),
    ] {
        for (port, expected) in [(Some(3000), "localhost:3000"), (None, "localhost")] {
            world.address_as("localhost", port);
            let url = format!("{scheme}://x.shop.localhost:81/");
            let asked = [more, &["-H", "X-Forwarded-Host: other.localhost", &url]].concat();
            let said = curl(world, &asked);
            assert_eq!(header(&said.out, "host"), Some(expected), "{said:?}");
            assert_eq!(header(&said.out, "x-forwarded-host"), Some("x.shop.localhost:81"), "{said:?}");
        }
    }
}

#[test]
fn a_back_end_is_found_on_either_address_family() {
    // A machine without IPv6 has nothing to find.
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let back_end = mirror("[::1]:0");
    let world = World::before(&back_end);
    assert!(curl(&world, &["http://shop.localhost/"]).out.starts_with("GET / "));
}

#[test]
fn names_below_lead_there_and_others_are_not_passed_on() {
    let back_end = mirror("127.0.0.1:0");
    let world = World::before(&back_end);
    assert!(curl(&world, &["http://SHOP.localhost./"]).out.starts_with("GET / "));
    assert!(curl(&world, &["http://x.y.shop.localhost/"]).out.starts_with("GET / "));
    let said = curl(&world, &["-w", "%{http_code} %{content_type}", "http://sop.localhost/"]);
    assert!(said.out.ends_with("404 application/problem+json"), "{said:?}");
    assert!(said.out.contains(r#""hosts":["shop.localhost"]"#), "{said:?}");
    assert_eq!(back_end.connections(), 2);
}

#[test]
fn what_a_back_end_sends_is_there_before_it_sends_more() {
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let back_end = BackEnd::new(move |_, mut stream| {
        head(&mut stream);
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for event in ["8\r\ndata: 1\n\r\n", "8\r\ndata: 2\n\r\n", "0\r\n\r\n"] {
            let _ = stream.write_all(event.as_bytes());
            let _ = wait.lock().unwrap().recv_timeout(PATIENCE);
        }
    });
    let world = World::before(&back_end);
    let mut stream = world.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n").unwrap();
    let first = read_until(&mut stream, "data: 1\n");
    assert!(!first.contains("data: 2") && first.contains("text/event-stream"), "{first}");
    go_on.send(()).unwrap();
    read_until(&mut stream, "data: 2\n");
    go_on.send(()).unwrap();
    read_until(&mut stream, "0\r\n\r\n");
}

#[test]
fn a_client_that_goes_away_takes_its_request_with_it() {
    let (gone, told) = mpsc::channel();
    let gone = Mutex::new(gone);
    let back_end = BackEnd::new(move |_, mut stream| {
        head(&mut stream);
        // Neither an answer nor a word: only the end of the connection can be read.
        let end = stream.read(&mut [0]);
        let _ = gone.lock().unwrap().send(end.unwrap_or(0));
    });
    let world = World::before(&back_end);
    let mut stream = world.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n").unwrap();
    assert!(told.recv_timeout(Duration::from_millis(200)).is_err());
    drop(stream);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(0));
}

#[test]
fn a_client_that_goes_away_in_the_middle_of_an_answer_ends_it() {
    let (gone, told) = mpsc::channel();
    let gone = Mutex::new(gone);
    let back_end = BackEnd::new(move |_, mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        let _ = gone.lock().unwrap().send(stream.read(&mut [0]).unwrap_or(0));
    });
    let world = World::before(&back_end);
    let mut stream = world.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n").unwrap();
    read_until(&mut stream, "a\r\n");
    drop(stream);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(0));
}

#[test]
fn trailers_come_through_in_both_directions() {
    let back_end = BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        let body = read_until(&mut stream, "x-sum: 5\r\n\r\n");
        assert!(body.starts_with("2\r\nhi\r\n0\r\n"), "{body}");
        let te = header(&head, "te").unwrap_or("none");
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-end\r\nx-te: {te}\r\n\r\n2\r\nok\r\n0\r\nx-end: yes\r\n\r\n"
        );
        let _ = stream.read(&mut [0]);
    });
    let world = World::before(&back_end);
    let mut stream = world.connect();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: shop.localhost\r\nTE: trailers\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 5\r\n\r\n")
        .unwrap();
    let answer = read_until(&mut stream, "0\r\nx-end: yes\r\n\r\n");
    assert!(answer.contains("x-te: trailers"), "{answer}");
}

#[test]
fn strict_transport_security_and_what_is_of_the_connection_stay_behind() {
    let back_end = BackEnd::new(|_, mut stream| {
        head(&mut stream);
        let _ = stream.write_all(
            b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nX-End: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nuntil the end",
        );
    });
    let world = World::before(&back_end);
    let said = curl(&world, &["-i", "http://shop.localhost/"]);
    let out = said.out.to_lowercase();
    for gone in ["strict-transport", "x-hop", "keep-alive: 5"] {
        assert!(!out.contains(gone), "{gone} in {out}");
    }
    assert!(out.contains("x-end: 1") && out.contains("set-cookie: a=1") && out.contains("set-cookie: b=2"), "{out}");
    assert!(out.ends_with("until the end"), "{out}");
}

#[test]
fn an_answer_without_a_body_has_none_whatever_its_length_says() {
    let back_end = BackEnd::new(|_, mut stream| {
        while head_or_end(&mut stream) {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n");
        }
    });
    let world = World::before(&back_end);
    let said = curl(&world, &["-I", "http://shop.localhost/", "http://shop.localhost/"]);
    assert_eq!(said.out.to_lowercase().matches("content-length: 12345").count(), 2, "{said:?}");
    assert_eq!(back_end.connections(), 1, "the connection is good for another request");
}

fn head_or_end(stream: &mut std::net::TcpStream) -> bool {
    let mut buffer = [0; 4096];
    matches!(stream.read(&mut buffer), Ok(count) if count > 0)
}

#[test]
fn hints_before_an_answer_do_no_harm_to_it() {
    let back_end = BackEnd::new(|_, mut stream| {
        while head_or_end(&mut stream) {
            for early in
                ["103 Early Hints\r\nLink: </a.css>; rel=preload\r\n", "102 Processing\r\n", "103 Early Hints\r\n"]
            {
                let _ = write!(stream, "HTTP/1.1 {early}\r\n");
            }
            let _ = stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-End: 1\r\n\r\nwhole");
        }
    });
    let url = "http://shop.localhost/";
    let world = World::before(&back_end);
    // Twice on one connection each, which is out of step with whatever would be left of the first time.
    let said = curl(&world, &["-w", " %{http_code} %header{x-end}\n", url, url]);
    assert_eq!(said.out, "whole 201 1\n".repeat(2), "{said:?}");
    assert_eq!(back_end.connections(), 1);
    let world = SecureWorld::before(&back_end);
    let root = world.root.to_str().unwrap();
    let said = curl(
        &world.world,
        &["--http2", "--cacert", root, "-w", " %{http_code} %{http_version}", "https://shop.localhost/"],
    );
    assert_eq!(said.out, "whole 201 2", "{said:?}");
    // A hint is no word of a body that waits to be asked for.
    let asking = BackEnd::new(|_, mut stream| {
        head(&mut stream);
        let _ = stream.write_all(
            b"HTTP/1.1 103 Early Hints
Link: </a.css>; rel=preload

",
        );
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let early = stream.read(&mut [0]).is_ok();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = stream.write_all(
            b"HTTP/1.1 100 Continue

",
        );
        let count = skip(&mut stream, 5);
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK
Content-Length: 13

{count} early {early}"
        );
        let _ = stream.read(&mut [0]);
    });
    let words = ["-H", "Expect: 100-continue", "--expect100-timeout", "60", "-d", "hello", url];
    let said = curl(&World::before(&asking), &words);
    assert_eq!(said.out, "5 early false", "{said:?}");
}

#[test]
fn several_back_ends_take_requests_in_turn() {
    let ends: Vec<BackEnd> = ["one", "two"]
        .map(|name| {
            BackEnd::new(move |_, mut stream| {
                head(&mut stream);
                let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{name}");
            })
        })
        .into();
    let upstreams: Vec<_> = ends.iter().map(|end| Arc::new(locald_proxy::Upstream::new(end.port))).collect();
    let world = World::with(locald_proxy::Backend::Ready(upstreams.into()));
    let url = "http://shop.localhost/";
    let said = curl(&world, &[url, url, url, url]);
    assert_eq!(said.out.matches("one").count(), 2, "{said:?}");
    assert_eq!(said.out.matches("two").count(), 2, "{said:?}");
}
