//! What one client knows of what programs do beyond their screens, and when it is told of more.

use std::collections::HashMap;

use locald_api::{Activity, ServiceId};
use tokio::sync::watch;
use tokio::time::{Duration, Instant};

use crate::panes::PaneSet;

/// The shortest time between two messages: often enough for a mark in a list, whatever is printed meanwhile.
const PAUSE: Duration = Duration::from_millis(250);

/// What one client was told last.
pub(super) struct Told {
    news: watch::Receiver<u64>,
    known: HashMap<ServiceId, Activity>,
    due: Option<Instant>,
}

impl Told {
    pub(super) fn new(panes: &PaneSet) -> Self {
        let mut news = panes.news();
        news.mark_changed();
        Self { news, known: HashMap::new(), due: None }
    }

    /// What is new, if it is time to tell.
    pub(super) fn take(&mut self, panes: &PaneSet, now: Instant) -> Vec<Activity> {
        if self.due.is_some_and(|due| due > now) || !self.news.has_changed().unwrap_or(false) {
            self.due = self.due.filter(|due| *due > now);
            return Vec::new();
        }
        self.news.borrow_and_update();
        let all = panes.all();
        self.known.retain(|service, _| all.iter().any(|pane| pane.id == *service));
        let activities = all.iter().map(|pane| pane.activity());
        let new: Vec<_> = activities.filter(|it| self.known.get(&it.service) != Some(it)).collect();
        self.known.extend(new.iter().map(|activity| (activity.service.clone(), activity.clone())));
        self.due = (!new.is_empty()).then(|| now + PAUSE);
        new
    }

    /// Resolves when there may be something to tell. Without news there is no timer but one short one after the last.
    pub(super) async fn changed(&mut self) {
        if let Some(due) = self.due {
            return tokio::time::sleep_until(due).await;
        }
        if self.news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.news.mark_changed();
    }
}
