//! Who looks at a pane with the keyboard in hand: its program has the focus while at least one client does.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use locald_term::encode_focus;

use super::Pane;

/// A client's keys go to a pane for as long as this is there.
#[derive(Debug)]
pub(crate) struct Focused(Arc<Pane>);

impl Focused {
    /// Gives the pane the focus of one more client.
    pub(crate) fn new(pane: Arc<Pane>) -> Self {
        if pane.focused_by.fetch_add(1, SeqCst) == 0 {
            pane.tell_focus(true);
        }
        Self(pane)
    }

    pub(crate) fn pane(&self) -> &Pane {
        &self.0
    }
}

impl Drop for Focused {
    fn drop(&mut self) {
        if self.0.focused_by.fetch_sub(1, SeqCst) == 1 {
            self.0.drop_clipboard();
            self.0.tell_focus(false);
        }
    }
}

impl Pane {
    /// Tells the program, if it asked for that.
    fn tell_focus(&self, gained: bool) {
        let mut bytes = Vec::new();
        encode_focus(gained, &self.undrawn_screen().engine().modes(), &mut bytes);
        self.answer(&bytes);
    }
}
