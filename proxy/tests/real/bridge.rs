//! WebSockets over HTTP/2 (RFC 8441), of back ends that know HTTP/1.1 alone.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::ext::Protocol;
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::back_end::{BackEnd, head, header};
use crate::world::{PATIENCE, SecureWorld};

/// A client of HTTP/2, connected.
struct Client(SendRequest<Nothing>);

/// A body of nothing.
struct Nothing;

impl Body for Nothing {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}

impl Client {
    async fn of(world: &SecureWorld) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&world.root).unwrap()).unwrap();
        let provider = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let mut config =
            provider.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, world.world.port)).await.unwrap();
        let name = ServerName::try_from("shop.localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        let (mut sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender.ready().await.unwrap();
        let mut client = Self(sender);
        // An answer comes after the settings, which say that WebSockets may be asked for.
        client
            .0
            .send_request(Request::get("https://shop.localhost/.well-known/locald/state").body(Nothing).unwrap())
            .await
            .unwrap();
        client
    }

    async fn ask(&mut self, protocol: &'static str, path: &str) -> hyper::Result<Response<Incoming>> {
        let request = Request::builder().method(Method::CONNECT).uri(format!("https://shop.localhost{path}"));
        let request = request.extension(Protocol::from_static(protocol)).header("sec-websocket-version", "13");
        let request = request.header("sec-websocket-protocol", "one, two").header("origin", "https://shop.localhost");
        timeout(PATIENCE, self.0.send_request(request.body(Nothing).unwrap())).await.unwrap()
    }

    async fn open(&mut self) -> TokioIo<Upgraded> {
        let answer = self.ask("websocket", "/socket?x").await.unwrap();
        let told = answer.headers();
        assert_eq!((answer.status().as_u16(), &told["sec-websocket-protocol"]), (200, &"two".parse().unwrap()));
        for name in ["connection", "upgrade", "sec-websocket-accept"] {
            assert!(!told.contains_key(name), "{told:?}");
        }
        TokioIo::new(hyper::upgrade::on(answer).await.unwrap())
    }
}

/// Does this beside the proxy, which has a runtime of its own.
fn as_a_client(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

/// The answer of a back end that agrees to this handshake.
pub(crate) fn agreement(head: &str) -> String {
    let key = header(head, "sec-websocket-key").unwrap().to_owned() + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let proof = digest(&SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let proof = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, proof);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n\
         Sec-WebSocket-Protocol: two\r\n\r\n"
    )
}

/// A back end that agrees and then gives the connection to `then`; what else it is asked, it answers with nothing.
fn agreeing(then: impl Fn(TcpStream) + Send + Sync + 'static) -> BackEnd {
    agreeing_as("shop.localhost", then)
}

/// One that is addressed by this name.
fn agreeing_as(host: &'static str, then: impl Fn(TcpStream) + Send + Sync + 'static) -> BackEnd {
    BackEnd::new(move |_, mut stream| {
        let mut asked = head(&mut stream);
        if asked.contains("/.well-known/") {
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
            asked = head(&mut stream);
        }
        assert!(asked.starts_with("GET /socket?x HTTP/1.1\r\n"), "{asked}");
        for (name, value) in [
            ("host", host),
            ("x-forwarded-host", "shop.localhost"),
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-protocol", "one, two"),
            ("origin", "https://shop.localhost"),
            ("x-forwarded-proto", "https"),
        ] {
            assert_eq!(header(&asked, name), Some(value), "{asked}");
        }
        stream.write_all(agreement(&asked).as_bytes()).unwrap();
        then(stream);
    })
}

#[test]
fn ten_megabytes_come_back_as_they_were_beside_other_sockets() {
    let back_end = agreeing(|mut stream| {
        let mut echo = stream.try_clone().unwrap();
        let _ = std::io::copy(&mut stream, &mut echo);
        let _ = echo.shutdown(Shutdown::Write);
    });
    let world = SecureWorld::before(&back_end);
    as_a_client(async {
        let mut client = Client::of(&world).await;
        let mut silent = client.open().await;
        let sent: Vec<u8> =
            (0..10_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let (mut reading, mut writing) = tokio::io::split(client.open().await);
        let copy = sent.clone();
        let writer = tokio::spawn(async move {
            writing.write_all(&copy).await.unwrap();
            // Half of it is closed; the other half has still everything to say.
            writing.shutdown().await.unwrap();
        });
        let mut back = Vec::new();
        timeout(PATIENCE, reading.read_to_end(&mut back)).await.unwrap().unwrap();
        writer.await.unwrap();
        assert!(back == sent, "{} of {} octets", back.len(), sent.len());
        silent.write_all(b"still").await.unwrap();
        let mut heard = [0; 5];
        timeout(PATIENCE, silent.read_exact(&mut heard)).await.unwrap().unwrap();
        assert_eq!(&heard, b"still");
    });
}

#[test]
fn a_handshake_is_addressed_as_requests_are() {
    let back_end = agreeing_as("localhost:3000", drop);
    let world = SecureWorld::before(&back_end);
    world.world.address_as("localhost", Some(3000));
    as_a_client(async {
        Client::of(&world).await.open().await;
    });
}

#[test]
fn either_end_hears_of_the_end_of_the_other() {
    let (gone, told) = mpsc::channel();
    let back_end = agreeing(move |mut stream| {
        let mut first = [0];
        let count = stream.read(&mut first).unwrap_or(0);
        // By one word it is told to go first.
        let _ = gone.send((count, first[0]));
    });
    let world = SecureWorld::before(&back_end);
    as_a_client(async {
        let mut client = Client::of(&world).await;
        let mut socket = client.open().await;
        socket.write_all(b"g").await.unwrap();
        assert_eq!(timeout(PATIENCE, socket.read(&mut [0])).await.unwrap().unwrap(), 0);
        assert_eq!(told.recv_timeout(PATIENCE), Ok((1, b'g')));
        let socket = client.open().await;
        drop(socket);
        let heard = tokio::task::spawn_blocking(move || told.recv_timeout(PATIENCE)).await.unwrap();
        assert_eq!(heard, Ok((0, 0)));
    });
}

#[test]
fn what_is_no_agreement_opens_nothing() {
    for (says, status) in [
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403),
        ("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 302),
        // A client would take this for a socket.
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 502),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 502),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
            502,
        ),
    ] {
        let back_end = BackEnd::new(move |_, mut stream| {
            head(&mut stream);
            let _ = stream.write_all(says.as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let world = SecureWorld::before(&back_end);
        as_a_client(async {
            let mut client = Client::of(&world).await;
            assert_eq!(client.ask("websocket", "/").await.unwrap().status().as_u16(), status, "{says}");
            assert_eq!(
                client.ask("websocket", "/.well-known/locald/state").await.unwrap().status().as_u16(),
                status,
                "{says}"
            );
            assert_eq!(client.ask("connect-udp", "/").await.unwrap().status().as_u16(), 400);
        });
    }
}

#[test]
fn a_socket_holds_up_nobody_who_is_to_go() {
    let back_end = agreeing(|mut stream| drop(stream.read(&mut [0])));
    let world = SecureWorld::before(&back_end);
    as_a_client(async {
        let mut client = Client::of(&world).await;
        let mut socket = client.open().await;
        let proxy = world.world.proxy.clone();
        let all_gone = tokio::spawn(async move { proxy.leave(PATIENCE).await });
        assert!(matches!(timeout(PATIENCE, socket.read(&mut [0])).await.unwrap(), Ok(0) | Err(_)));
        assert!(
            timeout(PATIENCE + Duration::from_secs(1), all_gone).await.unwrap().unwrap(),
            "without waiting for the socket"
        );
    });
}
