//! `suffixes` in `[proxy]` of a user's `config.toml`: what host names may end with beside `.localhost` and `.test`.

use super::hosts;
use crate::fault::{Invalid, quoted};
use crate::reader::Reader;
use crate::tree::{Entry, Value};

/// What host names may end with unasked: nobody on the internet has such a name (RFC 6761).
const GIVEN: [&str; 2] = ["localhost", "test"];

/// The most there may be. Each has a certificate authority of its own.
const MAX: usize = 16;

/// Single labels that networks use for themselves (RFC 6762, appendix G) and that are never delegated to anybody.
const PRIVATE: [&str; 6] = ["corp", "home", "internal", "intranet", "lan", "private"];

/// Top-level domains that are in browsers' lists of names that are asked for by HTTPS alone (RFC 6797), with everything below them.
const HTTPS_ALONE: [&str; 25] = [
    "android",
    "app",
    "bank",
    "boo",
    "channel",
    "chrome",
    "dad",
    "day",
    "dev",
    "esq",
    "foo",
    "gmail",
    "google",
    "ing",
    "insurance",
    "meme",
    "mov",
    "new",
    "nexus",
    "page",
    "phd",
    "prof",
    "rsvp",
    "youtube",
    "zip",
];

/// One suffix as a string, or several in an array.
pub(crate) fn read(reader: &mut Reader, entry: &Entry) -> Option<Vec<String>> {
    let written: Vec<_> = match &entry.node.value {
        Value::Text(text) => vec![(text.as_str(), &entry.node)],
        Value::List(list) => reader.strings(&entry.key, list),
        _ => return reader.wrong_type(entry, "a suffix such as \"corp.internal\", or an array of suffixes"),
    };
    if let Some((_, first_too_many)) = written.get(MAX) {
        let message = format!("{} suffixes, at most {MAX} are allowed", written.len());
        reader.fault(first_too_many.place, Invalid::new(message, "one too many"));
    }
    let mut suffixes: Vec<String> = Vec::new();
    for (text, node) in written.into_iter().take(MAX) {
        let suffix = reader.accept(node.place, check(text));
        suffixes.extend(suffix.filter(|suffix| !suffixes.contains(suffix)));
    }
    Some(suffixes)
}

/// The suffix as host names are compared.
fn check(text: &str) -> Result<String, Invalid> {
    let plain = text.strip_prefix('.').unwrap_or(text);
    if plain.contains('*') {
        let invalid =
            Invalid::new(format!("{} is not a suffix of host names", quoted(text)), "`*` goes without saying");
        return Err(invalid.with_help("everything below a suffix is meant: write it like `corp.internal`"));
    }
    let suffix = hosts::plain(plain)?;
    let refused = |label: &str, help: String| {
        let message = format!("{} cannot be a suffix of host names", quoted(text));
        Err(Invalid::new(message, label.to_owned()).with_help(help))
    };
    if let Some(given) = GIVEN.into_iter().find(|given| is_at_or_below(&suffix, given)) {
        return refused("needs no setting", format!("everything below `{given}` may be written anyway"));
    }
    match why_nobody_can_have(&suffix) {
        Some((label, help)) => refused(label, help),
        None => Ok(suffix),
    }
}

/// Why this can be nobody's suffix, in a few words and at length; `None` if it can. What it is made of was looked at before.
pub(super) fn why_nobody_can_have(suffix: &str) -> Option<(&'static str, String)> {
    let (below, top) = suffix.rsplit_once('.').map_or((None, suffix), |(below, top)| (Some(below), top));
    if HTTPS_ALONE.contains(&top) {
        let help = format!(
            "browsers ask for names below `{top}` by HTTPS alone and let nobody past a warning; `.test` is nobody's"
        );
        return Some(("preloaded for HSTS", help));
    }
    match (top, below) {
        ("local", _) => Some((
            "for names of multicast DNS",
            "`.local` is asked of the network around, not of DNS (RFC 6762); `.test` is nobody's".to_owned(),
        )),
        ("onion" | "invalid", _) => Some((
            "never found",
            format!("names below `{top}` are never looked up (RFC 6761, RFC 7686); `.test` is nobody's"),
        )),
        ("arpa", None) => Some(("belongs to everybody", "`home.arpa` is for networks at home (RFC 8375)".to_owned())),
        ("arpa", Some(below)) if !is_at_or_below(below, "home") => Some((
            "belongs to the internet's own infrastructure",
            "`home.arpa` is for networks at home (RFC 8375)".to_owned(),
        )),
        (top, _) if top.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(("an address, or part of one", "names are meant, like `corp.internal`".to_owned()))
        }
        (top, None) if !PRIVATE.contains(&top) => {
            let help = format!(
                "of one label there are {}; else name a domain that you have, such as `dev.example.com`",
                PRIVATE.map(quoted).join(", ")
            );
            Some(("may be somebody's on the internet", help))
        }
        _ => None,
    }
}

fn is_at_or_below(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The suffix that `host` is below: one of those that are given, or the longest of `further`. The name may begin with `*.`.
pub fn suffix_of<'a>(host: &str, further: &'a [String]) -> Option<&'a str> {
    let host = host.strip_prefix("*.").unwrap_or(host);
    let is_below = |suffix: &&str| host != *suffix && is_at_or_below(host, suffix);
    let given = GIVEN.into_iter().find(|suffix| is_below(suffix));
    given.or_else(|| further.iter().map(String::as_str).filter(is_below).max_by_key(|suffix| suffix.len()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::user_config::UserConfig;

    fn parse(value: &str) -> Result<Vec<String>, crate::Faults> {
        let text = format!("[proxy]\nsuffixes = {value}\n");
        UserConfig::parse(Path::new("config.toml"), &text).map(|config| config.proxy.suffixes)
    }

    #[test]
    fn a_suffix_is_one_that_is_private_or_a_domain_that_somebody_has() {
        assert_eq!(parse("'Corp.Internal.'").unwrap(), ["corp.internal"]);
        let several = "['.internal', 'home.arpa', 'lab.home.arpa', 'dev.example.com', 'bücher.example', 'internal']";
        assert_eq!(
            parse(several).unwrap(),
            ["internal", "home.arpa", "lab.home.arpa", "dev.example.com", "xn--bcher-kva.example"]
        );
        assert_eq!(parse("[]").unwrap(), [""; 0]);
    }

    #[test]
    fn what_browsers_or_the_internet_have_other_plans_for_is_refused_with_the_reason() {
        for (suffix, reason) in [
            ("dev", "preloaded for HSTS"),
            ("shop.app", "preloaded for HSTS"),
            ("page", "preloaded for HSTS"),
            ("zip", "preloaded for HSTS"),
            ("local", "for names of multicast DNS"),
            ("office.local", "for names of multicast DNS"),
            ("com", "may be somebody's on the internet"),
            ("shop", "may be somebody's on the internet"),
            ("arpa", "belongs to everybody"),
            ("in-addr.arpa", "belongs to the internet's own infrastructure"),
            ("xhome.arpa", "belongs to the internet's own infrastructure"),
            ("a.onion", "never found"),
            ("10.0.0.1", "an address, or part of one"),
            ("test", "needs no setting"),
            ("shop.localhost", "needs no setting"),
            ("*.corp.internal", "`*` goes without saying"),
            ("corp..internal", "each label has 1 to 63 letters, digits and hyphens"),
            ("../../etc", "`/`"),
            ("a/b.internal", "`a/b`"),
            ("", "each label has 1 to 63 letters, digits and hyphens"),
        ] {
            let faults = parse(&format!("'{suffix}'")).unwrap_err();
            let found: Vec<&str> = faults.iter().map(|fault| fault.label.as_str()).collect();
            assert_eq!(found, [reason], "{suffix}");
        }
        assert!(parse("1").is_err() && parse(&format!("[{}]", "'x.internal', ".repeat(17))).is_err());
    }

    #[test]
    fn what_is_refused_is_drawn_on_its_place() {
        insta::assert_snapshot!(parse("['corp.internal', 'shop.dev']").unwrap_err().render(false), @"
        error: `shop.dev` cannot be a suffix of host names
          ╭▸ config.toml:2:30
          │
        2 │ suffixes = ['corp.internal', 'shop.dev']
          │                              ━━━━━━━━━━ preloaded for HSTS
          │
          ╰ help: browsers ask for names below `dev` by HTTPS alone and let nobody past a warning; `.test` is nobody's
        ");
    }

    #[test]
    fn a_host_has_the_nearest_suffix_above_it() {
        let further = ["internal".to_owned(), "corp.internal".to_owned()];
        for (host, suffix) in [
            ("shop.localhost", Some("localhost")),
            ("*.shop.test", Some("test")),
            ("shop.corp.internal", Some("corp.internal")),
            ("*.x.corp.internal", Some("corp.internal")),
            ("corp.internal", Some("internal")),
            ("xcorp.internal", Some("internal")),
            ("*.internal", None),
            ("internal", None),
            ("shop.example.com", None),
        ] {
            assert_eq!(suffix_of(host, &further), suffix, "{host}");
        }
    }
}
