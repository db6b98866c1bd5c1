//! Caps on what a few bytes of output can cost, in front of an emulator that has none.
//!
//! The guard follows escape sequences just far enough to tell where they end, and hands nearly every byte on as it is:
//! - an OSC string grows the emulator's buffer until it ends, so what exceeds [`MAX_OSC`] is dropped;
//! - a repeat count (REP) prints that many characters, so what exceeds a screenful or [`MAX_REPEAT`] is lowered;
//! - the emulator does nothing with other strings (DCS, APC, PM, SOS), but takes a byte that is also part of some
//!   characters for their end and would show the rest, so it does not get what is in them;
//! - the emulator corrupts its screen, and panics later, when the last character of a row is made wide, so a variation
//!   selector that can do this (U+FE0F) is passed on its own;
//! - the emulator loses a character now and then when its input is cut inside of one, so it gets characters whole.

/// The longest OSC string an emulator gets, in bytes.
pub(crate) const MAX_OSC: usize = 64 * 1024;

/// The most characters one REP prints.
pub(crate) const MAX_REPEAT: u32 = 4096;

const ESC: u8 = 0x1b;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const BEL: u8 = 0x07;

/// Makes some characters wide: variation selector 16.
const SELECTOR: &[u8] = "\u{fe0f}".as_bytes();

/// What stands for bytes that are no character.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// Where in an escape sequence the output is.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    state: State,
    partial: Partial,
}

/// The beginning of a character whose end has not come yet.
#[derive(Debug, Default)]
struct Partial {
    bytes: [u8; 4],
    length: usize,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    /// After `ESC` and an intermediate byte: the next letter ends the sequence, also if it is `[`.
    EscapeIntermediate,
    /// In a CSI sequence that can still become a REP.
    Csi {
        first: u32,
        complete: bool,
    },
    /// In a CSI sequence that cannot.
    OtherCsi,
    Osc {
        length: usize,
    },
    LongOsc,
    /// In a string of another kind.
    OtherString,
}

/// What the emulator is to be told next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pass<'a> {
    /// Bytes of the output as they came.
    Bytes(&'a [u8]),
    /// Variation selector 16.
    Selector,
    /// Instead of the final byte of a REP: give that sequence up and repeat as many times.
    Repeat(u32),
    /// The OSC string being read got too long: whatever the emulator makes of it does not count.
    OscTooLong,
    /// That string is over. The byte that ends it comes before this.
    OscEnded,
}

impl Guard {
    /// Follows `bytes` and passes them on. `cells` is how many cells the screen has.
    pub(crate) fn filter(&mut self, bytes: &[u8], cells: u32, mut pass: impl FnMut(Pass<'_>)) {
        let bytes = self.partial.complete(bytes, &mut pass);
        let limit = cells.min(MAX_REPEAT);
        let (mut start, mut at) = (0, 0);
        while at < bytes.len() {
            if matches!(self.state, State::Ground) {
                let Some(next) = bytes[at..].iter().position(|&byte| byte == ESC || byte == SELECTOR[0]) else { break };
                at += next;
                if bytes[at..].starts_with(SELECTOR) {
                    flush(&bytes[start..at], &mut pass);
                    pass(Pass::Selector);
                    at += SELECTOR.len();
                    start = at;
                    continue;
                }
            }
            let byte = bytes[at];
            let before = self.state;
            self.state = before.after(byte);
            match (before, self.state) {
                (State::Csi { first, .. }, State::Ground) if byte == b'b' && first > limit => {
                    flush(&bytes[start..at], &mut pass);
                    pass(Pass::Repeat(limit));
                    start = at + 1;
                }
                (State::Osc { .. }, State::LongOsc) => {
                    flush(&bytes[start..at], &mut pass);
                    pass(Pass::OscTooLong);
                    start = at + 1;
                }
                (State::LongOsc, State::LongOsc) | (State::OtherString, State::OtherString) => start = at + 1,
                (State::LongOsc, _) => {
                    pass(Pass::Bytes(&bytes[at..=at]));
                    pass(Pass::OscEnded);
                    start = at + 1;
                }
                (_, State::OtherString) => {
                    flush(&bytes[start..=at], &mut pass);
                    start = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        let rest = &bytes[start..];
        let whole = if matches!(self.state, State::Ground) { self.partial.hold_back(rest) } else { rest };
        flush(whole, &mut pass);
    }
}

impl Partial {
    /// Passes the held character on once `bytes` tell what becomes of it, and returns those not used for that.
    fn complete<'a>(&mut self, mut bytes: &'a [u8], pass: &mut impl FnMut(Pass<'_>)) -> &'a [u8] {
        while let [byte, rest @ ..] = bytes
            && self.length > 0
        {
            // A partial character is three bytes at most, so there is room for one more.
            self.bytes[self.length] = *byte;
            let held = &self.bytes[..=self.length];
            if is_partial(held) {
                self.length += 1;
                bytes = rest;
                continue;
            }
            let complete = std::str::from_utf8(held).is_ok();
            pass(match complete {
                true if held == SELECTOR => Pass::Selector,
                true => Pass::Bytes(held),
                false => Pass::Bytes(REPLACEMENT),
            });
            self.length = 0;
            if complete {
                return rest;
            }
        }
        bytes
    }

    /// Keeps the partial character at the end of `bytes`, and returns what is before it.
    fn hold_back<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let longest = bytes.len().min(3);
        let Some(length) = (1..=longest).find(|length| is_partial(&bytes[bytes.len() - length..])) else {
            return bytes;
        };
        let (whole, partial) = bytes.split_at(bytes.len() - length);
        self.bytes[..length].copy_from_slice(partial);
        self.length = length;
        whole
    }
}

/// Whether the bytes begin one character and do not end it.
fn is_partial(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

fn flush(bytes: &[u8], pass: &mut impl FnMut(Pass<'_>)) {
    if !bytes.is_empty() {
        pass(Pass::Bytes(bytes));
    }
}

impl State {
    fn after(self, byte: u8) -> Self {
        match byte {
            ESC => return Self::Escape,
            CAN | SUB => return Self::Ground,
            _ => {}
        }
        match self {
            Self::Ground => Self::Ground,
            Self::Escape => match byte {
                b'[' => Self::Csi { first: 0, complete: false },
                b']' => Self::Osc { length: 0 },
                b'P' | b'X' | b'^' | b'_' => Self::OtherString,
                0x20..=0x2f => Self::EscapeIntermediate,
                0x30..=0x7e => Self::Ground,
                _ => self,
            },
            Self::EscapeIntermediate if matches!(byte, 0x30..=0x7e) => Self::Ground,
            Self::Csi { first, complete } => match byte {
                b'0'..=b'9' if !complete => {
                    Self::Csi { first: first.saturating_mul(10).saturating_add(u32::from(byte - b'0')), complete }
                }
                b':' | b';' => Self::Csi { first, complete: true },
                0x20..=0x2f | 0x3c..=0x3f => Self::OtherCsi,
                0x40..=0x7e => Self::Ground,
                _ => self,
            },
            Self::OtherCsi if matches!(byte, 0x40..=0x7e) => Self::Ground,
            Self::Osc { .. } | Self::LongOsc if byte == BEL => Self::Ground,
            Self::Osc { length } if length >= MAX_OSC => Self::LongOsc,
            Self::Osc { length } => Self::Osc { length: length + 1 },
            Self::EscapeIntermediate | Self::OtherCsi | Self::LongOsc | Self::OtherString => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filtered(guard: &mut Guard, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        guard.filter(bytes, 80 * 24, |pass| match pass {
            Pass::Bytes(bytes) => out.extend_from_slice(bytes),
            Pass::Selector => out.extend_from_slice(b"<wide>"),
            Pass::Repeat(count) => out.extend_from_slice(format!("<{count}>").as_bytes()),
            Pass::OscTooLong => out.extend_from_slice(b"<long>"),
            Pass::OscEnded => out.extend_from_slice(b"<ended>"),
        });
        out
    }

    #[test]
    fn everything_usual_passes_as_it_came() {
        let bytes = b"a\x1b[31;1mb\x1b]0;title\x07\x1b[1920b\x1b[?9999b\x1b(b\x1b[1;65535b\x1b[65535\x18b\xff\x1b[6";
        assert_eq!(filtered(&mut Guard::default(), bytes), bytes);
    }

    #[test]
    fn a_repeat_beyond_the_screen_is_lowered_wherever_it_is_cut() {
        let bytes = b"x\x1b[65535by";
        for cut in 0..bytes.len() {
            let mut guard = Guard::default();
            let mut out = filtered(&mut guard, &bytes[..cut]);
            out.extend(filtered(&mut guard, &bytes[cut..]));
            assert_eq!(out, b"x\x1b[65535<1920>y");
        }
    }

    #[test]
    fn an_osc_without_an_end_stops_growing() {
        let mut guard = Guard::default();
        assert_eq!(filtered(&mut guard, b"\x1b]2;").len(), 4);
        let passed: usize = (0..64).map(|_| filtered(&mut guard, &[b'x'; 4096]).len()).sum();
        assert_eq!(passed, MAX_OSC - 2 + b"<long>".len());
        assert_eq!(filtered(&mut guard, b"xx\x07yy"), b"\x07<ended>yy");
    }

    #[test]
    fn other_strings_arrive_empty() {
        let bytes = "a\x1bP+q✜\u{9c}\x1b\\b\x1b_Gx;\x1b\\c\x1b^\x18d".as_bytes();
        for cut in 0..bytes.len() {
            let mut guard = Guard::default();
            let mut out = filtered(&mut guard, &bytes[..cut]);
            out.extend(filtered(&mut guard, &bytes[cut..]));
            assert_eq!(out, b"a\x1bP\x1b\\b\x1b_\x1b\\c\x1b^\x18d");
        }
    }

    #[test]
    fn a_character_that_is_cut_arrives_whole() {
        let mut guard = Guard::default();
        assert_eq!(filtered(&mut guard, b"a\xf0\x9f"), b"a");
        assert_eq!(filtered(&mut guard, b"\x98"), b"");
        assert_eq!(filtered(&mut guard, b"\x80b\xc3"), "\u{1f600}b".as_bytes());
        assert_eq!(filtered(&mut guard, b"\xa9"), "é".as_bytes());
    }

    #[test]
    fn a_variation_selector_is_passed_on_its_own_wherever_it_is_cut() {
        let bytes = "a❤\u{fe0f}\u{ff01}\x1b]2;\u{fe0f}\x07".as_bytes();
        for cut in 0..bytes.len() {
            let mut guard = Guard::default();
            let mut out = filtered(&mut guard, &bytes[..cut]);
            out.extend(filtered(&mut guard, &bytes[cut..]));
            assert_eq!(String::from_utf8(out).unwrap(), "a❤<wide>\u{ff01}\x1b]2;\u{fe0f}\x07");
        }
    }

    #[test]
    fn a_character_that_never_ends_is_replaced_and_takes_nothing_along() {
        let mut guard = Guard::default();
        assert_eq!(filtered(&mut guard, b"\xe2\x82"), b"");
        assert_eq!(filtered(&mut guard, b"\xc3"), "\u{fffd}".as_bytes());
        assert_eq!(filtered(&mut guard, b"\x1b[m"), "\u{fffd}\x1b[m".as_bytes());
    }
}
