//! A WebSocket that is asked for over HTTP/2 (RFC 8441). Back ends know WebSockets by HTTP/1.1 (RFC 6455), so the request becomes one of
//! that, and the answer one of HTTP/2. What is said afterwards is the same octets in both.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::header::{CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::{Method, Request, Response, StatusCode, Version};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// What every server of WebSockets adds to a key (RFC 6455 §1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What of the handshake is between the proxy and the back end alone.
const OF_HTTP1: [HeaderName; 3] = [CONNECTION, UPGRADE, SEC_WEBSOCKET_ACCEPT];

/// What shows that a back end has read the handshake (RFC 6455 §4.1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proof(String);

/// The back end did not show that it has read the handshake.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unproven;

/// Whether a request asks for a WebSocket as HTTP/2 does.
pub(crate) fn is_asked_for(request: &Request<Incoming>) -> bool {
    request.version() == Version::HTTP_2
        && request.method() == Method::CONNECT
        && request.extensions().get::<Protocol>().is_some_and(|protocol| protocol.as_str() == "websocket")
}

/// Makes such a request one of HTTP/1.1; returns what a back end that agrees must answer with.
pub(crate) fn ask(request: &mut Request<Incoming>) -> Proof {
    let mut nonce = [0; 16];
    // It guards against caches and confusion (RFC 6455 §10.3), neither of which is between us and a back end: one that can be guessed
    // does no harm.
    let _ = SystemRandom::new().fill(&mut nonce);
    let key = BASE64_STANDARD.encode(nonce);
    let proof = Proof::of(&key);
    *request.method_mut() = Method::GET;
    let headers = request.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(key) = key.parse() {
        headers.insert(SEC_WEBSOCKET_KEY, key);
    }
    proof
}

impl Proof {
    fn of(key: &str) -> Self {
        Self(BASE64_STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes())))
    }

    /// Makes the answer of a back end that has agreed one of HTTP/2 (RFC 8441 §5): subprotocol and extensions are as they were agreed on.
    pub(crate) fn answer<B>(&self, response: &mut Response<B>) -> Result<(), Unproven> {
        if response.headers().get(SEC_WEBSOCKET_ACCEPT).is_none_or(|told| told != self.0.as_str()) {
            return Err(Unproven);
        }
        *response.status_mut() = StatusCode::OK;
        for name in &OF_HTTP1 {
            response.headers_mut().remove(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_back_end_proves_that_it_has_read_a_key_as_the_rfc_shows() {
        let proof = Proof::of("dGhlIHNhbXBsZSBub25jZQ==");
        let answer = |accept: &str| {
            let agreed = Response::builder().status(101).header("connection", "upgrade").header("upgrade", "websocket");
            let agreed = agreed.header("sec-websocket-accept", accept).header("sec-websocket-protocol", "chat");
            agreed.body(()).unwrap()
        };
        let mut agreed = answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(proof.answer(&mut agreed), Ok(()));
        assert_eq!((agreed.status(), agreed.headers().len()), (StatusCode::OK, 1));
        assert_eq!(agreed.headers()["sec-websocket-protocol"], "chat");
        assert_eq!(proof.answer(&mut answer("s3pPLMBiTxaQ9kYGzzhZRbK+xOO=")), Err(Unproven));
        assert_eq!(proof.answer(&mut Response::new(())), Err(Unproven));
    }
}
