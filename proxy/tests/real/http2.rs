//! HTTP/2 by the letter: what RFC 9113, and RFC 8441 for WebSockets, say a server must refuse, and what it must bear, frame by frame.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::back_end::{BackEnd, header};
use crate::bridge::agreement;
use crate::world::{SecureWorld, World};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

/// The echo of this ends a case of which nothing else has come.
const MARK: &[u8; 8] = b"the end.";

/// What a server makes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The connection ended.
    Connection,
    /// A stream was reset, or its request answered with an error.
    Stream,
    Answered,
    /// Nothing was said of it.
    Nothing,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Headers, each as a literal that no table is asked for (RFC 7541 §6.2.2).
fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    headers.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
}

const GET: &[(&str, &str)] =
    &[(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "shop.localhost")];
const POST: &[(&str, &str)] =
    &[(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", "shop.localhost")];

const TUNNEL: &[(&str, &str)] =
    &[(":method", "CONNECT"), (":scheme", "https"), (":path", "/"), (":authority", "shop.localhost")];
const SOCKET: &[(&str, &str)] = &[TUNNEL[0], TUNNEL[1], TUNNEL[2], TUNNEL[3], (":protocol", "websocket")];

/// A request without a body, with further headers.
fn get(stream: u32, more: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&[GET, more].concat()))
}

fn setting(id: u16, value: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[&id.to_be_bytes()[..], &value.to_be_bytes()].concat())
}

/// The head of a request whose body follows.
fn begun(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &block(POST))
}

/// A request of one header block that is malformed (§8.1.1).
fn malformed(headers: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(headers))
}

/// What is sent after the preface, where RFC 9113 says so, and what must come of it. What may end a stream may end the connection
/// (§5.4.1).
#[expect(clippy::too_many_lines, reason = "a table, of one case after the other")]
fn cases() -> Vec<(&'static str, &'static str, Vec<u8>, Outcome)> {
    use Outcome::{Answered, Connection, Stream};
    let open_block = frame(HEADERS, END_STREAM, 1, &block(GET));
    vec![
        ("a request", "8.3.1", get(1, &[]), Answered),
        ("a frame of an unknown type", "4.1", [frame(0xEE, 0xFF, 0, b"x"), get(1, &[])].concat(), Answered),
        ("unknown flags", "4.1", [frame(PING, 0xFE, 0, b"12345678"), get(1, &[])].concat(), Answered),
        ("the reserved bit", "4.1", get(1 | 1 << 31, &[]), Answered),
        ("a frame above the limit", "4.2", frame(DATA, 0, 1, &[0; 16_385]), Connection),
        ("a head above the limit", "4.2", frame(HEADERS, END_HEADERS, 1, &[0; 16_385]), Connection),
        ("an index that is not there", "4.3", frame(HEADERS, END_HEADERS, 1, &[0xFF, 0x80, 0x01]), Connection),
        ("a table above its limit", "4.3", frame(HEADERS, END_HEADERS, 1, &[0x3F, 0xE1, 0xFF, 0x03]), Connection),
        ("half a literal", "4.3", frame(HEADERS, END_HEADERS, 1, &[0x00, 0x05, b'a']), Connection),
        (
            "another frame within a head",
            "4.3",
            [open_block.clone(), frame(PING, 0, 0, b"12345678")].concat(),
            Connection,
        ),
        (
            "a head that goes on elsewhere",
            "6.10",
            [open_block.clone(), frame(CONTINUATION, END_HEADERS, 3, b"")].concat(),
            Connection,
        ),
        ("a head in two frames", "6.10", [open_block, frame(CONTINUATION, END_HEADERS, 1, b"")].concat(), Answered),
        ("a rest without a beginning", "6.10", frame(CONTINUATION, END_HEADERS, 1, &block(GET)), Connection),
        (
            "a rest of a whole head",
            "6.10",
            [begun(1), frame(CONTINUATION, END_HEADERS, 1, &block(GET))].concat(),
            Connection,
        ),
        (
            "a rest on stream 0",
            "6.10",
            [frame(HEADERS, 0, 1, &block(GET)), frame(CONTINUATION, END_HEADERS, 0, b"")].concat(),
            Connection,
        ),
        ("data on an idle stream", "5.1", frame(DATA, END_STREAM, 1, b"x"), Connection),
        ("a reset of an idle stream", "5.1", frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]), Connection),
        ("a window of an idle stream", "5.1", frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]), Connection),
        ("data after the end", "5.1", [get(1, &[]), frame(DATA, END_STREAM, 1, b"x")].concat(), Stream),
        ("a head after the end", "5.1", [get(1, &[]), get(1, &[])].concat(), Stream),
        ("an even stream", "5.1.1", get(2, &[]), Connection),
        ("a stream below the last", "5.1.1", [get(5, &[]), get(3, &[])].concat(), Connection),
        ("data on stream 0", "6.1", frame(DATA, 0, 0, b"x"), Connection),
        ("more padding than data", "6.1", [begun(1), frame(DATA, PADDED, 1, &[9, 0])].concat(), Connection),
        ("padded data", "6.1", [begun(1), frame(DATA, PADDED | END_STREAM, 1, &[1, b'x', 0])].concat(), Answered),
        ("a head on stream 0", "6.2", frame(HEADERS, END_HEADERS, 0, &block(GET)), Connection),
        ("more padding than head", "6.2", frame(HEADERS, END_HEADERS | PADDED, 1, &[9, 0]), Connection),
        ("a priority on stream 0", "6.3", frame(PRIORITY, 0, 0, &[0, 0, 0, 1, 0]), Connection),
        ("a priority of another length", "6.3", [begun(1), frame(PRIORITY, 0, 1, &[0; 4])].concat(), Stream),
        (
            "a priority of an idle stream",
            "6.3",
            [frame(PRIORITY, 0, 9, &[0, 0, 0, 1, 0]), get(11, &[])].concat(),
            Answered,
        ),
        ("a reset on stream 0", "6.4", frame(RST_STREAM, 0, 0, &[0, 0, 0, 8]), Connection),
        ("a reset of another length", "6.4", [begun(1), frame(RST_STREAM, 0, 1, &[0; 3])].concat(), Connection),
        ("an acknowledgement that says something", "6.5", frame(SETTINGS, ACK, 0, &[0; 6]), Connection),
        ("settings of a stream", "6.5", frame(SETTINGS, 0, 1, &[]), Connection),
        ("half a setting", "6.5", frame(SETTINGS, 0, 0, &[0; 5]), Connection),
        ("a push that is neither on nor off", "6.5.2", setting(2, 2), Connection),
        ("a window above the limit", "6.5.2", setting(4, 1 << 31), Connection),
        ("frames below their least", "6.5.2", setting(5, 16_383), Connection),
        ("frames above their most", "6.5.2", setting(5, 1 << 24), Connection),
        ("an unknown setting", "6.5.2", [setting(0xFF00, 1), get(1, &[])].concat(), Answered),
        (
            "a push of a client",
            "8.4",
            frame(PUSH_PROMISE, END_HEADERS, 1, &[&[0, 0, 0, 2][..], &block(GET)].concat()),
            Connection,
        ),
        ("a ping of a stream", "6.7", frame(PING, 0, 1, b"12345678"), Connection),
        ("a ping of another length", "6.7", frame(PING, 0, 0, b"1234567"), Connection),
        ("a farewell of a stream", "6.8", frame(GOAWAY, 0, 1, &[0; 8]), Connection),
        ("a window of nothing", "6.9", frame(WINDOW_UPDATE, 0, 0, &[0; 4]), Connection),
        ("a stream's window of nothing", "6.9", [begun(1), frame(WINDOW_UPDATE, 0, 1, &[0; 4])].concat(), Stream),
        ("a window of another length", "6.9", frame(WINDOW_UPDATE, 0, 0, &[0; 3]), Connection),
        ("a window that overflows", "6.9.1", frame(WINDOW_UPDATE, 0, 0, &[0x7F, 0xFF, 0xFF, 0xFF]), Connection),
        (
            "a stream's window that overflows",
            "6.9.1",
            [begun(1), frame(WINDOW_UPDATE, 0, 1, &[0x7F, 0xFF, 0xFF, 0xFF])].concat(),
            Stream,
        ),
        (
            "trailers that do not end the stream",
            "8.1",
            [begun(1), frame(HEADERS, END_HEADERS, 1, &block(&[("x-a", "b")]))].concat(),
            Stream,
        ),
        // RFC 9113 has it refused (`Stream`). The parser drops it without telling, so that no back end ever sees it.
        ("a pseudo-header in trailers", "8.1", [begun(1), malformed(&[(":path", "/")])].concat(), Answered),
        (
            "more body than its length",
            "8.1.1",
            [
                frame(HEADERS, END_HEADERS, 1, &block(&[POST, &[("content-length", "1")]].concat())),
                frame(DATA, END_STREAM, 1, b"xy"),
            ]
            .concat(),
            Stream,
        ),
        (
            "less body than its length",
            "8.1.1",
            [
                frame(HEADERS, END_HEADERS, 1, &block(&[POST, &[("content-length", "3")]].concat())),
                frame(DATA, END_STREAM, 1, b"xy"),
            ]
            .concat(),
            Stream,
        ),
        ("an upper-case name", "8.2.1", get(1, &[("X-A", "b")]), Stream),
        ("a line feed in a value", "8.2.1", get(1, &[("x-a", "b\nc")]), Stream),
        ("a header of the connection", "8.2.2", get(1, &[("connection", "keep-alive")]), Stream),
        ("chunks", "8.2.2", get(1, &[("transfer-encoding", "chunked")]), Stream),
        ("a TE of other than trailers", "8.2.2", get(1, &[("te", "gzip")]), Stream),
        ("an unknown pseudo-header", "8.3", get(1, &[(":x", "y")]), Stream),
        ("a pseudo-header of answers", "8.3", malformed(&[GET, &[(":status", "200")]].concat()), Stream),
        ("a pseudo-header after others", "8.3", malformed(&[&GET[..3], &[("x-a", "b"), GET[3]]].concat()), Stream),
        ("a pseudo-header twice", "8.3.1", malformed(&[GET, &[(":path", "/b")]].concat()), Stream),
        ("no method", "8.3.1", malformed(&GET[1..]), Stream),
        ("no scheme", "8.3.1", malformed(&[GET[0], GET[2], GET[3]]), Stream),
        ("no path", "8.3.1", malformed(&[GET[0], GET[1], GET[3]]), Stream),
        ("an empty path", "8.3.1", malformed(&[GET[0], GET[1], (":path", ""), GET[3]]), Stream),
        ("a WebSocket", "5 of RFC 8441", frame(HEADERS, END_HEADERS, 1, &block(SOCKET)), Answered),
        (
            "a protocol of a request that is no tunnel",
            "4 of RFC 8441",
            malformed(&[GET, &[(":protocol", "websocket")]].concat()),
            Stream,
        ),
        ("a protocol that nobody knows", "4 of RFC 8441", malformed(&[TUNNEL, &[(":protocol", "x")]].concat()), Stream),
        ("two protocols", "4 of RFC 8441", malformed(&[SOCKET, &[(":protocol", "websocket")]].concat()), Stream),
        ("a WebSocket of no host", "4 of RFC 8441", malformed(&[&SOCKET[..3], &SOCKET[4..]].concat()), Stream),
        ("a WebSocket of no path", "4 of RFC 8441", malformed(&[&SOCKET[..2], &SOCKET[3..]].concat()), Stream),
        ("a WebSocket of no scheme", "4 of RFC 8441", malformed(&[&SOCKET[..1], &SOCKET[2..]].concat()), Stream),
        ("a tunnel with a path", "8.5", malformed(TUNNEL), Stream),
        (
            "a WebSocket with a length",
            "5 of RFC 8441",
            malformed(&[SOCKET, &[("content-length", "5")]].concat()),
            Stream,
        ),
        (
            "a WebSocket with a length to come",
            "5 of RFC 8441",
            frame(HEADERS, END_HEADERS, 1, &block(&[SOCKET, &[("content-length", "5")]].concat())),
            Stream,
        ),
    ]
}

struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Client {
    fn connect(port: u16, root: &CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(root.clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let mut config =
            builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("shop.localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Self { stream: StreamOwned::new(connection, socket) }
    }

    /// Begins the connection, and says this on it.
    fn begin(&mut self, octets: &[u8]) {
        let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(SETTINGS, 0, 0, &[])[..]].concat();
        // A server that has heard enough may be gone before all is said.
        let _ = self.stream.write_all(&[&preface, octets].concat());
        let _ = self.stream.flush();
    }

    /// What comes of a case.
    fn send(mut self, octets: &[u8], expected: Outcome) -> Outcome {
        self.begin(&[octets, &frame(PING, 0, 0, MARK)].concat());
        let mut outcome = Outcome::Nothing;
        loop {
            let (kind, flags, payload) = match self.frame() {
                Ok(frame) => frame,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return outcome,
                Err(_) => return Outcome::Connection,
            };
            match kind {
                GOAWAY => return Outcome::Connection,
                HEADERS if is_ok(&payload) => outcome = Outcome::Answered,
                RST_STREAM | HEADERS => return Outcome::Stream,
                // Whatever ends the connection has done so before this comes; streams take their time.
                PING if flags & ACK != 0 && payload == MARK && expected == Outcome::Connection => return outcome,
                _ => {}
            }
            if outcome == Outcome::Answered && expected == Outcome::Answered {
                return outcome;
            }
        }
    }

    fn say(&mut self, octets: &[u8]) {
        self.stream.write_all(octets).unwrap();
        self.stream.flush().unwrap();
    }

    /// The next frame.
    fn frame(&mut self) -> std::io::Result<(u8, u8, Vec<u8>)> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
        self.stream.read_exact(&mut payload)?;
        Ok((head[3], head[4], payload))
    }
}

/// Whether an answer's status is 200, which has a place of its own in the table of headers (RFC 7541, appendix A).
fn is_ok(block: &[u8]) -> bool {
    // The size of the table may come first.
    block.iter().find(|octet| **octet & 0xE0 != 0x20) == Some(&0x88)
}

#[test]
fn what_must_be_refused_is_and_what_must_be_borne_is_answered() {
    let answers = Arc::new(AtomicBool::new(true));
    let is_to_answer = answers.clone();
    let back_end = BackEnd::new(move |_, mut stream| {
        // What is broken off in its head has no answer.
        let mut head = [0; 4096];
        let length = stream.read(&mut head).unwrap_or(0);
        let head = String::from_utf8_lossy(&head[..length]);
        let answer = match header(&head, "sec-websocket-key") {
            Some(_) => agreement(&head),
            None => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned(),
        };
        // Where a stream must come to an end, that must not be overtaken by its answer.
        if is_to_answer.load(Ordering::SeqCst) {
            let _ = stream.write_all(answer.as_bytes());
        }
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let world = SecureWorld::before(&back_end);
    let root = CertificateDer::from_pem_file(&world.root).unwrap();
    let wrong: Vec<String> = cases()
        .into_iter()
        .filter_map(|(what, section, octets, expected)| {
            answers.store(expected == Outcome::Answered, Ordering::SeqCst);
            let outcome = Client::connect(world.world.port, &root).send(&octets, expected);
            let is_right = outcome == expected || (expected == Outcome::Stream && outcome == Outcome::Connection);
            (!is_right).then(|| format!("{what} (§{section}): {outcome:?} instead of {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn who_has_not_begun_holds_up_nobody_who_leaves() {
    let back_end = BackEnd::new(|_, _| {});
    let (plain, secure) = (World::before(&back_end), SecureWorld::before(&back_end));
    let _silent = [plain.connect(), secure.world.connect()];
    let mut slow = plain.connect();
    slow.write_all(b"PRI * HTTP/2").unwrap();
    let root = CertificateDer::from_pem_file(&secure.root).unwrap();
    let _idle = Client::connect(secure.world.port, &root);
    for world in [&plain, &secure.world] {
        assert!(world.result(world.leave()));
    }
}

#[test]
fn a_proxy_that_leaves_says_so_ends_what_is_on_its_way_and_takes_no_more() {
    let (asked, was_asked) = mpsc::channel();
    let (gate, gated) = mpsc::channel::<()>();
    let gated = Mutex::new(gated);
    let back_end = BackEnd::new(move |_, mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        asked.send(()).unwrap();
        let _ = gated.lock().unwrap().recv();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    });
    let world = SecureWorld::before(&back_end);
    let root = CertificateDer::from_pem_file(&world.root).unwrap();
    let mut client = Client::connect(world.world.port, &root);
    client.begin(&get(1, &[]));
    was_asked.recv_timeout(Duration::from_secs(10)).unwrap();
    let leaving = world.world.leave();
    // It says so first, and then, once its ping is back, which stream is the last that it takes (RFC 9113 §6.8).
    let mut last = u32::MAX;
    while last != 1 {
        let (kind, flags, payload) = client.frame().unwrap();
        match kind {
            GOAWAY => last = u32::from_be_bytes(payload[..4].try_into().unwrap()),
            PING if flags & ACK == 0 => client.say(&frame(PING, ACK, 0, &payload)),
            _ => {}
        }
    }
    client.say(&get(3, &[]));
    gate.send(()).unwrap();
    let (mut heads, mut body) = (Vec::new(), Vec::new());
    while let Ok((kind, _, payload)) = client.frame() {
        match kind {
            HEADERS => heads.push(is_ok(&payload)),
            DATA => body.extend(payload),
            _ => {}
        }
    }
    assert_eq!((heads, body), (vec![true], b"hi".to_vec()), "the one that was on its way, whole, and no other");
    assert!(world.world.result(leaving), "the connection is over by itself");
    assert!(was_asked.try_recv().is_err(), "nobody asked the back end for the other");
}
