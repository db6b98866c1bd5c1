//! What the emulator tells us while it reads: queries to answer, events, titles, and rows that leave the screen.

use vt100::capture::RowContents;
use vt100::{Callbacks, Screen};

use crate::scrolled::ScrolledRow;
use crate::{Event, History, Size};

/// The longest title kept, in bytes.
const MAX_TITLE: usize = 1024;

/// Answers a program has not been sent yet; it is at fault if it asks for more without reading.
const MAX_REPLIES: usize = 16 * 1024;

/// A VT220 that knows ANSI colour.
const DEVICE_ATTRIBUTES: &[u8] = b"\x1b[?62;22c";

/// An xterm of a patch level from which on vim turns to SGR mouse reports, and no patch level of another terminal.
const SECONDARY_ATTRIBUTES: &[u8] = b"\x1b[>1;277;0c";

/// Gathers what the emulator reports until the engine is asked for it.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) size: Size,
    pub(crate) mute: bool,
    /// The OSC string being read lost its end to the guard.
    pub(crate) osc_too_long: bool,
    pub(crate) title: String,
    pub(crate) replies: Vec<u8>,
    pub(crate) events: Vec<Event>,
    pub(crate) history: History,
    row: ScrolledRow,
}

impl Listener {
    pub(crate) fn new(size: Size, history: History) -> Self {
        Self {
            size,
            mute: false,
            osc_too_long: false,
            title: String::new(),
            replies: Vec::new(),
            events: Vec::new(),
            history,
            row: ScrolledRow::default(),
        }
    }

    fn reply(&mut self, bytes: &[u8]) {
        if !self.mute && self.replies.len() + bytes.len() <= MAX_REPLIES {
            self.replies.extend_from_slice(bytes);
        }
    }

    /// The newest event of a kind replaces the one before.
    fn event(&mut self, event: Event) {
        if self.mute {
            return;
        }
        let kind = std::mem::discriminant(&event);
        self.events.retain(|known| std::mem::discriminant(known) != kind);
        self.events.push(event);
    }

    fn set_title(&mut self, title: &[u8]) {
        if self.osc_too_long {
            return;
        }
        // Control characters do not count, so a little more is read; a title is not all control characters.
        let head = &title[..title.len().min(4 * MAX_TITLE)];
        let mut title: String = String::from_utf8_lossy(head).chars().filter(|c| !c.is_control()).collect();
        title.truncate(title.floor_char_boundary(MAX_TITLE));
        if title != self.title {
            self.title = title;
            self.event(Event::TitleChanged);
        }
    }

    fn report_cursor(&mut self, screen: &Screen, private: &str) {
        let (row, column) = screen.cursor_position();
        let (row, column) = (row.min(self.size.rows() - 1) + 1, column.min(self.size.columns() - 1) + 1);
        self.reply(format!("\x1b[{private}{row};{column}R").as_bytes());
    }
}

impl Callbacks for Listener {
    fn audible_bell(&mut self, _: &mut Screen) {
        self.event(Event::Bell);
    }

    fn visual_bell(&mut self, _: &mut Screen) {
        self.event(Event::Bell);
    }

    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.set_title(title);
    }

    fn copy_to_clipboard(&mut self, _: &mut Screen, _selection: &[u8], data: &[u8]) {
        if self.osc_too_long {
            return;
        }
        let base64 = String::from_utf8_lossy(data).into_owned();
        self.event(Event::ClipboardSet { base64 });
    }

    /// A title with a semicolon in it comes here, in pieces.
    fn unhandled_osc(&mut self, _: &mut Screen, params: &[&[u8]]) {
        if let [b"0" | b"2", pieces @ ..] = params
            && pieces.len() > 1
        {
            self.set_title(&pieces.join(&b';'));
        }
    }

    fn unhandled_csi(&mut self, screen: &mut Screen, i1: Option<u8>, i2: Option<u8>, params: &[&[u16]], c: char) {
        let first = params.first().and_then(|param| param.first()).copied().unwrap_or(0);
        match (i1, i2, first, c) {
            (None, None, 0, 'c') => self.reply(DEVICE_ATTRIBUTES),
            (Some(b'>'), None, 0, 'c') => self.reply(SECONDARY_ATTRIBUTES),
            (None, None, 5, 'n') => self.reply(b"\x1b[0n"),
            (None, None, 6, 'n') => self.report_cursor(screen, ""),
            (Some(b'?'), None, 6, 'n') => self.report_cursor(screen, "?"),
            (None, None, 18, 't') => {
                let (rows, columns) = (self.size.rows(), self.size.columns());
                self.reply(format!("\x1b[8;{rows};{columns}t").as_bytes());
            }
            _ => {}
        }
    }

    fn on_scroll(&mut self, contents: RowContents<'_>, alternate_screen: bool) {
        if alternate_screen {
            return;
        }
        let wrapped = self.row.read(&contents);
        self.history.push_row(self.row.text(), wrapped);
    }
}
