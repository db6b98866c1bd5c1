//! The same screen as another emulator has, for any order of sequences on whose meaning the two agree.

use alacritty_terminal::Term;
use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::Config;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi::Processor;
use locald_term::{Engine, Size, VtEngine};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Rows and columns.
#[derive(Clone, Copy)]
struct Screen(u16, u16);

const SMALL: Screen = Screen(6, 12);

impl Dimensions for Screen {
    fn total_lines(&self) -> usize {
        usize::from(self.0)
    }

    fn screen_lines(&self) -> usize {
        usize::from(self.0)
    }

    fn columns(&self) -> usize {
        usize::from(self.1)
    }
}

/// The rows and the cursor of the other emulator.
fn theirs(screen: Screen, bytes: &[u8]) -> (Vec<String>, (u16, u16)) {
    let mut term = Term::new(Config::default(), &screen, VoidListener);
    Processor::<alacritty_terminal::vte::ansi::StdSyncHandler>::new().advance(&mut term, bytes);
    let row = |row: u16| {
        let line = &term.grid()[Line(i32::from(row))];
        let mut text = String::new();
        for column in 0..usize::from(screen.1) {
            let cell = &line[Column(column)];
            if !cell.flags.intersects(Flags::WIDE_CHAR_SPACER | Flags::LEADING_WIDE_CHAR_SPACER) {
                text.push(if cell.c == '\t' { ' ' } else { cell.c });
                text.extend(cell.zerowidth().unwrap_or_default());
            } else if cell.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER) {
                text.push(' ');
            }
        }
        text.trim_end().to_owned()
    };
    let point = term.grid().cursor.point;
    let cursor = (u16::try_from(point.line.0).unwrap(), u16::try_from(point.column.0).unwrap());
    ((0..screen.0).map(row).collect(), cursor)
}

fn ours(screen: Screen, bytes: &[u8]) -> (Vec<String>, (u16, u16)) {
    let mut engine = VtEngine::new(Size::new(screen.0, screen.1));
    engine.feed(bytes);
    let row = |row| {
        let mut text = String::new();
        engine.row(row, &mut |cell| text.push_str(cell.text));
        text.trim_end().to_owned()
    };
    ((0..screen.0).map(row).collect(), (engine.cursor().row, engine.cursor().column))
}

/// Where the two differ: what is left out of [`piece`], and what is said of it elsewhere.
struct Difference {
    bytes: &'static str,
    ours: &'static str,
    theirs: &'static str,
    /// A specification's word; or, where none has one, what others do. "Wraptest" is what M. Engdegård measured on a VT220, a VT420
    /// and a VT510, as DEC STD 070 has it.
    says: &'static str,
}

/// Screens are rows divided by `/`, with `_` for blanks and the cursor's row and column in the end.
const DIFFERENCES: [Difference; 12] = [
    Difference {
        bytes: "abcdefghijkl\x1b[KX",
        ours: "abcdefghijkX 0 11",
        theirs: "abcdefghijkl/X 1 1",
        says: "Wraptest: EL, ED, DCH and ECH take back that the next character wraps",
    },
    Difference {
        bytes: "abcdefghijkl\nX",
        ours: "abcdefghijkl/___________X 1 11",
        theirs: "abcdefghijkl//X 2 1",
        says: "Wraptest: so does a line feed",
    },
    Difference {
        bytes: "abc\r\nabc\x1b[2D\x1b[1J",
        ours: "/__c 1 1",
        theirs: "abc/__c 1 1",
        says: "ECMA-48 8.3.39, 1: from the beginning of the page up to and with the cursor's position",
    },
    Difference {
        bytes: "abcdefghijkl\x1b[1;9H\x1b[7P",
        ours: "abcdefgh 0 8",
        theirs: "abcde 0 8",
        says: "ECMA-48 8.3.26: the character at the cursor and those that follow",
    },
    Difference {
        bytes: "\x1b[2;4r\x1b[3;3H\x1b#8X",
        ours: "XEEEEEEEEEEE/EEEEEEEEEEEE/EEEEEEEEEEEE/EEEEEEEEEEEE/EEEEEEEEEEEE/EEEEEEEEEEEE 0 1",
        theirs: "EEEEEEEEEEEE/EEEEEEEEEEEE/EEXEEEEEEEEE/EEEEEEEEEEEE/EEEEEEEEEEEE/EEEEEEEEEEEE 2 3",
        says: "VT510, DECALN: margins at the extremes of the page, cursor home",
    },
    Difference {
        bytes: "\x1b[?6h\x1b[2;2H\x1b[?6lX",
        ours: "X 0 1",
        theirs: "/_X 1 2",
        says: "VT100 User Guide, DECOM: to the new home position when this mode is set or reset",
    },
    Difference {
        bytes: "\x1b[2;4r\x1b[?6h\x1b8\x1b[HX",
        ours: "X 0 1",
        theirs: "/X 1 1",
        says: "VT510, DECRC: origin mode is restored, and off where nothing was saved",
    },
    Difference {
        bytes: "\x1b[2;4r\x1b[2;1H\x1b[9BX",
        ours: "///X 3 1",
        theirs: "/////X 5 1",
        says: "VT100 User Guide, CUD: the cursor stops at the bottom margin",
    },
    Difference {
        bytes: "\x1b[3gabc\x1b[ZX",
        ours: "Xbc 0 1",
        theirs: "abcX 0 4",
        says: "ECMA-48 8.3.7 leaves it open; xterm goes to the first column",
    },
    Difference {
        bytes: "\x1b[20hab\nX",
        ours: "ab/X 1 1",
        theirs: "ab/__X 1 3",
        says: "xterm, ctlseqs: 20 is automatic newline",
    },
    Difference {
        bytes: "ab\x1b7\r\ncd\x1b[?1049lX",
        ours: "abX/cd 0 3",
        theirs: "ab/cdX 1 3",
        says: "xterm, ctlseqs: resetting 1049 restores the cursor as DECRC does",
    },
    Difference {
        bytes: "日本\x1b[2G\x1b[X",
        ours: "__本 0 1",
        theirs: "日_本 0 1",
        says: "open; xterm erases both halves of a wide character",
    },
];

fn spelled((rows, (row, column)): &(Vec<String>, (u16, u16))) -> String {
    let rows = rows.join("/").replace(' ', "_");
    format!("{} {row} {column}", rows.trim_end_matches('/'))
}

#[test]
fn differences_are_as_they_are_told() {
    for Difference { bytes, ours, theirs, says } in &DIFFERENCES {
        let (we, they) = (self::ours(SMALL, bytes.as_bytes()), self::theirs(SMALL, bytes.as_bytes()));
        assert_eq!((spelled(&we).as_str(), spelled(&they).as_str()), (*ours, *theirs), "{bytes:?}: {says}");
    }
}

/// Text and sequences of which both emulators say that they do the same; what is left out is in [`DIFFERENCES`].
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,15}",
        2 => "(é|─|e\u{301}|[A-Z]){1,5}",
        3 => "(\r|\r\n|\x08|\x1b\\[D(\n|\t))",
        4 => "\x1b\\[[0-9]{0,2}[ABCDGde`a]",
        4 => "\x1b\\[[0-9]?;[0-9]{0,2}[Hf]",
        2 => "\x1b\\[D\x1b\\[[02]?J",
        2 => "\x1b\\[D\x1b\\[[0-2]?K",
        3 => "\x1b\\[D\x1b\\[[0-9]{0,2}[@XLMST]",
        1 => "\x1b\\[[1-5]G\x1b\\[[1-6]P",
        1 => "\x1b\\[[0-3]{0,1}I",
        2 => "(\x1b[EH78]|\x1b\\[D\x1b[DM])",
        2 => "\x1b\\[[1-3];[4-6]r(\x1b\\[[1-6];3H([a-z]{0,15}\r\n|\x1b[DM]|\x1b\\[[1-9][LMST])){1,4}\x1b\\[r",
        1 => "\x1b\\[(3g|g|s|u|4h|4l)",
        1 => "\x1b\\[\\?(7[hl]|25[hl])",
        1 => "\x1b\\[\\?6h([a-z]{1,5}|\x1b\\[[1-6];3H){0,3}\x1b\\[\\?6l\x1b\\[H",
        1 => "\x1b\\[\\?1049h[a-z]{0,5}(\x1b\\[[1-6];3H[a-z]{0,15})?\x1b\\[\\?1049l",
        1 => "\x1b\\([0B]",
        1 => "\x1b\\[[0-9;]{0,5}m",
        1 => Just("\x1b[r\x1b#8\x1b[?6l\x1b[H".to_owned()),
        1 => "[a-z]\x1b\\[[1-9]b",
    ]
}

#[test]
fn programs_are_drawn_alike_at_every_moment() {
    let recordings: [&[u8]; 7] = [
        include_bytes!("recordings/vim.vt"),
        include_bytes!("recordings/less.vt"),
        include_bytes!("recordings/htop.vt"),
        include_bytes!("recordings/top.vt"),
        include_bytes!("recordings/mc.vt"),
        include_bytes!("recordings/fzf.vt"),
        include_bytes!("recordings/tmux.vt"),
    ];
    let screen = Screen(24, 80);
    for recording in recordings {
        for end in (0..recording.len()).step_by(256).chain([recording.len()]) {
            assert_eq!(ours(screen, &recording[..end]), theirs(screen, &recording[..end]));
        }
    }
}

proptest! {
    // The same output in every run: a further difference is to be looked for on purpose, with many cases and other seeds, and not
    // to turn up by chance where somebody changes something else.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn both_emulators_show_the_same(pieces in proptest::collection::vec(piece(), 1..14)) {
        let bytes = pieces.concat();
        prop_assert_eq!(ours(SMALL, bytes.as_bytes()), theirs(SMALL, bytes.as_bytes()), "{:?}", bytes);
    }
}
