//! The table of routes: which of them a host name and a path belong to.

use std::collections::BTreeMap;

use crate::host::{HostName, Pattern, above};
use crate::path::PathPrefix;

/// Values by the names, and the beginnings of paths there, that lead to them.
#[derive(Debug, Clone)]
pub struct Routes<T> {
    exact: BTreeMap<HostName, Paths<T>>,
    below: BTreeMap<HostName, Paths<T>>,
}

/// What a name leads to. Of two beginnings of one path the longer one comes first.
#[derive(Debug, Clone)]
struct Paths<T>(Vec<(PathPrefix, T)>);

/// Where a name and a path lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a, T> {
    /// The beginning of the path by which it was found.
    pub prefix: &'a PathPrefix,
    /// What was found.
    pub value: &'a T,
}

/// A pattern, and a path there, that leads somewhere already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}{path}` is taken", path = if .1.is_root() { String::new() } else { .1.to_string() })]
pub struct Taken(pub Pattern, pub PathPrefix);

impl<T> Routes<T> {
    /// Adds a way to a value: all paths of a name.
    ///
    /// # Errors
    /// As [`Routes::add_at`].
    pub fn add(&mut self, pattern: Pattern, value: T) -> Result<(), Taken> {
        self.add_at(pattern, PathPrefix::root(), value)
    }

    /// Adds a way to a value: the paths of a name that begin so.
    ///
    /// # Errors
    /// It is taken; the value that has it keeps it.
    pub fn add_at(&mut self, pattern: Pattern, prefix: PathPrefix, value: T) -> Result<(), Taken> {
        let (names, name) = match &pattern {
            Pattern::Exact(name) => (&mut self.exact, name),
            Pattern::Below(name) => (&mut self.below, name),
        };
        let Paths(paths) = names.entry(name.clone()).or_insert_with(|| Paths(Vec::new()));
        if paths.iter().any(|(known, _)| *known == prefix) {
            return Err(Taken(pattern, prefix));
        }
        let place = paths.partition_point(|(known, _)| known.as_str().len() >= prefix.as_str().len());
        paths.insert(place, (prefix, value));
        Ok(())
    }

    /// Where a name and a path lead: by the name itself, else by the pattern that shares most labels with it; there by the longest
    /// beginning of the path. A name that has nothing for the path leaves it to the next.
    pub fn find(&self, host: &HostName, path: &str) -> Option<Found<'_, T>> {
        self.of(host).find_map(|paths| paths.find(path))
    }

    /// Whether any path of a name leads somewhere.
    pub fn knows(&self, host: &HostName) -> bool {
        self.of(host).next().is_some()
    }

    fn of(&self, host: &HostName) -> impl Iterator<Item = &Paths<T>> {
        let exact = self.exact.get(host.as_str());
        exact.into_iter().chain(above(host).filter_map(|name| self.below.get(name)))
    }

    /// All patterns with their paths and what they lead to, the exact ones first, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (Pattern, &PathPrefix, &T)> {
        let exact = self.exact.iter().map(|(name, paths)| (Pattern::Exact(name.clone()), paths));
        let all = exact.chain(self.below.iter().map(|(name, paths)| (Pattern::Below(name.clone()), paths)));
        all.flat_map(|(pattern, Paths(paths))| {
            paths.iter().map(move |(prefix, value)| (pattern.clone(), prefix, value))
        })
    }
}

impl<T> Paths<T> {
    fn find(&self, path: &str) -> Option<Found<'_, T>> {
        let (prefix, value) = self.0.iter().find(|(prefix, _)| prefix.rest_of(path).is_some())?;
        Some(Found { prefix, value })
    }
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self { exact: BTreeMap::new(), below: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn routes(patterns: &[&str]) -> Routes<String> {
        let mut routes = Routes::default();
        for pattern in patterns {
            routes.add(pattern.parse().unwrap(), (*pattern).to_owned()).unwrap();
        }
        routes
    }

    fn found<'a>(routes: &'a Routes<String>, host: &str) -> Option<&'a str> {
        found_at(routes, host, "/")
    }

    fn found_at<'a>(routes: &'a Routes<String>, host: &str, path: &str) -> Option<&'a str> {
        routes.find(&host.parse().unwrap(), path).map(|found| found.value.as_str())
    }

    #[test]
    fn the_longest_beginning_of_a_path_wins_and_other_paths_are_left_to_the_next_name() {
        let mut routes = routes(&["*.localhost"]);
        for (pattern, prefix) in
            [("shop.localhost", "/api"), ("shop.localhost", "/api/v2/users"), ("shop.localhost", "/api/v2")]
        {
            routes.add_at(pattern.parse().unwrap(), prefix.parse().unwrap(), prefix.to_owned()).unwrap();
        }
        for (path, leads) in [
            ("/api", "/api"),
            ("/api/x", "/api"),
            ("/api/v2/", "/api/v2"),
            ("/api/v2/users/1", "/api/v2/users"),
            ("/api/v2/usersx", "/api/v2"),
            ("/apis", "*.localhost"),
            ("/", "*.localhost"),
        ] {
            assert_eq!(found_at(&routes, "shop.localhost", path), Some(leads), "{path}");
        }
        let taken = routes.add_at("shop.localhost".parse().unwrap(), "/api/".parse().unwrap(), String::new());
        assert_eq!(taken.unwrap_err().to_string(), "`shop.localhost/api` is taken");
        assert!(routes.knows(&"shop.localhost".parse().unwrap()) && !routes.knows(&"localhost".parse().unwrap()));
    }

    #[test]
    fn the_exact_name_wins_and_then_the_nearest_wildcard() {
        let routes = routes(&["shop.localhost", "*.shop.localhost", "api.shop.localhost", "*.eu.shop.localhost"]);
        for (host, pattern) in [
            ("shop.localhost", Some("shop.localhost")),
            ("api.shop.localhost", Some("api.shop.localhost")),
            ("x.shop.localhost", Some("*.shop.localhost")),
            ("y.x.shop.localhost", Some("*.shop.localhost")),
            ("y.eu.shop.localhost", Some("*.eu.shop.localhost")),
            ("eu.shop.localhost", Some("*.shop.localhost")),
            ("xshop.localhost", None),
            ("localhost", None),
        ] {
            assert_eq!(found(&routes, host), pattern, "{host}");
        }
    }

    #[test]
    fn who_comes_first_keeps_a_name() {
        let mut routes = routes(&["shop.localhost"]);
        let taken = routes.add("Shop.localhost.".parse().unwrap(), "second".to_owned());
        assert_eq!(taken.unwrap_err().to_string(), "`shop.localhost` is taken");
        assert_eq!(found(&routes, "shop.localhost"), Some("shop.localhost"));
    }

    fn name() -> impl Strategy<Value = String> {
        proptest::collection::vec("[ab]", 1..5).prop_map(|labels| labels.join("."))
    }

    /// What `find` should say, by trying every pattern.
    fn model(patterns: &[(bool, String)], host: &str) -> Option<String> {
        let fits = |(wild, name): &&(bool, String)| match wild {
            false => name == host,
            true => host.ends_with(&format!(".{name}")),
        };
        let best = patterns.iter().filter(fits).max_by_key(|(wild, name)| (!wild, name.len()))?;
        Some(if best.0 { format!("*.{}", best.1) } else { best.1.clone() })
    }

    proptest! {
        #[test]
        fn looking_up_agrees_with_trying_every_pattern(
            patterns in proptest::collection::vec((any::<bool>(), name()), 0..8), host in name(),
        ) {
            let mut routes = Routes::default();
            for (wild, name) in &patterns {
                let text = if *wild { format!("*.{name}") } else { name.clone() };
                let _ = routes.add(text.parse().unwrap(), text.clone());
            }
            prop_assert_eq!(found(&routes, &host).map(str::to_owned), model(&patterns, &host));
        }
    }
}
