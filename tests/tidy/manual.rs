//! The manual holds together: links lead somewhere, every page can be reached, and what it quotes from files is in them.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use regex::Regex;

use crate::repository::{files, files_with, read, root};

/// A link in a page: where it leads, and to which heading there.
struct Link {
    target: String,
    heading: Option<String>,
}

fn links(text: &str) -> Vec<Link> {
    let pattern = Regex::new(r"\]\(([^)\s]+)\)").expect("a pattern");
    let targets = pattern.captures_iter(text).map(|found| found[1].to_owned());
    targets
        .filter(|target| !target.contains("://"))
        .map(|target| match target.split_once('#') {
            Some((target, heading)) => Link { target: target.to_owned(), heading: Some(heading.to_owned()) },
            None => Link { target, heading: None },
        })
        .collect()
}

/// A heading as links name it: lower case, blanks as hyphens, nothing but letters, digits, hyphens and underscores.
fn slug(heading: &str) -> String {
    let kept = heading.trim().to_lowercase().replace(' ', "-");
    kept.chars().filter(|ch| ch.is_alphanumeric() || matches!(ch, '-' | '_')).collect()
}

fn headings(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| Some(slug(line.strip_prefix('#')?.trim_start_matches('#')))).collect()
}

/// The file that a link in `page` leads to, by its path from the root.
fn resolve(page: &Path, target: &str) -> PathBuf {
    if target.is_empty() {
        return page.to_path_buf();
    }
    let mut path = page.parent().map(Path::to_path_buf).unwrap_or_default();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

#[test]
fn every_link_leads_somewhere() {
    for page in files_with("md") {
        for Link { target, heading } in links(&read(&page)) {
            let found = resolve(&page, &target);
            assert!(root().join(&found).exists(), "{}: {target} leads nowhere", page.display());
            if let Some(heading) = heading {
                let known = headings(&read(&found));
                assert!(known.contains(&heading), "{}: {target} has no heading #{heading}", page.display());
            }
        }
    }
}

#[test]
fn every_page_of_the_manual_can_be_reached_from_its_index() {
    let index = PathBuf::from("docs/index.md");
    let (mut reached, mut open) = (BTreeSet::from([index.clone()]), vec![index]);
    while let Some(page) = open.pop() {
        for link in links(&read(&page)) {
            let found = resolve(&page, &link.target);
            if found.extension().is_some_and(|extension| extension == "md") && reached.insert(found.clone()) {
                open.push(found);
            }
        }
    }
    for page in files_with("md").into_iter().filter(|page| page.starts_with("docs")) {
        assert!(reached.contains(&page), "{} cannot be reached from docs/index.md", page.display());
    }
}

#[test]
fn every_file_that_a_page_names_in_code_is_there() {
    let pattern =
        Regex::new(r"`((?:src|panes|runtime|tests|xtask|examples|docs)/[A-Za-z0-9_./-]*)`").expect("a pattern");
    let known = files();
    for page in files_with("md") {
        for found in pattern.captures_iter(&read(&page)) {
            let named = Path::new(found[1].trim_end_matches('/'));
            let exists = known.iter().any(|file| file.starts_with(named));
            assert!(exists, "{}: {} is not there", page.display(), named.display());
        }
    }
}

#[test]
fn the_page_of_architecture_stays_one_page() {
    let lines = read("docs/architecture.md").lines().count();
    assert!(lines <= 150, "docs/architecture.md has {lines} lines and is no page any more");
}
