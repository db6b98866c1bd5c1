//! The frames of the panes that one client watches: at most one unacknowledged per pane, the latest always, the first change at
//! once and then at most one frame per [`INTERVAL`].

use std::sync::Arc;

use locald_api::{Cursor, Modes, PaneFrame, PaneId, ServiceId, View};
use locald_term::Size;
use tokio::sync::Notify;
use tokio::time::{Duration, Instant};

use crate::panes::{Pane, PaneSet};

/// The shortest time between two frames of a pane: one frame of a screen at 60 Hz.
const INTERVAL: Duration = Duration::from_millis(16);
/// Panes that one client may watch.
const MAX_WATCHED: usize = 64;

/// What one client watches.
#[derive(Default)]
pub(super) struct Frames {
    view: View,
    watched: Vec<Watched>,
}

struct Watched {
    pane: PaneId,
    source: Arc<Pane>,
    sequence: u64,
    /// The frame that the client has not acknowledged yet.
    unacknowledged: Option<u64>,
    /// The pane's version that was last looked at.
    seen: u64,
    /// The emulator's version of which the client has all rows.
    rows_seen: u64,
    last: Option<Header>,
    due: Instant,
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
            if let Some(index) = known {
                watched.push(self.watched.swap_remove(index));
            } else {
                source.watch(wake);
                watched.push(Watched::new(wanted.pane, source));
            }
        }
        self.watched = watched;
        self.view = view.clone();
        let focused = view.panes.iter().find(|wanted| wanted.focused && wanted.columns > 0 && wanted.rows > 0)?;
        Some((focused.service.clone(), Size::new(focused.rows, focused.columns)))
    }

    /// Looks for the panes of the view again, because services have come or gone: a service may have another pane since.
    pub(super) fn look_again(&mut self, panes: &PaneSet, wake: &Arc<Notify>) {
        let view = std::mem::take(&mut self.view);
        self.set_view(&view, panes, wake);
    }

    /// The client has painted a frame.
    pub(super) fn acknowledge(&mut self, pane: PaneId, sequence: u64) {
        for watched in self.watched.iter_mut().filter(|watched| watched.pane == pane) {
            watched.unacknowledged.take_if(|waiting| *waiting <= sequence);
        }
    }

    /// The frames to send now, and when to ask again even though nothing has changed by then.
    pub(super) fn take_due(&mut self, now: Instant) -> (Vec<PaneFrame>, Option<Instant>) {
        let mut frames = Vec::new();
        let mut next: Option<Instant> = None;
        for watched in &mut self.watched {
            if watched.unacknowledged.is_some() || watched.source.version() == watched.seen {
                continue;
            }
            if watched.due > now {
                next = Some(next.map_or(watched.due, |other| other.min(watched.due)));
                continue;
            }
            frames.extend(watched.take(now));
        }
        (frames, next)
    }
}

impl Watched {
    fn new(pane: PaneId, source: Arc<Pane>) -> Self {
        let due = Instant::now();
        Self { pane, source, sequence: 0, unacknowledged: None, seen: 0, rows_seen: 0, last: None, due }
    }

    /// The pane's next frame; `None` if nothing that can be seen has changed.
    fn take(&mut self, now: Instant) -> Option<PaneFrame> {
        self.seen = self.source.version();
        let mut screen = self.source.screen();
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
            return None;
        }
        self.last = Some(header.clone());
        self.sequence += 1;
        self.unacknowledged = Some(self.sequence);
        self.due = now + INTERVAL;
        let Header { columns, rows, cursor, modes, title, history_first, history_end } = header;
        let (pane, sequence) = (self.pane, self.sequence);
        Some(PaneFrame { pane, sequence, columns, rows, cursor, modes, title, history_first, history_end, changed })
    }
}
