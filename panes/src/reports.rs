//! What the outer terminal is asked to tell beyond plain keys, and how that is taken back.
//!
//! Each request is a private mode or a sequence that terminals without it ignore, so nothing is asked first and nobody waits for an
//! answer. (xterm's control sequences; the kitty keyboard protocol.)

use crate::mouse::Reports;

/// Asks for bracketed pastes (2004), for the focus (1004), and for keys that can be told apart, shifted characters included (flags 1
/// and 4 of the keyboard protocol). The keyboard's flags are kept per screen: they belong after the switch to the other one, and
/// before its clearing, which also removes what a terminal may have printed that does not know such sequences.
pub(crate) const ASK: &[u8] = b"\x1b[?2004h\x1b[?1004h\x1b[>5u";

/// Takes all of it back, and the mouse, whatever of it was asked for.
pub(crate) const TAKE_BACK: &[u8] = b"\x1b[<1u\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l";

/// What changes what the terminal tells of the mouse.
pub(crate) fn mouse(from: Reports, to: Reports) -> &'static [u8] {
    match (from, to) {
        (Reports::Nothing, Reports::Nothing)
        | (Reports::Buttons, Reports::Buttons)
        | (Reports::Motion, Reports::Motion) => b"",
        (_, Reports::Nothing) => b"\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l",
        (Reports::Nothing, Reports::Buttons) => b"\x1b[?1000h\x1b[?1002h\x1b[?1006h",
        (Reports::Nothing, Reports::Motion) => b"\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h",
        (Reports::Buttons, Reports::Motion) => b"\x1b[?1003h",
        // Each of these modes replaces the others in some terminals, and in others all of them count.
        (Reports::Motion, Reports::Buttons) => b"\x1b[?1003l\x1b[?1002h",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_was_asked_for_is_taken_back() {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let asked = text(ASK) + &text(mouse(Reports::Nothing, Reports::Motion));
        let modes = asked.split("\x1b[?").skip(1).map(|mode| mode.split_once('h').unwrap().0);
        for mode in modes {
            assert!(text(TAKE_BACK).contains(&format!("\x1b[?{mode}l")), "{mode}");
        }
        assert!(text(TAKE_BACK).starts_with("\x1b[<1u"), "while the screen is still the one it was asked on");
    }
}
