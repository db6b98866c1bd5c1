//! Which rows have changed since somebody looked.

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
