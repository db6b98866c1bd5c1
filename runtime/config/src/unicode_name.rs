//! Host names as people write them, beyond ASCII, and as requests and certificates have them (UTS #46, RFC 5890).

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// The name in A-labels and lower case: `xn--bcher-kva.localhost` for `Bücher.localhost`. How long it is has to be looked at besides.
///
/// # Errors
/// The label that cannot be one, or the whole name if each could be one by itself.
pub(crate) fn to_ascii(name: &str) -> Result<String, &str> {
    encoded(name).ok_or_else(|| name.split('.').find(|label| encoded(label).is_none()).unwrap_or(name))
}

fn encoded(name: &str) -> Option<String> {
    // Whichever of ASCII may not stand in a label is refused by whoever looks at the labels.
    let encoded =
        Uts46::new().to_ascii(name.as_bytes(), AsciiDenyList::URL, Hyphens::CheckFirstLast, DnsLength::Ignore);
    encoded.ok().map(std::borrow::Cow::into_owned)
}

/// A host name as people read it: `bücher.localhost` for `xn--bcher-kva.localhost`. One that is wrong is left as it is.
pub fn shown_host(name: &str) -> String {
    let (shown, faults) = Uts46::new().to_unicode(name.as_bytes(), AsciiDenyList::EMPTY, Hyphens::CheckFirstLast);
    if faults.is_ok() { shown.into_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_as_browsers_do_it_and_shown_as_they_are_meant() {
        for (written, encoded) in [
            ("bücher.localhost", "xn--bcher-kva.localhost"),
            ("BÜCHER.Localhost", "xn--bcher-kva.localhost"),
            // Written with two characters, and with other dots.
            ("bu\u{308}cher。localhost", "xn--bcher-kva.localhost"),
            ("faß.localhost", "xn--fa-hia.localhost"),
            ("日本語.shop.localhost", "xn--wgv71a119e.shop.localhost"),
            ("my_shop.localhost.", "my_shop.localhost."),
        ] {
            assert_eq!(to_ascii(written), Ok(encoded.to_owned()), "{written}");
        }
        assert_eq!(shown_host("xn--bcher-kva.localhost"), "bücher.localhost");
        assert_eq!(shown_host("shop.localhost"), "shop.localhost");
        assert_eq!(shown_host("xn--a.localhost"), "xn--a.localhost");
    }

    #[test]
    fn the_label_that_cannot_be_one_is_named() {
        for (written, label) in
            [("xn--a.localhost", "xn--a"), ("a.b\u{202e}c.localhost", "b\u{202e}c"), ("a.-b.localhost", "-b")]
        {
            assert_eq!(to_ascii(written), Err(label));
        }
    }
}
