//! Whatever bytes a program writes, cut wherever they are, at whatever size.

use locald_term::{Cursor, Engine, Line, Size, StyledText, VtEngine, capture};
use proptest::prelude::*;

/// Output that looks like a terminal program's, with sizes to change to in between.
#[derive(Clone, Debug)]
enum Step {
    Feed(Vec<u8>),
    Resize(u16, u16),
    Restart,
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        "[a-z]{1,12}".prop_map(String::into_bytes),
        "(日|e\u{301}|\u{301}|\u{fe0f}|☺|👩|\u{200d}|🇪|1\u{fe0f}|\u{ad}|\u{17d8}){1,6}".prop_map(String::into_bytes),
        "\x1b\\[[?>]?[0-9]{0,5}(;[0-9]{0,5}){0,2}[ !$]?[@-~]".prop_map(String::into_bytes),
        "\x1b\\[[0-9]{0,2}(;[0-9]{0,2})?[@A-MPSTXb-hr]".prop_map(String::into_bytes),
        "\x1b\\[\\?(1|6|7|25|47|1047|1048|1049|2004|2026)[hl]".prop_map(String::into_bytes),
        "\x1b\\[((4|20)[hl]|[0-3]g|[su]|[0-9]{0,2}[IZabde]|!p|\\?5W|[1-9][0-9]{0,3}b)".prop_map(String::into_bytes),
        "\x1b\\[(4:3|58[;:]5[;:]1|9|38:2::1:2:3|1;31|7|0|)m".prop_map(String::into_bytes),
        "\x1b\\[(9|29|8|5|4:[0-5])m[a-z日❤]{1,9}(\u{fe0f}|\u{301})?".prop_map(String::into_bytes),
        "\x1b\\]8;;[a-z]{0,2}\x07[a-z]{0,3}".prop_map(String::into_bytes),
        "(\x1b([()*+][0AB]|[DENOHno]|#8)|\x0e|\x0f)".prop_map(String::into_bytes),
        "\x1b[P_]([$+]q)?[a-z0-9;?]{0,9}(\x07|\x1b\\\\)?".prop_map(String::into_bytes),
        "([a-z ]{1,14}(\r\n|\t)){1,4}".prop_map(String::into_bytes),
        "((\x1b\\[(3[1-4]|0|9|4:3)m)?([a-z]{1,9}|日本|e\u{301}|a\t)(\r\n|\n|\r\n\r|\x1b\\[K\r\n)){4,20}"
            .prop_map(String::into_bytes),
        "\x1b\\]([0-9]{1,2};)?[a-z;]{0,9}(\x07|\x1b\\\\)?".prop_map(String::into_bytes),
        "(\x1b[78=>McDEHP_^X(\\]])|[\x08\t\n\x0b\x0c\r\x07\x18]".prop_map(String::into_bytes),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let size = || prop_oneof![4 => 1..12_u16, 1 => any::<u16>().prop_map(|number| number % 130)];
    prop_oneof![
        30 => proptest::collection::vec(piece(), 1..12).prop_map(|pieces| Step::Feed(pieces.concat())),
        6 => (size(), size()).prop_map(|(rows, columns)| Step::Resize(rows, columns)),
        1 => Just(Step::Restart),
    ]
}

fn perform(engine: &mut VtEngine, step: &Step) {
    match step {
        Step::Feed(bytes) => engine.feed(bytes),
        Step::Resize(rows, columns) => engine.resize(Size::new(*rows, *columns)),
        Step::Restart => engine.restart(),
    }
}

fn seen(engine: &VtEngine) -> (String, Cursor, String) {
    (capture(engine, 200, true), engine.cursor(), engine.title().to_owned())
}

/// A line's text and looks, and where its links lead.
fn styled(line: Line<'_>) -> (StyledText, Vec<Option<String>>) {
    let (mut text, mut links) = (StyledText::default(), Vec::new());
    for (piece, style, link) in line.linked_pieces() {
        text.push_linked(piece, style, link.map(|(link, _)| link));
        links.extend(piece.chars().map(|_| link.map(|(_, url)| url.to_owned())));
    }
    (text, links)
}

/// What must be the same of an engine that began at a checkpoint and of one that did not. The first has no older lines.
fn assert_same(began: &mut VtEngine, whole: &mut VtEngine) {
    assert_eq!(capture(began, 0, true), capture(whole, 0, true));
    assert_eq!((began.cursor(), began.modes(), began.title()), (whole.cursor(), whole.modes(), whole.title()));
    assert_eq!(began.working_directory(), whole.working_directory());
    assert_eq!(began.synchronized(), whole.synchronized());
    assert_eq!(began.take_replies(), whole.take_replies());
    assert_eq!(began.take_events(), whole.take_events());
    assert_eq!(began.history().end(), whole.history().end());
    for line in began.history().lines(0, usize::MAX) {
        let other = whole.history().line(line.number()).expect("it has all lines");
        assert_eq!(styled(line), styled(other));
        assert_eq!(line.continues(), other.continues());
    }
    for row in 0..whole.size().rows() {
        let links = |engine: &VtEngine| {
            let mut links = Vec::new();
            engine.row(row, &mut |cell| links.push(cell.link.and_then(|link| engine.link(link)).map(str::to_owned)));
            links
        };
        assert_eq!(links(began), links(whole));
        assert_eq!(began.row_wrapped(row), whole.row_wrapped(row));
    }
}

fn assert_sound(engine: &mut VtEngine) {
    let size = engine.size();
    let cursor = engine.cursor();
    assert!(cursor.row < size.rows() && cursor.column < size.columns());
    for row in 0..size.rows() {
        let mut columns = 0;
        engine.row(row, &mut |cell| {
            assert!(!cell.text.is_empty() && !cell.text.contains(char::is_control) && matches!(cell.width, 1 | 2));
            columns += u16::from(cell.width);
        });
        assert_eq!(columns, size.columns());
    }
    engine.refresh();
    assert!(engine.take_events().len() <= 8);
    assert!(engine.title().len() <= 1024);
    assert!(engine.history().bytes() <= 3 * 512 * 1024);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_steps_leave_a_sound_screen(steps in proptest::collection::vec(step(), 1..16)) {
        let mut engine = VtEngine::new(Size::new(6, 8));
        for step in &steps {
            perform(&mut engine, step);
            assert_sound(&mut engine);
        }
    }

    #[test]
    fn where_bytes_are_cut_and_when_they_are_drawn_does_not_matter(
        steps in proptest::collection::vec(step(), 1..12),
        cuts in proptest::collection::vec(1..9_usize, 1..20),
    ) {
        let [mut whole, mut cut, mut late] = [(); 3].map(|()| VtEngine::new(Size::new(6, 8)));
        let mut cuts = cuts.iter().cycle();
        for step in &steps {
            perform(&mut whole, step);
            match step {
                Step::Feed(bytes) => {
                    let mut rest = bytes.as_slice();
                    while !rest.is_empty() {
                        let (now, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                        cut.feed(now);
                        late.take_in(now);
                        rest = later;
                    }
                }
                other => {
                    perform(&mut cut, other);
                    perform(&mut late, other);
                }
            }
            late.settle();
            prop_assert_eq!(seen(&whole), seen(&cut));
            prop_assert_eq!(seen(&late), seen(&cut));
            let replies = whole.take_replies();
            prop_assert_eq!(cut.take_replies(), replies.as_slice());
            prop_assert_eq!(late.take_replies(), replies);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 12, ..ProptestConfig::default() })]

    /// So much that what is never seen is left out again and again before anybody looks.
    #[test]
    fn much_output_between_two_looks_is_the_same_as_with_many(
        pieces in proptest::collection::vec(piece(), 1..12),
        lines in 0..60_usize,
        size in (1..7_u16, 1..12_u16),
    ) {
        let [mut often, mut late] = [(); 2].map(|()| VtEngine::new(Size::new(size.0, size.1)));
        let mut round = pieces.concat();
        (0..lines).for_each(|line| round.extend(format!("\x1b[3{}mline {line}\x1b[m of output\r\n", line % 8).bytes()));
        for part in round.repeat(100_000 / round.len().max(1) + 1).chunks(4096) {
            often.feed(part);
            late.take_in(part);
        }
        late.settle();
        prop_assert_eq!(seen(&late), seen(&often));
        prop_assert_eq!(late.take_replies(), often.take_replies());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_checkpoint_and_the_rest_are_the_whole(
        before in proptest::collection::vec(step(), 0..8),
        bytes in proptest::collection::vec(piece(), 1..6),
        at: proptest::sample::Index,
        after in proptest::collection::vec(step(), 1..8),
    ) {
        let bytes = bytes.concat();
        let before_it = || {
            let mut engine = VtEngine::new(Size::new(6, 8));
            for step in &before {
                perform(&mut engine, step);
            }
            let (_, _) = (engine.take_replies(), engine.take_events());
            engine
        };
        let at = at.index(bytes.len() + 1);
        let cut = (0..=at).rev().find_map(|at| {
            let mut engine = before_it();
            engine.feed(&bytes[..at]);
            engine.checkpoint().map(|checkpoint| (engine, checkpoint, at))
        });
        if let Some((mut whole, checkpoint, at)) = cut {
            let (_, _) = (whole.take_replies(), whole.take_events());
            let mut began = VtEngine::restore(&checkpoint).unwrap();
            assert_same(&mut began, &mut whole);
            prop_assert_eq!(began.checkpoint(), Some(checkpoint));
            // A screen that grows takes lines back from the history, which has to be there for that.
            let mut older = before_it();
            older.feed(&bytes[..at]);
            began.adopt_history(older.take_history());
            prop_assert_eq!(began.history().first(), whole.history().first());
            for step in [Step::Feed(bytes[at..].to_vec())].iter().chain(&after) {
                perform(&mut began, step);
                perform(&mut whole, step);
                assert_same(&mut began, &mut whole);
            }
        }
    }

    #[test]
    fn between_sequences_there_is_a_checkpoint(steps in proptest::collection::vec(step(), 1..20)) {
        let mut engine = VtEngine::new(Size::new(6, 8));
        for step in &steps {
            perform(&mut engine, step);
        }
        engine.feed(b"\x18\x1b\\");
        prop_assert!(engine.checkpoint().is_some());
    }

    #[test]
    fn a_damaged_checkpoint_is_refused_or_makes_a_sound_screen(
        steps in proptest::collection::vec(step(), 1..12),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
        length: Option<proptest::sample::Index>,
        after in proptest::collection::vec(step(), 1..8),
    ) {
        let mut engine = VtEngine::new(Size::new(6, 8));
        for step in &steps {
            perform(&mut engine, step);
        }
        engine.feed(b"\x18\x1b\\");
        let mut bytes = engine.checkpoint().unwrap();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
        }
        if let Ok(mut engine) = VtEngine::restore(&bytes) {
            assert_sound(&mut engine);
            for step in &after {
                perform(&mut engine, step);
                assert_sound(&mut engine);
            }
        }
    }

    #[test]
    fn bytes_of_anybody_make_no_engine_or_a_sound_one(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(mut engine) = VtEngine::restore(&[&[1], bytes.as_slice()].concat()) {
            assert_sound(&mut engine);
        }
    }
}
