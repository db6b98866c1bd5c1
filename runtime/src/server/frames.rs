//! The frames of the panes that one client watches: at most one unacknowledged per pane, the latest always, at the pane's [`Pace`].

use std::sync::Arc;

use locald_api::{Attention, Cursor, Modes, PaneFrame, PaneId, Role, ServiceId, View};
use locald_term::Size;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::pace::{Pace, Turn};
use crate::panes::{Focused, Pane, PaneSet};

/// Panes that one client may watch.
const MAX_WATCHED: usize = 64;

/// What one client watches.
#[derive(Default)]
pub(super) struct Frames {
    view: View,
    watched: Vec<Watched>,
    /// The pane that the client's keys go to.
    focused: Option<Focused>,
}

struct Watched {
    pane: PaneId,
    source: Arc<Pane>,
    focused: bool,
    pace: Pace,
    /// The pane's version that was last looked at.
    seen: u64,
    /// The emulator's version of which the client has all rows.
    rows_seen: u64,
    last: Option<Header>,
}

/// What of a frame is not rows; a frame is worth sending when either changed.
#[derive(Clone, PartialEq, Eq)]
struct Header {
    columns: u16,
    rows: u16,
    cursor: Cursor,
    modes: Modes,
    title: String,
    history_first: u64,
    history_end: u64,
}

impl Frames {
    /// Takes a new view: panes that were watched already, by the same number, go on where they are. Returns the focused service
    /// and the size that the client has for it.
    pub(super) fn set_view(&mut self, view: &View, panes: &PaneSet, wake: &Arc<Notify>) -> Option<(ServiceId, Size)> {
        let mut watched = Vec::new();
        for wanted in view.panes.iter().take(MAX_WATCHED) {
            let Some(source) = panes.find(&wanted.service) else { continue };
            // The same service may have a new pane since, after its project went down and up.
            let known = self.watched.iter().position(|it| it.pane == wanted.pane && Arc::ptr_eq(&it.source, &source));
            let new = || {
                source.watch(wake);
                Watched::new(wanted.pane, source.clone())
            };
            let mut known = known.map_or_else(new, |index| self.watched.swap_remove(index));
            known.focused = wanted.focused;
            watched.push(known);
        }
        self.watched = watched;
        self.view = view.clone();
        let acts = view.role == Role::Participant;
        let focused = self.watched.iter().find(|it| it.focused && acts && view.attention == Attention::Here);
        // Taken before the last one is given back: a pane that keeps the focus must not hear of it.
        self.focused = focused.map(|watched| Focused::new(watched.source.clone()));
        let sized = |wanted: &&locald_api::WatchedPane| wanted.focused && wanted.columns > 0 && wanted.rows > 0;
        let focused = view.panes.iter().find(sized).filter(|_| acts)?;
        Some((focused.service.clone(), Size::new(focused.rows, focused.columns)))
    }

    /// What the client is there for.
    pub(super) fn role(&self) -> Role {
        self.view.role
    }

    /// Looks for the panes of the view again, because services have come or gone: a service may have another pane since.
    pub(super) fn look_again(&mut self, panes: &PaneSet, wake: &Arc<Notify>) {
        let view = std::mem::take(&mut self.view);
        self.set_view(&view, panes, wake);
    }

    /// The client has painted a frame.
    pub(super) fn acknowledge(&mut self, pane: PaneId, sequence: u64) {
        for watched in self.watched.iter_mut().filter(|watched| watched.pane == pane) {
            watched.pace.acknowledge(sequence);
        }
    }

    /// The frames to send now, and when to ask again even though nothing has changed by then.
    pub(super) fn take_due(&mut self, now: Instant) -> (Vec<PaneFrame>, Option<Instant>) {
        let mut frames = Vec::new();
        let mut next: Option<Instant> = None;
        for watched in &mut self.watched {
            match watched.take(now) {
                Ok(due) => frames.extend(due),
                Err(at) => next = Some(next.map_or(at, |other| other.min(at))),
            }
        }
        (frames, next)
    }
}

impl Watched {
    fn new(pane: PaneId, source: Arc<Pane>) -> Self {
        let now = Instant::now();
        Self { pane, source, focused: false, pace: Pace::new(now), seen: 0, rows_seen: 0, last: None }
    }

    /// The pane's next frame; `None` if nothing that can be seen has changed, or the client is not ready for it. An error is
    /// the time from which on there may be one.
    fn take(&mut self, now: Instant) -> Result<Option<PaneFrame>, Instant> {
        let version = self.source.version();
        if version == self.seen {
            return Ok(None);
        }
        match self.pace.turn(now) {
            Turn::Now => {}
            Turn::At(at) => return Err(at),
            Turn::Acknowledged => return Ok(None),
        }
        let mut screen = self.source.screen();
        if let Turn::At(at) = self.pace.hold(screen.engine().synchronized(), now) {
            return Err(at);
        }
        self.seen = version;
        let size = screen.size();
        let resized = self.last.as_ref().is_none_or(|last| (last.columns, last.rows) != (size.columns(), size.rows()));
        let (changed, version) = screen.changed_rows(if resized { 0 } else { self.rows_seen });
        let header = Header {
            columns: size.columns(),
            rows: size.rows(),
            cursor: screen.cursor(),
            modes: screen.modes(),
            title: screen.engine().title().to_owned(),
            history_first: screen.engine().history().first(),
            history_end: screen.engine().history().end(),
        };
        drop(screen);
        self.rows_seen = version;
        if changed.is_empty() && self.last.as_ref() == Some(&header) {
            return Ok(None);
        }
        self.last = Some(header.clone());
        let (pane, sequence) = (self.pane, self.pace.sent(self.focused, now));
        let Header { columns, rows, cursor, modes, title, history_first, history_end } = header;
        Ok(Some(PaneFrame { pane, sequence, columns, rows, cursor, modes, title, history_first, history_end, changed }))
    }
}
