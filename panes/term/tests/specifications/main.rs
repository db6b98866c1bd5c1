//! What specifications say of sequences, shown to the emulator. `cargo xtask bench conformance` shows the same to the whole
//! program, and to tmux.

mod checks;

use locald_term::{Engine, Size, VtEngine};

use crate::checks::{Check, checks, compact};

#[test]
fn sequences_do_what_specifications_say() {
    let mut wrong = Vec::new();
    for Check { says, output, screen, cursor } in checks() {
        let mut engine = VtEngine::new(Size::new(25, 80));
        engine.feed(&output);
        engine.take_replies();
        engine.feed(b"\x1b[6n");
        let row = |row| {
            let mut text = String::new();
            engine.row(row, &mut |cell| text.push_str(cell.text));
            text
        };
        let seen = (0..25).map(row).collect::<Vec<_>>().join("\n");
        let reported = String::from_utf8(engine.take_replies()).unwrap();
        let seen = (compact(&seen), reported.trim_matches(['\x1b', '[', 'R']));
        if (seen.0.as_str(), seen.1) != (screen.as_str(), cursor) {
            wrong.push(format!("{says}: {seen:?} and not {:?}", (screen, cursor)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
