//! What a client gets in place of an answer: a page for a person who looks, JSON for everybody else (RFC 9457).

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::failure::{Failure, Kind};
use crate::page;
use crate::reply::Reply;

/// Marks what comes from the proxy itself and not from a back end.
pub(crate) const MARK: HeaderName = HeaderName::from_static("x-locald");

/// What is said of a failure.
pub(crate) fn of_failure(failure: &Failure, is_navigation: bool) -> Response<Reply> {
    let (text, kind) = if is_navigation {
        (page::of_failure(failure), "text/html; charset=utf-8")
    } else {
        (problem(failure), "application/problem+json")
    };
    let mut response = Response::new(Reply::text(text));
    *response.status_mut() = failure.status();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept, sec-fetch-mode"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY));
    headers.insert(MARK, HeaderValue::from_static(word(failure.kind)));
    if failure.kind == Kind::Starting {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
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
        Kind::Down => "down",
        Kind::Broken => "broken",
        Kind::NotSecure => "not-secure",
    }
}
