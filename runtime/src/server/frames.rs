//! The frames of the panes that one client watches: at most one unacknowledged per pane, the latest always, at the pane's [`Pace`].

use std::sync::Arc;

use locald_api::{Attention, Cursor, Modes, PaneFrame, PaneId, Role, ServiceId, View, WatchedPane};
use locald_term::Size;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::pace::{Pace, Turn};
use crate::panes::{Focused, Pane, PaneSet, Showing, Viewer};

/// Panes that one client may watch.
const MAX_WATCHED: usize = 64;

/// What one client watches.
pub(super) struct Frames {
    client: u64,
    /// When the client acted last, as a count of all clients' acts.
    acted: u64,
    view: View,
    watched: Vec<Watched>,
    /// The pane that the client's keys go to.
    focused: Option<Focused>,
}

struct Watched {
    pane: PaneId,
    source: Arc<Pane>,
    focused: bool,
    /// Has the client's word on the pane's size counted.
    showing: Option<Showing>,
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
    /// What a client watches that has just come, as number `client`.
    pub(super) fn new(client: u64) -> Self {
        Self { client, acted: 0, view: View::default(), watched: Vec::new(), focused: None }
    }

    /// Takes a new view. Panes that were watched already, by the same number, go on where they are.
    pub(super) fn set_view(&mut self, view: &View, panes: &PaneSet, wake: &Arc<Notify>) {
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
            let size = size(wanted).filter(|_| view.role == Role::Participant);
            known.show(size, self.client, self.acted);
            watched.push(known);
        }
        let holder = (view.role == Role::Participant && view.attention == Attention::Here)
            .then(|| watched.iter().find(|watched| watched.focused))
            .flatten();
        // What is new is taken before what was is given back: a pane must hear nothing of a client that stays.
        self.focused = holder.map(|watched| Focused::new(watched.source.clone()));
        self.watched = watched;
        self.view = view.clone();
    }

    /// The client acts: it is the last to have done so, and its sizes count.
    pub(super) fn act(&mut self, acted: u64) {
        self.acted = acted;
        self.watched.iter_mut().filter_map(|watched| watched.showing.as_mut()).for_each(|showing| showing.act(acted));
    }

    /// Whether a view is the work of the client's user, and not only news of the user having gone elsewhere.
    pub(super) fn is_act(&self, view: &View) -> bool {
        view.role == Role::Participant && view.attention == Attention::Here && *view != self.view
    }

    /// When the client acted last.
    pub(super) fn acted(&self) -> u64 {
        self.acted
    }

    /// What the program in the pane with the focus wants in the client's clipboard.
    pub(super) fn take_clipboard(&self) -> Option<(ServiceId, String)> {
        self.focused.as_ref()?.pane().take_clipboard(self.client)
    }

    /// What the client is there for.
    pub(super) fn role(&self) -> Role {
        self.view.role
    }

    /// Whether the client shows what services use.
    pub(super) fn shows_usage(&self) -> bool {
        self.view.usage
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
        Self { pane, source, focused: false, showing: None, pace: Pace::new(now), seen: 0, rows_seen: 0, last: None }
    }

    /// The client shows the pane with this size, if it has a say in it.
    fn show(&mut self, size: Option<Size>, client: u64, acted: u64) {
        let viewer = Viewer { client, pane: self.pane };
        match (&mut self.showing, size) {
            (Some(showing), Some(size)) => showing.update(size, acted),
            (showing, size) => *showing = size.map(|size| Showing::new(self.source.clone(), viewer, size, acted)),
        }
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
        let mut screen = self.source.undrawn_screen();
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

/// The size that a client has for a pane, if it has any room for it.
fn size(pane: &WatchedPane) -> Option<Size> {
    (pane.columns > 0 && pane.rows > 0).then(|| Size::new(pane.rows, pane.columns))
}
