//! What stands on the screen once bytes are fed.

use super::*;

#[test]
fn wide_characters_take_two_columns_and_wrap_whole_at_the_margin() {
    let engine = engine(2, 5, "a日本語".as_bytes());
    assert_eq!(cells(&engine, 0), "[a][日=][本=]");
    assert_eq!(cells(&engine, 1), "[語=][ ][ ][ ]");
    assert!(engine.row_wrapped(0));
    let engine = super::engine(2, 4, "abc日".as_bytes());
    assert_eq!((cells(&engine, 0), cells(&engine, 1)), ("[a][b][c][ ]".into(), "[日=][ ][ ]".into()));
}

#[test]
fn combining_marks_stay_with_their_character_also_at_the_margin() {
    let engine = engine(2, 3, "abe\u{301}日\u{308}".as_bytes());
    assert_eq!(cells(&engine, 0), "[a][b][e\u{301}]");
    assert_eq!(cells(&engine, 1), "[日\u{308}=][ ]");
}

#[test]
fn overwriting_half_of_a_wide_character_blanks_the_other_half() {
    assert_eq!(cells(&engine(1, 4, "日本\r\x1b[Cx".as_bytes()), 0), "[ ][x][本=]");
    assert_eq!(cells(&engine(1, 4, "日本\rx".as_bytes()), 0), "[x][ ][本=]");
}

#[test]
fn a_character_is_made_wide_where_there_is_room() {
    assert_eq!(cells(&engine(1, 3, "❤\u{fe0f}".as_bytes()), 0), "[❤\u{fe0f}=][ ]");
    assert_eq!(cells(&engine(1, 2, "a❤\u{fe0f}\rbc".as_bytes()), 0), "[b][c]");
}

#[test]
fn a_character_cut_in_two_takes_nothing_along() {
    let mut engine = engine(1, 5, b"a\xc3");
    engine.feed(b"\xa9b\xc3");
    engine.feed(b"\xa9");
    assert_eq!(cells(&engine, 0), "[a][é][b][é][ ]");
}

#[test]
fn a_screen_of_one_column_shows_what_fits() {
    let mut engine = engine(3, 1, "a\r\n❤\u{fe0f}\r\n日".as_bytes());
    assert_eq!(capture(&engine, 0, false), "a\n\n\n");
    engine.resize(Size::new(3, 2));
    assert_eq!(capture(&engine, 0, false), "a\n❤\u{fe0f}\n日\n");
}

#[test]
fn a_joiner_at_the_end_of_a_cell_is_not_shown() {
    assert_eq!(cells(&engine(1, 4, "👩\u{200d}👧".as_bytes()), 0), "[👩=][👧=]");
}

#[test]
fn styles_are_read_from_cells() {
    let engine = engine(1, 3, b"\x1b[1;3;4;7;31mA\x1b[0;2;48;2;1;2;3mB\x1b[m");
    let all = Attributes::BOLD | Attributes::ITALIC | Attributes::UNDERLINE | Attributes::INVERSE;
    let a = Style { foreground: Color::Indexed(1), background: Color::Default, attributes: all, ..Style::DEFAULT };
    let b = Style {
        foreground: Color::Default,
        background: Color::Rgb(1, 2, 3),
        attributes: Attributes::DIM,
        ..Style::DEFAULT
    };
    assert_eq!(styles(&engine, 0), [a, b, Style::DEFAULT]);
}

#[test]
fn the_cursor_stays_on_the_screen_before_a_wrap() {
    let mut engine = engine(2, 3, b"abc");
    assert_eq!((engine.cursor().row, engine.cursor().column), (0, 2));
    engine.feed(b"\x1b[?25l\x1b[5 q");
    assert!(!engine.cursor().visible);
    assert_eq!(engine.cursor().shape, CursorShape::BlinkingBar);
}

#[test]
fn modes_follow_the_program() {
    let mut engine = engine(2, 3, b"\x1b[?1h\x1b=\x1b[?2004h\x1b[?1049h\x1b[?1002h\x1b[?1006h");
    let modes = engine.modes();
    assert!(modes.application_cursor && modes.application_keypad && modes.bracketed_paste && modes.alternate_screen);
    assert_eq!((modes.mouse, modes.mouse_encoding), (MouseMode::ButtonMotion, MouseEncoding::Sgr));
    engine.feed(b"\x1bc");
    assert_eq!(engine.modes(), VtEngine::new(Size::new(2, 3)).modes());
}

#[test]
fn rows_outside_the_screen_are_empty() {
    let engine = engine(2, 3, b"abc");
    assert_eq!(cells(&engine, 2), "");
    assert!(!engine.row_wrapped(2));
    assert_eq!(engine.row_version(2), 0);
}

#[test]
fn sequences_the_emulator_lacks_do_what_they_say() {
    let table: &[(&str, &str)] = &[
        ("ab\x1bEc", "ab\nc\n\n"),
        ("ab\x1bDc", "ab\n  c\n\n"),
        ("\x1b[3g\x1b[1;4H\x1bH\r\tx\ty", "   x   y\n\n\n"),
        ("\x1b[1;8H\x1b[Zx", "x\n\n\n"),
        ("a\x1b[3ab\x1b[ec", "a   b\n     c\n\n"),
        ("\x1b#8\x1b[2;2H\x1b[J", "EEEEEEEE\nE\n\n"),
        ("a\x1b[sbc\x1b[ud", "adc\n\n\n"),
        ("abc\r\x1b[4hX\x1b[4lY", "XYbc\n\n\n"),
        ("\x1b[?7labcdefghij", "abcdefgj\n\n\n"),
        ("\x1b[20hab\nc", "ab\nc\n\n"),
        ("abcdefgh\x08X", "abcdefXh\n\n\n"),
        ("abcdefgh\x1b[KX", "abcdefgX\n\n\n"),
        ("ab\x1b[3bc", "abbbbc\n\n\n"),
        ("a\u{fffd}b", "a\u{fffd}b\n\n\n"),
        ("ab\x1b[?1047hcd\x1b[?1047l", "ab\n\n\n"),
        ("ab\x1b[?1048h\x1b[3;3H\x1b[?1048lc", "abc\n\n\n"),
        ("\x1b[2;3r\x1b[?6h\x1b[1;1Hx\x1b[!p\x1b[1;1Hy", "y\nx\n\n"),
    ];
    for (bytes, expected) in table {
        assert_eq!(capture(&engine(3, 8, bytes.as_bytes()), 0, false), *expected, "{bytes:?}");
    }
}

#[test]
fn bytes_that_are_no_character_are_seen() {
    assert_eq!(cells(&engine(1, 4, b"a\xffb"), 0), "[a][\u{fffd}][b][ ]");
    assert_eq!(history(&engine(1, 4, b"a\xffb\r\n")), ["a\u{fffd}b"]);
}

#[test]
fn colours_of_underlines_do_not_leak_into_text() {
    let engine = engine(1, 3, b"\x1b[58;2;2;3;7mA\x1b[4:3mB\x1b[4:0;38:2::1:2:3mC");
    let a = Style { underline_color: Color::Rgb(2, 3, 7), ..Style::DEFAULT };
    let b = Style { attributes: Attributes::UNDERLINE, underline: Underline::Curly, ..a };
    let c = Style { foreground: Color::Rgb(1, 2, 3), ..a };
    assert_eq!(styles(&engine, 0), [a, b, c]);
}

#[test]
fn line_drawing_is_translated() {
    assert_eq!(cells(&engine(1, 3, b"\x1b(0lqk\x1b(B"), 0), "[┌][─][┐]");
    assert_eq!(cells(&engine(1, 4, b"\x1b)0a\x0ex\x0fx"), 0), "[a][│][x][ ]");
}

#[test]
fn a_screen_of_one_row_knows_that_its_line_goes_on_also_after_a_checkpoint() {
    let checkpoint = engine(1, 4, b"abc").checkpoint().expect("no sequence is open");
    let mut began = VtEngine::restore(&checkpoint).expect("a checkpoint");
    began.feed(b"defgh\r\ni");
    assert_eq!(history(&began), ["abcdefgh"]);
}
