//! Why a request is not answered by a back end: what happened, to whom, and what to do about it.

use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderMap, HeaderName};
use hyper::{Method, http::request::Parts};

use crate::route::Route;
use crate::target::Refusal;
use crate::upstream::DialError;

/// How a browser asks: to show a page, or for one that is shown (Fetch Metadata §2.2).
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Why a request is not answered by a back end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// What happened, in one line.
    pub(crate) title: String,
    /// Why.
    pub(crate) detail: String,
    /// What somebody can do about it.
    pub(crate) hint: String,
    /// Host names that would have led somewhere.
    pub(crate) hosts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Malformed,
    UnknownHost,
    Misdirected,
    Loop,
    /// It is on its way.
    Starting,
    /// It does not run.
    Down,
    /// It runs, and cannot be reached or makes no sense.
    Broken,
    /// This port is for TLS.
    NotSecure,
}

impl Failure {
    fn new(kind: Kind, title: impl Into<String>, detail: impl Into<String>) -> Self {
        let (title, detail) = (title.into(), detail.into());
        Self { kind, title, detail, hint: String::new(), hosts: Vec::new() }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    pub(crate) fn malformed(refusal: Refusal) -> Self {
        Self::new(Kind::Malformed, "This request is not passed on", refusal.to_string())
    }

    pub(crate) fn unknown_host(host: &str, hosts: Vec<String>) -> Self {
        let detail =
            if hosts.is_empty() { "No service that is up has this name." } else { "These names lead somewhere:" };
        let failure = Self::new(Kind::UnknownHost, format!("Nothing is called {host}"), detail)
            .hint("`locald up` in a project's folder starts it; `locald urls` says where its services are.");
        Self { hosts, ..failure }
    }

    /// A name that has something at these paths alone.
    pub(crate) fn unknown_path(host: &str, paths: Vec<String>) -> Self {
        let failure =
            Self::new(Kind::UnknownHost, format!("Nothing of {host} is at this path"), "These lead somewhere:");
        Self { hosts: paths, ..failure }
    }

    pub(crate) fn misdirected(host: &str) -> Self {
        let detail = format!("The certificate of this connection does not cover {host}.");
        Self::new(Kind::Misdirected, "This connection is for another name", detail)
    }

    pub(crate) fn looped(route: &Route) -> Self {
        let title = format!("Requests for {} go in a circle", route.home());
        Self::new(Kind::Loop, title, format!("`{}` sends them back here with the same Host header.", route.name()))
            .hint("If its development server has a proxy of its own, set `changeOrigin` there, or use the other service's port.")
    }

    pub(crate) fn starting(route: &Route, note: Option<&str>) -> Self {
        Self::new(Kind::Starting, format!("{} is starting", route.name()), note.unwrap_or_default())
            .hint(format!("`locald explain {}` says what it waits for.", route.word()))
    }

    /// It waits for a request, of somebody who may have it started.
    pub(crate) fn idle(route: &Route) -> Self {
        Self::down(route, "It waits for a request.", "Requests of its own user start it.")
    }

    pub(crate) fn down(route: &Route, reason: &str, hint: &str) -> Self {
        Self::new(Kind::Down, format!("{} does not run", route.name()), reason).hint(hint)
    }

    pub(crate) fn unreachable(route: &Route, error: &DialError) -> Self {
        let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
        Self::new(Kind::Broken, format!("{} cannot be reached", route.name()), format!("{error}{source}"))
            .hint(format!("`locald logs {}` shows what it printed.", route.word()))
    }

    pub(crate) fn broken(route: &Route, error: &hyper::Error) -> Self {
        let detail = if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            "It closed the connection before it had answered.".to_owned()
        } else if error.is_parse() {
            format!("What it sent is not an HTTP/1 answer: {error}.")
        } else {
            match std::error::Error::source(error) {
                Some(source) => format!("{error}: {source}"),
                None => error.to_string(),
            }
        };
        Self::new(Kind::Broken, format!("{} did not answer", route.name()), detail)
            .hint(format!("`locald logs {}` shows what it printed.", route.word()))
    }

    pub(crate) fn unasked_upgrade(route: &Route) -> Self {
        let detail = "It switched protocols without having been asked to.";
        Self::new(Kind::Broken, format!("{} made no sense", route.name()), detail)
    }

    pub(crate) fn no_websocket(route: &Route, detail: &str) -> Self {
        Self::new(Kind::Broken, format!("{} opened no WebSocket", route.name()), detail)
    }

    pub(crate) fn not_secure(url: &str) -> Self {
        Self::new(Kind::NotSecure, "This port speaks HTTPS", "The request came without TLS.").hint(format!("Ask {url}"))
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self.kind {
            Kind::Malformed | Kind::NotSecure => StatusCode::BAD_REQUEST,
            Kind::UnknownHost => StatusCode::NOT_FOUND,
            Kind::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Kind::Loop => StatusCode::LOOP_DETECTED,
            Kind::Starting | Kind::Down => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Broken => StatusCode::BAD_GATEWAY,
        }
    }
}

/// Whether a person looks at what comes back: a browser loads a page, and nothing that a page or a program asks for.
pub(crate) fn is_navigation(request: &Parts) -> bool {
    request.method == Method::GET
        && match request.headers.get(&FETCH_MODE) {
            Some(mode) => mode == "navigate",
            None => accepts_html(&request.headers),
        }
}

pub(crate) fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accept
        .flat_map(|value| value.split(','))
        .any(|item| item.split(';').next().is_some_and(|it| it.trim() == "text/html"))
}
