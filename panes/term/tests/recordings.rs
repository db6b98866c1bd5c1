//! What real programs drew, as recorded from them, and what is seen of it: `recordings/NAME.vt` is what the program wrote,
//! `recordings/NAME.txt` the screen at its end. Each was recorded from the program named, in a terminal of 80 by 24 (`curses`:
//! 20 by 8); `progress` and `agent` from scripts that draw as progress bars do, and as programs do that show a conversation: on
//! the primary screen, every frame over the last, once after wiping everything.

use locald_term::{Attributes, Color, Engine, Size, Style, Underline, VtEngine, capture};

struct Recording {
    name: &'static str,
    bytes: &'static [u8],
    text: &'static str,
}

macro_rules! recording {
    ($name:literal) => {
        Recording {
            name: $name,
            bytes: include_bytes!(concat!("recordings/", $name, ".vt")),
            text: include_str!(concat!("recordings/", $name, ".txt")),
        }
    };
}

const RECORDINGS: [Recording; 10] = [
    recording!("vim"),
    recording!("less"),
    recording!("htop"),
    recording!("top"),
    recording!("mc"),
    recording!("fzf"),
    recording!("tmux"),
    recording!("progress"),
    recording!("curses"),
    recording!("agent"),
];

fn engine(name: &str) -> VtEngine {
    VtEngine::new(if name == "curses" { Size::new(8, 20) } else { Size::new(24, 80) })
}

/// The screen at the end of a recording.
fn shown(name: &str) -> VtEngine {
    let recording = RECORDINGS.iter().find(|recording| recording.name == name).unwrap();
    let mut engine = engine(name);
    engine.feed(recording.bytes);
    engine
}

/// How the first character of a text looks.
fn look(engine: &dyn Engine, text: &str) -> Style {
    for row in 0..engine.size().rows() {
        let (mut line, mut styles) = (String::new(), Vec::new());
        engine.row(row, &mut |cell| {
            styles.extend(cell.text.bytes().map(|_| cell.style));
            line.push_str(cell.text);
        });
        if let Some(at) = line.find(text) {
            return styles[at];
        }
    }
    panic!("`{text}` is not on the screen");
}

#[test]
fn programs_are_seen_as_they_drew_themselves() {
    for Recording { name, bytes, text } in &RECORDINGS {
        let mut engine = engine(name);
        engine.feed(bytes);
        assert_eq!(capture(&engine, 0, false), *text, "{name}");
    }
}

#[test]
fn where_a_recording_is_cut_does_not_matter() {
    for Recording { name, bytes, .. } in &RECORDINGS {
        for length in [1, 7, 100] {
            let mut engine = engine(name);
            bytes.chunks(length).for_each(|piece| engine.feed(piece));
            assert_eq!(capture(&engine, 9, true), capture(&shown(name), 9, true), "{name}");
        }
    }
}

#[test]
fn programs_have_their_looks() {
    // One asks for no look, the other for white on black in every cell of its border and inside.
    let on_black = Style { foreground: Color::Indexed(7), background: Color::Indexed(0), ..Style::default() };
    for (name, style) in [("progress", Style::default()), ("curses", on_black)] {
        let screen = shown(name);
        for row in 0..screen.size().rows() {
            screen.row(row, &mut |cell| assert_eq!(cell.style, style, "{name}, row {row}"));
        }
    }
    let vim = shown("vim");
    assert!(look(&vim, "poem.txt").inverse() && !look(&vim, "line").inverse());
    assert!(look(&shown("less"), "line  77").inverse());
    assert_eq!(look(&shown("htop"), "F10").background, Color::Default);
    assert_eq!(look(&shown("htop"), "Quit").background, Color::Indexed(6));
    assert!(look(&shown("top"), "PID").attributes.contains(Attributes::INVERSE));
    assert_eq!(look(&shown("mc"), "alpha").foreground, Color::Indexed(7));
    assert_eq!(look(&shown("tmux"), "[0] 0:sh").background, Color::Indexed(2));
    assert_eq!(look(&shown("fzf"), "170").foreground, Color::Indexed(151));
    let agent = shown("agent");
    assert!(look(&agent, "Edit src").bold() && look(&agent, "1 failed").attributes.contains(Attributes::DIM));
    assert!(look(&agent, "let answer = 41").strikethrough() && !look(&agent, "let answer = 42").strikethrough());
    assert_eq!(look(&agent, "+ let").background, Color::Rgb(33, 58, 43));
    let passed = look(&agent, "42 passed");
    assert_eq!((passed.underline, passed.underline_color), (Underline::Curly, Color::Indexed(4)));
    assert!(!agent.synchronized() && !agent.cursor().visible && agent.history().first() == agent.history().end());
}
