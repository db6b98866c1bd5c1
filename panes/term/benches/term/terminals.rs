//! The emulators, behind one door.

use std::num::NonZeroU16;

use alacritty_terminal::Term;
use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::term::Config;
use alacritty_terminal::vte::ansi::{Processor, StdSyncHandler};
use locald_term::{Engine, Size, VtEngine};

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;

/// Which emulator.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Bare,
    Ours,
    Alacritty,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Bare, Self::Ours, Self::Alacritty];
}

/// An emulator at work.
pub(crate) enum Terminal {
    Bare(Box<vt100::Parser>),
    Ours(Box<VtEngine>),
    Alacritty(Box<(Term<VoidListener>, Processor<StdSyncHandler>)>),
}

impl Terminal {
    /// A blank screen; ours has a history in any case.
    pub(crate) fn new(kind: Kind, history: usize) -> Self {
        let number = |number| NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN);
        match kind {
            Kind::Bare => Self::Bare(Box::new(vt100::Parser::new(number(ROWS), number(COLUMNS), history))),
            Kind::Ours => Self::Ours(Box::new(VtEngine::new(Size::new(ROWS, COLUMNS)))),
            Kind::Alacritty => {
                let config = Config { scrolling_history: history, ..Config::default() };
                Self::Alacritty(Box::new((Term::new(config, &Screen, VoidListener), Processor::new())))
            }
        }
    }

    pub(crate) fn take_in(&mut self, bytes: &[u8]) {
        match self {
            Self::Bare(parser) => parser.process(bytes),
            Self::Ours(engine) => engine.take_in(bytes),
            Self::Alacritty(both) => both.1.advance(&mut both.0, bytes),
        }
    }

    /// Makes the screen what a reader of it is to see. The others' is at all times.
    pub(crate) fn draw(&mut self) {
        if let Self::Ours(engine) = self {
            engine.settle();
        }
    }
}

struct Screen;

impl Dimensions for Screen {
    fn total_lines(&self) -> usize {
        usize::from(ROWS)
    }

    fn screen_lines(&self) -> usize {
        usize::from(ROWS)
    }

    fn columns(&self) -> usize {
        usize::from(COLUMNS)
    }
}
