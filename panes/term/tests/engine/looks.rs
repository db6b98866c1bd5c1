//! How characters look that the emulator underneath has no attributes for, and where they lead.

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
    let engine = engine(1, 9, b"a\x1b]8;;http://one\x1b\\b\x1b[1mc\x1b]8;id=2;http://two;x\x07d\x1b[m\x1b]8;;\x07e");
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
