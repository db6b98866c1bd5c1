//! `paths`: beginnings of paths by which a service shares the name of its project, or another one, with other services.

use super::hosts;
use crate::fault::{Invalid, quoted};
use crate::reader::Reader;
use crate::tree::{Entry, Value};

/// The most that a service may have.
const MAX: usize = 32;
/// The longest, in octets.
const MAX_PATH: usize = 1024;

/// The beginning of a path at a host name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PathAt {
    /// The name, with `*.` before it for all names below it. Without: that of the project.
    pub host: Option<String>,
    /// Begins with a slash, and ends with none; `/` alone is every path.
    pub path: String,
}

/// One as a string, or several in an array.
pub(crate) fn read(reader: &mut Reader, entry: &Entry) -> Option<Vec<PathAt>> {
    let written: Vec<_> = match &entry.node.value {
        Value::Text(text) => vec![(text.as_str(), &entry.node)],
        Value::List(list) => reader.strings(&entry.key, list),
        _ => return reader.wrong_type(entry, "a path, or an array of paths"),
    };
    if let Some((_, first_too_many)) = written.get(MAX) {
        let message = format!("{} paths, at most {MAX} are allowed", written.len());
        reader.fault(first_too_many.place, Invalid::new(message, "one too many"));
    }
    let mut paths: Vec<PathAt> = Vec::new();
    for (text, node) in written.into_iter().take(MAX) {
        let path = reader.accept(node.place, check(text));
        paths.extend(path.filter(|path| !paths.contains(path)));
    }
    Some(paths)
}

/// `/path`, or `name.localhost/path`.
fn check(text: &str) -> Result<PathAt, Invalid> {
    let invalid = |label: &str| Invalid::new(format!("{} is not a path", quoted(text)), label.to_owned());
    let Some(start) = text.find('/') else {
        return Err(invalid("begins with no `/`").with_help("write it like `/api`, or `admin.shop.localhost/api`"));
    };
    let (host, path) = text.split_at(start);
    let host = if host.is_empty() { None } else { Some(hosts::check(host)?) };
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_octet = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&byte);
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_octet);
    if path.len() > MAX_PATH || !path.split('/').skip(1).all(is_segment) {
        return Err(invalid("each part has letters, digits, and what else paths hold unencoded"));
    }
    Ok(PathAt { host, path: if path.is_empty() { "/".to_owned() } else { path.to_owned() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stands_alone_or_after_a_host_name() {
        let found = |text: &str| check(text).map(|at| (at.host, at.path)).unwrap();
        assert_eq!(found("/api/"), (None, "/api".to_owned()));
        assert_eq!(found("/"), (None, "/".to_owned()));
        assert_eq!(found("Admin.shop.localhost/v1/x"), (Some("admin.shop.localhost".to_owned()), "/v1/x".to_owned()));
        assert_eq!(found("*.shop.localhost/api").0.as_deref(), Some("*.shop.localhost"));
    }

    #[test]
    fn what_no_request_could_begin_with_is_refused() {
        for bad in ["", "api", "/a//b", "/a b", "/a?b", "/ä", "/../a", "/./", "shop.dev/api", "shop.localhost", "/a//"]
        {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
