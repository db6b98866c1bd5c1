//! Beginnings of paths, by which services share a host name.

use std::fmt;
use std::str::FromStr;

/// The longest that is taken, in octets.
const MAX: usize = 1024;

/// The beginning of a path, in whole segments and as clients write it: `/api` is that of `/api`, `/api/` and `/api/users`, and not of
/// `/apis`. Nothing is decoded or resolved on either side. `/` is that of every path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPrefix(Box<str>);

/// A text that is no beginning of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the beginning of a path")]
pub struct PathError;

impl PathPrefix {
    /// The beginning of every path.
    pub fn root() -> Self {
        Self("".into())
    }

    /// Whether it is the beginning of every path.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Without a slash at its end: empty for the root.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What is left of `path` after it, beginning with a slash or empty; `None` if the path does not begin so.
    pub(crate) fn rest_of<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.0).filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl FromStr for PathPrefix {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let mut segments = path.split('/');
        // RFC 3986 §3.3: what a segment may hold.
        let is_octet = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&byte);
        let is_segment = |it: &str| !matches!(it, "" | "." | "..") && it.bytes().all(is_octet);
        let is_absolute = text.starts_with('/') && segments.next() == Some("");
        if is_absolute && text.len() <= MAX && segments.all(is_segment) {
            Ok(Self(path.into()))
        } else {
            Err(PathError)
        }
    }
}

impl fmt::Display for PathPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.is_root() { "/" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn whole_segments_begin_a_path() {
        let api: PathPrefix = "/api/".parse().unwrap();
        assert_eq!(api.to_string(), "/api");
        let rests = ["/api", "/api/", "/api/x//y", "/apis", "/", "/API", "/x/api"].map(|path| api.rest_of(path));
        assert_eq!(rests, [Some(""), Some("/"), Some("/x//y"), None, None, None, None]);
        let root: PathPrefix = "/".parse().unwrap();
        assert_eq!((root.is_root(), root.rest_of("/x"), root.to_string()), (true, Some("/x"), "/".to_owned()));
    }

    #[test]
    fn what_no_path_begins_with_is_refused() {
        let long = format!("/{}", "a".repeat(MAX));
        for text in ["", "api", "//", "/a//b", "/a?b", "/a#b", "/a b", "/ä", "/.", "/a/..", "/a//", &long] {
            assert_eq!(text.parse::<PathPrefix>(), Err(PathError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_begins_itself_and_leaves_a_path(text in "[/a.%?~]{0,12}", path in "/[/a.%~]{0,12}") {
            if let Ok(prefix) = text.parse::<PathPrefix>() {
                prop_assert_eq!(prefix.to_string().parse::<PathPrefix>(), Ok(prefix.clone()));
                prop_assert_eq!(prefix.rest_of(&prefix.to_string()).is_some(), true);
                if let Some(rest) = prefix.rest_of(&path) {
                    prop_assert_eq!(format!("{}{rest}", prefix.as_str()), path);
                }
            }
        }
    }
}
