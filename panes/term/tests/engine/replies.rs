//! What programs ask, and what they are answered.

use super::*;

#[test]
fn queries_are_answered_in_order() {
    let mut engine = engine(5, 20, b"\x1b[3;4H\x1b[6n\x1b[c\x1b[5n\x1b[>c\x1b[?6n\x1b[0c\x1b[18t");
    let expected = b"\x1b[3;4R\x1b[?62;22c\x1b[0n\x1b[>1;277;0c\x1b[?3;4R\x1b[?62;22c\x1b[8;5;20t";
    assert_eq!(engine.take_replies(), expected);
    assert!(engine.take_replies().is_empty());
}

#[test]
fn everything_a_program_may_ask_has_its_answer() {
    let table: &[(&[u8], &[u8])] = &[
        (b"\x1b[?25$p\x1b[?2026h\x1b[?2026$p\x1b[?9999$p", b"\x1b[?25;1$y\x1b[?2026;1$y\x1b[?9999;0$y"),
        (b"\x1b[4$p\x1b[4h\x1b[4$p\x1b[3$p", b"\x1b[4;2$y\x1b[4;1$y\x1b[3;0$y"),
        (b"\x1b[?1049$p\x1b[?1049h\x1b[?47$p", b"\x1b[?1049;2$y\x1b[?47;1$y"),
        (b"\x1b[14t\x1b[16t\x1b[19t", b"\x1b[4;80;160t\x1b[6;16;8t\x1b[9;5;20t"),
        (b"\x1b[>q", concat!("\x1bP>|locald(", env!("CARGO_PKG_VERSION"), ")\x1b\\").as_bytes()),
        (
            b"\x1b]11;?\x07\x1b]4;1;?;196;?\x1b\\",
            b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b]4;1;rgb:cdcd/3131/3131\x1b\\\x1b]4;196;rgb:ffff/0000/0000\x1b\\",
        ),
        (b"\x1b]10;?;?\x07", b"\x1b]10;rgb:d4d4/d4d4/d4d4\x1b\\\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\"),
        (b"\x1b]12;?\x07", b"\x1b]12;rgb:d4d4/d4d4/d4d4\x1b\\"),
        (
            b"\x1b[1;31;9m\x1bP$qm\x1b\\\x1b[2;4r\x1bP$qr\x1b\\\x1b[4 q\x1bP$q q\x1b\\\x1bP$qx\x1b\\",
            b"\x1bP1$r0;1;9;31m\x1b\\\x1bP1$r2;4r\x1b\\\x1bP1$r4 q\x1b\\\x1bP0$r\x1b\\",
        ),
        (
            b"\x1bP+q544e;436f;zz\x1b\\",
            b"\x1bP1+r544e=787465726d2d323536636f6c6f72\x1b\\\x1bP1+r436f=323536\x1b\\\x1bP0+r\x1b\\",
        ),
        (b"\x1b[?u\x1b[>5u\x1b[?u\x1b[?1049h\x1b[?u\x1b[?1049l\x1b[<u\x1b[?u", b"\x1b[?0u\x1b[?5u\x1b[?0u\x1b[?0u"),
        (b"\x1b[>4;2m\x1b[?4m\x1b[>4m\x1b[?4m", b"\x1b[>4;2m\x1b[>4;0m"),
        (b"\x1b[2;4r\x1b[?6h\x1b[6n\x1b[2;3H\x1b[6n", b"\x1b[1;1R\x1b[2;3R"),
        (b"\x1b[?996n", b"\x1b[?997;1n"),
    ];
    for (asked, expected) in table {
        let replies = engine(5, 20, asked).take_replies();
        assert_eq!(String::from_utf8(replies).unwrap(), std::str::from_utf8(expected).unwrap());
    }
}

#[test]
fn a_cursor_report_is_of_the_moment_of_the_query() {
    let mut engine = engine(5, 20, b"ab\x1b[6ncd\x1b[6n");
    assert_eq!(engine.take_replies(), b"\x1b[1;3R\x1b[1;5R");
}

#[test]
fn a_program_that_only_asks_does_not_fill_memory() {
    let mut engine = engine(5, 20, &b"\x1b[5n".repeat(100_000));
    assert_eq!(engine.take_replies().len(), 16 * 1024);
    engine.feed(b"\x1b[5n");
    assert_eq!(engine.take_replies(), b"\x1b[0n");
}

#[test]
fn a_muted_engine_neither_answers_nor_reports_but_draws() {
    let mut engine = VtEngine::new(Size::new(1, 10));
    engine.set_mute(true);
    engine.feed(b"\x07\x1b[6n\x1b]2;title\x07old\r\nx");
    engine.set_mute(false);
    assert_eq!((engine.take_replies(), engine.take_events()), (vec![], vec![]));
    assert_eq!((engine.title(), history(&engine)), ("title", vec!["old"]));
}
