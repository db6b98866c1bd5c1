//! Cuts a program's output into text, controls and whole sequences, wherever the output itself was cut.
//!
//! Text, and control sequences that stand whole in what was fed, are handed on as they stand there, for the emulator to be
//! given them unchanged. Everything collected is bounded; what exceeds its bound is read to its end and dropped. What the
//! pieces mean is the performer's concern.

use crate::csi::Csi;

/// The longest string (OSC, DCS, APC and the like), in bytes.
pub(crate) const MAX_STRING: usize = 64 * 1024;

/// The longest string that sets the clipboard (OSC 52).
pub(crate) const MAX_CLIPBOARD: usize = 1024 * 1024;

/// The longest control sequence, between its introducer and its letter.
const MAX_CSI: usize = 256;

const ESC: u8 = 0x1b;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const BEL: u8 = 0x07;
const DEL: u8 = 0x7f;

/// Who is told what the output consists of.
pub(crate) trait Sink {
    /// Characters to print.
    fn text(&mut self, text: &str);
    /// Bytes that are no character.
    fn replacement(&mut self);
    /// A control character. Never part of a sequence.
    fn control(&mut self, byte: u8);
    /// `ESC`, perhaps an intermediate byte (else 0), and a last one.
    fn escape(&mut self, intermediate: u8, last: u8);
    /// A control sequence. `whole` is how it came, if it came in one piece.
    fn csi(&mut self, csi: &Csi, whole: Option<&[u8]>);
    /// An operating system command, without its introducer and its end.
    fn osc(&mut self, string: &[u8]);
    /// A device control string.
    fn dcs(&mut self, string: &[u8]);
}

/// What of an unfinished sequence or character has been read.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    state: State,
    partial: Partial,
    collected: Vec<u8>,
    /// The bytes that were to be collected are too many.
    overflow: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape {
        intermediate: u8,
    },
    Csi,
    String(StringKind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StringKind {
    Osc,
    Dcs,
    /// SOS, PM and APC, of which nothing is kept.
    Other,
}

/// The beginning of a character whose end has not come yet.
#[derive(Debug, Default)]
struct Partial {
    bytes: [u8; 4],
    length: usize,
}

impl Scanner {
    /// Reads the next bytes of the output.
    pub(crate) fn scan(&mut self, bytes: &[u8], sink: &mut impl Sink) {
        let mut at = self.partial.complete(bytes, sink);
        while at < bytes.len() {
            at = match self.state {
                State::Ground => self.ground(bytes, at, sink),
                State::String(kind) => self.string(kind, bytes, at, sink),
                State::Escape { .. } | State::Csi => {
                    self.sequence(bytes[at], sink);
                    at + 1
                }
            };
        }
    }

    /// Whether nothing is held of a sequence or a character.
    pub(crate) fn is_between_sequences(&self) -> bool {
        self.state == State::Ground && self.partial.length == 0
    }

    fn ground(&mut self, bytes: &[u8], at: usize, sink: &mut impl Sink) -> usize {
        let length = text_length(&bytes[at..]);
        if length > 0 {
            self.text(&bytes[at..at + length], at + length == bytes.len(), sink);
            return at + length;
        }
        let byte = bytes[at];
        if byte != ESC {
            sink.control(byte);
            return at + 1;
        }
        if let Some(end) = whole_csi(&bytes[at..]) {
            let csi = Csi::parse(&bytes[at + 2..at + end - 1], bytes[at + end - 1]);
            sink.csi(&csi, Some(&bytes[at..at + end]));
            return at + end;
        }
        self.state = State::Escape { intermediate: 0 };
        at + 1
    }

    fn text(&mut self, mut bytes: &[u8], last: bool, sink: &mut impl Sink) {
        while !bytes.is_empty() {
            let error = match std::str::from_utf8(bytes) {
                Ok(text) => return sink.text(text),
                Err(error) => error,
            };
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            if let Ok(text) = std::str::from_utf8(valid)
                && !text.is_empty()
            {
                sink.text(text);
            }
            if error.error_len().is_none() && last {
                return self.partial.hold(rest);
            }
            sink.replacement();
            bytes = &rest[error.error_len().unwrap_or(rest.len())..];
        }
    }

    /// Reads a byte of an escape or control sequence that is not all in one piece, or not plain.
    fn sequence(&mut self, byte: u8, sink: &mut impl Sink) {
        match (self.state, byte) {
            (_, ESC) => self.begin(State::Escape { intermediate: 0 }),
            (_, CAN | SUB) => self.begin(State::Ground),
            (_, 0..=0x1f) => sink.control(byte),
            (State::Escape { intermediate: 0 }, b'[') => self.begin(State::Csi),
            (State::Escape { intermediate: 0 }, b']') => self.begin(State::String(StringKind::Osc)),
            (State::Escape { intermediate: 0 }, b'P') => self.begin(State::String(StringKind::Dcs)),
            (State::Escape { intermediate: 0 }, b'X' | b'^' | b'_') => self.begin(State::String(StringKind::Other)),
            (State::Escape { .. }, 0x20..=0x2f) => self.state = State::Escape { intermediate: byte },
            (State::Escape { intermediate }, 0x30..=0x7e) => {
                self.begin(State::Ground);
                sink.escape(intermediate, byte);
            }
            (State::Csi, 0x20..=0x3f) => self.collect(byte, MAX_CSI),
            (State::Csi, 0x40..=0x7e) => {
                if !self.overflow {
                    sink.csi(&Csi::parse(&self.collected, byte), None);
                }
                self.begin(State::Ground);
            }
            _ => {}
        }
    }

    fn string(&mut self, kind: StringKind, bytes: &[u8], mut at: usize, sink: &mut impl Sink) -> usize {
        while at < bytes.len() {
            let byte = bytes[at];
            at += 1;
            match byte {
                BEL if kind == StringKind::Osc => {
                    self.end_string(kind, sink);
                    self.begin(State::Ground);
                    return at;
                }
                ESC => {
                    self.end_string(kind, sink);
                    self.begin(State::Escape { intermediate: 0 });
                    return at;
                }
                CAN | SUB => {
                    self.begin(State::Ground);
                    return at;
                }
                _ if kind == StringKind::Other || self.overflow => {}
                _ => {
                    let clipboard = kind == StringKind::Osc && self.collected.starts_with(b"52;");
                    self.collect(byte, if clipboard { MAX_CLIPBOARD } else { MAX_STRING });
                }
            }
        }
        at
    }

    fn end_string(&mut self, kind: StringKind, sink: &mut impl Sink) {
        match kind {
            _ if self.overflow => {}
            StringKind::Osc => sink.osc(&self.collected),
            StringKind::Dcs => sink.dcs(&self.collected),
            StringKind::Other => {}
        }
    }

    fn collect(&mut self, byte: u8, limit: usize) {
        if self.collected.len() < limit {
            self.collected.push(byte);
        } else {
            self.overflow = true;
            self.collected = Vec::new();
        }
    }

    fn begin(&mut self, state: State) {
        self.state = state;
        self.overflow = false;
        self.collected.clear();
        self.collected.shrink_to(4096);
    }
}

/// How many bytes at the start are neither controls nor DEL.
fn text_length(bytes: &[u8]) -> usize {
    const BLOCK: usize = 16;
    let is_control = |byte: u8| byte < 0x20 || byte == DEL;
    let mut length = 0;
    // Whole blocks without a branch per byte, which compiles to vector instructions.
    for block in bytes.chunks_exact(BLOCK) {
        if block.iter().fold(false, |any, &byte| any | is_control(byte)) {
            break;
        }
        length += BLOCK;
    }
    let rest = &bytes[length..];
    length + rest.iter().position(|&byte| is_control(byte)).unwrap_or(rest.len())
}

/// How long the control sequence at the start is, if it is one, whole, short and without anything foreign in it.
fn whole_csi(bytes: &[u8]) -> Option<usize> {
    if bytes.get(1) != Some(&b'[') {
        return None;
    }
    let body = bytes[2..].iter().take(MAX_CSI + 1).position(|byte| !Csi::BODY.contains(byte))?;
    (body <= MAX_CSI && Csi::LAST.contains(&bytes[2 + body])).then_some(body + 3)
}

impl Partial {
    /// Ends the character held, and returns how many of the bytes that took.
    fn complete(&mut self, bytes: &[u8], sink: &mut impl Sink) -> usize {
        let mut used = 0;
        while self.length > 0
            && let Some(&byte) = bytes.get(used)
        {
            // A partial character is three bytes at most, so there is room for one more.
            self.bytes[self.length] = byte;
            let held = &self.bytes[..=self.length];
            match std::str::from_utf8(held) {
                Ok(text) => {
                    sink.text(text);
                    self.length = 0;
                    used += 1;
                }
                Err(error) if error.valid_up_to() == 0 && error.error_len().is_none() => {
                    self.length += 1;
                    used += 1;
                }
                Err(_) => {
                    sink.replacement();
                    self.length = 0;
                }
            }
        }
        used
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.length = bytes.len().min(3);
        self.bytes[..self.length].copy_from_slice(&bytes[..self.length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(String);

    impl Seen {
        fn note(&mut self, piece: &str) {
            self.0.push_str(piece);
        }
    }

    impl Sink for Seen {
        fn text(&mut self, text: &str) {
            self.0.push_str(text);
        }
        fn replacement(&mut self) {
            self.0.push('?');
        }
        fn control(&mut self, byte: u8) {
            self.note(&format!("<{byte}>"));
        }
        fn escape(&mut self, intermediate: u8, last: u8) {
            self.note(&format!("<esc {intermediate} {}>", char::from(last)));
        }
        fn csi(&mut self, csi: &Csi, _: Option<&[u8]>) {
            self.note(&format!("<csi {:?} {}>", csi.params(), char::from(csi.last)));
        }
        fn osc(&mut self, string: &[u8]) {
            self.note(&format!("<osc {}>", String::from_utf8_lossy(string)));
        }
        fn dcs(&mut self, string: &[u8]) {
            self.note(&format!("<dcs {}>", String::from_utf8_lossy(string)));
        }
    }

    #[test]
    fn output_is_cut_into_pieces_wherever_it_is_cut_itself() {
        let bytes =
            "a\r\n\x1b[31;1mbé日\x1b(0\x1b]2;t\x07\x1bP+q\u{9c}\x1b\\\x1b_G\x1b\\\x1b[4\x08A\x1b[1\x18c\x1b]9\x18d";
        let expected =
            "a<13><10><csi [31, 1] m>bé日<esc 40 0><osc 2;t><dcs +q\u{9c}><esc 0 \\><esc 0 \\><8><csi [4] A>cd";
        for cut in 0..=bytes.len() {
            let (mut scanner, mut seen) = (Scanner::default(), Seen::default());
            scanner.scan(&bytes.as_bytes()[..cut], &mut seen);
            scanner.scan(&bytes.as_bytes()[cut..], &mut seen);
            assert_eq!(seen.0, expected, "cut at {cut}");
        }
    }

    #[test]
    fn bytes_that_are_no_character_are_replaced_and_take_nothing_along() {
        let bytes = b"a\xff\xe2\x82\xc3\x1b[m\xf0\x9f\x98\x80\xe2\x82\r\xc3b";
        for cut in 0..=bytes.len() {
            let (mut scanner, mut seen) = (Scanner::default(), Seen::default());
            scanner.scan(&bytes[..cut], &mut seen);
            scanner.scan(&bytes[cut..], &mut seen);
            assert_eq!(seen.0, "a???<csi [0] m>\u{1f600}?<13>?b", "cut at {cut}");
        }
    }

    #[test]
    fn a_string_without_an_end_stops_growing_and_the_next_counts() {
        let (mut scanner, mut seen) = (Scanner::default(), Seen::default());
        scanner.scan(b"\x1b]2;", &mut seen);
        (0..64).for_each(|_| scanner.scan(&[b'x'; 4096], &mut seen));
        assert!(scanner.collected.capacity() <= 2 * MAX_STRING);
        scanner.scan(b"\x07y\x1b]2;t\x07", &mut seen);
        assert_eq!(seen.0, "y<osc 2;t>");
    }

    #[test]
    fn a_sequence_longer_than_any_is_dropped_whole_or_cut() {
        let bytes = format!("\x1b[{}ma", "1;".repeat(200));
        for cut in [0, 3, 300] {
            let (mut scanner, mut seen) = (Scanner::default(), Seen::default());
            scanner.scan(&bytes.as_bytes()[..cut], &mut seen);
            scanner.scan(&bytes.as_bytes()[cut..], &mut seen);
            assert_eq!(seen.0, "a");
        }
    }
}
