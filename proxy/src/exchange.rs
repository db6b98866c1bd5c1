//! One request: for whom it is, to whom it goes, and what comes back.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::{COOKIE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::{Method, Request, Response, StatusCode, Uri, Version};

use crate::activity::Activity;
use crate::answer;
use crate::bridge::Unproven;
use crate::directory;
use crate::failure::{Failure, Kind, is_navigation};
use crate::headers::{self, Origin, Sequel};
use crate::host::HostName;
use crate::own;
use crate::path::PathPrefix;
use crate::proxy::Proxy;
use crate::reply::{Lease, Reply};
use crate::route::Route;
use crate::routes::Found;
use crate::slow::{Answer, Key};
use crate::target::{Refusal, Target, target};
use crate::upload::{Opener, Upload};
use crate::upstream::{Need, Speaker};
use crate::wait::{RECENT, Wait};
use crate::websocket;

/// The beginning of the path that a back end does not get.
const PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");

/// The connection that requests come over.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    pub(crate) origin: Origin,
    /// The name that its certificate was made for.
    pub(crate) certificate: Option<HostName>,
    /// It speaks no TLS, though its port is for that.
    pub(crate) lacks_tls: bool,
}

/// Answers a request, whatever comes of it.
pub(crate) async fn answer(proxy: &Proxy, request: Request<Incoming>, entrance: &Arc<Entrance>) -> Response<Reply> {
    let version = request.version();
    let (parts, body) = request.into_parts();
    let is_navigation = is_navigation(&parts);
    // Who wants a tunnel would take an answer of success for one.
    let is_grpc = parts.method != Method::CONNECT && headers::is_grpc(&parts.headers);
    let path = if is_navigation { path_of(&parts.uri).to_string() } else { String::new() };
    let request = Request::from_parts(parts, body);
    let mut response = match pass_on(proxy, request, entrance, is_navigation).await {
        Ok(response) => response,
        Err(failure) if is_grpc => answer::of_failure_to_grpc(&failure),
        Err(failure) => answer::of_failure(&failure, is_navigation.then_some(path.as_str())),
    };
    *response.version_mut() = version;
    response
}

/// Answers a request that is not even looked at.
pub(crate) fn refuse(request: Request<Incoming>, refusal: Refusal) -> Response<Reply> {
    let parts = request.into_parts().0;
    answer::of_failure(&Failure::malformed(refusal), is_navigation(&parts).then_some("/"))
}

async fn pass_on(
    proxy: &Proxy,
    mut request: Request<Incoming>,
    entrance: &Arc<Entrance>,
    is_navigation: bool,
) -> Answer {
    let websocket = websocket::Client::of(&mut request, proxy);
    let (mut parts, body) = request.into_parts();
    let target = target(&parts).map_err(Failure::malformed)?;
    if let Some(host) = &target.host
        && websocket.is_none()
        && directory::is_meant(host)
        && !proxy.routes().knows(host)
    {
        if entrance.certificate.as_ref().is_some_and(|certificate| !host.is_covered_by(certificate)) {
            return Err(Failure::misdirected(target.text()));
        }
        return directory::answer(proxy, &parts, &target, &entrance.origin);
    }
    let (route, prefix) = find(proxy, &target, entrance, &parts)?;
    if entrance.lacks_tls && websocket.is_none() {
        return to_https(&target, &parts, entrance.origin.proxy.port(), is_navigation);
    }
    if let Some(port) = route.secure_port()
        && !entrance.origin.is_secure
        && websocket.is_none()
    {
        return Ok(answer::redirect(&secure_url(&target, &parts, port)));
    }
    if own::is_own(parts.uri.path())
        && websocket.is_none()
        && let Some(response) = own::answer(&parts, &target, &route, &entrance.origin, proxy.slow())
    {
        return Ok(response);
    }
    let has_body = !body.is_end_stream();
    let patience = is_navigation.then(|| proxy.until_told());
    let key = match (&patience, &target.host) {
        (Some(_), Some(host)) if !has_body => Some(Key::new(host, &parts.uri, &parts.headers)),
        _ => None,
    };
    if let Some(key) = &key
        && let Some(answer) = proxy.slow().wait_on(key, proxy.until_told_of_an_answer()).await
    {
        return told(answer, &route, &entrance.origin);
    }
    let busy = route.activity().map(Activity::begin);
    let mut upload = Upload::new(body, route.activity().cloned());
    let waits_to_be_asked = has_body && parts.version == Version::HTTP_11 && parts.headers.contains_key(EXPECT);
    let sequel = Sequel { has_body, is_websocket: websocket.is_some() };
    headers::to_back_end(&mut parts.headers, &target.written, &entrance.origin, sequel)
        .map_err(|_| Failure::looped(&route))?;
    // What was asked for has been told by now.
    if let Some(host) = route.host_header() {
        parts.headers.insert(HOST, host.clone());
    }
    join_cookies(&mut parts.headers);
    parts.uri = path_of(&parts.uri);
    if route.is_stripped() {
        strip(&mut parts, &prefix);
    }
    parts.version = Version::HTTP_11;
    let opener = waits_to_be_asked.then(|| upload.wait());
    let mut outgoing = Request::from_parts(parts, upload);
    if let Some(opener) = opener.clone() {
        hyper::ext::on_informational(&mut outgoing, move |said| {
            if said.status() == StatusCode::CONTINUE {
                opener.open();
            }
        });
    }
    let wait = Wait::new(route.clone(), entrance.clone(), patience);
    let Some(key) = key else {
        let answer = send(route, outgoing, opener, wait, websocket).await;
        drop(busy);
        return answer;
    };
    let sending = send(route.clone(), outgoing, opener, wait, websocket);
    let answer = async move {
        let answer = sending.await;
        drop(busy);
        answer
    };
    let answer = proxy.slow().wait(key, proxy.until_told_of_an_answer(), answer).await;
    told(answer, &route, &entrance.origin)
}

/// What a person is told who has waited for an answer; `None`: it is not here yet.
fn told(answer: Option<Answer>, route: &Route, origin: &Origin) -> Answer {
    answer.unwrap_or_else(|| Err(Failure::slow(route))).map_err(|mut failure| {
        // Why it broke is mostly the last thing that it said.
        if failure.kind == Kind::Broken && origin.is_privy(route.operator()) {
            failure.printed = route.operator().last_lines().join("\n").into();
        }
        failure
    })
}

fn find(
    proxy: &Proxy,
    target: &Target,
    entrance: &Entrance,
    request: &Parts,
) -> Result<(Arc<Route>, PathPrefix), Failure> {
    let uri = &request.uri;
    let routes = proxy.routes();
    let Some(host) = target.host.as_ref().filter(|host| routes.knows(host)) else {
        // A page of another name that has been made to lead here must not learn what somebody works on, nor another user.
        let is_ours = target.host.as_ref().is_none_or(HostName::is_local) && proxy.trusts(&entrance.origin);
        let hosts = if is_ours { proxy.homes() } else { Vec::new() };
        return Err(Failure::unknown_host(target.text(), hosts));
    };
    if let Some(certificate) = &entrance.certificate
        && !host.is_covered_by(certificate)
    {
        return Err(Failure::misdirected(target.text()));
    }
    // What a page of ours asks for is meant for whoever the page was asked of, as long as nothing else is to be seen there.
    let is_shown = |found: &Found<'_, Arc<Route>>| {
        !found.value.is_ready() || own::key_of_page(request, target).is_some_and(|key| proxy.slow().has(&key))
    };
    let page = own::page(uri).and_then(|path| routes.find(host, path)).filter(is_shown);
    match page.or_else(|| routes.find(host, uri.path())) {
        Some(Found { prefix, value }) => Ok((value.clone(), prefix.clone())),
        None => Err(Failure::unknown_path(target.text(), proxy.paths(host))),
    }
}

/// Takes the beginning of the path away, and tells the back end of it.
fn strip(parts: &mut Parts, prefix: &PathPrefix) {
    // A page of ours may ask in the moment in which its back end has come.
    let Some(rest) = prefix.rest_of(parts.uri.path()).filter(|_| !prefix.is_root()) else { return };
    let slash = if rest.is_empty() { "/" } else { "" };
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // Both were part of a path that has been read.
    let told = (PathAndQuery::try_from(format!("{slash}{rest}{query}")), HeaderValue::from_str(&prefix.to_string()));
    if let (Ok(path), Ok(prefix)) = told {
        parts.uri = Uri::from(path);
        parts.headers.insert(PREFIX, prefix);
    }
}

/// Sends a request that came without TLS to where it would have come with it.
fn to_https(target: &Target, parts: &Parts, port: u16, is_navigation: bool) -> Result<Response<Reply>, Failure> {
    let url = secure_url(target, parts, port);
    if is_navigation || parts.method == Method::HEAD {
        Ok(answer::redirect(&url))
    } else {
        Err(Failure::not_secure(&url))
    }
}

fn secure_url(target: &Target, parts: &Parts, port: u16) -> String {
    let host = target.host.as_ref().map(ToString::to_string).unwrap_or_default();
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    format!("https://{host}{port}{}", path_of(&parts.uri))
}

async fn send(
    route: Arc<Route>,
    mut outgoing: Request<Upload>,
    opener: Option<Opener>,
    mut wait: Wait,
    websocket: Option<websocket::Client>,
) -> Answer {
    let is_replayable = is_replayable(&outgoing);
    let need = match &websocket {
        Some(_) => Need::WebSocket,
        None if headers::is_grpc(outgoing.headers()) => Need::Grpc,
        None => Need::Any,
    };
    let mut reuse = Some(if is_replayable { Duration::MAX } else { RECENT });
    let mut is_retry = false;
    loop {
        let (mut connection, upstream) = wait.connection(reuse, need).await?;
        let upload = outgoing.body().progress();
        let spare = (is_replayable && !is_retry).then(|| Spare::of(&outgoing));
        match connection.speaker.send(outgoing).await {
            Ok(response) => {
                if let Some(opener) = opener {
                    opener.close();
                }
                let lease = match connection.speaker {
                    Speaker::Line(line) => Some(Lease { line, upstream, upload }),
                    Speaker::Streams(_) => None,
                };
                return received(&route, response, lease, websocket);
            }
            Err(mut error) => {
                // What was never sent can be sent in any case.
                let again = error.take_message().or_else(|| spare.map(Spare::request)).filter(|_| !is_retry);
                let error = error.into_error();
                // Either the back end has closed a connection that was idle, or it is being replaced. Otherwise it may be the request
                // itself that it could not bear.
                match again {
                    Some(again) if !error.is_parse() && (connection.is_used || wait.is_replaced(&upstream).await) => {
                        (outgoing, reuse, is_retry) = (again, None, true);
                    }
                    _ => return Err(Failure::broken(&route, &error)),
                }
            }
        }
    }
}

fn received(
    route: &Route,
    mut response: Response<Incoming>,
    mut lease: Option<Lease>,
    websocket: Option<websocket::Client>,
) -> Answer {
    let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    headers::to_client(response.headers_mut(), is_upgrade);
    if let Some(lease) = &mut lease
        && (is_upgrade || !lease.upload.is_done())
    {
        // The body still goes its way, however slowly the answer is read.
        lease.line.detach();
    }
    if is_upgrade {
        let Some(client) = websocket else { return Err(Failure::unasked_upgrade(route)) };
        client.connect(&mut response, route.activity().cloned()).map_err(|Unproven| {
            Failure::no_websocket(route, "It switched protocols without proving that it had read why.")
        })?;
        return Ok(response.map(|_| Reply::empty()));
    }
    if response.status().is_success() && websocket.is_some_and(|client| client.takes_success_for_it()) {
        return Err(Failure::no_websocket(route, "It answered a request for a WebSocket with something else."));
    }
    Ok(response.map(|body| Reply::stream(body, lease, route.activity().cloned())))
}

/// Whether a request can be sent twice without anything happening twice (RFC 9110 §9.2.2), and is here whole.
fn is_replayable(request: &Request<Upload>) -> bool {
    request.body().is_end_stream()
        && matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE)
}

/// What is kept of a request without a body, to make it again.
struct Spare(Method, Uri, HeaderMap);

impl Spare {
    fn of(request: &Request<Upload>) -> Self {
        Self(request.method().clone(), request.uri().clone(), request.headers().clone())
    }

    fn request(self) -> Request<Upload> {
        let mut request = Request::new(Upload::none());
        (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (self.0, self.1, self.2);
        request
    }
}

/// The part of a URI that a back end gets (RFC 9112 §3.2.1).
fn path_of(uri: &Uri) -> Uri {
    uri.path_and_query().map_or_else(|| Uri::from_static("/"), |path| Uri::from(path.clone()))
}

/// HTTP/2 may send a cookie in pieces; HTTP/1.1 has one header for all (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    let pieces: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(whole) = HeaderValue::from_bytes(&pieces.join(&b"; "[..])) {
        headers.insert(COOKIE, whole);
    }
}
