//! The project speaks of itself alone: no word of who or what wrote it, of one machine's paths, or of other people's trackers.

use regex::Regex;

use crate::repository::{files, root};

/// Hosts that a file may name, beside those below `localhost`, which are this machine. A link that is worth having is worth a line here.
const HOSTS: &[&str] = &[
    "127.0.0.1",
    "docs.rs",
    "github.com",
    "json-schema.org",
    "keepachangelog.com",
    "localhost",
    "no-color.org",
    "rustup.rs",
    "semver.org",
    "www.apache.org",
    "www.w3.org",
    "x",
];

/// Words that have no place here, spelled so that this file does not hold them.
fn banned() -> Regex {
    let words = [
        concat!(r"\bcla", "ude\\b"),
        concat!(r"\banth", "ropic\\b"),
        concat!(r"\bchat", "gpt\\b"),
        concat!(r"\bco-auth", "ored-by\\b"),
        concat!(r"\b(?:ai|coding|language) ag", "ents?\\b"),
        concat!(r"\bsub-?ag", "ents?\\b"),
        concat!(r"\b(?:issue|pr|pull request|ticket) #?", r"\d+\b"),
        concat!("/wo", "rk/"),
        concat!("/ro", r"ot/\."),
        concat!("/tmp/tar", "get"),
        concat!(r"\bindex\.crates", r"\.io\b"),
    ];
    Regex::new(&format!("(?i){}", words.join("|"))).expect("a pattern")
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let (banned, link) = (banned(), Regex::new(r"https?://([A-Za-z0-9.-]*[A-Za-z0-9])").expect("a pattern"));
    let mut found = Vec::new();
    for path in files() {
        // A file that is no text has no words.
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.display(), number + 1);
            if let Some(word) = banned.find(line) {
                found.push(format!("{place}: {}", word.as_str()));
            }
            let hosts = link.captures_iter(line).map(|link| link[1].to_owned());
            // A name without a dot is nobody's.
            let is_here = |host: &str| [".localhost", ".test"].iter().any(|it| host.to_ascii_lowercase().ends_with(it));
            let foreign = hosts.filter(|host| host.contains('.') && !is_here(host) && !HOSTS.contains(&&**host));
            found.extend(foreign.map(|host| format!("{place}: {host}")));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
