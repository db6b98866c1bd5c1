//! Labels of host names, made from names that people have given for other purposes.

/// The longest label (RFC 1035 §2.3.4), in octets.
const MAX: usize = 63;
/// How much of a label that is too long is kept before its hash.
const KEPT: usize = 54;

/// The label for a text: in lower case, hyphens for everything that a label cannot hold, and a hash at its end where it would be too
/// long.
pub(super) fn of(text: &str) -> String {
    let folded: String =
        text.to_lowercase().chars().map(|ch| if ch.is_ascii_alphanumeric() { ch } else { '-' }).collect();
    let words: Vec<&str> = folded.split('-').filter(|word| !word.is_empty()).collect();
    match words.join("-") {
        label if label.is_empty() => format!("x-{:08x}", hash(text)),
        label if label.len() > MAX => with_hash(&label, text),
        label => label,
    }
}

/// The label of `parts` together, as one.
pub(super) fn joined(parts: &[&str]) -> String {
    of(&parts.join("-"))
}

/// Another label than this one, for whoever `who` is.
pub(super) fn with_hash(label: &str, who: &str) -> String {
    // A label is ASCII, so it can be cut anywhere.
    let kept = label[..label.len().min(KEPT)].trim_end_matches('-');
    format!("{kept}-{:08x}", hash(who))
}

/// FNV-1a, 32 bits: it must stay the same whatever this is built with, as names are written down.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use locald_proxy::HostName;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_become_labels() {
        for (text, label) in
            [("web", "web"), ("Web_2", "web-2"), ("feature/new--login", "feature-new-login"), ("-a-", "a")]
        {
            assert_eq!(of(text), label);
        }
        assert_eq!(joined(&["api", "shop"]), "api-shop");
    }

    #[test]
    fn what_is_too_long_is_cut_and_stays_apart() {
        let [one, other] = ["1", "2"].map(|end| of(&format!("{}{end}", "a".repeat(80))));
        assert!(one != other && one.len() == 63 && other.len() == 63, "{one} {other}");
    }

    proptest! {
        #[test]
        fn whatever_the_text_is_its_label_is_one(text in ".{0,200}", who in ".{0,9}") {
            for label in [of(&text), with_hash(&of(&text), &who), joined(&[&text, &who])] {
                let name: HostName = label.parse().unwrap();
                prop_assert_eq!(name.as_str(), label.as_str());
                prop_assert!(!label.contains('.'));
            }
        }
    }
}
