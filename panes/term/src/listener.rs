//! What the emulator reports while it reads, and what waits for the engine to be asked: replies, events, history.

use vt100::Callbacks;
use vt100::capture::RowContents;

use crate::known_rows::{Entry, KnownRows, Left};
use crate::looks::Looks;
use crate::scrolled::ScrolledRow;
use crate::{Event, History};

/// Answers a program has not been sent yet; it is at fault if it asks for more without reading.
const MAX_REPLIES: usize = 16 * 1024;

/// Gathers what the emulator reports until the engine is asked for it.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) mute: bool,
    pub(crate) replies: Vec<u8>,
    pub(crate) events: Vec<Event>,
    pub(crate) history: History,
    pub(crate) rows: KnownRows,
    pub(crate) looks: Looks,
    row: ScrolledRow,
}

impl Listener {
    pub(crate) fn new(history: History, rows: KnownRows) -> Self {
        let (replies, events) = (Vec::new(), Vec::new());
        Self { mute: false, replies, events, history, rows, looks: Looks::default(), row: ScrolledRow::default() }
    }

    /// Answers the program. An answer is given whole or not at all.
    pub(crate) fn reply(&mut self, bytes: &[u8]) {
        if !self.mute && self.replies.len() + bytes.len() <= MAX_REPLIES {
            self.replies.extend_from_slice(bytes);
        }
    }

    /// Notes that the primary screen will have scrolled by a row once the emulator has read on.
    pub(crate) fn scroll(&mut self, entry: Entry) {
        self.rows.scroll(entry, &mut self.history, &self.looks);
    }

    /// The newest event of a kind replaces the one before.
    pub(crate) fn event(&mut self, event: Event) {
        if self.mute {
            return;
        }
        let kind = std::mem::discriminant(&event);
        self.events.retain(|known| std::mem::discriminant(known) != kind);
        self.events.push(event);
    }
}

impl Callbacks for Listener {
    fn on_scroll(&mut self, contents: RowContents<'_>, alternate_screen: bool) {
        if alternate_screen {
            return;
        }
        match self.rows.leave() {
            Left::Noted =>
            {
                #[cfg(debug_assertions)]
                if let Some((text, wrapped)) = self.rows.expected() {
                    assert_eq!((self.row.read(&contents, &self.looks, false), self.row.text()), (wrapped, &text));
                }
            }
            Left::Unnoted { wrapped } => {
                let wrapped = self.row.read(&contents, &self.looks, wrapped);
                self.history.push_row(self.row.text(), wrapped, &self.looks);
            }
        }
    }
}
