//! The text of an emulator's cell as a reader is to see it.

/// Stands in the emulator for U+FFFD, which it does not draw: the last character that will never mean anything.
pub(crate) const REPLACEMENT: &str = "\u{10fffd}";

/// Whether the character is one of the variation selectors that are not the program's to use.
pub(crate) fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0100}'..='\u{e01ef}')
}

/// What a cell shows; never nothing.
pub(crate) fn shown(contents: &str) -> &str {
    if contents.starts_with(REPLACEMENT) {
        return "\u{fffd}";
    }
    // A joiner at the end joins nothing here, but would join this cell and the next in the outer terminal.
    match contents.trim_end_matches('\u{200d}') {
        "" => " ",
        text => text,
    }
}
