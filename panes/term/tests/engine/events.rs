//! What programs tell of themselves.

use super::*;

#[test]
fn shells_and_tasks_say_how_they_are() {
    let mut engine = engine(1, 9, b"\x1b]7;file://h/tmp\x07\x1b]9;done\x07\x1b]9;4;1;30\x07\x1b]133;D;1\x07");
    let expected = [
        Event::DirectoryChanged,
        Event::Notification { title: String::new(), body: "done".into() },
        Event::Progress(Progress::Percent(30)),
        Event::Command(CommandMark::Ended { code: Some(1) }),
    ];
    assert_eq!(engine.take_events(), expected);
    assert_eq!(engine.working_directory(), "file://h/tmp");
    engine.feed(b"\x1b]777;notify;build;it broke\x07\x1b]133;A\x07");
    let notification = Event::Notification { title: "build".into(), body: "it broke".into() };
    assert_eq!(engine.take_events(), [notification, Event::Command(CommandMark::Prompt)]);
}

#[test]
fn a_title_can_be_put_aside() {
    let mut engine = engine(1, 9, b"\x1b]2;shell\x07\x1b[22;2t\x1b]2;vim\x07");
    assert_eq!(engine.title(), "vim");
    engine.feed(b"\x1b[23;2t");
    assert_eq!(engine.title(), "shell");
}

#[test]
fn drawing_that_is_not_to_be_seen_is_announced() {
    let mut engine = engine(1, 9, b"\x1b[?2026h");
    assert!(engine.synchronized());
    engine.feed(b"x\x1b[?2026l");
    assert!(!engine.synchronized());
}

#[test]
fn events_are_one_of_a_kind() {
    let mut engine = engine(1, 9, b"\x07\x1bg\x1b]52;c;YQ==\x07\x1b]0;a\x07\x1b]52;c;Yg==\x1b\\\x1b]2;b;c\x07");
    let clipboard = Event::ClipboardSet { base64: "Yg==".into() };
    assert_eq!(engine.take_events(), [Event::Bell, clipboard, Event::TitleChanged]);
    assert_eq!(engine.title(), "b;c");
    engine.feed(b"\x1b]2;b;c\x07");
    assert_eq!(engine.take_events(), []);
}

#[test]
fn a_title_is_clean_and_short() {
    let mut engine = engine(1, 9, "\x1b]2;a\u{85}b\x07".as_bytes());
    assert_eq!(engine.title(), "ab");
    engine.feed(format!("\x1b]2;{}\x07", "é".repeat(5000)).as_bytes());
    assert_eq!(engine.title(), "é".repeat(512));
}

#[test]
fn a_string_that_got_too_long_has_no_effect_and_the_next_has() {
    let mut engine =
        engine(1, 9, format!("\x1b]52;c;{}\x07\x1b]2;{}\x1b\\", "A".repeat(1_100_000), "t".repeat(70_000)).as_bytes());
    assert!(engine.take_events().is_empty() && engine.title().is_empty());
    engine.feed(format!("\x1b]52;c;{}\x07", "A".repeat(1_000_000)).as_bytes());
    assert!(matches!(&engine.take_events()[..], [Event::ClipboardSet { base64 }] if base64.len() == 1_000_000));
    engine.feed(b"x\x1b]2;next\x07y");
    assert_eq!(engine.title(), "next");
    assert_eq!(cells(&engine, 0), "[x][y][ ][ ][ ][ ][ ][ ][ ]");
}
