//! What a client gets in place of an answer: a page for a person who looks, JSON for everybody else (RFC 9457).

use std::fmt::Write;

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::failure::{Failure, Kind};
use crate::page;
use crate::reply::Reply;

/// Marks what comes from the proxy itself and not from a back end.
pub(crate) const MARK: HeaderName = HeaderName::from_static("x-locald");

/// How a call of gRPC ended, and why.
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Marks the state of a back end that is not there; its own answers never have it.
const STATE: HeaderName = HeaderName::from_static("x-locald-state");

const HTML: &str = "text/html; charset=utf-8";

/// What is said of a failure. `page_at`: a person looks, and asked for this path.
pub(crate) fn of_failure(failure: &Failure, page_at: Option<&str>) -> Response<Reply> {
    let (text, kind) = match page_at {
        Some(path) => (page::of_failure(failure, path), HTML),
        None => (problem(failure), "application/problem+json"),
    };
    let mut response = uncached(text, kind);
    *response.status_mut() = failure.status();
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept, sec-fetch-mode"));
    protect(headers);
    headers.insert(MARK, HeaderValue::from_static(word(failure.kind)));
    if matches!(failure.kind, Kind::Starting | Kind::Slow) {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// What is said of a failure to a client of gRPC: a status without a message before it ("Trailers-Only" of gRPC over HTTP/2).
pub(crate) fn of_failure_to_grpc(failure: &Failure) -> Response<Reply> {
    let mut response = Response::new(Reply::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(GRPC_STATUS, HeaderValue::from_static(grpc_status(failure.kind)));
    let parts = [failure.title.as_str(), failure.detail.as_str()].into_iter().filter(|part| !part.is_empty());
    if let Ok(message) = HeaderValue::from_str(&escaped(&parts.collect::<Vec<_>>().join(". "))) {
        headers.insert(GRPC_MESSAGE, message);
    }
    headers.insert(MARK, HeaderValue::from_static(word(failure.kind)));
    // Another connection may do, which only the status of HTTP says.
    if failure.kind == Kind::Misdirected {
        *response.status_mut() = failure.status();
    }
    response
}

/// The status that clients would make of ours by themselves ("HTTP to gRPC Status Code Mapping").
fn grpc_status(kind: Kind) -> &'static str {
    match kind {
        Kind::Malformed | Kind::NotSecure => "13",
        Kind::UnknownHost => "12",
        Kind::Loop => "2",
        Kind::Misdirected | Kind::Starting | Kind::Slow | Kind::Down | Kind::Broken => "14",
    }
}

/// A text as `grpc-message` takes it: what is not printable ASCII, and `%`, is escaped.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut escaped, byte| {
        match byte {
            b' '..=b'~' if byte != b'%' => escaped.push(char::from(byte)),
            _ => {
                // Writing to a string does not fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
        escaped
    })
}

/// A page that is no failure's.
pub(crate) fn page(text: String) -> Response<Reply> {
    let mut response = uncached(text, HTML);
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept"));
    protect(headers);
    headers.insert(MARK, HeaderValue::from_static("directory"));
    response
}

/// How a back end is, for a page that shows it.
pub(crate) fn json(state: &serde_json::Value) -> Response<Reply> {
    let mut response = uncached(state.to_string(), "application/json");
    response.headers_mut().insert(STATE, HeaderValue::from_static("1"));
    response
}

/// A text of this media type that is true for now alone.
fn uncached(text: String, kind: &'static str) -> Response<Reply> {
    let mut response = Response::new(Reply::text(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Lets a page load and tell others nothing but what is its own.
fn protect(headers: &mut HeaderMap) {
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CONTENT_SECURITY_POLICY, page::policy());
}

/// Another page of the same origin, to be asked for by GET.
pub(crate) fn see_other(path: &str) -> Response<Reply> {
    let mut response = Response::new(Reply::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    // It was part of a URI.
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, path);
    }
    response
}

/// The same request, elsewhere.
pub(crate) fn redirect(url: &str) -> Response<Reply> {
    let mut response = Response::new(Reply::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    // It was made of a host name and a path that were read as such.
    if let Ok(url) = HeaderValue::from_str(url) {
        response.headers_mut().insert(LOCATION, url);
    }
    // Whoever takes HTTPS away again must not find it remembered.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn problem(failure: &Failure) -> String {
    let mut problem = json!({
        "type": "about:blank",
        "title": failure.title,
        "status": failure.status().as_u16(),
        "kind": word(failure.kind),
    });
    for (name, text) in [("detail", &failure.detail), ("hint", &failure.hint)] {
        if !text.is_empty() {
            problem[name] = json!(text);
        }
    }
    if failure.kind == Kind::UnknownHost {
        problem["hosts"] = json!(failure.hosts);
    }
    format!("{problem}\n")
}

/// The kind of a failure as programs are told of it.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Malformed => "malformed",
        Kind::UnknownHost => "unknown-host",
        Kind::Misdirected => "misdirected",
        Kind::Loop => "loop",
        Kind::Starting => "starting",
        Kind::Slow => "slow",
        Kind::Down => "down",
        Kind::Broken => "broken",
        Kind::NotSecure => "not-secure",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_grpc_is_printable_ascii() {
        assert_eq!(escaped("100% of “it”\n"), "100%25 of %E2%80%9Cit%E2%80%9D%0A");
    }
}
