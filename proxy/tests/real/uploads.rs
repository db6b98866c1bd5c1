//! Bodies on their way to a back end: as they come, and no further than they are wanted. How little memory that takes is seen from outside,
//! where the program is tested as a whole.

use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use crate::back_end::{BackEnd, head, header, skip};
use crate::curl::curl;
use crate::world::{PATIENCE, World, read_until};

/// Takes as many octets as the head announces and says how many came.
fn counting() -> BackEnd {
    BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let count = skip(&mut stream, length).to_string();
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{count}", count.len());
        let _ = stream.read(&mut [0]);
    })
}

#[test]
fn a_body_that_waits_to_be_asked_for_is_sent_when_the_back_end_asks() {
    let back_end = BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        assert_eq!(header(&head, "expect"), Some("100-continue"));
        // Nothing of it is here before that.
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let early = stream.read(&mut [0]).is_ok();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        let count = skip(&mut stream, 5);
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\nX-Early: {early}\r\n\r\ncame: {count:02}");
        let _ = stream.read(&mut [0]);
    });
    let world = World::before(&back_end);
    let said = curl(
        &world,
        &["-i", "-H", "Expect: 100-continue", "--expect100-timeout", "60", "-d", "hello", "http://shop.localhost/"],
    );
    assert!(said.out.starts_with("HTTP/1.1 100 Continue"), "{said:?}");
    assert!(said.out.contains("x-early: false") && said.out.ends_with("came: 05"), "{said:?}");
}

#[test]
fn a_body_that_is_not_asked_for_is_never_sent() {
    let (left, told) = mpsc::channel();
    let left = Mutex::new(left);
    let back_end = BackEnd::new(move |_, mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        let _ = left.lock().unwrap().send(rest.len());
    });
    let world = World::before(&back_end);
    let said = curl(
        &world,
        &[
            "-w",
            "%{http_code} %{size_upload}",
            "-H",
            "Expect: 100-continue",
            "--expect100-timeout",
            "60",
            "-d",
            "hello",
            "http://shop.localhost/",
        ],
    );
    assert_eq!(said.out, "no401 0", "{said:?}");
    assert_eq!(told.recv_timeout(PATIENCE), Ok(0));
}

#[test]
fn a_back_end_that_never_asks_gets_the_body_all_the_same() {
    let back_end = counting();
    let world = World::before(&back_end);
    let said = curl(
        &world,
        &["-H", "Expect: 100-continue", "--expect100-timeout", "60", "-d", "hello", "http://shop.localhost/"],
    );
    assert_eq!(said.out, "5", "{said:?}");
}

#[test]
fn an_answer_may_come_before_the_whole_body_and_ends_it() {
    let back_end = BackEnd::new(|_, mut stream| {
        head(&mut stream);
        skip(&mut stream, 1000);
        let _ = stream
            .write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large");
        // What still comes is read for a moment, so that the answer is not cut off by it.
        let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
        skip(&mut stream, 1 << 20);
    });
    let world = World::before(&back_end);
    let mut stream = world.connect();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 1000000000\r\n\r\n").unwrap();
    stream.write_all(&[b'a'; 2000]).unwrap();
    let answer = read_until(&mut stream, "too large");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[test]
fn an_upload_that_is_broken_off_ends_at_the_back_end_too() {
    let (gone, told) = mpsc::channel();
    let gone = Mutex::new(gone);
    let back_end = BackEnd::new(move |_, mut stream| {
        head(&mut stream);
        let _ = gone.lock().unwrap().send(skip(&mut stream, 1000));
    });
    let world = World::before(&back_end);
    let mut stream = world.connect();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 1000\r\n\r\nabc").unwrap();
    assert!(told.recv_timeout(Duration::from_millis(200)).is_err());
    drop(stream);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(3));
}

#[test]
fn a_body_of_unknown_length_comes_in_chunks_as_it_was_sent() {
    let back_end = BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        assert_eq!((header(&head, "transfer-encoding"), header(&head, "content-length")), (Some("chunked"), None));
        let body = read_until(&mut stream, "0\r\n\r\n");
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let _ = stream.read(&mut [0]);
    });
    let world = World::before(&back_end);
    // Also where a method has mostly no body at all.
    for method in ["POST", "GET", "DELETE"] {
        let said =
            curl(&world, &["-X", method, "-H", "Transfer-Encoding: chunked", "-d", "hello", "http://shop.localhost/"]);
        assert_eq!(said.out, "5\r\nhello\r\n0\r\n\r\n", "{method}: {said:?}");
    }
}
