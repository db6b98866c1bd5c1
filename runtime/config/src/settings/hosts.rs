//! `hosts`: further host names of a service, each below `.localhost`, `.test` or a suffix of the user's, with `*.` before it for all
//! names below it. Which suffixes the user has is not known here: only what can be none is refused.

use super::suffixes;
use crate::fault::{Invalid, quoted};
use crate::reader::Reader;
use crate::tree::{Entry, Value};
use crate::unicode_name;

/// The most that a service may have.
const MAX: usize = 32;
/// The longest name and the longest label (RFC 1035 §2.3.4), in octets.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
/// The longest text that is looked at: some characters of a name take less room once they are encoded, or none at all.
const MAX_WRITTEN: usize = 1024;

/// One name as a string, or several in an array.
pub(crate) fn read(reader: &mut Reader, entry: &Entry) -> Option<Vec<String>> {
    let written: Vec<_> = match &entry.node.value {
        Value::Text(text) => vec![(text.as_str(), &entry.node)],
        Value::List(list) => reader.strings(&entry.key, list),
        _ => return reader.wrong_type(entry, "a host name, or an array of host names"),
    };
    if let Some((_, first_too_many)) = written.get(MAX) {
        let message = format!("{} host names, at most {MAX} are allowed", written.len());
        reader.fault(first_too_many.place, Invalid::new(message, "one too many"));
    }
    let mut names: Vec<String> = Vec::new();
    for (text, node) in written.into_iter().take(MAX) {
        let name = reader.accept(node.place, check(text));
        names.extend(name.filter(|name| !names.contains(name)));
    }
    Some(names)
}

/// The name in lower case, in A-labels, and without a dot at its end.
pub(crate) fn check(text: &str) -> Result<String, Invalid> {
    let (star, name) = text.strip_prefix("*.").map_or(("", text), |plain| ("*.", plain));
    let plain = plain(name)?;
    let invalid = |label: &str| Invalid::new(format!("{} is not a host name", quoted(text)), label.to_owned());
    if suffixes::suffix_of(&plain, &[]).is_none() {
        let above = plain.split_once('.').map(|(_, above)| above);
        let Some(above) = above else {
            let invalid = invalid("must end with `.localhost`, `.test` or a suffix of your own");
            return Err(invalid.with_help(
                "browsers know that names below `localhost` are this machine; others have to be looked up",
            ));
        };
        // The longest that it could be below; if that can be none, nothing above it can.
        if let Some((why, help)) = suffixes::why_nobody_can_have(above) {
            return Err(invalid(&format!("nothing can be below `{above}`: {why}")).with_help(help));
        }
    }
    if plain.strip_suffix(".localhost").and_then(|labels| labels.split('.').next_back()) == Some("locald-api") {
        return Err(invalid("this name is locald's own"));
    }
    Ok(format!("{star}{plain}"))
}

/// The same of any name that has no `*` before it, whatever it ends with.
pub(super) fn plain(text: &str) -> Result<String, Invalid> {
    let invalid = |label: &str| Invalid::new(format!("{} is not a host name", quoted(text)), label.to_owned());
    if text.len() > MAX_WRITTEN {
        let message = format!("a host name of {} octets, at most {MAX_NAME} are allowed", text.len());
        return Err(Invalid::new(message, "too long"));
    }
    if text.contains('*') {
        return Err(invalid("`*` stands for whole labels").with_help("write it first, as in `*.shop.localhost`"));
    }
    let plain = unicode_name::to_ascii(text).map_err(|label| {
        let what = if label == text { "no program would take it for a name".to_owned() } else { quoted(label) };
        invalid(&what).with_help(
            "a label has letters and digits of any script, hyphens in between, and one direction of writing; what begins with `xn--` has to be right",
        )
    })?;
    let plain = plain.strip_suffix('.').unwrap_or(&plain);
    let is_label = |label: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(is_allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !plain.split('.').all(is_label) || plain.len() > MAX_NAME {
        return Err(invalid("each label has 1 to 63 letters, digits and hyphens"));
    }
    Ok(plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_below_a_suffix_is_taken_as_hosts_are_compared() {
        assert_eq!(check("Admin.Shop.localhost."), Ok("admin.shop.localhost".to_owned()));
        assert_eq!(check("*.shop.localhost"), Ok("*.shop.localhost".to_owned()));
        assert_eq!(check("xn--bcher-kva.localhost"), Ok("xn--bcher-kva.localhost".to_owned()));
        assert_eq!(check("*.Bücher.localhost"), Ok("*.xn--bcher-kva.localhost".to_owned()));
        for name in ["shop.test", "shop.corp.internal", "*.shop.example.com", "shop.internal", "corp.home.arpa"] {
            assert_eq!(check(name).as_deref(), Ok(name), "whether its suffix is one is for others to know");
        }
    }

    #[test]
    fn what_no_browser_would_find_here_is_refused() {
        let (long, longer) = (format!("{}.localhost", "a".repeat(64)), format!("{}.localhost", "ü".repeat(60)));
        for bad in [
            "",
            "localhost",
            ".localhost",
            "shop",
            "test",
            "*.test",
            "shop.dev",
            "a.b.dev",
            "shop.local",
            "shop.com",
            "1.2.3.4",
            "a..localhost",
            "-a.localhost",
            "a b.localhost",
            "*.localhost",
            "a.*.localhost",
            "**.localhost",
            "shop.localhost:80",
            "locald-api.localhost",
            "x.locald-api.localhost",
            "xn--a.localhost",
            "b\u{202e}c.localhost",
            "a\u{2100}b.localhost",
            "bü cher.localhost",
            &"ü".repeat(2000),
            &long,
            &longer,
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
