//! A terminal's whole state at a moment between two sequences, as bytes, and a terminal made from them.
//!
//! A byte that names the version stands before everything else. What is read is checked as if a stranger had written it: it
//! becomes a terminal that could have come about by output, or an error.

mod grid;

use serde::{Deserialize, Serialize};
use vt100::{CursorStyle, Parser, Screen};

use self::grid::{Grid, Impossible};
use crate::charsets::Charsets;
use crate::history::{LinkedText, MAX_URLS};
use crate::keyboard::FlagStack;
use crate::looks::{Looks, MAX_LINK};
use crate::modes::Tracked;
use crate::pen::{Extra, Pen};
use crate::tabs::Tabs;
use crate::terminal::{Saved, Terminal};
use crate::titles::{Titles, clean};
use crate::{History, Palette, Size};

/// What the first byte is.
const VERSION: u8 = 2;

/// The longest working directory, in bytes.
const MAX_DIRECTORY: usize = 4096;

/// Lines that a terminal can have seen; far from where counting on would overflow.
const MAX_LINES: u64 = 1 << 62;

/// The styles of a cursor, in the order of their numbers (DECSCUSR).
const CURSOR_STYLES: [CursorStyle; 7] = [
    CursorStyle::Default,
    CursorStyle::BlinkBlock,
    CursorStyle::SteadyBlock,
    CursorStyle::BlinkUnderline,
    CursorStyle::SteadyUnderline,
    CursorStyle::BlinkVerticalBar,
    CursorStyle::SteadyVerticalBar,
];

/// The bytes are no checkpoint that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// They were written by another release.
    #[error("the checkpoint is of another version")]
    Version,
    /// They are damaged.
    #[error("the checkpoint is damaged")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct Checkpoint {
    size: (u16, u16),
    primary: Grid,
    /// `None` if it was never shown.
    alternate: Option<Grid>,
    cursor_style: u8,
    pen: Pen,
    tagged: (Extra, Option<char>),
    modes: Tracked,
    charsets: Charsets,
    tabs: Tabs,
    margins: Option<(u16, u16)>,
    saved: [Saved; 2],
    keyboard: [FlagStack; 2],
    last_char: Option<char>,
    credit: u32,
    titles: Titles,
    working_directory: String,
    looks: Looks,
    /// One more than the number of the last line of history.
    history_end: u64,
    /// That line, if it is not finished.
    unfinished: Option<LinkedText>,
}

/// The state of a terminal that is between two sequences; `None` if it is one that would not come back the same.
pub(crate) fn write(terminal: &Terminal) -> Option<Vec<u8>> {
    let listener = terminal.parser.callbacks();
    let (primary, alternate) = capture(terminal.screen(), terminal.alternate());
    let cursor_style = CURSOR_STYLES.iter().position(|style| *style == terminal.screen().cursor_style())?;
    let checkpoint = Checkpoint {
        size: (terminal.size.rows(), terminal.size.columns()),
        primary,
        alternate: Some(alternate).filter(|grid| !grid.is_untouched()),
        cursor_style: cursor_style as u8,
        pen: terminal.pen,
        tagged: terminal.tagged,
        modes: terminal.modes,
        charsets: terminal.charsets,
        tabs: terminal.tabs.clone(),
        margins: terminal.margins,
        saved: terminal.saved,
        keyboard: terminal.keyboard.clone(),
        last_char: terminal.last_char,
        credit: terminal.credit,
        titles: terminal.titles.clone(),
        working_directory: terminal.working_directory.clone(),
        looks: listener.looks.clone(),
        history_end: listener.history.end(),
        unfinished: listener.history.unfinished(),
    };
    checkpoint.check().ok()?;
    let bytes = postcard::to_extend(&checkpoint, vec![VERSION]);
    bytes.ok()
}

/// A terminal in the state that was written.
pub(crate) fn read(bytes: &[u8]) -> Result<Terminal, CheckpointError> {
    let Some((&VERSION, bytes)) = bytes.split_first() else { return Err(CheckpointError::Version) };
    let checkpoint: Checkpoint = postcard::from_bytes(bytes).map_err(|_| CheckpointError::Damaged)?;
    checkpoint.check().map_err(|_| CheckpointError::Damaged)?;
    Ok(checkpoint.into_terminal())
}

/// Both screens. All that can be seen of the emulator's other screen, and of a saved cursor, is what it does; so a copy of it
/// is made to do it.
fn capture(screen: &Screen, alternate: bool) -> (Grid, Grid) {
    let mut copy = Parser::default();
    *copy.screen_mut() = screen.clone();
    let mut grid = |switch: &[u8]| {
        copy.process(switch);
        let cursor = copy.screen().cursor_position();
        copy.process(b"\x1b8");
        let saved = copy.screen().cursor_position();
        Grid::capture(copy.screen(), cursor, saved)
    };
    let shown = grid(b"");
    let hidden = grid(if alternate { b"\x1b[?47l" } else { b"\x1b[?47h" });
    if alternate { (hidden, shown) } else { (shown, hidden) }
}

impl Checkpoint {
    /// Whether a terminal can have come to this.
    fn check(&self) -> Result<(), Impossible> {
        let size = Size::new(self.size.0, self.size.1);
        let (rows, columns) = (size.rows(), size.columns().max(2));
        self.primary.check(rows, columns)?;
        self.alternate.as_ref().map_or(Ok(()), |grid| grid.check(rows, columns))?;
        let unfinished = self.unfinished.as_ref().is_none_or(|line| self.history_end > 0 && is_line(line));
        let possible = (size.rows(), size.columns()) == self.size
            && usize::from(self.cursor_style) < CURSOR_STYLES.len()
            && self.margins.is_none_or(|(top, bottom)| top < bottom && bottom < rows)
            && self.charsets.is_possible()
            && self.tabs.is_possible()
            && self.keyboard.iter().all(FlagStack::is_possible)
            && self.last_char.is_none_or(|c| !c.is_control())
            && self.titles.is_possible()
            && clean(self.working_directory.as_bytes(), MAX_DIRECTORY) == self.working_directory
            && self.looks.is_possible()
            && self.pen.is_possible()
            && self.saved.iter().all(|saved| saved.pen.is_possible() && saved.charsets.is_possible())
            && self.tagged.1.is_none_or(|tag| crate::cell_text::is_tag(tag) && self.looks.get(tag) == self.tagged.0)
            && self.history_end < MAX_LINES
            && unfinished;
        if possible { Ok(()) } else { Err(Impossible) }
    }

    fn into_terminal(self) -> Terminal {
        let output = self.output();
        let history = History::resumed(self.history_end, self.unfinished.as_ref());
        let mut terminal = Terminal::new(Size::new(self.size.0, self.size.1), history, Palette::default());
        terminal.parser.process(output.as_bytes());
        terminal.cursor = None;
        terminal.listener().rows.forget_all();
        terminal.listener().looks = self.looks;
        (terminal.pen, terminal.tagged, terminal.modes) = (self.pen, self.tagged, self.modes);
        (terminal.charsets, terminal.tabs, terminal.margins) = (self.charsets, self.tabs, self.margins);
        (terminal.saved, terminal.keyboard, terminal.last_char) = (self.saved, self.keyboard, self.last_char);
        terminal.credit = self.credit.min(terminal.most_credit());
        (terminal.titles, terminal.working_directory) = (self.titles, self.working_directory);
        terminal.modes.input.keyboard = terminal.keyboard().current();
        terminal
    }

    /// What brings a new emulator to this state. The screen that is shown comes last.
    fn output(&self) -> String {
        let columns = self.size.1.max(2);
        let mut out = String::new();
        let shown_alternate = self.modes.input.alternate_screen;
        let primary = (Some(&self.primary), self.saved[0].origin);
        let alternate = (self.alternate.as_ref(), self.saved[1].origin);
        let (shown, hidden) = if shown_alternate { (alternate, primary) } else { (primary, alternate) };
        if let (Some(grid), origin) = hidden {
            out.push_str(if shown_alternate { "" } else { "\x1b[?47h" });
            grid.paint(columns, origin, &mut out);
            grid.place_cursor(columns, &mut out);
        }
        out.push_str(if shown_alternate { "\x1b[?47h" } else { "\x1b[?47l" });
        if let (Some(grid), origin) = shown {
            grid.paint(columns, origin, &mut out);
        }
        if let Some((top, bottom)) = self.margins {
            out.extend(["\x1b[", &(top + 1).to_string(), ";", &(bottom + 1).to_string(), "r"]);
        }
        out.push_str(if self.modes.origin { "\x1b[?6h" } else { "" });
        match shown.0 {
            Some(grid) => grid.place_cursor(columns, &mut out),
            None => out.push_str("\x1b[1d\x1b[1G"),
        }
        let written = self.pen.style.write_sgr(&mut out);
        debug_assert!(written.is_ok(), "a string takes whatever is written");
        out.extend(["\x1b[", &self.cursor_style.to_string(), " q"]);
        out
    }
}

/// Whether this is what a history can hold as a line.
fn is_line(LinkedText { text, urls }: &LinkedText) -> bool {
    let is_url = |url: &String| clean(url.as_bytes(), MAX_LINK) == *url;
    text.is_whole()
        && text.text().len() <= History::LONGEST_LINE
        && !text.text().contains(char::is_control)
        && urls.iter().all(|(link, url)| link.number() != 0 && is_url(url))
        && urls.iter().map(|(_, url)| url.len()).sum::<usize>() <= MAX_URLS
}
