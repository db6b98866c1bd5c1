//! The emulator together with everything it does not keep itself: modes, margins, saved cursors, tabs, character sets.

use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};
use vt100::{Parser, Screen};

use crate::charsets::Charsets;
use crate::keyboard::FlagStack;
use crate::known_rows::{Entry, KnownRows};
use crate::listener::Listener;
use crate::modes::Tracked;
use crate::pen::{Extra, Pen};
use crate::tabs::Tabs;
use crate::titles::Titles;
use crate::unread::Unread;
use crate::{History, Palette, Size};

/// A row and a column, counted from 0. After a character in the last column the column is one more than there are.
pub(crate) type Place = (u16, u16);

/// How many screens sequences that fill many cells can fill at once.
const CREDIT_SCREENS: u32 = 16;

/// A terminal between two pieces of output. The emulator is always between two sequences.
pub(crate) struct Terminal {
    pub(crate) parser: Parser<Listener>,
    pub(crate) unread: Unread,
    pub(crate) size: Size,
    /// Where the emulator's cursor will be once it has read everything; `None` when only it can tell.
    pub(crate) cursor: Option<Place>,
    pub(crate) pen: Pen,
    /// The look that the next characters are tagged with, and the tag, if there was one left.
    pub(crate) tagged: (Extra, Option<char>),
    pub(crate) modes: Tracked,
    pub(crate) charsets: Charsets,
    pub(crate) tabs: Tabs,
    /// The first and last row that scroll; `None` if all do.
    pub(crate) margins: Option<(u16, u16)>,
    /// How many rows of the primary screen have scrolled off, as far as that was foreseen.
    pub(crate) scrolled: u64,
    pub(crate) saved: [Saved; 2],
    pub(crate) keyboard: [FlagStack; 2],
    /// The last character printed, for it to be repeated.
    pub(crate) last_char: Option<char>,
    /// How many cells may be filled on behalf of sequences that fill many.
    pub(crate) credit: u32,
    pub(crate) titles: Titles,
    pub(crate) palette: Palette,
    pub(crate) working_directory: String,
}

/// What is saved and restored along with the emulator's cursor (DECSC).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// Where the cursor was; `None` if it was never saved, which is as if it had been in the first row and column.
    pub(crate) place: Option<Place>,
    pub(crate) pen: Pen,
    pub(crate) charsets: Charsets,
    pub(crate) origin: bool,
}

impl Terminal {
    pub(crate) fn new(size: Size, history: History, palette: Palette) -> Self {
        let (rows, columns) = emulated(size);
        let listener = Listener::new(history, KnownRows::blank(size.rows()));
        Self {
            parser: Parser::new_with_callbacks(rows, columns, 0, listener),
            unread: Unread::default(),
            size,
            cursor: Some((0, 0)),
            pen: Pen::default(),
            tagged: (Extra::NONE, None),
            modes: Tracked::default(),
            charsets: Charsets::default(),
            tabs: Tabs::default(),
            margins: None,
            scrolled: 0,
            saved: Default::default(),
            keyboard: Default::default(),
            last_char: None,
            credit: CREDIT_SCREENS * u32::from(size.rows()) * u32::from(size.columns()),
            titles: Titles::default(),
            palette,
            working_directory: String::new(),
        }
    }

    pub(crate) fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    pub(crate) fn listener(&mut self) -> &mut Listener {
        self.parser.callbacks_mut()
    }

    pub(crate) fn rows(&self) -> u16 {
        self.size.rows()
    }

    /// The columns the emulator has, which is one more than there are on a screen of one.
    pub(crate) fn columns(&self) -> u16 {
        self.size.columns().max(2)
    }

    /// Whether text is printed as it is, and where the emulator puts it.
    pub(crate) fn prints_plainly(&self) -> bool {
        self.charsets.is_plain() && !self.modes.insert && self.modes.wrap
    }

    /// Whether the whole screen scrolls when a line feed is in its last row.
    pub(crate) fn scrolls_whole(&self) -> bool {
        self.margins.is_none()
    }

    /// The most cells that sequences which fill many can fill at once.
    pub(crate) fn most_credit(&self) -> u32 {
        CREDIT_SCREENS * u32::from(self.rows()) * u32::from(self.columns())
    }

    pub(crate) fn alternate(&self) -> bool {
        self.modes.input.alternate_screen
    }

    /// The links that may be printed yet.
    pub(crate) fn open_links(&self) -> [u32; 3] {
        [self.pen.extra.link, self.saved[0].pen.extra.link, self.saved[1].pen.extra.link]
    }

    /// Where the saved cursor of the primary screen is.
    pub(crate) fn saved_place(&self) -> Option<Place> {
        self.saved[0].place
    }

    /// What is saved of the screen that is shown.
    pub(crate) fn saved(&mut self) -> &mut Saved {
        &mut self.saved[usize::from(self.modes.input.alternate_screen)]
    }

    /// The keyboard flags of the screen that is shown.
    pub(crate) fn keyboard(&mut self) -> &mut FlagStack {
        &mut self.keyboard[usize::from(self.modes.input.alternate_screen)]
    }

    /// The rows of the primary screen, if that is shown.
    pub(crate) fn known_rows(&mut self) -> Option<&mut KnownRows> {
        if self.alternate() { None } else { Some(&mut self.parser.callbacks_mut().rows) }
    }

    /// Where the cursor is, as of what the emulator has read.
    pub(crate) fn emulated_place(&self) -> Place {
        self.screen().cursor_position()
    }

    /// Lets the emulator read what it has not, but nothing of what has scrolled off by the end of that: the top row that is
    /// seen then comes in at the bottom of a screen on which anything may stand, as all of it scrolls off.
    pub(crate) fn settle(&mut self) {
        if self.unread.is_empty() {
            return;
        }
        self.skip_unseen();
        if let Some(Entry { column, style, .. }) = self.unread.entry() {
            let mut place = format!("\x1b[m\x1b[{}H\x1b[2K\x1b[{}G", self.rows(), column + 1);
            let written = style.write_sgr(&mut place);
            debug_assert!(written.is_ok(), "a string takes whatever is written");
            self.parser.process(place.as_bytes());
        }
        self.parser.process(self.unread.bytes());
        self.unread.clear();
    }

    /// Sees to it that no more than a bounded part of what was taken in is unread.
    pub(crate) fn bound_unread(&mut self) {
        if self.unread.is_much() {
            self.skip_unseen();
            if self.unread.is_half_of_much() {
                self.finish();
            }
        }
    }

    /// Lets the emulator read everything, after which what was foreseen of it has come true.
    pub(crate) fn finish(&mut self) {
        self.settle();
        self.unread.shrink();
        let settled = self.listener().rows.settle();
        debug_assert!(settled, "rows were expected to scroll off that did not");
        if let Some(place) = self.cursor {
            let actual = self.emulated_place();
            debug_assert_eq!(place, actual, "the cursor is not where it was expected to be");
            self.cursor = Some(actual);
        }
    }

    /// Forgets of the unread what comes before the row that is the top one by now, if the emulator need not read that.
    fn skip_unseen(&mut self) {
        let start = self.unread.start();
        if !self.alternate()
            && self.scrolls_whole()
            && let Some(entry) = self.listener().rows.skip_unseen(start)
        {
            self.unread.skip_to(entry);
        }
    }

    /// Notes that the screen scrolls by a row when the emulator has read so many bytes more, with the cursor in that column.
    pub(crate) fn scroll(&mut self, column: u16, bytes: u64) {
        if self.alternate() {
            return;
        }
        if self.listener().rows.lags() {
            self.settle();
        }
        self.scrolled += 1;
        let entry = Entry { at: self.unread.end() + bytes, column, style: self.pen.style };
        self.listener().scroll(entry);
    }

    /// Everything as at the start (RIS), but for the history and the titles.
    pub(crate) fn reset(&mut self) {
        self.parser.process(b"\x1bc");
        self.listener().rows = KnownRows::blank(self.size.rows());
        self.cursor = Some((0, 0));
        (self.pen, self.modes, self.charsets) = (Pen::default(), Tracked::default(), Charsets::default());
        (self.tabs, self.margins, self.last_char) = (Tabs::default(), None, None);
        (self.saved, self.keyboard) = (Default::default(), Default::default());
    }
}

/// The size the emulator has. It panics when a character becomes wide on a screen of one column, so it gets two.
pub(crate) fn emulated(size: Size) -> (NonZeroU16, NonZeroU16) {
    let number = |number| NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN);
    (number(size.rows()), number(size.columns().max(2)))
}
