//! The emulator of every pane: the `vt100` crate without scrollback, made to answer, remember and stay within bounds.
//!
//! The output goes through the scanner to the performer, which keeps the terminal; what is here reads the screen back.

use vt100::Screen;

use crate::cell_text::{self, CellText};
use crate::checkpoint::{self, CheckpointError};
use crate::damage::{Damage, RowHash};
use crate::history::{LinkedText, Urls};
use crate::pen::Extra;
use crate::performer::Performer;
use crate::scanner::Scanner;
use crate::terminal::Terminal;
use crate::{
    Attributes, Cell, Cursor, CursorShape, Engine, Event, History, LinkId, Modes, Palette, Size, Style, StyledText,
};

/// How much output is carried out, in bytes, before it is seen whether the emulator should read.
const MOST_AT_ONCE: usize = 32 * 1024;

/// An [`Engine`] over the `vt100` crate.
pub struct VtEngine {
    scanner: Scanner,
    terminal: Terminal,
    damage: Damage,
    /// Whether the last look was at the alternate screen.
    saw_alternate: bool,
}

impl VtEngine {
    /// A blank screen with an empty history of the usual budget.
    pub fn new(size: Size) -> Self {
        Self::with_history(size, History::default())
    }

    /// A blank screen that goes on with a history.
    pub fn with_history(size: Size, history: History) -> Self {
        let terminal = Terminal::new(size, history, Palette::default());
        Self { scanner: Scanner::default(), terminal, damage: Damage::default(), saw_alternate: false }
    }

    /// An engine in the state in which [`Engine::checkpoint`] found another, of whose history only the end has come along. It
    /// is mute if it is told so.
    ///
    /// # Errors
    /// The bytes are of another release, or damaged. They may be anybody's: no bytes make an engine that cannot come about
    /// by output.
    pub fn restore(checkpoint: &[u8]) -> Result<Self, CheckpointError> {
        let terminal = checkpoint::read(checkpoint)?;
        Ok(Self { scanner: Scanner::default(), terminal, damage: Damage::default(), saw_alternate: false })
    }

    fn screen(&self) -> &Screen {
        debug_assert!(self.terminal.unread.is_empty(), "what was taken in is to be drawn before it is read");
        self.terminal.screen()
    }

    fn row_hash(&self, row: u16) -> u64 {
        let mut hash = RowHash::new(self.size().columns(), self.row_wrapped(row));
        self.row(row, &mut |cell| hash.add(cell));
        hash.finish()
    }
}

impl Engine for VtEngine {
    fn take_in(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(MOST_AT_ONCE) {
            self.scanner.scan(piece, &mut Performer::new(&mut self.terminal));
            self.terminal.bound_unread();
        }
        self.damage.mark();
    }

    fn settle(&mut self) {
        self.terminal.finish();
    }

    fn resize(&mut self, size: Size) {
        if size != self.size() {
            self.settle();
            self.terminal.resize(size);
            self.damage.mark();
        }
    }

    fn restart(&mut self) {
        self.settle();
        self.terminal.leave_to_history();
        let (size, palette) = (self.size(), self.terminal.palette);
        let old = self.terminal.listener();
        let (mute, history, looks) = (old.mute, std::mem::take(&mut old.history), old.looks.cleared());
        self.terminal = Terminal::new(size, history, palette);
        let listener = self.terminal.listener();
        (listener.mute, listener.looks) = (mute, looks);
        self.scanner = Scanner::default();
        self.damage.mark();
    }

    fn remark(&mut self, text: &str) {
        let mut line = StyledText::default();
        line.push(text, Style { attributes: Attributes::DIM, ..Style::DEFAULT });
        self.terminal.listener().history.push_row(&line, false, &LinkedText::default());
    }

    fn size(&self) -> Size {
        self.terminal.size
    }

    fn cursor(&self) -> Cursor {
        let (row, column) = self.screen().cursor_position();
        let size = self.size();
        Cursor {
            row: row.min(size.rows() - 1),
            column: column.min(size.columns() - 1),
            visible: self.terminal.modes.show_cursor,
            shape: cursor_shape(self.screen().cursor_style()),
        }
    }

    fn modes(&self) -> Modes {
        self.terminal.modes.input
    }

    fn title(&self) -> &str {
        &self.terminal.titles.current
    }

    fn row(&self, row: u16, visit: &mut dyn FnMut(Cell<'_>)) {
        let columns = self.size().columns();
        let looks = &self.terminal.parser.callbacks().looks;
        let mut room = String::new();
        let mut column = 0;
        while column < columns {
            let Some(cell) = self.screen().cell(row, column) else { return };
            let width = if cell.is_wide() && column + 1 < columns { 2 } else { 1 };
            let cut = cell.is_wide() && width == 1;
            let contents = if cut { "" } else { cell.contents() };
            let CellText { text, tag } = cell_text::read(contents, &mut room);
            let extra = tag.map_or(Extra::NONE, |tag| looks.get(tag));
            visit(Cell { text, width, style: extra.on(cell_text::style(cell)), link: extra.link() });
            column += u16::from(width);
        }
    }

    fn row_wrapped(&self, row: u16) -> bool {
        self.screen().row_wrapped(row)
    }

    fn take_replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.terminal.listener().replies)
    }

    fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.terminal.listener().events)
    }

    fn set_mute(&mut self, mute: bool) {
        self.terminal.listener().mute = mute;
    }

    fn link(&self, link: LinkId) -> Option<&str> {
        self.terminal.parser.callbacks().looks.url(link)
    }

    fn synchronized(&self) -> bool {
        self.terminal.modes.synchronized
    }

    fn working_directory(&self) -> &str {
        &self.terminal.working_directory
    }

    fn set_palette(&mut self, palette: Palette) {
        let other = self.terminal.palette.is_dark() != palette.is_dark();
        self.terminal.palette = palette;
        if other && self.terminal.modes.is_set(2031) == Some(true) {
            let report = self.terminal.palette.scheme_report();
            self.terminal.listener().reply(report);
        }
    }

    fn history(&self) -> &History {
        debug_assert!(self.terminal.unread.is_empty(), "what was taken in is to be drawn before it is read");
        &self.terminal.parser.callbacks().history
    }

    fn take_history(&mut self) -> History {
        self.settle();
        let history = &mut self.terminal.listener().history;
        let empty = History::resumed(history.end(), None);
        std::mem::replace(history, empty)
    }

    fn lacks_history(&self) -> bool {
        self.history().lacks_older()
    }

    fn adopt_history(&mut self, older: History) {
        self.terminal.listener().history.adopt(older);
    }

    fn checkpoint(&mut self) -> Option<Vec<u8>> {
        self.settle();
        self.scanner.is_between_sequences().then(|| checkpoint::write(&self.terminal)).flatten()
    }

    fn refresh(&mut self) -> u64 {
        self.settle();
        if self.damage.is_stale() {
            let mut damage = std::mem::take(&mut self.damage);
            let alternate = self.terminal.alternate();
            // What happens to the rows of the primary screen is known; to read them all takes as long as all else for a key.
            let saw_alternate = std::mem::replace(&mut self.saw_alternate, alternate);
            let followed = !alternate && !saw_alternate;
            let known = &self.terminal.parser.callbacks().rows;
            let same = |row: u16| followed && !known.is_touched(row);
            let rows = 0..self.size().rows();
            debug_assert!(rows.clone().all(|row| !same(row) || damage.is_as_known(row, self.row_hash(row))));
            damage.update(rows.map(|row| (!same(row)).then(|| self.row_hash(row))));
            self.terminal.listener().rows.note_look();
            self.damage = damage;
        }
        self.damage.version()
    }

    fn row_version(&self, row: u16) -> u64 {
        self.damage.row_version(row)
    }
}

fn cursor_shape(style: vt100::CursorStyle) -> CursorShape {
    match style {
        vt100::CursorStyle::Default => CursorShape::Default,
        vt100::CursorStyle::BlinkBlock => CursorShape::BlinkingBlock,
        vt100::CursorStyle::SteadyBlock => CursorShape::SteadyBlock,
        vt100::CursorStyle::BlinkUnderline => CursorShape::BlinkingUnderline,
        vt100::CursorStyle::SteadyUnderline => CursorShape::SteadyUnderline,
        vt100::CursorStyle::BlinkVerticalBar => CursorShape::BlinkingBar,
        vt100::CursorStyle::SteadyVerticalBar => CursorShape::SteadyBar,
    }
}
