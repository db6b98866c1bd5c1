//! What every source file has: a head that says what it is for, a size that can be read, and no `unsafe` but in named places.

use std::path::PathBuf;

use regex::Regex;

use crate::repository::{files_with, read};

/// The files that may hold `unsafe`. Each opens with the reason.
const UNSAFE: &[&str] = &[
    "runtime/keeper/src/hold/inherited.rs",
    "runtime/keeper/src/hold/run.rs",
    "runtime/keeper/src/memory.rs",
    "runtime/keeper/src/reaper/born_inside.rs",
    "runtime/keeper/src/reaper/spawn.rs",
    "runtime/src/panes/input.rs",
    "runtime/src/watching/inotify.rs",
    "shim/helper/src/root/surroundings.rs",
    "src/inherited.rs",
];

/// The longest file of source, in lines. Most are a third of it.
const MAX_LINES: usize = 700;

fn sources() -> Vec<PathBuf> {
    let sources = files_with("rs");
    assert!(sources.len() > 100, "the sources are not found");
    sources
}

#[test]
fn every_source_file_opens_with_what_it_is_for() {
    for path in sources() {
        let text = read(&path);
        assert!(text.starts_with("//! "), "{} has no head", path.display());
    }
}

#[test]
fn no_source_file_is_too_long_to_be_read() {
    for path in sources() {
        let lines = read(&path).lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn unsafe_code_stands_in_named_files_alone_and_says_why() {
    let block = Regex::new(r"(?m)^[^/\n]*\bunsafe[ \t]+(?:\{|impl\b|fn\b|extern\b|trait\b)").expect("a pattern");
    let holds_unsafe = |path: &PathBuf| block.is_match(&read(path));
    let found: Vec<String> =
        sources().iter().filter(|path| holds_unsafe(path)).map(|path| path.display().to_string()).collect();
    assert_eq!(found, UNSAFE);
    let reason = Regex::new(r#"#!\[expect\(\s*unsafe_code,\s*reason = ""#).expect("a pattern");
    for path in UNSAFE {
        let text = read(path);
        assert!(reason.is_match(&text), "{path} does not say why");
        let blocks = text.matches("SAFETY:").count();
        assert!(blocks > 0, "{path} has no SAFETY sentence");
    }
}

#[test]
fn no_test_is_switched_off_and_nothing_is_left_to_do() {
    let banned = [concat!("#[ig", "nore"), concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")];
    for path in sources() {
        let text = read(&path);
        for word in banned {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn lints_are_expected_with_a_reason_and_not_allowed() {
    let allowed = Regex::new(r"(?m)^\s*#!?\[allow\(").expect("a pattern");
    for path in sources() {
        assert!(!allowed.is_match(&read(&path)), "{} allows a lint", path.display());
    }
}
