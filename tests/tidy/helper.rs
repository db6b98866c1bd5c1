//! What runs as root is a leaf: it starts no program, neither one of ours nor another, and brings nearly nothing with it. Read from its
//! sources, so that nobody can change that without changing this.

use std::path::PathBuf;

use regex::Regex;

use crate::repository::{files_with, read, tree};

/// All that is linked into it, itself included: system calls, and what they are made of.
const LINKED: &[&str] = &["bitflags", "libc", "linux-raw-sys", "locald-helper", "rustix"];

/// The programs that it may start: none.
const PROGRAMS: &[&str] = &[];

/// The places it names, all of them; a request names none.
const PLACES: &[&str] = &[
    "/",
    "/dev/log",
    "/etc/hosts",
    "/usr/local/libexec/locald-helper",
    "/usr/sbin:/usr/bin:/sbin:/bin",
    "/var/log/locald-helper.log",
];

/// The folders of the standard library by which a program is started, another user's word is believed, or code is loaded.
const FORBIDDEN: &[&str] = &[
    r"\bCommand\b",
    r"\bexec[lv]p?e?\b",
    r"\bexecveat\b",
    r"\bposix_spawn",
    r"\bfork\b",
    r"\bsystem\(",
    r"\bpopen\b",
    r"\bdlopen\b",
    r"\bSUDO_",
    r"env::var(?:_os)?\(",
    r"\binclude!",
    r"\binclude_bytes!",
    r"\bTcpStream\b",
    r"\btoml\b",
    r"\bserde\b",
];

fn sources() -> Vec<(PathBuf, String)> {
    let is_helper = |path: &PathBuf| path.starts_with("shim/helper/src") || path.ends_with("src/bin/locald-helper.rs");
    let sources: Vec<(PathBuf, String)> = files_with("rs")
        .into_iter()
        .filter(is_helper)
        .map(|path| (path.clone(), without_tests(&read(&path))))
        .collect();
    assert!(sources.len() > 8, "the sources are not found");
    sources
}

/// A file without its tests, which stand last, and without its comments.
fn without_tests(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    lines.join("\n")
}

#[test]
fn the_helper_starts_no_program() {
    assert!(PROGRAMS.is_empty(), "a program on the list needs its own check of how it is started");
    let forbidden: Vec<Regex> = FORBIDDEN.iter().map(|word| Regex::new(word).expect("a pattern")).collect();
    for (path, text) in sources() {
        for word in &forbidden {
            let found = word.find(&text).map(|found| found.as_str());
            assert_eq!(found, None, "{} must not hold this", path.display());
        }
    }
}

#[test]
fn the_one_call_past_the_libraries_closes_descriptors() {
    let call = Regex::new(r"\blibc::[A-Za-z_]+").expect("a pattern");
    for (path, text) in sources() {
        for found in call.find_iter(&text) {
            assert!(
                ["libc::syscall", "libc::SYS_close_range"].contains(&found.as_str()),
                "{}: {}",
                path.display(),
                found.as_str()
            );
        }
    }
}

#[test]
fn the_helper_knows_nothing_else_of_locald() {
    let ours = Regex::new(r"\blocald_[a-z]+").expect("a pattern");
    for (path, text) in sources() {
        for found in ours.find_iter(&text) {
            assert_eq!(found.as_str(), "locald_helper", "{}", path.display());
        }
    }
    assert_eq!(tree("locald-helper"), LINKED);
}

#[test]
fn the_helper_names_few_places_and_each_of_them_here() {
    let place = Regex::new(r#""(/[^"\s{}]*)""#).expect("a pattern");
    let mut found: Vec<String> = sources()
        .iter()
        .flat_map(|(_, text)| place.captures_iter(text).map(|found| found[1].to_owned()).collect::<Vec<_>>())
        .collect();
    found.sort();
    found.dedup();
    assert_eq!(found, PLACES);
}
