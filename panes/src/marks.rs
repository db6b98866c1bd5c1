//! What programs have done that the user has not seen yet: output, and bells.

use std::collections::HashMap;

use locald_api::{Activity, ServiceId};

/// The sign of a service that has written something since the user looked.
pub(crate) const OUTPUT: &str = "•";
/// That of one that has rung the bell.
pub(crate) const BELL: &str = "!";
/// That of one that is pinned.
pub(crate) const PIN: &str = "+";

/// What there is to see of a service that is not on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// It has written something.
    Output,
    /// It has rung the bell.
    Bell,
}

/// What each program has done, and what of that was seen.
#[derive(Debug, Default)]
pub(crate) struct Marks(HashMap<ServiceId, Counts>);

#[derive(Debug, Clone, Copy)]
struct Counts {
    output: Count,
    bells: Count,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    now: u64,
    seen: u64,
}

impl Marks {
    /// Takes in what a program has done. What it did before it was heard of for the first time counts as seen.
    pub(crate) fn take(&mut self, activity: &Activity) {
        let Activity { output, bells, .. } = *activity;
        let new = Counts { output: Count { now: output, seen: output }, bells: Count { now: bells, seen: bells } };
        let counts = self.0.entry(activity.service.clone()).or_insert(new);
        counts.output.advance(output);
        counts.bells.advance(bells);
    }

    /// The user sees this service.
    pub(crate) fn see(&mut self, service: &ServiceId) {
        if let Some(counts) = self.0.get_mut(service) {
            counts.output.seen = counts.output.now;
            counts.bells.seen = counts.bells.now;
        }
    }

    /// What there is to see of it.
    pub(crate) fn of(&self, service: &ServiceId) -> Option<Mark> {
        let counts = self.0.get(service)?;
        let output = counts.output.is_news().then_some(Mark::Output);
        if counts.bells.is_news() { Some(Mark::Bell) } else { output }
    }

    /// Forgets services that are no more.
    pub(crate) fn retain(&mut self, is_there: impl Fn(&ServiceId) -> bool) {
        self.0.retain(|service, _| is_there(service));
    }
}

impl Count {
    /// A count that falls begins anew: with a new daemon.
    fn advance(&mut self, now: u64) {
        if now < self.now {
            self.seen = 0;
        }
        self.now = now;
    }

    fn is_news(self) -> bool {
        self.now > self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{activity, id};

    #[test]
    fn what_was_done_since_the_user_looked_is_marked_and_a_bell_before_output() {
        let (web, mut marks) = (id("shop", "web"), Marks::default());
        assert_eq!(marks.of(&web), None);
        marks.take(&activity("web", 100, 2));
        assert_eq!(marks.of(&web), None, "nobody knows what was seen before");
        marks.take(&activity("web", 110, 2));
        assert_eq!(marks.of(&web), Some(Mark::Output));
        marks.take(&activity("web", 120, 3));
        assert_eq!(marks.of(&web), Some(Mark::Bell));
        marks.see(&web);
        assert_eq!(marks.of(&web), None);
    }

    #[test]
    fn counts_that_begin_anew_with_a_daemon_mark_what_was_done_since() {
        let (web, mut marks) = (id("shop", "web"), Marks::default());
        marks.take(&activity("web", 100, 7));
        marks.take(&activity("web", 100, 0));
        assert_eq!(marks.of(&web), None);
        marks.take(&activity("web", 100, 1));
        assert_eq!(marks.of(&web), Some(Mark::Bell));
    }
}
