//! The history and the screen as text, for `locald capture`.

use crate::{Engine, Style, StyledText};

/// Writes the last `history_lines` lines of the history and then every row of the screen, each ended by a newline and
/// without trailing blanks. With `ansi`, SGR sequences carry the styles; each line then stands for itself.
pub fn capture(engine: &dyn Engine, history_lines: usize, ansi: bool) -> String {
    let mut out = String::new();
    let history = engine.history();
    let first = history.end().saturating_sub(history_lines as u64);
    for line in history.lines(first, history_lines) {
        let mut text = StyledText::default();
        line.pieces().for_each(|(piece, style)| text.push(piece, style));
        write_line(text, ansi, &mut out);
    }
    for row in 0..engine.size().rows() {
        let mut text = StyledText::default();
        engine.row(row, &mut |cell| text.push_cell(cell));
        write_line(text, ansi, &mut out);
    }
    out
}

fn write_line(mut line: StyledText, ansi: bool, out: &mut String) {
    line.trim_end(ansi);
    if ansi {
        write_styled(&line, out);
    } else {
        out.push_str(line.text());
    }
    out.push('\n');
}

fn write_styled(line: &StyledText, out: &mut String) {
    let mut current = Style::DEFAULT;
    let pieces = line.pieces().chain([("", Style::DEFAULT)]);
    for (text, style) in pieces {
        if style != current {
            let written = style.write_sgr(out);
            debug_assert!(written.is_ok(), "a string takes whatever is written");
            current = style;
        }
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Size, VtEngine};

    fn engine(rows: u16, columns: u16, bytes: &[u8]) -> VtEngine {
        let mut engine = VtEngine::new(Size::new(rows, columns));
        engine.feed(bytes);
        engine
    }

    #[test]
    fn a_capture_is_the_last_lines_of_history_and_the_whole_screen() {
        let engine = engine(2, 10, b"one\r\ntwo\r\nthree\r\nfour  ");
        assert_eq!(capture(&engine, 0, false), "three\nfour\n");
        assert_eq!(capture(&engine, 1, false), "two\nthree\nfour\n");
        assert_eq!(capture(&engine, usize::MAX, false), "one\ntwo\nthree\nfour\n");
    }

    #[test]
    fn styles_are_kept_and_end_with_their_line() {
        let engine = engine(2, 20, b"\x1b[1;31mred\x1b[m plain\r\n\x1b[44mblue  \r\n");
        assert_eq!(capture(&engine, 9, true), "\x1b[0;1;31mred\x1b[m plain\n\x1b[0;44mblue  \x1b[m\n\n");
        assert_eq!(capture(&engine, 9, false), "red plain\nblue\n\n");
    }
}
