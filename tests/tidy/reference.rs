//! The reference agrees with the code: parts of it are generated, and others are compared key by key.
//!
//! A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`. With `LOCALD_WRITE_MANUAL` set, these tests
//! write it instead of comparing it; `cargo xtask manual` does that.

use std::fmt::Write;
use std::fs;
use std::process::{Command, Stdio};

use locald_config::{MANIFEST, Shape, USER, UserConfig, WORKSPACE_FILE};
use regex::Regex;

use crate::repository::{read, root};

/// Compares the generated part `name` of a page with what it should be, or writes it.
fn check_part(page: &str, name: &str, expected: &str) {
    let text = read(page);
    let (begin, end) = (format!("<!-- generated: {name} -->\n"), "<!-- end -->");
    let start = text.find(&begin).unwrap_or_else(|| panic!("{page} has no part {name}")) + begin.len();
    let length = text[start..].find(end).unwrap_or_else(|| panic!("the part {name} of {page} has no end"));
    let expected = format!("\n{}\n\n", expected.trim_matches('\n'));
    if text[start..start + length] == expected {
        return;
    }
    if std::env::var_os("LOCALD_WRITE_MANUAL").is_some() {
        let written = format!("{}{expected}{}", &text[..start], &text[start + length..]);
        return fs::write(root().join(page), written).expect("the page can be written");
    }
    panic!("{page}: the part {name} is out of date; run `cargo xtask manual`. It should be:\n{expected}");
}

#[expect(clippy::disallowed_methods, reason = "the program itself says what its commands are")]
fn help_of(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_locald"));
    command.args(words).arg("--help").stdin(Stdio::null()).env("NO_COLOR", "1").env("COLUMNS", "100");
    // Where an option takes its value from is shown, and must not depend on who runs this.
    command.env_remove("LOCALD_HOME").env_remove("LOCALD_THEME");
    let output = command.output().expect("locald can be started");
    assert!(output.status.success(), "locald {words:?} --help: {output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The names under a heading that ends with `Commands:`, or under any of the top level's groups.
fn subcommands(help: &str) -> Vec<String> {
    let name = Regex::new(r"^  ([a-z][a-z-]*)  +\S").expect("a pattern");
    let mut listing = false;
    let mut names = Vec::new();
    for line in help.lines() {
        if !line.starts_with(' ') && line.ends_with(':') {
            listing = !matches!(line, "Options:" | "Arguments:" | "Examples:" | "Exit codes:");
        }
        if let Some(found) = name.captures(line).filter(|_| listing) {
            names.push(found[1].to_owned());
        }
    }
    names.retain(|name| name != "help");
    names
}

/// Every command's help, in the order in which `locald --help` shows them.
fn commands() -> String {
    let mut page = String::new();
    let mut add = |words: &[&str]| {
        let help = help_of(words);
        let title = ["locald"].iter().chain(words).copied().collect::<Vec<_>>().join(" ");
        // Writing to a string does not fail.
        let _ = write!(page, "## {title}\n\n```text\n{}```\n\n", help.trim_start());
        subcommands(&help)
    };
    let top = add(&[]);
    assert!(top.len() > 10, "the commands are not found: {top:?}");
    for command in &top {
        // Only `daemon` has commands of its own.
        for inner in add(&[command]) {
            add(&[command, &inner]);
        }
    }
    page
}

#[test]
fn every_command_is_described_as_it_describes_itself() {
    check_part("docs/reference/commands.md", "commands", &commands());
}

#[test]
fn every_key_that_the_help_shows_is_in_the_manual() {
    check_part("docs/reference/keys.md", "keys", &locald_panes::manual());
}

/// The tokens of a theme with what they are for, read from where they are declared.
fn tokens() -> String {
    let source = read("panes/src/theme.rs");
    let start = source.find("\ntokens! {").expect("the tokens of a theme");
    let token = Regex::new(r"(?m)^    /// (.+)\n    ([a-z_]+),$").expect("a pattern");
    let mut page = String::from("| Token | What it is for |\n| --- | --- |\n");
    for found in token.captures_iter(&source[start..]) {
        let what = found[1].trim_end_matches('.');
        let _ = writeln!(page, "| `{}` | {}{} |", &found[2], what[..1].to_lowercase(), &what[1..]);
    }
    assert!(page.lines().count() > 10, "the tokens are not found: {page}");
    page
}

#[test]
fn every_token_of_a_theme_is_in_the_manual() {
    check_part("docs/reference/themes.md", "tokens", &tokens());
}

/// The keys below `shape`, each with the way to it inside its table: `command`, `health.http`.
fn keys_below(shape: &Shape, way: &str, found: &mut Vec<String>) {
    match shape {
        Shape::Table(keys) => {
            for key in *keys {
                let way = format!("{way}{}", key.name);
                keys_below(&key.shape, &format!("{way}."), found);
                found.push(way);
            }
        }
        Shape::Map(inner) | Shape::List(inner) => keys_below(inner, way, found),
        Shape::Any(shapes) => shapes.iter().for_each(|shape| keys_below(shape, way, found)),
        _ => {}
    }
}

#[test]
fn every_key_of_the_configuration_is_described_and_no_other() {
    let page = read("docs/reference/configuration.md");
    let heading = Regex::new(r"(?m)^### `([a-z_.]+)`$").expect("a pattern");
    let mut described: Vec<String> = heading.captures_iter(&page).map(|found| found[1].to_owned()).collect();
    let mut known = Vec::new();
    for table in [MANIFEST, USER, WORKSPACE_FILE].concat() {
        // What may stand in these is described where services are.
        if !["env", "defaults"].contains(&table.name) {
            keys_below(&table.shape, "", &mut known);
        }
        assert!(page.contains(&format!("[{}", table.name)), "no word of [{}]", table.name);
    }
    described.sort();
    known.sort();
    assert_eq!(described, known, "left: docs/reference/configuration.md; right: what the files may hold");
}

#[test]
fn every_example_in_the_reference_of_the_configuration_can_be_loaded() {
    let page = read("docs/reference/configuration.md");
    let block = Regex::new(r"(?s)```toml\n(.*?)```").expect("a pattern");
    let blocks: Vec<String> = block.captures_iter(&page).map(|found| found[1].to_owned()).collect();
    assert!(blocks.len() >= 3, "the examples are not found");
    for text in blocks {
        let parsed = if text.contains("[services") {
            locald_config::parse_manifest("locald.toml".as_ref(), &text, "/project".as_ref()).err()
        } else {
            UserConfig::parse("config.toml".as_ref(), &text).err()
        };
        if let Some(faults) = parsed {
            panic!("{faults}\n{text}");
        }
    }
}

#[test]
fn every_state_a_service_can_be_in_is_described() {
    let source = read("runtime/api/src/status.rs");
    let word = Regex::new(r#"Self::[A-Z]\w+ => "([a-z-]+)","#).expect("a pattern");
    let words: Vec<String> = word.captures_iter(&source).map(|found| found[1].to_owned()).collect();
    assert!(words.len() >= 6, "the states are not found");
    let page = read("docs/reference/states.md");
    for word in words {
        assert!(page.contains(&format!("| `{word}` |")), "docs/reference/states.md does not describe `{word}`");
    }
}
