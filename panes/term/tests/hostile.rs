//! Output that is made to use up memory or time.

use locald_term::{Engine, Size, VtEngine, capture};

/// The memory this process holds, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn fed(bytes: &[u8], times: usize) -> VtEngine {
    let mut engine = VtEngine::new(Size::new(24, 80));
    (0..times).for_each(|_| engine.feed(bytes));
    engine
}

#[test]
fn strings_without_an_end_take_no_memory() {
    for start in [&b"\x1b]2;"[..], b"\x1b]52;c;", b"\x1bP", b"\x1b_G", b"\x1bX", b"\x1b]8;;"] {
        let mut engine = fed(start, 1);
        let before = resident();
        (0..64 * 128).for_each(|_| engine.feed(&[b'a'; 8 * 1024]));
        assert!(resident().saturating_sub(before) < 16 * 1024 * 1024);
        engine.feed(b"\x1b\\ok");
        assert_eq!(capture(&engine, 0, false).trim(), "ok");
    }
}

#[test]
fn a_small_sequence_fills_a_bounded_number_of_cells() {
    let repeats = 100_000;
    let engine = fed(b"a\x1b[65535b", repeats);
    // A line of history is 80 cells; a byte of output earns few of them.
    let lines = engine.history().end();
    assert!(lines < repeats as u64 * 10 * 4 / 80 + 1000, "{lines} lines");
    let mut engine = fed(b"", 1);
    engine.feed(&b"\x1b#8".repeat(100_000));
    assert_eq!(capture(&engine, 0, false), format!("{}\n", "E".repeat(80)).repeat(24));
}

#[test]
fn a_repeat_is_a_screen_at_most() {
    let mut engine = fed(b"a", 1);
    engine.feed(b"\x1b[65535b");
    assert!(engine.history().end() <= 2);
    let text = capture(&engine, 9, false).replace('\n', "");
    assert_eq!(text, "a".repeat(24 * 80 + 1));
}

#[test]
fn a_line_of_a_hundred_thousand_styles_keeps_the_history_within_bounds() {
    let style = |number| format!("\x1b[38;5;{};{}mx", number % 256, number % 8).into_bytes();
    let line: Vec<u8> = (0..100_000).flat_map(style).chain(*b"\r\n").collect();
    let engine = fed(&line, 20);
    assert!(engine.history().bytes() <= 3 * 512 * 1024);
}
