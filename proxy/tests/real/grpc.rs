//! gRPC with the program that most people call it with, and HTTP/2 to back ends.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use locald_proxy::{Backend, Upstream};
use tokio::runtime::Runtime;

use crate::back_end::{BackEnd, head, header};
use crate::curl::curl;
use crate::world::{SecureWorld, World, ready};

/// Debian's Python, for which Debian has gRPC.
const PYTHON: &str = "/usr/bin/python3";

/// The program beside this file; `None` where gRPC is not installed.
#[expect(clippy::disallowed_methods, reason = "what is tested is how real clients fare")]
fn python(arguments: &[&str]) -> Option<Command> {
    let has_grpc = Command::new(PYTHON).args(["-c", "import grpc"]).stderr(Stdio::null()).status();
    if !has_grpc.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: there is no gRPC for {PYTHON} here (python3-grpcio)");
        return None;
    }
    let mut command = Command::new(PYTHON);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/calls.py")).args(arguments);
    Some(command)
}

fn server() -> Option<(Child, u16)> {
    let mut server = python(&["server"])?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Some((server, line.trim().parse().unwrap()))
}

/// What a client says at a port, with TLS if it is given what to trust.
fn client(port: u16, root: Option<&Path>) -> Option<String> {
    let port = port.to_string();
    let root = root.map(|root| root.to_str().unwrap());
    let words: Vec<&str> = ["client", &port].into_iter().chain(root).collect();
    let output = python(&words)?.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    Some(said)
}

#[test]
fn every_kind_of_call_goes_through_whether_or_not_it_is_told_what_the_server_speaks() {
    let Some((mut server, port)) = server() else { return };
    for upstream in [Upstream::new(port), Upstream::http2(port)] {
        let backend = Backend::Ready(Arc::from([Arc::new(upstream)]));
        let (secure, plain) = (SecureWorld::with(backend.clone()), World::with(backend));
        for (port, root) in [(secure.world.port, Some(&*secure.root)), (plain.port, None)] {
            let said = client(port, root).unwrap();
            assert_eq!(
                said.lines().collect::<Vec<_>>(),
                [
                    "unary (b'HI', 'yes')",
                    "large 1048576",
                    "client stream b'5'",
                    "server stream [b'x', b'x', b'x']",
                    "both [b'0', b'1', b'2']",
                    "cancel (b'first', b'yes')",
                    "error NOT_FOUND no such thing",
                ]
            );
        }
    }
    drop(server.stdin.take());
    server.wait().unwrap();
}

#[test]
fn a_call_for_a_service_that_does_not_run_fails_as_grpc_does() {
    let down = Backend::Down { reason: "It was stopped.".to_owned(), hint: String::new() };
    let world = SecureWorld::with(down);
    let Some(said) = client(world.world.port, Some(&world.root)) else { return };
    assert!(said.starts_with("unary UNAVAILABLE shop does not run. It was stopped.\n"), "{said}");
}

#[test]
fn a_failure_of_grpc_is_all_in_the_head_of_the_answer() {
    let world = World::with(Backend::Down { reason: "100%".to_owned(), hint: String::new() });
    let said =
        curl(&world, &["-i", "-H", "Content-Type: application/grpc+proto", "-d", "x", "http://shop.localhost/a.B/C"]);
    assert!(said.out.starts_with("HTTP/1.1 200 "), "{said:?}");
    assert_eq!(header(&said.out, "grpc-status"), Some("14"));
    assert_eq!(header(&said.out, "grpc-message"), Some("shop does not run. 100%25"));
    let other = curl(&world, &["-i", "-H", "Content-Type: application/grpc-web", "-d", "x", "http://shop.localhost/"]);
    assert!(other.out.starts_with("HTTP/1.1 503 "), "{other:?}");
}

/// A body of one word, and trailers.
struct Answer(Option<Bytes>, Option<HeaderMap>);

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = self.0.take().map(Frame::data);
        std::task::Poll::Ready(frame.or_else(|| self.1.take().map(Frame::trailers)).map(Ok))
    }
}

/// A back end that speaks HTTP/2 and nothing else, and answers with what it was asked.
fn http2() -> (Runtime, u16) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = |request: Request<Incoming>| async move {
        let headers = request.headers();
        let text = format!(
            "{:?} {} {} host={} connection={} te={:?}",
            request.version(),
            request.method(),
            request.uri(),
            headers.contains_key("host"),
            headers.contains_key("connection") || headers.contains_key("transfer-encoding"),
            headers.get("te"),
        );
        let trailers = HeaderMap::from_iter([("x-end".parse().unwrap(), "yes".parse().unwrap())]);
        let mut response = Response::new(Answer(Some(text.into()), Some(trailers)));
        response.headers_mut().insert("trailer", "x-end".parse().unwrap());
        Ok::<_, Infallible>(response)
    };
    runtime.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    });
    (runtime, port)
}

#[test]
fn a_back_end_of_http2_is_spoken_to_by_that_whatever_its_client_speaks() {
    let (_runtime, port) = http2();
    let world = World::with(Backend::Ready(Arc::from([Arc::new(Upstream::http2(port))])));
    let mut stream = world.connect();
    let chunked = "TE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(format!("POST /x?y HTTP/1.1\r\nHost: shop.localhost:81\r\n{chunked}").as_bytes()).unwrap();
        let answer = crate::world::read_until(&mut stream, "x-end: yes\r\n\r\n");
        let asked = "HTTP/2.0 POST http://shop.localhost:81/x?y host=false connection=false te=Some(\"trailers\")";
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(asked), "{answer}");
    }
}

#[test]
fn a_back_end_of_http2_is_addressed_as_its_route_says() {
    let (_runtime, port) = http2();
    let world = World::with(Backend::Ready(Arc::from([Arc::new(Upstream::http2(port))])));
    world.address_as("localhost", Some(3000));
    let said = curl(&world, &["http://shop.localhost/x"]);
    assert!(said.out.starts_with("HTTP/2.0 GET http://localhost:3000/x host=false "), "{said:?}");
}

#[test]
fn a_back_end_that_does_not_speak_http2_gets_calls_as_it_gets_everything() {
    let back_end = BackEnd::new(|_, mut stream| {
        let head = head(&mut stream);
        let status = if head.starts_with("PRI ") { "400 Bad Request" } else { "200 OK" };
        let length = head.len();
        let _ = write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{head}");
        let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let world = World::with(ready(back_end.port));
    let plain = curl(&world, &["http://shop.localhost/"]);
    assert!(plain.out.starts_with("GET / ") && back_end.connections() == 1, "nobody is asked without need: {plain:?}");
    let ask = || curl(&world, &["-H", "Content-Type: application/grpc", "-d", "x", "http://shop.localhost/a.B/C"]);
    assert!(ask().out.starts_with("POST /a.B/C HTTP/1.1"));
    assert_eq!(back_end.connections(), 3);
    assert!(ask().out.starts_with("POST /a.B/C HTTP/1.1"));
    assert_eq!(back_end.connections(), 4, "it is asked once in its life");
}
