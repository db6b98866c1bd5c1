//! What a program is sent for pasted text.

use crate::Modes;

const START: &[u8] = b"\x1b[200~";
const END: &[u8] = b"\x1b[201~";

/// The end marker with the one-character form of its introducer, which some programs take for the same.
const END_C1: &[u8] = b"\xc2\x9b201~";

/// Appends to `out` what a program in `modes` is sent for a pasted `text`.
///
/// A program that asked for it gets the text as it is between two markers, without any end marker the text itself
/// may hold, so that nothing pasted can pass for typed. Any other gets newlines as the Enter key sends them.
pub fn encode_paste(text: &str, modes: &Modes, out: &mut Vec<u8>) {
    if !modes.bracketed_paste {
        out.extend_from_slice(text.replace("\r\n", "\r").replace('\n', "\r").as_bytes());
        return;
    }
    out.extend_from_slice(START);
    let start = out.len();
    for &byte in text.as_bytes() {
        out.push(byte);
        // Looking at what was written, not at the text, also finds a marker that appears as another is removed.
        for marker in [END, END_C1] {
            if out[start..].ends_with(marker) {
                out.truncate(out.len() - marker.len());
            }
        }
    }
    out.extend_from_slice(END);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pasted(text: &str, bracketed_paste: bool) -> String {
        let mut out = Vec::new();
        encode_paste(text, &Modes { bracketed_paste, ..Modes::default() }, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn newlines_are_enter_unless_bracketed() {
        assert_eq!(pasted("a\nb\r\nc\rd", false), "a\rb\rc\rd");
        assert_eq!(pasted("a\nb", true), "\x1b[200~a\nb\x1b[201~");
    }

    #[test]
    fn end_markers_in_the_text_are_removed_also_when_nested() {
        assert_eq!(pasted("a\x1b[20\x1b[201~1~b\u{9b}201~c", true), "\x1b[200~abc\x1b[201~");
    }

    proptest! {
        #[test]
        fn a_bracketed_paste_ends_where_the_text_does(text in "(\x1b|\\[|2|0|1|~|x|\u{9b}){0,60}") {
            let pasted = pasted(&text, true);
            prop_assert_eq!(pasted.find("\x1b[201~"), Some(pasted.len() - END.len()));
            let other_end = pasted.contains("\u{9b}201~");
            prop_assert!(!other_end);
        }
    }
}
