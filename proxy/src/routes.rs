//! The table of routes: which of them a host name belongs to.

use std::collections::BTreeMap;

use crate::host::{HostName, Pattern, above};

/// Values by the names that lead to them.
#[derive(Debug, Clone)]
pub struct Routes<T> {
    exact: BTreeMap<HostName, T>,
    below: BTreeMap<HostName, T>,
}

/// A pattern that leads somewhere already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is taken")]
pub struct Taken(pub Pattern);

impl<T> Routes<T> {
    /// Adds a way to a value.
    ///
    /// # Errors
    /// The pattern is taken; the one that has it keeps it.
    pub fn add(&mut self, pattern: Pattern, value: T) -> Result<(), Taken> {
        let (names, name) = match &pattern {
            Pattern::Exact(name) => (&mut self.exact, name),
            Pattern::Below(name) => (&mut self.below, name),
        };
        if names.contains_key(name.as_str()) {
            return Err(Taken(pattern));
        }
        names.insert(name.clone(), value);
        Ok(())
    }

    /// Where a name leads: by itself, else by the pattern that shares most labels with it.
    pub fn find(&self, host: &HostName) -> Option<&T> {
        self.exact.get(host.as_str()).or_else(|| above(host).find_map(|name| self.below.get(name)))
    }

    /// All patterns and what they lead to, the exact ones first, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (Pattern, &T)> {
        let exact = self.exact.iter().map(|(name, value)| (Pattern::Exact(name.clone()), value));
        exact.chain(self.below.iter().map(|(name, value)| (Pattern::Below(name.clone()), value)))
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
        routes.find(&host.parse().unwrap()).map(String::as_str)
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
