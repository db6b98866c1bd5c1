//! Another width: lines are wrapped anew, and nothing of them is lost.

use locald_term::{Attributes, Color, Engine, Size, VtEngine, capture};
use proptest::prelude::*;

fn engine(rows: u16, columns: u16, bytes: &[u8]) -> VtEngine {
    let mut engine = VtEngine::new(Size::new(rows, columns));
    engine.feed(bytes);
    engine
}

fn screen(engine: &VtEngine) -> String {
    capture(engine, 0, false)
}

fn history(engine: &VtEngine) -> Vec<&str> {
    engine.history().lines(0, usize::MAX).map(|line| line.text()).collect()
}

/// The text under the cursor, and all that follows it in its row.
fn from_cursor(engine: &VtEngine) -> String {
    let (cursor, mut column, mut text) = (engine.cursor(), 0, String::new());
    engine.row(cursor.row, &mut |cell| {
        if column + u16::from(cell.width) > cursor.column {
            text.push_str(cell.text);
        }
        column += u16::from(cell.width);
    });
    text.trim_end().to_owned()
}

/// The lines of history and screen, however they are wrapped, without blank ones at the end.
fn lines(engine: &VtEngine) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut add = |text: &str, goes_on: bool| {
        let last = lines.len() - 1;
        lines[last].push_str(text);
        if !goes_on {
            lines.push(String::new());
        }
    };
    engine.history().lines(0, usize::MAX).for_each(|line| add(line.text(), line.continues()));
    for row in 0..engine.size().rows() {
        let (mut cells, mut next_is_wide) = (Vec::new(), None);
        engine.row(row, &mut |cell| cells.push(cell.text.to_owned()));
        engine.row(row + 1, &mut |cell| _ = next_is_wide.get_or_insert(cell.width == 2));
        let goes_on = engine.row_wrapped(row);
        // A wide character that did not fit left the last column blank.
        if goes_on && next_is_wide == Some(true) && cells.last().is_some_and(|text| text == " ") {
            cells.pop();
        }
        add(&cells.concat(), goes_on);
    }
    let mut lines: Vec<String> = lines.iter().map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[test]
fn a_line_is_wrapped_where_the_screen_ends_and_whole_again_where_it_does_not() {
    let mut engine = engine(4, 10, "abcdefghij日k\r\nlm".as_bytes());
    assert_eq!(screen(&engine), "abcdefghij\n日k\nlm\n\n");
    engine.resize(Size::new(4, 6));
    assert_eq!(screen(&engine), "abcdef\nghij日\nk\nlm\n");
    engine.resize(Size::new(4, 5));
    assert_eq!(screen(&engine), "abcde\nfghij\n日k\nlm\n");
    engine.resize(Size::new(4, 20));
    assert_eq!(screen(&engine), "abcdefghij日k\nlm\n\n\n");
    engine.feed(b"n");
    assert_eq!(screen(&engine), "abcdefghij日k\nlmn\n\n\n");
}

#[test]
fn what_no_longer_fits_goes_into_the_history_and_comes_back_out_of_it() {
    let mut engine = engine(3, 8, b"one\r\n12345678\r\n\xe2\x9d\xaf ");
    engine.resize(Size::new(3, 4));
    assert_eq!((history(&engine), screen(&engine)), (vec!["one"], "1234\n5678\n\u{276f}\n".to_owned()));
    engine.resize(Size::new(3, 2));
    assert_eq!((history(&engine), screen(&engine)), (vec!["one", "1234"], "56\n78\n\u{276f}\n".to_owned()));
    assert!(engine.history().line(1).unwrap().continues());
    engine.resize(Size::new(3, 8));
    assert_eq!((history(&engine), screen(&engine)), (vec![], "one\n12345678\n\u{276f}\n".to_owned()));
    assert_eq!((engine.cursor().row, engine.cursor().column), (2, 2));
}

#[test]
fn a_higher_screen_shows_more_of_the_past_unless_there_was_room_below() {
    let mut engine = engine(2, 8, b"one\r\ntwo\r\nthree\r\nfour");
    engine.resize(Size::new(3, 8));
    assert_eq!((history(&engine), screen(&engine)), (vec!["one"], "two\nthree\nfour\n".to_owned()));
    engine.feed(b"\x1b[H\x1b[2Jcleared");
    engine.resize(Size::new(5, 8));
    assert_eq!((history(&engine), screen(&engine)), (vec!["one"], "cleared\n\n\n\n\n".to_owned()));
}

#[test]
fn a_line_whose_beginning_scrolled_off_ends_where_its_rest_was_erased() {
    for erase in
        ["\x1b[H\x1b[2J", "\x1b[H\x1b[J", "\x1b[H\x1b[K", "\x1b[H\x1bM", "\x1b[H\x1b[M", "\x1b[2;1H\x1b[1J", "\x1b[T"]
    {
        let mut engine = engine(2, 4, b"abcdefghijkl");
        assert_eq!(history(&engine), ["abcd"]);
        engine.feed(format!("{erase}\x1b[Hnew").as_bytes());
        engine.resize(Size::new(2, 8));
        assert_eq!(history(&engine), ["abcd"], "{erase:?}");
        assert!(screen(&engine).starts_with("new"), "{erase:?}");
    }
}

#[test]
fn the_cursor_stays_on_its_character_or_beyond_the_last() {
    let mut engine = engine(3, 12, b"abcdefghijkl\x1b[1;6H");
    engine.resize(Size::new(3, 5));
    assert_eq!((engine.cursor().row, engine.cursor().column), (1, 0));
    engine.resize(Size::new(3, 12));
    assert_eq!((engine.cursor().row, engine.cursor().column), (0, 5));
    engine.feed(b"\x1b[2;9H");
    engine.resize(Size::new(3, 6));
    assert_eq!((engine.cursor().row, engine.cursor().column), (2, 5));
}

#[test]
fn a_program_goes_on_printing_as_if_the_screen_had_always_been_so() {
    for (before, after) in [(8, 4), (4, 8), (5, 4), (4, 5), (3, 9)] {
        for text in ["abcd", "abcde", "abc", "ab日", "abc日", "abcdefgh", "x\x1b[9mabc\x1b[m", "e\u{301}fgh"] {
            let mut engine = engine(4, before, text.as_bytes());
            engine.resize(Size::new(4, after));
            engine.feed(b"yz\x1b[6n");
            let mut fresh = self::engine(4, after, text.as_bytes());
            fresh.feed(b"yz\x1b[6n");
            assert_eq!(capture(&engine, 9, true), capture(&fresh, 9, true), "{text:?} from {before} to {after}");
            assert_eq!(engine.take_replies(), fresh.take_replies(), "{text:?} from {before} to {after}");
        }
    }
}

#[test]
fn the_saved_cursor_stays_where_it_was_in_its_line() {
    let mut engine = engine(4, 12, b"$ abcdefghi\x1b7\r\nmore");
    engine.resize(Size::new(4, 6));
    engine.feed(b"\x1b8X");
    assert_eq!(screen(&engine), "$ abcd\nefghiX\nmore\n\n");
}

#[test]
fn a_shell_under_a_full_screen_program_is_wrapped_too() {
    let mut engine = engine(4, 12, b"$ ls -l long\r\nfile\r\n$ vim\x1b[?1049h\x1b[2J\x1b[Hvim");
    engine.resize(Size::new(3, 6));
    assert_eq!(screen(&engine), "vim\n\n\n");
    engine.feed(b"\x1b[4mx\x1b[?1049l!");
    assert_eq!((history(&engine), screen(&engine)), (vec!["$ ls -"], "l long\nfile\n$ vim!\n".to_owned()));
    engine.feed(b"\x1b[?1049h\x1b[Hless");
    engine.resize(Size::new(4, 12));
    engine.feed(b"\x1b[?1049l");
    assert_eq!((history(&engine), screen(&engine)), (vec![], "$ ls -l long\nfile\n$ vim!\n\n".to_owned()));
}

#[test]
fn looks_and_links_and_coloured_rests_stay() {
    let bytes = b"\x1b[1;31mabc\x1b[9mdef\x1b[m\x1b]8;;http://one\x07gh\x1b]8;;\x07\r\n\x1b[44mbar\x1b[K\x1b[m\r\n";
    let mut engine = engine(5, 10, bytes);
    engine.resize(Size::new(5, 4));
    let mut seen = Vec::new();
    for row in 0..3 {
        engine.row(row, &mut |cell| seen.push((cell.text.to_owned(), cell.style, cell.link)));
    }
    assert!(seen[..6].iter().all(|(_, style, _)| style.bold() && style.foreground == Color::Indexed(1)));
    assert!(seen[3..6].iter().all(|(_, style, _)| style.attributes.contains(Attributes::STRIKETHROUGH)));
    assert!(seen[6..8].iter().all(|(_, _, link)| engine.link(link.unwrap()) == Some("http://one")));
    assert!(seen[8..12].iter().all(|(_, style, _)| style.background == Color::Indexed(4)));
    let narrow = capture(&engine, 9, true);
    engine.resize(Size::new(5, 10));
    assert_eq!(capture(&engine, 9, true), capture(&self::engine(5, 10, bytes), 9, true));
    engine.resize(Size::new(5, 4));
    assert_eq!(capture(&engine, 9, true), narrow);
}

#[test]
fn modes_of_the_program_outlive_a_resize() {
    let mut engine = engine(3, 8, b"\x1b[31;4h\x1b(0\x1b[4h\x1b[?6h\x1b[?7l\x1b[35mab");
    engine.resize(Size::new(3, 4));
    engine.feed(b"\x1b[1;1Hq\x1b[$p\x1b[4$p\x1b[?7$p\x1b[?6$p");
    assert_eq!(engine.take_replies(), b"\x1b[0;0$y\x1b[4;1$y\x1b[?7;2$y\x1b[?6;1$y");
    assert_eq!(capture(&engine, 0, true), "\x1b[0;35m─▒␉\x1b[m\n\n\n");
}

#[test]
fn a_line_longer_than_the_screen_comes_back_as_far_as_it_fits() {
    let mut engine = engine(3, 10, "0123456789".repeat(30).as_bytes());
    let all = lines(&engine);
    for columns in [3, 40, 7, 100, 10] {
        engine.resize(Size::new(3, columns));
        assert_eq!(lines(&engine), all);
    }
    assert_eq!(screen(&engine), "0123456789\n".repeat(3));
}

#[test]
fn a_cursor_behind_a_line_that_no_longer_fits_is_on_the_screen() {
    let mut engine = engine(6, 8, b"one\r\na\r\na\x1b[Haa");
    engine.resize(Size::new(1, 1));
    engine.feed(b"\x1b[6n");
    assert_eq!(engine.take_replies(), b"\x1b[1;1R");
}

#[test]
fn each_row_of_a_screen_of_one_column_is_another_than_of_two() {
    let mut engine = engine(2, 2, b"ab");
    let seen = engine.refresh();
    engine.resize(Size::new(2, 1));
    engine.refresh();
    assert!((0..2).all(|row| engine.row_version(row) > seen));
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-z]{1,9}",
        2 => "(日|é|e\u{301}|─|🚀){1,5}",
        2 => " {1,3}[a-z]",
        4 => Just("\r\n".to_owned()),
        2 => "\x1b\\[(0|1|31|44|9|4:3|7)m",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_is_changed_by_any_sizes(text in text(), sizes in proptest::collection::vec((2..9_u16, 2..24_u16), 1..8)) {
        let mut engine = engine(5, 11, text.as_bytes());
        let all = lines(&engine);
        for (rows, columns) in sizes {
            engine.resize(Size::new(rows, columns));
            prop_assert_eq!(lines(&engine), all.as_slice(), "at {} by {}", rows, columns);
        }
    }

    #[test]
    fn narrower_and_wider_again_is_as_before(text in text(), columns in 2..11_u16, row in 1..6_u16, column in 1..12_u16) {
        let mut engine = engine(5, 11, text.as_bytes());
        engine.feed(format!("\x1b[{row};{column}H").as_bytes());
        let (seen, all, under) = (capture(&engine, 99, true), lines(&engine), from_cursor(&engine));
        let full = row == 5 || capture(&engine, 0, false).lines().last() != Some("");
        engine.resize(Size::new(5, columns));
        if !under.is_empty() && engine.cursor().row > 0 {
            let now = from_cursor(&engine);
            prop_assert!(under.starts_with(&now) || now.starts_with(&under), "{:?} became {:?}", under, now);
        }
        engine.resize(Size::new(5, 11));
        prop_assert_eq!(lines(&engine), all);
        if full {
            prop_assert_eq!(capture(&engine, 99, true), seen);
        }
    }

    #[test]
    fn what_is_printed_on_a_screen_wraps_as_if_printed_after_its_resize(text in text(), columns in 2..24_u16) {
        let mut resized = engine(40, 11, text.as_bytes());
        resized.resize(Size::new(40, columns));
        let fresh = engine(40, columns, text.as_bytes());
        prop_assert_eq!(capture(&resized, 9, true), capture(&fresh, 9, true));
        prop_assert_eq!(resized.cursor(), fresh.cursor());
    }
}
