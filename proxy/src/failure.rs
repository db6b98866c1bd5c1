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
    /// The lines that the back end printed last, for somebody who may see them.
    pub(crate) printed: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Malformed,
    UnknownHost,
    Misdirected,
    Loop,
    /// It is on its way.
    Starting,
    /// It has the request, and no answer yet.
    Slow,
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
        Self { kind, title, detail, hint: String::new(), hosts: Vec::new(), printed: Box::default() }
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

    /// It thinks about the request, which goes on meanwhile.
    pub(crate) fn slow(route: &Route) -> Self {
        let detail = "Its answer is shown here as soon as it comes. Nothing is asked for twice.";
        Self::new(Kind::Slow, format!("{} has not answered yet", route.name()), detail)
            .hint(format!("`locald logs {}` shows what it prints.", route.word()))
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
            Kind::Starting | Kind::Slow | Kind::Down => StatusCode::SERVICE_UNAVAILABLE,
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

/// Whether HTML is named and nothing else is named that is liked better (RFC 9110 §12.5.1): no library for JSON sends that, and every
/// browser does.
pub(crate) fn accepts_html(headers: &HeaderMap) -> bool {
    let (mut html, mut other) = (0.0, 0.0_f32);
    let lists = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    // A list may have empty places (RFC 9110 §5.6.1.2).
    for item in lists.flat_map(|list| list.split(',')).filter(|item| !item.trim().is_empty()) {
        let mut parts = item.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default();
        let liked = if range.eq_ignore_ascii_case("text/html") { &mut html } else { &mut other };
        *liked = liked.max(weight(parts));
    }
    html > 0.0 && html >= other
}

/// How much something is liked, by its parameters (RFC 9110 §12.4.2). A weight that is none is as good as a refusal.
fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    let weight = parameters.find_map(|it| it.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("q")));
    let Some((_, weight)) = weight else { return 1.0 };
    weight.parse().ok().filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn accepts(lists: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for list in lists {
            headers.append(ACCEPT, list.parse().expect("a value"));
        }
        accepts_html(&headers)
    }

    #[test]
    fn html_is_for_who_names_it_and_names_nothing_that_is_liked_better() {
        let table: [(&[&str], bool); 18] = [
            (&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], true),
            (&["text/html, application/xhtml+xml, image/jxr, */*"], true),
            (&["text/html"], true),
            (&["Text/HTML ; Q=0.3 , */*;q=0.2"], true),
            (&["application/json;q=0.5", "text/html"], true),
            (&[" , text/html;q=0.5,, "], true),
            (&["text/html;level=1;q=0.4, text/html;q=0.7, */*;q=0.5"], true),
            (&["application/json, text/html;q=0.1"], false),
            (&["application/problem+json, text/html;q=0.9"], false),
            (&["*/*, text/html;q=0.9"], false),
            (&["text/html;q=0"], false),
            (&["text/html;q=0.000, application/json;q=0"], false),
            (&["text/html;q=2"], false),
            (&["text/html;q=NaN"], false),
            (&["text/*"], false),
            (&["*/*"], false),
            (&[""], false),
            (&[], false),
        ];
        for (lists, expected) in table {
            assert_eq!(accepts(lists), expected, "{lists:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_read(sent in proptest::collection::vec(any::<u8>(), 0..80), list in "[a-z/*;,=q0-9. \"-]{0,80}") {
            let mut headers = HeaderMap::new();
            for value in [sent.as_slice(), list.as_bytes()].map(HeaderValue::from_bytes).into_iter().flatten() {
                headers.append(ACCEPT, value);
            }
            accepts_html(&headers);
        }

        #[test]
        fn the_order_of_what_is_named_does_not_matter(html in 0..=1000_u16, json in 0..=1000_u16) {
            let named = [
                format!("text/html;q={:.3}", f32::from(html) / 1000.0),
                format!("application/json;q={:.3}", f32::from(json) / 1000.0),
            ];
            let expected = html > 0 && html >= json;
            prop_assert_eq!(accepts(&[&named.join(",")]), expected);
            prop_assert_eq!(accepts(&[&named[1], &named[0]]), expected);
        }
    }
}
