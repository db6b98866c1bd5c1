//! The headers of a request as the back end gets them, and of an answer as the client gets them.

use std::net::SocketAddr;
use std::sync::OnceLock;

use hyper::Request;
use hyper::body::Body;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue,
    STRICT_TRANSPORT_SECURITY, TE, TRANSFER_ENCODING, UPGRADE,
};

use crate::limits::MAX_HOPS;
use crate::route::Operator;

/// Counts how often a request has come through this proxy.
const HOPS: HeaderName = HeaderName::from_static("x-locald-hops");

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PORT: HeaderName = HeaderName::from_static("x-forwarded-port");

/// How the hops are counted.
const COUNTS: [&str; MAX_HOPS as usize] = ["1", "2", "3", "4", "5"];

/// What belongs to one connection and not to the message (RFC 9110 §7.6.1).
const OF_CONNECTION: [HeaderName; 6] = [CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, TE, TRANSFER_ENCODING, UPGRADE];

/// How the requests of a connection reach this proxy.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) client: SocketAddr,
    /// The address of ours that it came to.
    pub(crate) proxy: SocketAddr,
    pub(crate) is_secure: bool,
    /// What the client says of where a request comes from is believed: it is a proxy itself.
    is_trusted: bool,
    /// The same for back ends, written once for all requests.
    client_text: HeaderValue,
    port_text: HeaderValue,
    /// Set once the client is known to be one who may see what there is: a connection does not change hands.
    is_privy: OnceLock<()>,
}

impl Origin {
    pub(crate) fn new(client: SocketAddr, proxy: SocketAddr, is_trusted: bool) -> Self {
        let client_text = value(&client.ip().to_canonical().to_string());
        let (port_text, is_privy) = (proxy.port().into(), OnceLock::new());
        Self { client, proxy, is_secure: false, is_trusted, client_text, port_text, is_privy }
    }

    /// Whether the client may see what there is.
    pub(crate) fn is_privy(&self, operator: &dyn Operator) -> bool {
        if self.is_privy.get().is_none() && operator.trusts(self.client, self.proxy) {
            let _ = self.is_privy.set(());
        }
        self.is_privy.get().is_some()
    }
}

/// The request has come through here too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loop;

/// Whether a request asks for its connection to become a WebSocket (RFC 6455 §4.2.1). Nothing else is upgraded: what a back end
/// would make of another protocol, nobody could tell the requests of.
pub(crate) fn asks_for_websocket(headers: &HeaderMap) -> bool {
    lists(headers, &CONNECTION, "upgrade") && lists(headers, &UPGRADE, "websocket")
}

/// Whether a message is one of gRPC, of whatever encoding.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    // `application/grpc-web` is asked for by pages, over any version of HTTP.
    kind.strip_prefix(b"application/grpc").is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// What follows the head of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sequel {
    pub(crate) has_body: bool,
    /// Its connection is to become a WebSocket.
    pub(crate) is_websocket: bool,
}

/// Makes the headers of a request those that the back end gets. `host`: whom it is for, as it was written.
///
/// # Errors
/// It has been here too often.
pub(crate) fn to_back_end(
    headers: &mut HeaderMap,
    host: &HeaderValue,
    origin: &Origin,
    sequel: Sequel,
) -> Result<(), Loop> {
    let hops = headers.get(&HOPS).and_then(|hops| hops.to_str().ok()?.parse::<u8>().ok()).unwrap_or(0);
    if hops >= MAX_HOPS {
        return Err(Loop);
    }
    let takes_trailers = lists(headers, &TE, "trailers");
    cut_hop_by_hop(headers);
    headers.reserve(6);
    say_whence(headers, host, origin);
    if headers.get(HOST) != Some(host) {
        headers.insert(HOST, host.clone());
    }
    headers.insert(HOPS, HeaderValue::from_static(COUNTS[usize::from(hops)]));
    if sequel.is_websocket {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    } else if takes_trailers {
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if !sequel.has_body {
        headers.remove(EXPECT);
    } else if !headers.contains_key(CONTENT_LENGTH) {
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    Ok(())
}

/// Says how a request of HTTP/1.1 is framed, and what its client takes, where other versions need not.
pub(crate) fn frame(request: &mut Request<impl Body>) {
    let has_body = !request.body().is_end_stream();
    let headers = request.headers_mut();
    if headers.contains_key(TE) {
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    if has_body && !headers.contains_key(CONTENT_LENGTH) {
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// Makes the headers of an answer those that the client gets.
pub(crate) fn to_client(headers: &mut HeaderMap, is_upgrade: bool) {
    let protocol = headers.get(UPGRADE).cloned().filter(|_| is_upgrade);
    cut_hop_by_hop(headers);
    // A browser that once believed it would refuse plain HTTP on this name for months, whoever has the name by then.
    headers.remove(STRICT_TRANSPORT_SECURITY);
    if let Some(protocol) = protocol {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, protocol);
    }
}

/// Tells where a request came from. Who is not trusted to have told the truth is not believed anything; who is has its own address
/// added to what it says.
fn say_whence(headers: &mut HeaderMap, host: &HeaderValue, origin: &Origin) {
    let scheme = HeaderValue::from_static(if origin.is_secure { "https" } else { "http" });
    if !origin.is_trusted {
        let told: Vec<HeaderName> = headers.keys().filter(|name| is_forwarded(name)).cloned().collect();
        for name in &told {
            headers.remove(name);
        }
    }
    let mut chain: Vec<&[u8]> = headers.get_all(FOR).iter().map(HeaderValue::as_bytes).collect();
    let client = if chain.is_empty() {
        origin.client_text.clone()
    } else {
        chain.push(origin.client_text.as_bytes());
        // Texts of headers make one again.
        HeaderValue::from_bytes(&chain.join(&b", "[..])).unwrap_or_else(|_| origin.client_text.clone())
    };
    headers.insert(FOR, client);
    headers.entry(PROTO).or_insert(scheme);
    headers.entry(FORWARDED_HOST).or_insert_with(|| host.clone());
    headers.entry(PORT).or_insert_with(|| origin.port_text.clone());
}

fn cut_hop_by_hop(headers: &mut HeaderMap) {
    // Most messages have none of these, which names tell sooner than their hashes.
    if !headers.keys().any(|name| OF_CONNECTION.contains(name)) {
        return;
    }
    let listed: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in listed.iter().chain(&OF_CONNECTION) {
        headers.remove(name);
    }
}

/// Whether a header says where a request came from. Back ends that hand headers on as variables (RFC 3875 §4.1.18) tell `_` from `-` no
/// more.
fn is_forwarded(name: &HeaderName) -> bool {
    let is_like = |name: &[u8], word: &str| {
        let folded = name.iter().map(|&byte| if byte == b'_' { b'-' } else { byte });
        folded.eq(word.bytes())
    };
    let (name, begin) = (name.as_str().as_bytes(), "x-forwarded-");
    *name == *FORWARDED.as_str().as_bytes()
        || is_like(name, "x-real-ip")
        || name.get(..begin.len()).is_some_and(|name| is_like(name, begin))
}

/// Whether a header that is a list holds a word, in whatever case.
fn lists(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    // A weight or a version may follow the word.
    values.flat_map(|value| value.split(',')).any(|item| {
        let item = item.split(';').next().unwrap_or_default();
        item.trim().eq_ignore_ascii_case(word)
    })
}

fn value(text: &str) -> HeaderValue {
    // Both come from a header, or are an address.
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Sequel = Sequel { has_body: false, is_websocket: false };

    fn origin() -> Origin {
        Origin { is_secure: true, ..Origin::new(([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 8443).into(), false) }
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        headers
    }

    fn forwarded(pairs: &[(&str, &str)], has_body: bool) -> Vec<String> {
        forwarded_from(&origin(), pairs, has_body)
    }

    fn forwarded_from(origin: &Origin, pairs: &[(&str, &str)], has_body: bool) -> Vec<String> {
        let mut headers = headers(pairs);
        let sequel = Sequel { has_body, is_websocket: asks_for_websocket(&headers) };
        to_back_end(&mut headers, &HeaderValue::from_static("shop.localhost:8443"), origin, sequel).unwrap();
        let mut lines: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        lines
    }

    #[test]
    fn what_a_client_says_of_itself_is_replaced_and_never_added_to() {
        let lines = forwarded(
            &[
                ("x-forwarded-for", "6.6.6.6"),
                ("X-Forwarded-Proto", "http"),
                ("x-forwarded-prefix", "/x"),
                ("forwarded", "for=6.6.6.6"),
                ("x-real-ip", "6.6.6.6"),
                ("X_Forwarded_For", "6.6.6.6"),
                ("x_real-ip", "6.6.6.6"),
                ("cookie", "a=b"),
            ],
            false,
        );
        assert_eq!(
            lines,
            [
                "cookie: a=b",
                "host: shop.localhost:8443",
                "x-forwarded-for: 127.0.0.1",
                "x-forwarded-host: shop.localhost:8443",
                "x-forwarded-port: 8443",
                "x-forwarded-proto: https",
                "x-locald-hops: 1",
            ]
        );
    }

    #[test]
    fn a_trusted_proxy_in_front_is_believed_and_named_after_what_it_says() {
        let origin = Origin { is_trusted: true, ..origin() };
        let said = [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-for", "198.51.100.1"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "shop.example"),
        ];
        assert_eq!(
            forwarded_from(&origin, &said, false),
            [
                "host: shop.localhost:8443",
                "x-forwarded-for: 203.0.113.7, 198.51.100.1, 127.0.0.1",
                "x-forwarded-host: shop.example",
                "x-forwarded-port: 8443",
                "x-forwarded-proto: http",
                "x-locald-hops: 1",
            ]
        );
        // Who says nothing is told of like anybody.
        assert_eq!(forwarded_from(&origin, &[], false), forwarded(&[], false));
    }

    #[test]
    fn what_belongs_to_the_connection_is_cut_with_all_that_it_lists() {
        let lines = forwarded(
            &[
                ("connection", "Keep-Alive, X-Secret"),
                ("connection", "close"),
                ("keep-alive", "timeout=5"),
                ("x-secret", "1"),
                ("proxy-connection", "close"),
                ("upgrade", "h2c"),
                ("te", "gzip, trailers"),
                ("transfer-encoding", "chunked"),
            ],
            true,
        );
        assert!(lines.contains(&"transfer-encoding: chunked".to_owned()), "a body of unknown length: {lines:?}");
        assert!(
            lines.contains(&"te: trailers".to_owned()) && lines.contains(&"connection: te".to_owned()),
            "{lines:?}"
        );
        for cut in ["keep-alive:", "x-secret:", "proxy-connection:", "upgrade:"] {
            assert!(!lines.iter().any(|line| line.starts_with(cut)), "{cut} in {lines:?}");
        }
    }

    #[test]
    fn a_websocket_is_asked_for_in_any_case_and_among_other_words() {
        assert!(asks_for_websocket(&headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")])));
        assert!(!asks_for_websocket(&headers(&[("connection", "keep-alive"), ("upgrade", "websocket")])));
        assert!(!asks_for_websocket(&headers(&[("connection", "upgrade"), ("upgrade", "h2c")])));
    }

    #[test]
    fn a_request_that_comes_back_too_often_is_a_loop() {
        let mut headers = HeaderMap::new();
        for _ in 0..MAX_HOPS {
            to_back_end(&mut headers, &HeaderValue::from_static("a"), &origin(), PLAIN).unwrap();
        }
        assert_eq!(to_back_end(&mut headers, &HeaderValue::from_static("a"), &origin(), PLAIN), Err(Loop));
    }

    #[test]
    fn an_answer_forgets_strict_transport_and_keeps_its_upgrade() {
        let mut answer =
            headers(&[("strict-transport-security", "max-age=9"), ("connection", "x-a"), ("x-a", "1"), ("b", "2")]);
        to_client(&mut answer, false);
        assert_eq!(answer, headers(&[("b", "2")]));
        let mut answer = headers(&[("connection", "Upgrade"), ("upgrade", "websocket")]);
        to_client(&mut answer, true);
        assert_eq!(answer, headers(&[("connection", "upgrade"), ("upgrade", "websocket")]));
    }

    proptest! {
        #[test]
        fn no_list_makes_a_request_lose_its_host_or_its_framing(listed in "[a-zA-Z,; -]{0,60}", has_body in any::<bool>()) {
            let mut it = headers(&[("host", "x"), ("content-length", "3")]);
            if let Ok(value) = listed.parse() { it.append(CONNECTION, value); }
            it.append(CONNECTION, HeaderValue::from_static("host, content-length, x-forwarded-for"));
            let sequel = Sequel { has_body, is_websocket: asks_for_websocket(&it) };
            to_back_end(&mut it, &HeaderValue::from_static("shop.localhost"), &origin(), sequel).unwrap();
            prop_assert_eq!(it.get(HOST).unwrap(), "shop.localhost");
            prop_assert_eq!(it.get(FOR).unwrap(), "127.0.0.1");
            prop_assert_eq!(it.contains_key(TRANSFER_ENCODING), has_body);
        }
    }
}
