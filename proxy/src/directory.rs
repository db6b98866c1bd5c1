//! The page of all routes, at a name of its own that no route has.

use hyper::http::request::Parts;
use hyper::{Method, Response};
use serde_json::{Value, json};

use crate::answer;
use crate::failure::{Failure, accepts_html};
use crate::headers::Origin;
use crate::host::HostName;
use crate::page;
use crate::proxy::Proxy;
use crate::reply::Reply;
use crate::route::{Backend, Route};
use crate::target::Target;

/// The name at which all routes are listed, unless a route has it.
pub const DIRECTORY: &str = "locald.localhost";

/// One route as it is listed.
pub(crate) struct Item {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) state: &'static str,
}

/// Whether the list is asked for.
pub(crate) fn is_meant(host: &HostName) -> bool {
    host.as_str() == DIRECTORY
}

/// The list, to its own user alone: it says what somebody works on.
pub(crate) fn answer(
    proxy: &Proxy,
    request: &Parts,
    target: &Target,
    origin: &Origin,
) -> Result<Response<Reply>, Failure> {
    let is_root = request.uri.path() == "/" && matches!(request.method, Method::GET | Method::HEAD);
    if !is_root || !proxy.trusts(origin) {
        return Err(Failure::unknown_host(target.text(), Vec::new()));
    }
    let mut items: Vec<Item> = proxy.all().iter().map(|route| item(route, origin)).collect();
    items.sort_by(|one, other| (&one.group, &one.name).cmp(&(&other.group, &other.name)));
    if accepts_html(&request.headers) {
        return Ok(answer::page(page::of_directory(&items)));
    }
    let items: Vec<Value> = items
        .iter()
        .map(
            |Item { group, name, url, state }| json!({ "project": group, "service": name, "url": url, "state": state }),
        )
        .collect();
    Ok(answer::json(&Value::from(items)))
}

fn item(route: &Route, origin: &Origin) -> Item {
    let url = route.shown_url().map_or_else(|| own_url(route, origin), str::to_owned);
    let state = match &*route.backend().borrow() {
        Backend::Ready(_) => "ready",
        Backend::Starting { .. } => "starting",
        Backend::Idle => "idle",
        Backend::Down { .. } => "down",
    };
    let (group, name) = (route.group().to_owned(), route.name().to_owned());
    Item { group, name, url: format!("{url}/"), state }
}

/// Where a route is for whoever came in by this connection.
fn own_url(route: &Route, origin: &Origin) -> String {
    let (scheme, usual) = if origin.is_secure { ("https", 443) } else { ("http", 80) };
    let port = origin.proxy.port();
    let port = if port == usual { String::new() } else { format!(":{port}") };
    format!("{scheme}://{}{port}", route.home())
}
