//! Screens that become larger and smaller.

use super::*;

#[test]
fn growing_brings_lines_back_from_the_history() {
    let mut engine = engine(3, 20, &numbered(10));
    engine.resize(Size::new(5, 20));
    assert_eq!(capture(&engine, 0, false), "line 6\nline 7\nline 8\nline 9\n\n");
    assert_eq!((engine.cursor().row, engine.history().end()), (4, 6));
    engine.feed(b"a\r\nb\r\nc");
    assert_eq!(capture(&engine, 0, false), "line 8\nline 9\na\nb\nc\n");
    assert_eq!(engine.history().line(7).unwrap().text(), "line 7");
}

#[test]
fn growing_under_a_full_screen_program_does_so_too() {
    let mut engine = engine(3, 20, &numbered(10));
    engine.feed(b"\x1b[?1049h\x1b[Hvim\x1b[1");
    engine.resize(Size::new(5, 20));
    engine.feed(b"m!");
    assert_eq!(capture(&engine, 0, false), "vim!\n\n\n\n\n");
    engine.feed(b"\x1b[?1049l");
    assert_eq!(capture(&engine, 0, false), "line 6\nline 7\nline 8\nline 9\n\n");
    assert_eq!(engine.cursor().row, 4);
}

#[test]
fn shrinking_moves_the_top_to_the_history() {
    let mut engine = engine(4, 20, b"one\r\ntwo\r\nthree\r\nfour");
    engine.resize(Size::new(2, 20));
    assert_eq!(capture(&engine, 9, false), "one\ntwo\nthree\nfour\n");
    assert_eq!((history(&engine), engine.cursor().row), (vec!["one", "two"], 1));
}

#[test]
fn shrinking_under_a_full_screen_program_keeps_the_shell() {
    let mut engine = engine(4, 20, b"one\r\ntwo\r\nthree\r\nfour\x1b[?1049h\x1b[4;1Hbottom");
    engine.resize(Size::new(2, 20));
    engine.feed(b"\x1b[?1049l");
    assert_eq!(capture(&engine, 9, false), "one\ntwo\nthree\nfour\n");
}

#[test]
fn margins_outlive_a_resize_that_the_emulator_does_not_see() {
    let mut engine = engine(3, 2, b"a\x1b[2r\x1b[3Hb");
    engine.resize(Size::new(3, 1));
    engine.feed(b"\r\nc");
    assert_eq!(capture(&engine, 9, false), "a\nb\nc\n");
    assert_eq!(engine.history().end(), 0);
}

#[test]
fn sizes_are_clamped() {
    let mut engine = engine(3, 3, b"abc");
    engine.resize(Size::new(0, 0));
    assert_eq!(engine.size(), Size::new(1, 1));
    engine.resize(Size::new(u16::MAX, u16::MAX));
    assert_eq!((engine.size().rows(), engine.size().columns()), (1000, 1000));
}
