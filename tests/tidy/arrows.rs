//! Which crate may know which, and how much each may bring with it.

use crate::repository::{members, read, tree};

/// Each crate, and the crates of ours that it may know. Arrows point down and never back.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "locald",
        &[
            "locald-api",
            "locald-config",
            "locald-helper",
            "locald-keeper",
            "locald-machine",
            "locald-panes",
            "locald-runtime",
        ],
    ),
    ("locald-panes", &["locald-api"]),
    (
        "locald-runtime",
        &["locald-api", "locald-config", "locald-keeper", "locald-machine", "locald-proxy", "locald-term"],
    ),
    ("locald-api", &[]),
    ("locald-config", &[]),
    ("locald-helper", &[]),
    ("locald-keeper", &[]),
    ("locald-machine", &[]),
    ("locald-proxy", &[]),
    ("locald-term", &[]),
    ("fake-service", &[]),
    ("xtask", &[]),
];

/// The most crates that each may link, ours included. A number is raised by whoever can say what for.
const BUDGETS: &[(&str, usize)] = &[
    ("locald-helper", 5),
    ("locald-term", 24),
    // Of these, 10 are Unicode's tables for host names.
    ("locald-config", 44),
    ("locald-keeper", 28),
    ("locald-machine", 38),
    ("locald-api", 38),
    ("locald-proxy", 66),
    ("locald-runtime", 125),
    ("locald-panes", 100),
    ("locald", 181),
];

const ASYNC_RUNTIMES: &[&str] = &["tokio", "async-std", "smol", "async-io", "futures-executor", "mio"];

#[test]
fn arrows_between_crates_point_down() {
    let members = members();
    for member in &members {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == member.name) else {
            panic!("the crate {} has no place in the map of arrows", member.name);
        };
        let ours = member.dependencies.iter().filter(|dependency| dependency.is_ours && !dependency.is_dev);
        for dependency in ours {
            assert!(allowed.contains(&&*dependency.name), "{} must not know {}", member.name, dependency.name);
        }
    }
    for (name, _) in ARROWS {
        assert!(*name == "fake-service" || members.iter().any(|member| member.name == *name), "{name} is gone");
    }
}

#[test]
fn tests_look_no_further_up_than_the_code_does() {
    for member in members() {
        let up = ["locald", "locald-panes", "locald-runtime"];
        let dev = member.dependencies.iter().filter(|dependency| dependency.is_ours && dependency.is_dev);
        for dependency in dev.filter(|_| member.name != "locald") {
            assert!(!up.contains(&&*dependency.name), "tests of {} must not know {}", member.name, dependency.name);
        }
    }
}

#[test]
fn neither_the_workspace_nor_the_terminal_links_the_daemon() {
    for name in ["locald-panes", "locald-term"] {
        let tree = tree(name);
        for daemon in ["locald-runtime", "locald-keeper", "locald-config"] {
            assert!(!tree.iter().any(|found| found == daemon), "{name} links {daemon}");
        }
    }
}

#[test]
fn the_keeper_has_no_async_runtime_and_the_terminal_no_operating_system() {
    let keeper = tree("locald-keeper");
    assert!(keeper.iter().any(|name| name == "rustix"), "the tree is not read: {keeper:?}");
    for name in ASYNC_RUNTIMES {
        assert!(!keeper.iter().any(|found| found == name), "the keeper links {name}");
    }
    for name in ["tokio", "rustix", "libc", "portable-pty"] {
        assert!(!tree("locald-term").iter().any(|found| found == name), "the terminal links {name}");
    }
}

#[test]
fn no_crate_brings_more_with_it_than_its_budget() {
    for (name, budget) in BUDGETS {
        let tree = tree(name);
        assert!(tree.len() <= *budget, "{name} takes {} crates, {budget} are allowed: {tree:?}", tree.len());
    }
}

#[test]
fn every_dependency_has_its_reason_and_every_reason_its_dependency() {
    let page = read("docs/design/dependencies.md");
    let mut used: Vec<String> = members()
        .into_iter()
        .flat_map(|member| member.dependencies)
        .filter(|dependency| !dependency.is_ours)
        .map(|dependency| dependency.name)
        .collect();
    used.sort();
    used.dedup();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let mut reasons: Vec<String> = rows.map(|(name, _)| name.to_owned()).collect();
    reasons.sort();
    assert_eq!(reasons, used, "left: the rows of docs/design/dependencies.md; right: the dependencies");
}
