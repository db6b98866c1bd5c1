//! One control sequence (CSI), taken apart: its marker, its parameters and its last letter.

use std::ops::RangeInclusive;

/// The most parameters of a sequence that count; the rest is not read.
const MAX_PARAMS: usize = 32;

/// A control sequence. Parameters that are left out are 0.
#[derive(Clone, Debug)]
pub(crate) struct Csi {
    /// One of `<=>?`, or 0.
    pub(crate) marker: u8,
    /// The last byte before the letter if it is of the range `SP` to `/`, or 0.
    pub(crate) intermediate: u8,
    /// The letter that ends the sequence.
    pub(crate) last: u8,
    params: [u16; MAX_PARAMS],
    /// Bit `n` is set when parameter `n` belongs to the one before it, from which a colon divides it.
    subs: u32,
    len: usize,
    /// Whether there were more parameters than count.
    pub(crate) long: bool,
    /// Whether bytes stand where none belong: such a sequence does nothing.
    pub(crate) invalid: bool,
}

impl Csi {
    /// The bytes of a sequence between its introducer and its letter.
    pub(crate) const BODY: RangeInclusive<u8> = 0x20..=0x3f;
    /// The letters that end a sequence.
    pub(crate) const LAST: RangeInclusive<u8> = 0x40..=0x7e;

    /// Reads what stands between `CSI` and the letter `last`.
    pub(crate) fn parse(body: &[u8], last: u8) -> Self {
        let mut csi = Self {
            marker: 0,
            intermediate: 0,
            last,
            params: [0; MAX_PARAMS],
            subs: 0,
            len: 0,
            long: false,
            invalid: false,
        };
        let mut body = body;
        if let [marker @ b'<'..=b'?', rest @ ..] = body {
            csi.marker = *marker;
            body = rest;
        }
        if body.is_empty() {
            return csi;
        }
        csi.len = 1;
        for &byte in body {
            match byte {
                b'0'..=b'9' if csi.intermediate == 0 => {
                    let param = &mut csi.params[csi.len - 1];
                    *param = param.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
                }
                b';' | b':' if csi.intermediate == 0 => {
                    if csi.len == MAX_PARAMS {
                        csi.long = true;
                        break;
                    }
                    csi.subs |= u32::from(byte == b':') << csi.len;
                    csi.len += 1;
                }
                0x20..=0x2f => {
                    csi.invalid |= csi.intermediate != 0;
                    csi.intermediate = byte;
                }
                _ => csi.invalid = true,
            }
        }
        csi
    }

    /// Parameter `index`, 0 when it is left out.
    pub(crate) fn param(&self, index: usize) -> u16 {
        if index < self.len { self.params[index] } else { 0 }
    }

    /// Parameter `index` of a sequence to which 0 means 1.
    pub(crate) fn count(&self, index: usize) -> u16 {
        self.param(index).max(1)
    }

    /// The parameters, without regard to colons; at least one.
    pub(crate) fn params(&self) -> &[u16] {
        &self.params[..self.len.max(1)]
    }

    /// Whether a colon stands anywhere.
    pub(crate) fn has_subs(&self) -> bool {
        self.subs != 0
    }

    /// The parameters, each with those that belong to it.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[u16]> {
        let mut start = 0;
        std::iter::from_fn(move || {
            if start >= self.params().len() {
                return None;
            }
            let more = (start + 1..self.len).take_while(|index| self.subs >> index & 1 == 1).count();
            let group = &self.params[start..=start + more];
            start += more + 1;
            Some(group)
        })
    }

    /// Writes the sequence as it could have come.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1b[");
        out.extend((self.marker != 0).then_some(self.marker));
        for (index, param) in self.params[..self.len].iter().enumerate() {
            if index > 0 {
                out.push(if self.subs >> index & 1 == 1 { b':' } else { b';' });
            }
            out.extend_from_slice(param.to_string().as_bytes());
        }
        out.extend((self.intermediate != 0).then_some(self.intermediate));
        out.push(self.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(csi: &Csi) -> String {
        let mut out = Vec::new();
        csi.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_sequence_is_taken_apart_and_put_together() {
        let csi = Csi::parse(b"?1;;4:3$", b'p');
        assert_eq!((csi.marker, csi.intermediate, csi.last, csi.invalid), (b'?', b'$', b'p', false));
        assert_eq!(csi.params(), [1, 0, 4, 3]);
        assert_eq!(csi.groups().collect::<Vec<_>>(), [&[1][..], &[0], &[4, 3]]);
        assert_eq!(written(&csi), "\x1b[?1;0;4:3$p");
        let bare = Csi::parse(b"", b'm');
        assert_eq!((bare.params(), bare.count(0), bare.param(7)), (&[0][..], 1, 0));
        assert_eq!(written(&bare), "\x1b[m");
    }

    #[test]
    fn numbers_and_their_count_are_bounded() {
        let csi = Csi::parse("99999;".repeat(50).as_bytes(), b'm');
        assert_eq!(csi.params(), [u16::MAX; MAX_PARAMS]);
        assert!(csi.long);
    }
}
