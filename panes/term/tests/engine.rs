//! Bytes in, screen, replies, events and history out.

use locald_term::{
    Attributes, Color, CommandMark, CursorShape, Engine, Event, MouseEncoding, MouseMode, Progress, Size, Style,
    Underline, VtEngine, capture,
};

fn engine(rows: u16, columns: u16, bytes: &[u8]) -> VtEngine {
    let mut engine = VtEngine::new(Size::new(rows, columns));
    engine.feed(bytes);
    engine
}

/// A row as its cells: `[a][日=][ ]`, where `=` marks the second column.
fn cells(engine: &dyn Engine, row: u16) -> String {
    let mut out = String::new();
    engine.row(row, &mut |cell| {
        out.push('[');
        out.push_str(cell.text);
        out.push_str(if cell.width == 2 { "=]" } else { "]" });
    });
    out
}

fn styles(engine: &dyn Engine, row: u16) -> Vec<Style> {
    let mut styles = Vec::new();
    engine.row(row, &mut |cell| styles.push(cell.style));
    styles
}

fn history(engine: &dyn Engine) -> Vec<&str> {
    engine.history().lines(0, usize::MAX).map(|line| line.text()).collect()
}

fn numbered(lines: u32) -> Vec<u8> {
    (0..lines).flat_map(|line| format!("line {line}\r\n").into_bytes()).collect()
}

mod screen {
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
        assert!(
            modes.application_cursor && modes.application_keypad && modes.bracketed_paste && modes.alternate_screen
        );
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
}

#[test]
fn a_screen_of_one_row_knows_that_its_line_goes_on_also_after_a_checkpoint() {
    let checkpoint = engine(1, 4, b"abc").checkpoint().expect("no sequence is open");
    let mut began = VtEngine::restore(&checkpoint).expect("a checkpoint");
    began.feed(b"defgh\r\ni");
    assert_eq!(history(&began), ["abcdefgh"]);
}

mod looks {
    use super::*;

    /// Where the links of a row lead, and how often each comes, from left to right.
    fn links(engine: &VtEngine, row: u16) -> Vec<String> {
        let mut links = Vec::new();
        engine.row(row, &mut |cell| {
            links.extend(cell.link.map(|link| format!("{} {}", cell.text, engine.link(link).unwrap())));
        });
        links
    }

    #[test]
    fn attributes_beyond_the_emulators_are_on_their_characters_and_no_others() {
        let engine = engine(1, 6, "a\x1b[9me\u{301}\x1b[5;29m日\x1b[0;8mb\x1b[mc".as_bytes());
        let with = |attributes| Style { attributes, ..Style::DEFAULT };
        let expected = [
            Style::DEFAULT,
            with(Attributes::STRIKETHROUGH),
            with(Attributes::BLINK),
            with(Attributes::HIDDEN),
            Style::DEFAULT,
        ];
        assert_eq!(styles(&engine, 0), expected);
        assert_eq!(cells(&engine, 0), "[a][e\u{301}][日=][b][c]");
        assert_eq!(capture(&engine, 0, false), "ae\u{301}日bc\n");
    }

    #[test]
    fn they_go_with_their_characters_into_insertions_and_the_history() {
        let mut engine = engine(2, 9, b"\x1b[9mab\x1b[m\r\x1b[2@x\r\n");
        let strike = Style { attributes: Attributes::STRIKETHROUGH, ..Style::DEFAULT };
        assert_eq!(styles(&engine, 0)[..5], [Style::DEFAULT, Style::DEFAULT, strike, strike, Style::DEFAULT]);
        engine.feed(b"\x1b[4:3;58:5:1mcd\x1b[m\r\n\r\n");
        let pieces: Vec<_> = engine.history().lines(0, 9).flat_map(|line| line.pieces().collect::<Vec<_>>()).collect();
        let curly = Style {
            attributes: Attributes::UNDERLINE,
            underline: Underline::Curly,
            underline_color: Color::Indexed(1),
            ..Style::DEFAULT
        };
        assert_eq!(pieces, [("x ", Style::DEFAULT), ("ab", strike), ("cd", curly)]);
        assert_eq!(capture(&engine, 9, true), "x \x1b[0;9mab\x1b[m\n\x1b[0;4;4:3;58:5:1mcd\x1b[m\n\n\n");
    }

    #[test]
    fn a_character_that_is_not_drawn_gives_its_look_to_no_other() {
        let engine = engine(1, 3, "a\x1b[9m\u{80}\x1b[mb".as_bytes());
        assert_eq!(styles(&engine, 0), [Style::DEFAULT; 3]);
    }

    #[test]
    fn hyperlinks_go_into_the_history_and_come_back_to_a_screen_that_grows() {
        let bytes = b"\x1b]8;;http://one\x1b\\ab\x1b]8;id=2;http://two\x1b\\cd\x1b]8;;\x1b\\ef\r\n\x1b[H\x1b[Cx\n\n\n.";
        let mut engine = engine(3, 9, bytes);
        let linked = |engine: &VtEngine| -> Vec<String> {
            let pieces = engine.history().lines(0, 9).flat_map(|line| line.linked_pieces().collect::<Vec<_>>());
            pieces.map(|(text, _, link)| format!("{text} {}", link.map_or("", |(_, url)| url))).collect()
        };
        assert_eq!(linked(&engine), ["a http://one", "x ", "cd http://two", "ef "]);
        engine.resize(Size::new(5, 9));
        assert_eq!(links(&engine, 0), ["a http://one", "c http://two", "d http://two"]);
        engine.restart();
        engine.feed(b"\x1b]8;;http://three\x07g\r\n\n\n\n\n");
        let all = ["a http://one", "x ", "cd http://two", "ef ", "  . ", "g http://three"];
        assert_eq!(linked(&engine)[..6], all, "links of the next program are others");
    }

    #[test]
    fn a_hyperlink_leads_where_the_program_said() {
        let engine =
            engine(1, 9, b"a\x1b]8;;http://one\x1b\\b\x1b[1mc\x1b]8;id=2;http://two;x\x07d\x1b[m\x1b]8;;\x07e");
        assert_eq!(links(&engine, 0), ["b http://one", "c http://one", "d http://two;x"]);
    }

    #[test]
    fn a_full_table_drops_looks_and_takes_none_for_another() {
        let mut engine = VtEngine::new(Size::new(10, 60));
        for number in 0..500 {
            engine.feed(format!("\x1b]8;;http://{number}\x07x").as_bytes());
        }
        let seen: Vec<_> = (0..10).flat_map(|row| links(&engine, row)).collect();
        assert_eq!(seen, (0..240).map(|number| format!("x http://{number}")).collect::<Vec<_>>());
        engine.feed(b"\x1b]8;;\x07\x1b[2J\x1b[H");
        for number in 0..3000 {
            engine.feed(format!("\x1b[H\x1b]8;;http://{number}\x07{}", "some text".repeat(20)).as_bytes());
        }
        assert_eq!(links(&engine, 0)[0], "s http://2999");
    }

    #[test]
    fn a_struck_emoji_is_wide_wherever_the_output_is_cut() {
        let bytes = "\x1b[9m❤\u{fe0f}x".as_bytes();
        for cut in 0..bytes.len() {
            let mut engine = engine(1, 4, &bytes[..cut]);
            engine.feed(&bytes[cut..]);
            assert_eq!(cells(&engine, 0), "[❤\u{fe0f}=][x][ ]", "cut at {cut}");
            assert!(styles(&engine, 0)[0].strikethrough());
        }
    }
}

mod replies {
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
}

mod events {
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
        let mut engine = engine(
            1,
            9,
            format!("\x1b]52;c;{}\x07\x1b]2;{}\x1b\\", "A".repeat(1_100_000), "t".repeat(70_000)).as_bytes(),
        );
        assert!(engine.take_events().is_empty() && engine.title().is_empty());
        engine.feed(format!("\x1b]52;c;{}\x07", "A".repeat(1_000_000)).as_bytes());
        assert!(matches!(&engine.take_events()[..], [Event::ClipboardSet { base64 }] if base64.len() == 1_000_000));
        engine.feed(b"x\x1b]2;next\x07y");
        assert_eq!(engine.title(), "next");
        assert_eq!(cells(&engine, 0), "[x][y][ ][ ][ ][ ][ ][ ][ ]");
    }
}

mod scrolled_off {
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
}

mod resizing {
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
}

mod damage {
    use super::*;

    fn dirty(engine: &mut dyn Engine, seen: &mut u64) -> Vec<u16> {
        let now = engine.refresh();
        let rows = (0..engine.size().rows()).filter(|row| engine.row_version(*row) > *seen).collect();
        *seen = now;
        rows
    }

    #[test]
    fn a_reader_learns_which_rows_changed_since_it_looked() {
        let (mut engine, mut seen) = (engine(3, 10, b"a\r\nb"), 0);
        assert_eq!(dirty(&mut engine, &mut seen), [0, 1, 2]);
        assert_eq!(dirty(&mut engine, &mut seen), []);
        engine.feed(b"x");
        assert_eq!(dirty(&mut engine, &mut seen), [1]);
        engine.feed(b"\x1b[H\x1b[31ma");
        assert_eq!(dirty(&mut engine, &mut seen), [0]);
        engine.feed(b"\x1b[Ha\x07\x1b[2;2H");
        assert_eq!(dirty(&mut engine, &mut seen), []);
    }

    #[test]
    fn two_readers_do_not_take_changes_from_each_other() {
        let (mut engine, mut quick, mut slow) = (engine(2, 10, b"a\r\nb"), 0, 0);
        dirty(&mut engine, &mut quick);
        dirty(&mut engine, &mut slow);
        engine.feed(b"x");
        assert_eq!(dirty(&mut engine, &mut quick), [1]);
        engine.feed(b"\x1b[Hx");
        assert_eq!(dirty(&mut engine, &mut quick), [0]);
        assert_eq!(dirty(&mut engine, &mut slow), [0, 1]);
    }

    #[test]
    fn a_change_of_width_changes_every_row() {
        let (mut engine, mut seen) = (engine(2, 10, b"a"), 0);
        dirty(&mut engine, &mut seen);
        engine.resize(Size::new(3, 11));
        assert_eq!(dirty(&mut engine, &mut seen), [0, 1, 2]);
    }
}
