//! Dependencies between services, as a `locald.toml` says them.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use crate::manifest::parse_manifest;
use crate::settings::depends_on::Condition::{self, Completed, CompletedOk, Healthy, Started};
use crate::{Faults, Project};

fn parse(text: &str) -> Result<Project, Faults> {
    parse_manifest(Path::new("locald.toml"), text, Path::new("/src/shop"))
}

/// A service for each line `name: its other keys`.
fn services(lines: &[(&str, &str)]) -> String {
    let tables: Vec<String> =
        lines.iter().map(|(name, keys)| format!("[services.{name}]\ncommand = 'x'\n{keys}\n")).collect();
    tables.concat()
}

fn faults(lines: &[(&str, &str)]) -> String {
    parse(&services(lines)).unwrap_err().render(false)
}

#[test]
fn a_condition_that_is_not_said_is_as_much_as_can_be_known() {
    let text = services(&[
        ("db", "port = 5432"),
        ("plain", ""),
        ("watcher", "type = 'worker'"),
        ("queue", "type = 'worker'\nhealth.notify = true"),
        ("quiet", "health = false"),
        ("web", "depends_on = ['db', 'plain', 'watcher', 'queue', 'quiet']"),
    ]);
    let project = parse(&text).unwrap();
    let web = project.service("web").unwrap();
    let conditions: Vec<(&str, Condition)> = web.depends_on.iter().map(|it| (it.on.as_str(), it.condition)).collect();
    let expected = [("db", Healthy), ("plain", Healthy), ("watcher", Started), ("queue", Healthy), ("quiet", Started)];
    assert_eq!(conditions, expected);
    assert!(web.depends_on.iter().all(|it| it.timeout.is_none()));
}

#[test]
fn a_table_says_how_far_and_how_long() {
    let text = services(&[
        ("db", ""),
        ("migrate", ""),
        ("seed", ""),
        (
            "web",
            "[services.web.depends_on]\ndb = { condition = 'started' }\nmigrate = { condition = 'completed_ok', timeout = '60s' }\nseed.condition = 'completed'",
        ),
    ]);
    let project = parse(&text).unwrap();
    let found: Vec<_> = project.services[3].depends_on.iter().map(|it| (it.condition, it.timeout)).collect();
    assert_eq!(found, [(Started, None), (CompletedOk, Some(Duration::from_mins(1))), (Completed, None)]);
}

#[test]
fn a_name_that_no_service_has_is_answered_with_the_nearest() {
    insta::assert_snapshot!(faults(&[("postgres", ""), ("web", "depends_on = ['postgress', 'redis']")]), @"
    error: service `web` depends on `postgress`, which is not defined
      ╭▸ locald.toml:6:15
      │
    6 │ depends_on = ['postgress', 'redis']
      │               ━━━━━━━━━━━ not a service of this project
      │
      ╰ help: did you mean `postgres`?

    error: service `web` depends on `redis`, which is not defined
      ╭▸ locald.toml:6:28
      │
    6 │ depends_on = ['postgress', 'redis']
      ╰╴                           ━━━━━━━ not a service of this project
    ");
}

#[test]
fn a_circle_is_named_from_end_to_end() {
    let lines = [
        ("a", "depends_on = ['b']"),
        ("b", "depends_on.c = {}"),
        ("c", "depends_on = ['a']"),
        ("d", "depends_on = ['d', 'a']"),
    ];
    insta::assert_snapshot!(faults(&lines), @"
    error: services wait for each other: a -> b -> c -> a
      ╭▸ locald.toml:9:15
      │
    9 │ depends_on = ['a']
      ╰╴              ━━━ closes the circle

    error: service `d` depends on itself
       ╭▸ locald.toml:12:15
       │
    12 │ depends_on = ['d', 'a']
       ╰╴              ━━━ itself
    ");
}

#[test]
fn a_dependency_on_a_service_with_faults_is_not_a_second_fault() {
    let text = services(&[("db", "port = 'x'"), ("web", "depends_on = ['db']")])
        + "[services.b]\n[services.c]\ncommand = 'x'\ndepends_on = ['b']";
    let messages: Vec<String> = parse(&text).unwrap_err().iter().map(|it| it.message.clone()).collect();
    assert_eq!(messages, ["`port`: expected a whole number, found a string", "service `b` has no `command`"]);
}

#[test]
fn a_chain_of_a_thousand_is_no_circle_and_a_circle_of_a_thousand_is_told_briefly() {
    let chain = |last: &str| {
        let link = |n: usize| format!("[services.s{n}]\ncommand = 'x'\ndepends_on = ['s{}']\n", n + 1);
        (0..999).map(link).collect::<Vec<_>>().concat() + &format!("[services.s999]\ncommand = 'x'\n{last}\n")
    };
    assert_eq!(parse(&chain("")).unwrap().services.len(), 1000);
    let faults = parse(&chain("depends_on = ['s0']")).unwrap_err();
    assert_eq!(faults.as_slice().len(), 1);
    assert!(faults.as_slice()[0].message.len() < 200, "{faults}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn only_graphs_without_circles_pass(edges in prop::collection::vec((0usize..8, 0usize..8), 0..14)) {
        let mut text = String::new();
        for from in 0..8 {
            let mut on: Vec<String> = edges.iter().filter(|edge| edge.0 == from).map(|edge| format!("'s{}'", edge.1)).collect();
            on.sort();
            on.dedup();
            writeln!(text, "[services.s{from}]\ncommand = 'x'\ndepends_on = [{}]", on.join(", ")).unwrap();
        }
        // Kahn's way: whoever waits for nobody is taken away, until nobody is left or all that are left wait.
        let mut left: Vec<usize> = (0..8).collect();
        while let Some(free) = left.iter().position(|node| !edges.iter().any(|edge| edge.0 == *node && left.contains(&edge.1))) {
            left.remove(free);
        }
        prop_assert_eq!(parse(&text).is_ok(), left.is_empty(), "{}", text);
    }
}
