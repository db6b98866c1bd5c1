//! Lines that have left the screen.

use super::*;

#[test]
fn lines_leave_the_primary_screen_for_the_history() {
    let mut engine = engine(3, 20, &numbered(5));
    assert_eq!(history(&engine), ["line 0", "line 1", "line 2"]);
    engine.feed(b"\x1b[?1049h");
    engine.feed(&numbered(50));
    engine.feed(b"\x1b[?1049l");
    assert_eq!(history(&engine), ["line 0", "line 1", "line 2"]);
    assert_eq!(capture(&engine, 9, false), "line 0\nline 1\nline 2\nline 3\nline 4\n\n");
}

#[test]
fn a_program_can_clear_the_history() {
    let mut engine = engine(3, 20, &numbered(9));
    engine.feed(b"\x1b[3J");
    assert_eq!(history(&engine), Vec::<&str>::new());
    assert_eq!(capture(&engine, 9, false), "line 7\nline 8\n\n");
}

#[test]
fn wrapped_rows_are_joined() {
    let engine = engine(2, 4, "abcdefghij日本語\r\n\r\n\r\n".as_bytes());
    assert_eq!(history(&engine), ["abcdefghij日本語", ""]);
}

#[test]
fn a_wide_character_that_did_not_fit_goes_on_with_the_line() {
    let mut engine = engine(2, 4, "abc日\r\n\r\n\r\n".as_bytes());
    assert_eq!(history(&engine), ["abc日", ""]);
    engine.feed("\x1b[2J\x1b[Habcd\x1b[1;4H日\r\n\r\n".as_bytes());
    assert_eq!(history(&engine), ["abc日", "", "abc日"]);
}

#[test]
fn the_history_keeps_styles_and_the_blanks_between() {
    let mut engine = engine(2, 12, b"\x1b[41mA\x1b[m\tB\x1b[38;5;200;48;2;1;2;3;1mC \x1b[m\r\n");
    engine.feed(b"\x1b[44mbar\x1b[K\x1b[m\r\n\x1b[1;2;3;4;7mx\x1b[m\r\n\r\n\r\n");
    let pieces: Vec<_> = engine.history().line(0).unwrap().pieces().collect();
    let red = Style { background: Color::Indexed(1), ..Style::DEFAULT };
    let c = Style {
        foreground: Color::Indexed(200),
        background: Color::Rgb(1, 2, 3),
        attributes: Attributes::BOLD,
        ..Style::DEFAULT
    };
    assert_eq!(pieces, [("A", red), ("       B", Style::DEFAULT), ("C ", c)]);
    let blue = Style { background: Color::Indexed(4), ..Style::DEFAULT };
    let pieces: Vec<_> = engine.history().line(1).unwrap().pieces().collect();
    assert_eq!(pieces, [("bar         ", blue)]);
    let attributes = Attributes::DIM | Attributes::ITALIC | Attributes::UNDERLINE | Attributes::INVERSE;
    let pieces: Vec<_> = engine.history().line(2).unwrap().pieces().collect();
    assert_eq!(pieces, [("x", Style { attributes, ..Style::DEFAULT })]);
}

#[test]
fn ten_thousand_lines_are_kept_in_a_mebibyte() {
    let mut engine = VtEngine::new(Size::new(40, 120));
    (0..10_040).for_each(|line| engine.feed(format!("{line:077}\r\n").as_bytes()));
    assert_eq!(engine.history().end() - engine.history().first(), 10_001);
    assert!(engine.history().bytes() < 1024 * 1024);
}

#[test]
fn a_restart_keeps_what_was_shown_and_nothing_else() {
    let mut engine = engine(4, 8, b"\x1b]2;old\x07\x1b[?1h\x1b[31mone\r\n\r\nabcdefghij\x1b[?1049hvim\x1b[12");
    engine.restart();
    engine.feed(b"mnew");
    assert_eq!(history(&engine), ["one", "", "abcdefghij"]);
    assert_eq!(capture(&engine, 0, true), "mnew\n\n\n\n");
    assert_eq!((engine.title(), engine.modes()), ("", VtEngine::new(Size::new(4, 8)).modes()));
}

#[test]
fn a_remark_is_a_line_of_history_and_leaves_the_screen_alone() {
    let mut engine = engine(4, 8, b"one");
    engine.restart();
    engine.remark("a longer line than there are columns");
    engine.feed(b"two");
    assert_eq!(history(&engine), ["one", "a longer line than there are columns"]);
    assert_eq!(capture(&engine, 0, false), "two\n\n\n\n");
    let dim = Style { attributes: Attributes::DIM, ..Style::DEFAULT };
    assert!(engine.history().line(1).unwrap().pieces().all(|(_, style)| style == dim));
}
