//! When a service has been idle for long enough to be stopped.

use std::sync::Arc;
use std::time::Duration;

use locald_proxy::Activity;
use tokio::time::Instant;

/// Counts the time that nobody has asked a service for anything.
#[derive(Debug, Clone)]
pub(super) struct Idleness {
    activity: Arc<Activity>,
    /// After so long it is stopped.
    limit: Duration,
    /// Since when it is counted, while it runs.
    since: Option<Instant>,
}

impl Idleness {
    pub(super) fn new(activity: Arc<Activity>, limit: Duration) -> Self {
        Self { activity, limit, since: None }
    }

    /// The same, with another time after which it is stopped.
    pub(super) fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Where its requests are counted.
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// It runs, or does not.
    pub(super) fn note(&mut self, runs: bool) {
        self.since = if runs { self.since.or_else(|| Some(Instant::now())) } else { None };
    }

    /// It is needed although nobody asks for anything: it is counted anew.
    pub(super) fn put_off(&mut self) {
        self.since = self.since.map(|_| Instant::now());
    }

    /// When it has been idle for long enough, if nobody asks for anything until then.
    pub(super) fn due(&self) -> Option<Instant> {
        Some(self.since?.max(self.activity.last()) + self.limit)
    }

    /// Whether a request waits for it.
    pub(super) fn is_busy(&self) -> bool {
        self.activity.is_busy()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const LIMIT: Duration = Duration::from_mins(15);

    #[tokio::test(start_paused = true)]
    async fn only_time_in_which_it_runs_and_nobody_needs_it_counts() {
        let mut idleness = Idleness::new(Activity::new(), LIMIT);
        advance(LIMIT).await;
        assert_eq!(idleness.due(), None, "it does not run");
        idleness.note(true);
        let begun = Instant::now();
        advance(LIMIT / 2).await;
        idleness.note(true);
        assert_eq!(idleness.due(), Some(begun + LIMIT));
        idleness.put_off();
        assert_eq!(idleness.due(), Some(begun + LIMIT / 2 + LIMIT));
        idleness.note(false);
        idleness.put_off();
        assert_eq!(idleness.due(), None);
    }
}
