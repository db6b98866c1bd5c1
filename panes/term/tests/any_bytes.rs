//! Whatever bytes a program writes, cut wherever they are, at whatever size.

use locald_term::{Cursor, Engine, Size, VtEngine, capture};
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
        "((\x1b\\[(3[1-4]|0|9|4:3)m)?([a-z]{1,9}|日本|e\u{301}|a\t)(\r\n|\n|\r\n\r|\x1b\\[K\r\n)){4,40}"
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
    (capture(engine, usize::MAX, true), engine.cursor(), engine.title().to_owned())
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
    fn any_steps_leave_a_sound_screen(steps in proptest::collection::vec(step(), 1..40)) {
        let mut engine = VtEngine::new(Size::new(6, 8));
        for step in &steps {
            perform(&mut engine, step);
            assert_sound(&mut engine);
        }
    }

    #[test]
    fn where_bytes_are_cut_does_not_matter(
        steps in proptest::collection::vec(step(), 1..12),
        cuts in proptest::collection::vec(1..9_usize, 1..20),
    ) {
        let (mut whole, mut cut) = (VtEngine::new(Size::new(6, 8)), VtEngine::new(Size::new(6, 8)));
        let mut cuts = cuts.iter().cycle();
        for step in &steps {
            perform(&mut whole, step);
            match step {
                Step::Feed(bytes) => {
                    let mut rest = bytes.as_slice();
                    while !rest.is_empty() {
                        let (now, later) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                        cut.feed(now);
                        rest = later;
                    }
                }
                other => perform(&mut cut, other),
            }
            prop_assert_eq!(seen(&whole), seen(&cut));
            prop_assert_eq!(whole.take_replies(), cut.take_replies());
        }
    }
}
