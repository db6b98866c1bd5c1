//! Nobody is hurried: what is silent stays, for as long as both ends want it. Time passes by tokio's clock, which the proxy knows alone.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use locald_proxy::Backend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time;

use crate::world::{Keeper, PATIENCE, proxy, ready};

/// How long everybody is silent.
const SILENCE: Duration = Duration::from_mins(10);

/// A client's connection to the proxy and, once something was sent over it, the back end's.
struct Pair {
    client: TcpStream,
    back_end: TcpStream,
    /// The proxy knows the back end for as long as this is there.
    _known: watch::Sender<Backend>,
}

impl Pair {
    /// Sends a first request; returns once the back end has all of it.
    async fn begin(request: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let known = watch::Sender::new(ready(listener.local_addr().unwrap().port()));
        let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = door.local_addr().unwrap().port();
        tokio::spawn(proxy(&known, PATIENCE, Arc::new(Keeper::default())).serve_http(door));
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let (mut back_end, _) = listener.accept().await.unwrap();
        hear(&mut back_end, request.rsplit_once("\r\n").unwrap().1).await;
        Self { client, back_end, _known: known }
    }

    async fn answers(&mut self, text: &str) {
        self.back_end.write_all(text.as_bytes()).await.unwrap();
        hear(&mut self.client, text.rsplit_once("\r\n").unwrap().1).await;
    }
}

/// Reads until a connection has said this; after a head, if it is nothing.
async fn hear(stream: &mut TcpStream, text: &str) {
    let end = format!("{}{text}", if text.is_empty() { "\r\n\r\n" } else { "" });
    let mut heard = Vec::new();
    while !heard.ends_with(end.as_bytes()) {
        heard.push(stream.read_u8().await.unwrap_or_else(|error| {
            panic!("{error}: no {end:?} in {}", String::from_utf8_lossy(&heard));
        }));
    }
}

/// Lets the time pass in which nobody says anything, so that whatever waits for any moment of it is due, and is done.
async fn be_silent() {
    time::pause();
    let steps = 600;
    for _ in 0..steps {
        time::advance(SILENCE / steps).await;
        tokio::task::yield_now().await;
    }
    time::resume();
}

#[tokio::test]
async fn a_websocket_over_which_nothing_is_said_stays_open() {
    let handshake = "GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut pair = Pair::begin(handshake).await;
    let accepted = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nfirst";
    pair.answers(accepted).await;
    be_silent().await;
    pair.client.write_all(b"still").await.unwrap();
    hear(&mut pair.back_end, "still").await;
    pair.back_end.write_all(b"here").await.unwrap();
    hear(&mut pair.client, "here").await;
}

#[tokio::test]
async fn an_answer_may_be_thought_about_and_may_pause() {
    let mut pair = Pair::begin("GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n").await;
    be_silent().await;
    pair.answers("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\none,").await;
    be_silent().await;
    pair.back_end.write_all(b"two.").await.unwrap();
    hear(&mut pair.client, "two.").await;
}

#[tokio::test]
async fn a_request_may_pause() {
    let mut pair = Pair::begin("POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 8\r\n\r\none,").await;
    be_silent().await;
    pair.client.write_all(b"two.").await.unwrap();
    hear(&mut pair.back_end, "two.").await;
    pair.answers("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
}
