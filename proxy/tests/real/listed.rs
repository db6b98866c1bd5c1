//! The list of all routes, at the proxy's own name.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use locald_proxy::{Backend, DIRECTORY, HostName, Pattern, Route, Routes};

use crate::curl::curl;
use crate::world::{PATIENCE, World};

/// A proxy with a route that is shown at a URL of its own, and one of which nothing was said.
fn world() -> World {
    let world = World::with(Backend::Idle);
    let mut routes = Routes::default();
    for (name, url) in [("shop.localhost", None), ("blog.test", Some("https://blog.test:8443"))] {
        let home: HostName = name.parse().unwrap();
        let route =
            Route::new(name.to_owned(), home.clone(), world.backend.subscribe(), PATIENCE, world.keeper.clone());
        let route = route.of_group("all".to_owned()).shown_at(url.map(str::to_owned));
        routes.add(Pattern::Exact(home), Arc::new(route)).unwrap();
    }
    world.proxy.set_routes(routes);
    world
}

#[test]
fn routes_are_listed_where_they_are_to_be_shown_or_where_whoever_asks_came_in() {
    let world = world();
    let at = format!("http://{DIRECTORY}/");
    let own = format!("http://shop.localhost:{}/", world.port);
    let said = curl(&world, &["-H", "Accept: text/html", &at]);
    for link in ["https://blog.test:8443/", &own] {
        assert!(said.out.contains(&format!("<a href=\"{link}\">{link}</a> is idle")), "{link} in {said:?}");
    }
    let listed: serde_json::Value = serde_json::from_str(&curl(&world, &[&at]).out).unwrap();
    assert_eq!((&listed[0]["url"], &listed[1]["url"]), (&"https://blog.test:8443/".into(), &own.into()));
    world.keeper.distrusts.store(true, Ordering::SeqCst);
    let refused = curl(&world, &[&at]);
    assert!(!refused.out.contains("blog.test"), "{refused:?}");
}
