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

/// Text and sequences of which both say that they do the same. What is left out, and what a specification says of it:
///
/// | left out | here | there | says |
/// |---|---|---|---|
/// | erasing, inserting, line feeds when the next character will wrap | the wrap is off | it stays on | xterm, ctlseqs: the last column flag is reset by every movement and erasure |
/// | `ED 1` in the second row | erases the first row | leaves it | VT510, ED: "from beginning of the page to the cursor" |
/// | `DCH` of more than there is to the right | nothing to the left changes | it is erased | VT510, DCH: "to the right" |
/// | `DECALN` with the cursor anywhere | cursor home, margins and origin off | they stay | VT510, DECALN: margins at the extremes, cursor home |
/// | `DECOM` reset | cursor home | cursor stays | VT510, DECOM: set or reset, the cursor goes home |
/// | `DECRC` under `DECOM` | restores the mode too, off where nothing was saved | leaves it on | VT510, DECRC: restores what DECSC saves, "origin mode" among it |
/// | `CUD`, `CUU` and the like with margins | stop at the margin | stop at the edge | VT510, CUD: "stops at the bottom margin" |
/// | `CBT` without a tab stop to the left | first column | stays | ECMA-48 8.3.7 leaves it open; xterm goes to the first column |
/// | `LNM` | line feeds return | ignored | VT510, LNM |
/// | 1049 reset on the primary screen | restores the cursor | ignored | xterm, ctlseqs: 1049 "restores cursor as in DECRC" |
/// | 1049 and DECSC before it | one saved cursor | two | xterm, ctlseqs: "save cursor as in DECSC" |
/// | erasing half of a wide character | erases both halves | leaves a half | Unicode leaves it open; xterm erases both |
/// | a wide character that does not fit in the last column | the column keeps its character | it is blanked | open; tmux as here |
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
        1 => "\x1b\\[\\?1049h[a-z]{0,5}(\x1b\\[[1-6];3H[a-z]{0,15})?(\x1b\\[\\?1049l\x1b7)",
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
