//! The emulator of every pane: the `vt100` crate without scrollback, made to answer, remember and stay within bounds.
//!
//! Known to be missing, for a scanner to come in front of the emulator: line drawing sets, strikethrough, hyperlinks,
//! underline styles, insert mode, synchronized output and the answers to rarer queries. Lines do not reflow.

use std::num::NonZeroU16;

use vt100::{MouseProtocolEncoding, MouseProtocolMode, Parser, Screen};

use crate::damage::{Damage, RowHash};
use crate::guard::{Guard, Pass};
use crate::listener::Listener;
use crate::{
    Attributes, Cell, Color, Cursor, CursorShape, Engine, Event, History, Modes, MouseEncoding, MouseMode, Size, Style,
    StyledText,
};

/// An [`Engine`] over the `vt100` crate.
pub struct VtEngine {
    parser: Parser<Listener>,
    guard: Guard,
    damage: Damage,
}

impl VtEngine {
    /// A blank screen with an empty history of the usual budget.
    pub fn new(size: Size) -> Self {
        Self::with_history(size, History::default())
    }

    /// A blank screen that goes on with a history.
    pub fn with_history(size: Size, history: History) -> Self {
        Self {
            parser: new_parser(size, Listener::new(size, history)),
            guard: Guard::default(),
            damage: Damage::default(),
        }
    }

    fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    fn row_hash(&self, row: u16) -> u64 {
        let mut hash = RowHash::new(self.size().columns());
        self.row(row, &mut |cell| hash.add(cell));
        hash.finish()
    }

    /// Hands the screen to a parser of its own: the sequence our parser may be in the middle of is not disturbed.
    fn on_screen(&mut self, act: impl FnOnce(&mut Parser)) {
        let mut aside = Parser::new(NonZeroU16::MIN, NonZeroU16::MIN, 0);
        std::mem::swap(aside.screen_mut(), self.parser.screen_mut());
        act(&mut aside);
        std::mem::swap(aside.screen_mut(), self.parser.screen_mut());
    }

    /// Puts what the visible rows show into the history, up to the last row that shows something.
    fn push_rows(&mut self) {
        let mut blank_rows = 0;
        for row in 0..self.size().rows() {
            let mut text = StyledText::default();
            self.row(row, &mut |cell| text.push_cell(cell));
            let wrapped = self.row_wrapped(row);
            if !wrapped {
                text.trim_end(true);
            }
            if text.text().is_empty() {
                blank_rows += 1;
                continue;
            }
            let history = &mut self.parser.callbacks_mut().history;
            (0..std::mem::take(&mut blank_rows)).for_each(|_| history.push_row(&StyledText::default(), false));
            history.push_row(&text, wrapped);
        }
    }
}

impl Engine for VtEngine {
    fn feed(&mut self, bytes: &[u8]) {
        let size = self.size();
        let cells = u32::from(size.rows()) * u32::from(size.columns());
        let parser = &mut self.parser;
        self.guard.filter(bytes, cells, |pass| match pass {
            Pass::Bytes(bytes) => parser.process(bytes),
            Pass::Selector if at_margin(parser.screen()) => {}
            Pass::Selector => parser.process("\u{fe0f}".as_bytes()),
            Pass::Repeat(count) => parser.process(format!("\x18\x1b[{count}b").as_bytes()),
            Pass::OscTooLong => parser.callbacks_mut().osc_too_long = true,
            Pass::OscEnded => parser.callbacks_mut().osc_too_long = false,
        });
        self.damage.mark();
    }

    fn resize(&mut self, size: Size) {
        if size == self.size() {
            return;
        }
        // The emulator counts the rows it would have as scrollback and, growing, makes up that many blank rows above
        // the text. It forgets the count with its (empty) scrollback, but only for the screen that is shown.
        self.on_screen(|parser| {
            let alternate = parser.screen().alternate_screen();
            parser.process(b"\x1b[?47l");
            parser.screen_mut().clear_scrollback();
            parser.process(if alternate { b"\x1b[?47h" } else { b"" });
        });
        let (rows, columns) = emulated(size);
        self.parser.set_size(rows, columns);
        self.parser.callbacks_mut().size = size;
        self.damage.mark();
    }

    fn restart(&mut self) {
        self.on_screen(|parser| parser.process(b"\x1b[?47l"));
        self.push_rows();
        let size = self.size();
        let old = self.parser.callbacks_mut();
        let mut listener = Listener::new(size, std::mem::take(&mut old.history));
        listener.mute = old.mute;
        listener.history.finish_line();
        self.parser = new_parser(size, listener);
        self.guard = Guard::default();
        self.damage.mark();
    }

    fn size(&self) -> Size {
        self.parser.callbacks().size
    }

    fn cursor(&self) -> Cursor {
        let (row, column) = self.screen().cursor_position();
        let size = self.size();
        Cursor {
            row: row.min(size.rows() - 1),
            column: column.min(size.columns() - 1),
            visible: !self.screen().hide_cursor(),
            shape: cursor_shape(self.screen().cursor_style()),
        }
    }

    fn modes(&self) -> Modes {
        let screen = self.screen();
        Modes {
            application_cursor: screen.application_cursor(),
            application_keypad: screen.application_keypad(),
            bracketed_paste: screen.bracketed_paste(),
            alternate_screen: screen.alternate_screen(),
            mouse: mouse_mode(screen.mouse_protocol_mode()),
            mouse_encoding: mouse_encoding(screen.mouse_protocol_encoding()),
        }
    }

    fn title(&self) -> &str {
        &self.parser.callbacks().title
    }

    fn row(&self, row: u16, visit: &mut dyn FnMut(Cell<'_>)) {
        let columns = self.size().columns();
        let mut column = 0;
        while column < columns {
            let Some(cell) = self.screen().cell(row, column) else { return };
            let width = if cell.is_wide() && column + 1 < columns { 2 } else { 1 };
            let cut = cell.is_wide() && width == 1;
            let text = if cut || !cell.has_contents() { " " } else { shown(cell.contents()) };
            visit(Cell { text, width, style: style(cell) });
            column += u16::from(width);
        }
    }

    fn row_wrapped(&self, row: u16) -> bool {
        self.screen().row_wrapped(row)
    }

    fn take_replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.parser.callbacks_mut().replies)
    }

    fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.parser.callbacks_mut().events)
    }

    fn set_mute(&mut self, mute: bool) {
        self.parser.callbacks_mut().mute = mute;
    }

    fn history(&self) -> &History {
        &self.parser.callbacks().history
    }

    fn refresh(&mut self) -> u64 {
        if self.damage.is_stale() {
            let mut damage = std::mem::take(&mut self.damage);
            damage.update((0..self.size().rows()).map(|row| self.row_hash(row)));
            self.damage = damage;
        }
        self.damage.version()
    }

    fn row_version(&self, row: u16) -> u64 {
        self.damage.row_version(row)
    }
}

fn new_parser(size: Size, listener: Listener) -> Parser<Listener> {
    let (rows, columns) = emulated(size);
    Parser::new_with_callbacks(rows, columns, 0, listener)
}

/// Whether the last character printed is in the last column.
fn at_margin(screen: &Screen) -> bool {
    let (_, columns) = screen.size();
    let (_, column) = screen.cursor_position();
    column >= columns.get()
}

/// The size the emulator has. It panics when a character becomes wide on a screen of one column, so it gets two.
fn emulated(size: Size) -> (NonZeroU16, NonZeroU16) {
    let number = |number| NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN);
    (number(size.rows()), number(size.columns().max(2)))
}

/// A joiner at the end of a cell joins nothing here, but would join this cell and the next in the outer terminal.
fn shown(contents: &str) -> &str {
    match contents.trim_end_matches('\u{200d}') {
        "" => " ",
        text => text,
    }
}

fn style(cell: &vt100::Cell) -> Style {
    let attributes = Attributes::NONE
        .with(Attributes::BOLD, cell.bold())
        .with(Attributes::DIM, cell.dim())
        .with(Attributes::ITALIC, cell.italic())
        .with(Attributes::UNDERLINE, cell.underline())
        .with(Attributes::INVERSE, cell.inverse());
    Style { foreground: color(cell.fgcolor()), background: color(cell.bgcolor()), attributes }
}

fn color(color: vt100::Color) -> Color {
    match color {
        vt100::Color::Default => Color::Default,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
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

fn mouse_mode(mode: MouseProtocolMode) -> MouseMode {
    match mode {
        MouseProtocolMode::None => MouseMode::Off,
        MouseProtocolMode::Press => MouseMode::Press,
        MouseProtocolMode::PressRelease => MouseMode::PressRelease,
        MouseProtocolMode::ButtonMotion => MouseMode::ButtonMotion,
        MouseProtocolMode::AnyMotion => MouseMode::AnyMotion,
    }
}

fn mouse_encoding(encoding: MouseProtocolEncoding) -> MouseEncoding {
    match encoding {
        MouseProtocolEncoding::Default => MouseEncoding::Default,
        MouseProtocolEncoding::Utf8 => MouseEncoding::Utf8,
        MouseProtocolEncoding::Sgr => MouseEncoding::Sgr,
    }
}
