//! Takes escape sequences and control characters out of output, however it is cut into chunks.
//!
//! The state is one small value, so no sequence, however long, takes memory. A newline ends any sequence: an
//! unfinished one must not swallow the rest of a log, and so the lines of the stripped text are those of the raw.

/// A state machine over bytes; what it lets through is text, tabs, carriage returns and newlines. Where the cursor is sent elsewhere, or
/// to the right, a blank stands between what was printed before and after.
#[derive(Clone, Debug, Default)]
pub struct Stripper {
    state: State,
    /// Whether what was let through last is text that a blank may follow.
    inked: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between sequences.
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and intermediate bytes, such as those that choose a character set.
    Intermediate,
    /// After ESC `[`.
    Csi,
    /// In OSC, DCS, SOS, PM or APC, which hold arbitrary text up to their terminator.
    ControlString,
    /// In one of those, after an ESC that may begin the terminator.
    ControlStringEscape,
}

impl Stripper {
    /// Appends what is left of `bytes` to `out`: never more than was put in.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            if self.state != State::Text {
                let moves = self.state == State::Csi && matches!(first, b'H' | b'f' | b'C');
                let is_text = self.step(*first);
                if is_text || moves && self.inked {
                    let shown = if is_text { *first } else { b' ' };
                    out.push(shown);
                    self.inked = !shown.is_ascii_whitespace();
                }
                rest = &rest[1..];
                continue;
            }
            let plain = rest.iter().position(|byte| !is_plain(*byte)).unwrap_or(rest.len());
            out.extend_from_slice(&rest[..plain]);
            self.inked = rest[..plain].last().map_or(self.inked, |byte| !byte.is_ascii_whitespace());
            rest = &rest[plain..];
            if let Some((special, after)) = rest.split_first() {
                // Of the control characters only ESC means something here; the others are dropped.
                if *special == 0x1b {
                    self.state = State::Escape;
                }
                rest = after;
            }
        }
    }

    /// Forgets an unfinished sequence.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Takes one byte of a sequence; whether it is text after all.
    fn step(&mut self, byte: u8) -> bool {
        let (next, is_text) = match (self.state, byte) {
            (_, b'\n') => (State::Text, true),
            // CAN and SUB cancel any sequence.
            (_, 0x18 | 0x1a) => (State::Text, false),
            (State::ControlString | State::ControlStringEscape, 0x07) | (State::ControlStringEscape, b'\\') => {
                (State::Text, false)
            }
            (State::ControlString, 0x1b) => (State::ControlStringEscape, false),
            (State::ControlString, _) => (State::ControlString, false),
            (_, 0x1b) => (State::Escape, false),
            (State::Escape | State::ControlStringEscape, b'[') | (State::Csi, 0x20..=0x3f) => (State::Csi, false),
            (State::Escape | State::ControlStringEscape, b']' | b'P' | b'X' | b'^' | b'_') => {
                (State::ControlString, false)
            }
            (State::Escape | State::ControlStringEscape | State::Intermediate, 0x20..=0x2f) => {
                (State::Intermediate, false)
            }
            // A terminal obeys control characters within a sequence; of those, these are text to us.
            (state, b'\r' | b'\t') => (state, true),
            (state, 0x00..=0x1f | 0x7f) => (state, false),
            (State::Escape | State::ControlStringEscape | State::Intermediate | State::Csi, 0x30..=0x7e) => {
                (State::Text, false)
            }
            // No sequence holds such a byte: it was cut off, and text goes on.
            (State::Escape | State::ControlStringEscape | State::Intermediate | State::Csi, 0x80..)
            | (State::Text, _) => (State::Text, true),
        };
        self.state = next;
        is_text
    }
}

/// The text of a line without its escape sequences.
pub fn strip(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    Stripper::default().push(text.as_bytes(), &mut out);
    to_text(&out)
}

/// Makes text of stripped bytes: what is not UTF-8 is replaced, and the control characters beyond ASCII are dropped,
/// some of which a terminal would take for the beginning of a sequence.
pub fn to_text(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    if text.contains(is_c1) {
        text.retain(|c| !is_c1(c));
    }
    text
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\t' | 0x20..=0x7e | 0x80..)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bytes in which sequences begin, end and break off all the time.
    fn eventful_bytes() -> impl Strategy<Value = Vec<u8>> {
        let eventful = prop::sample::select(b"\x1b\x1b\x1b[]P\\;0mHa( \x07\x18\r\n\t\x9b\xc3\xa9".to_vec());
        prop::collection::vec(prop_oneof![4 => eventful, 1 => any::<u8>()], 0..60)
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(bytes in eventful_bytes(), cuts: Vec<prop::sample::Index>) {
            let mut whole = Vec::new();
            Stripper::default().push(&bytes, &mut whole);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let (mut stripper, mut chunked) = (Stripper::default(), Vec::new());
            for pair in cuts.windows(2) {
                stripper.push(&bytes[pair[0]..pair[1]], &mut chunked);
            }
            prop_assert_eq!(whole, chunked);
        }

        #[test]
        fn nothing_that_a_terminal_obeys_is_left(bytes in eventful_bytes()) {
            let mut out = Vec::new();
            Stripper::default().push(&bytes, &mut out);
            prop_assert!(out.len() <= bytes.len());
            let text = to_text(&out);
            prop_assert!(text.chars().all(|c| !c.is_control() || "\r\n\t".contains(c)), "{text:?}");
        }

        #[test]
        fn every_newline_stays(bytes in eventful_bytes()) {
            let mut out = Vec::new();
            Stripper::default().push(&bytes, &mut out);
            let newlines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').count();
            prop_assert_eq!(newlines(&bytes), newlines(&out));
        }
    }

    #[test]
    fn sequences_of_every_kind_vanish() {
        let cases = [
            ("\x1b[1;31mred\x1b[0m", "red"),
            ("\x1b]0;title\x07text", "text"),
            ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
            ("\x1bP1$r0m\x1b\\dcs", "dcs"),
            ("\x1b_Gf=100;AAAA\x1b\\apc", "apc"),
            ("\x1b(Bascii\x1b=keys\x1b7saved", "asciikeyssaved"),
            ("\x1b[?25l\x1b[2Kline", "line"),
            ("bell\x07 null\0 del\x7f", "bell null del"),
            ("\x1b]0;cancelled\x18text", "text"),
            ("\u{9b}31mc1", "31mc1"),
            ("\x1b[3é", "é"),
            (
                "\x1b[2;4H\x1b[1m14:52\x1b[4;4Hdrawn\x1b[2;4H\x1b[1m14:53 \x1b[4;4Hdrawn\n\x1b[Hx",
                "14:52 drawn 14:53 drawn\nx",
            ),
        ];
        for (input, expected) in cases {
            assert_eq!(strip(input), expected, "{input:?}");
        }
    }

    #[test]
    fn an_unfinished_sequence_ends_with_its_line() {
        assert_eq!(strip("a\x1b]0;never ended\nb"), "a\nb");
    }
}
