//! What pages of the proxy ask for, at paths below a service's own name. These are the proxy's only while the back end is not there, and
//! while who asks waits for an answer that takes long: a back end that answers has all paths to itself.

use hyper::header::{HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode, Uri};
use serde_json::json;

use crate::answer;
use crate::failure::{Failure, Kind};
use crate::headers::Origin;
use crate::reply::Reply;
use crate::route::{Backend, Route};
use crate::slow::{Key, Progress, Slow};
use crate::target::Target;

/// Tells how the back end is, and what it has printed.
pub(crate) const STATE: &str = "/.well-known/locald/state";
/// Starts the back end, and leads back to the path that is named in the query.
pub(crate) const START: &str = "/.well-known/locald/start";

/// The answer to what a page of ours asks for while there is nothing else to be seen; `None` if there is, or nothing of that is asked
/// for.
pub(crate) fn answer(
    request: &Parts,
    target: &Target,
    route: &Route,
    origin: &Origin,
    slow: &Slow,
) -> Option<Response<Reply>> {
    let now = route.backend().borrow().clone();
    let failure = match now {
        Backend::Ready(_) => match slow.progress(&key_of_page(request, target)?)? {
            Progress::OnItsWay => Failure::slow(route),
            // What has no state is news to the page.
            Progress::Here => return (request.uri.path() == STATE).then(|| Response::new(Reply::empty())),
        },
        Backend::Starting { note } => Failure::starting(route, note.as_deref()),
        Backend::Idle => Failure::idle(route),
        Backend::Down { reason, hint } => Failure::down(route, &reason, &hint),
    };
    match request.uri.path() {
        STATE if request.method == Method::GET => Some(state(route, origin, &failure)),
        START if failure.kind == Kind::Slow => None,
        START if request.method == Method::POST => Some(start(request, target, route, origin)),
        _ => None,
    }
}

/// The path whose page asks, as the query says it: as it stands, since it was taken from a URI.
pub(crate) fn back(uri: &Uri) -> Option<&str> {
    uri.query().and_then(|query| query.strip_prefix("to=")).filter(|path| is_path(path))
}

/// The path of the page that asks, if this is one of the two paths. A page that says nothing of it is at the root.
pub(crate) fn page(uri: &Uri) -> Option<&str> {
    let to = back(uri).unwrap_or("/");
    is_own(uri.path()).then(|| to.split_once('?').map_or(to, |(path, _)| path))
}

/// Whether a path is one of the two.
pub(crate) fn is_own(path: &str) -> bool {
    path == STATE || path == START
}

/// What whoever shows the page that asks has asked for.
pub(crate) fn key_of_page(request: &Parts, target: &Target) -> Option<Key> {
    let page = back(&request.uri).unwrap_or("/").parse().ok()?;
    Some(Key::new(target.host.as_ref()?, &page, &request.headers))
}

fn state(route: &Route, origin: &Origin, failure: &Failure) -> Response<Reply> {
    let lines = if origin.is_privy(route.operator()) { route.operator().last_lines() } else { Vec::new() };
    let state = match failure.kind {
        Kind::Starting => "starting",
        Kind::Slow => "slow",
        _ => "down",
    };
    answer::json(&json!({ "state": state, "title": failure.title, "detail": failure.detail, "lines": lines }))
}

fn start(request: &Parts, target: &Target, route: &Route, origin: &Origin) -> Response<Reply> {
    // Neither a page of another origin nor another user of this machine starts anything.
    if !is_same_origin(request, target, origin) || !origin.is_privy(route.operator()) {
        let mut refused = Response::new(Reply::empty());
        *refused.status_mut() = StatusCode::FORBIDDEN;
        return refused;
    }
    route.operator().start();
    answer::see_other(back(&request.uri).unwrap_or("/"))
}

/// Whether a request was made by a page of the very name that it is for (RFC 6454 §7). One that says nothing of that was not made by a
/// page.
fn is_same_origin(request: &Parts, target: &Target, origin: &Origin) -> bool {
    let scheme = if origin.is_secure { "https" } else { "http" };
    let own = format!("{scheme}://{}", target.text());
    let says = |name| request.headers.get(name).map(HeaderValue::as_bytes);
    says(ORIGIN.as_str()).is_some_and(|said| said.eq_ignore_ascii_case(own.as_bytes()))
        && says("sec-fetch-site").is_none_or(|site| site == b"same-origin")
}

/// Whether a text is a path of this origin, and not the beginning of another one's URL.
fn is_path(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_the_same_origin_is_led_back_to() {
        for path in ["/", "/a?b=c&d", "/a//b"] {
            assert!(is_path(path), "{path}");
        }
        for other in ["", "//evil.localhost", "/\\evil.localhost", "https://evil.localhost", "a"] {
            assert!(!is_path(other), "{other}");
        }
    }
}
