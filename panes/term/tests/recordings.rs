//! What real programs drew, as recorded from them, and what is seen of it: `recordings/NAME.vt` is what the program wrote,
//! `recordings/NAME.txt` the screen at its end. Each was recorded from the program named, in a terminal of 80 by 24 (`curses`:
//! 20 by 8).

use locald_term::{Attributes, Color, Engine, Size, Style, VtEngine, capture};

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

const RECORDINGS: [Recording; 9] = [
    recording!("vim"),
    recording!("less"),
    recording!("htop"),
    recording!("top"),
    recording!("mc"),
    recording!("fzf"),
    recording!("tmux"),
    recording!("progress"),
    recording!("curses"),
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
    let vim = shown("vim");
    assert!(look(&vim, "poem.txt").inverse() && !look(&vim, "line").inverse());
    assert!(look(&shown("less"), "line  77").inverse());
    assert_eq!(look(&shown("htop"), "F10").background, Color::Default);
    assert_eq!(look(&shown("htop"), "Quit").background, Color::Indexed(6));
    assert!(look(&shown("top"), "PID").attributes.contains(Attributes::INVERSE));
    assert_eq!(look(&shown("mc"), "alpha").foreground, Color::Indexed(7));
    assert_eq!(look(&shown("tmux"), "[0] 0:sh").background, Color::Indexed(2));
}
