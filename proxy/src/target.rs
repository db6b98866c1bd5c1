//! For whom a request is, and whether it says so in one way only. What can be read in two ways is refused: two programs that read it
//! differently could be played against each other.

use hyper::header::{HOST, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Method, Version};

use crate::host::HostName;

/// For whom a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// As it was written, for the back end.
    pub(crate) written: HeaderValue,
    /// As it is looked up; `None` for an address, which no route has.
    pub(crate) host: Option<HostName>,
}

/// Why a request is refused before anybody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the request names no host")]
    NoHost,
    #[error("the request has more than one Host header")]
    ManyHosts,
    #[error("the request's target and its Host header name different hosts")]
    TwoHosts,
    #[error("the Host header is not a host")]
    BadHost,
    #[error("tunnels are not opened here")]
    Tunnel,
    #[error("the request is framed in two ways at once")]
    TwoLengths,
}

/// Reads for whom a request is (RFC 9112 §3.2, RFC 9113 §8.3.1).
pub(crate) fn target(request: &Parts) -> Result<Target, Refusal> {
    if request.method == Method::CONNECT {
        return Err(Refusal::Tunnel);
    }
    let header = host_header(&request.headers)?;
    let authority = request.uri.authority();
    let written = match (authority, header) {
        (Some(authority), Some(header)) if !is_same(authority, header) => return Err(Refusal::TwoHosts),
        // Absolute form needs a Host header too (RFC 9112 §3.2.2).
        (Some(_), None) if request.version < Version::HTTP_2 => return Err(Refusal::NoHost),
        (_, Some(header)) => header.clone(),
        (Some(authority), None) => HeaderValue::from_str(authority.as_str()).map_err(|_| Refusal::BadHost)?,
        (None, None) => return Err(Refusal::NoHost),
    };
    let text = text(&written)?;
    if text.contains('@') {
        return Err(Refusal::BadHost);
    }
    let host = match HostName::of_authority(text) {
        Ok((host, _)) => Some(host),
        Err(_) if text.starts_with('[') && text.parse::<Authority>().is_ok() => None,
        Err(_) => return Err(Refusal::BadHost),
    };
    Ok(Target { written, host })
}

impl Target {
    /// Whom it is for, as it was written.
    pub(crate) fn text(&self) -> &str {
        // It was read as text.
        self.written.to_str().unwrap_or_default()
    }
}

fn text(host: &HeaderValue) -> Result<&str, Refusal> {
    host.to_str().map_err(|_| Refusal::BadHost)
}

fn host_header(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Refusal> {
    let mut all = headers.get_all(HOST).iter();
    let Some(first) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(Refusal::ManyHosts);
    }
    Ok(Some(first))
}

fn is_same(authority: &Authority, header: &HeaderValue) -> bool {
    authority.as_str().as_bytes().eq_ignore_ascii_case(header.as_bytes())
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn of(uri: &str, version: Version, hosts: &[&str]) -> Result<String, Refusal> {
        let mut request = Request::builder().uri(uri).version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let found = target(&request.body(()).unwrap().into_parts().0)?;
        Ok(found.host.map_or_else(|| "an address".to_owned(), |host| host.to_string()))
    }

    #[test]
    fn one_way_of_naming_the_host_is_taken_and_two_that_differ_are_refused() {
        let (h1, h2) = (Version::HTTP_11, Version::HTTP_2);
        let shop = Ok("shop.localhost".to_owned());
        assert_eq!(of("/", h1, &["Shop.localhost:80"]), shop);
        assert_eq!(of("http://shop.localhost/x", h1, &["shop.LOCALHOST"]), shop);
        assert_eq!(of("https://shop.localhost/x", h2, &[]), shop);
        assert_eq!(of("https://shop.localhost/x", h2, &["shop.localhost"]), shop);
        assert_eq!(of("/", h1, &["[::1]:80"]), Ok("an address".to_owned()));
        assert_eq!(of("/", h1, &[]), Err(Refusal::NoHost));
        assert_eq!(of("http://shop.localhost/x", h1, &[]), Err(Refusal::NoHost));
        assert_eq!(of("/", h1, &["a.localhost", "b.localhost"]), Err(Refusal::ManyHosts));
        assert_eq!(of("/", h1, &["a.localhost", "a.localhost"]), Err(Refusal::ManyHosts));
        assert_eq!(of("http://a.localhost/", h1, &["b.localhost"]), Err(Refusal::TwoHosts));
        assert_eq!(of("https://a.localhost/", h2, &["b.localhost"]), Err(Refusal::TwoHosts));
        for bad in ["", "a b", "u@a.localhost", "a..b", "a.localhost:x", "a/b", "a,b"] {
            assert_eq!(of("/", h1, &[bad]), Err(Refusal::BadHost), "{bad}");
        }
    }

    #[test]
    fn no_tunnel_is_opened() {
        let request =
            Request::builder().method(Method::CONNECT).uri("shop.localhost:443").header(HOST, "shop.localhost");
        assert_eq!(target(&request.body(()).unwrap().into_parts().0), Err(Refusal::Tunnel));
    }
}
