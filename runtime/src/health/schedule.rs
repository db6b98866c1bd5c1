//! When a service is asked how it is, and what its answers amount to. Pure.

use std::time::Duration;

use tokio::time::Instant;

use super::{Source, Verdict};

/// The first pause while a service starts; each further one is half as long again, up to the longest.
const FIRST: Duration = Duration::from_millis(50);
/// The longest pause of a service that is past its time to start and was never well, where nothing is said of it.
const LATE: Duration = Duration::from_secs(2);

/// How often a service is asked, and how patiently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// The pause between two questions to a service that was well; `None`: it is asked no more.
    pub(crate) interval: Option<Duration>,
    /// An answer that takes longer is none.
    pub(crate) timeout: Duration,
    /// So many failures in a row count.
    pub(crate) retries: u32,
    /// Before that, or the first success, failures do not count.
    pub(crate) start_period: Duration,
    /// The longest pause until then.
    pub(crate) start_interval: Duration,
}

/// The questions to one run.
#[derive(Debug)]
pub(super) struct Schedule {
    times: Times,
    began: Instant,
    /// Whether it was ever well.
    was_well: bool,
    failures: u32,
    pause: Duration,
}

impl Schedule {
    /// The questions to a run that began now; one that an earlier daemon knew well `was_well`.
    pub(super) fn new(times: Times, was_well: bool, now: Instant) -> Self {
        Self { times, began: now, was_well, failures: 0, pause: FIRST }
    }

    /// What an answer amounts to.
    pub(super) fn note(&mut self, answer: Result<(), String>, source: Source, now: Instant) -> Verdict {
        let Err(why) = answer else {
            (self.was_well, self.failures) = (true, 0);
            return Verdict::Well(source);
        };
        if !self.was_well && now.duration_since(self.began) < self.times.start_period {
            return Verdict::NotYet(why);
        }
        self.failures = self.failures.saturating_add(1);
        match self.failures >= self.times.retries {
            true => Verdict::Unwell(why),
            false if self.was_well => Verdict::Unsure,
            false => Verdict::NotYet(why),
        }
    }

    /// When to ask next; `None`: no more.
    pub(super) fn next(&mut self, now: Instant) -> Option<Instant> {
        if self.was_well && self.failures == 0 {
            return self.times.interval.map(|interval| now + interval);
        }
        let late = self.was_well || now.duration_since(self.began) >= self.times.start_period;
        let longest = if late { self.times.interval.unwrap_or(LATE) } else { self.times.start_interval };
        let pause = self.pause.min(longest);
        self.pause = (self.pause * 3 / 2).min(longest);
        Some(now + if self.was_well { longest } else { pause })
    }

    /// When the time to start is over.
    pub(super) fn start_ends(&self) -> Instant {
        self.began + self.times.start_period
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn times() -> Times {
        Times {
            interval: Some(secs(10)),
            timeout: secs(5),
            retries: 3,
            start_period: secs(60),
            start_interval: Duration::from_millis(200),
        }
    }

    fn no() -> Result<(), String> {
        Err("connection refused".to_owned())
    }

    fn not_yet() -> Verdict {
        Verdict::NotYet("connection refused".to_owned())
    }

    fn unwell() -> Verdict {
        Verdict::Unwell("connection refused".to_owned())
    }

    #[test]
    fn failures_count_after_the_time_to_start_and_then_only_so_many_in_a_row() {
        let t0 = Instant::now();
        let mut schedule = Schedule::new(times(), false, t0);
        assert_eq!(schedule.note(no(), Source::Tcp, t0 + secs(59)), not_yet());
        assert_eq!(schedule.note(no(), Source::Tcp, t0 + secs(60)), not_yet());
        assert_eq!(schedule.note(no(), Source::Tcp, t0 + secs(61)), not_yet());
        assert_eq!(schedule.note(no(), Source::Tcp, t0 + secs(62)), unwell());
        assert_eq!(schedule.note(Ok(()), Source::Tcp, t0 + secs(63)), Verdict::Well(Source::Tcp));
        assert_eq!(schedule.note(no(), Source::Tcp, t0 + secs(64)), Verdict::Unsure);
        assert_eq!(schedule.note(Ok(()), Source::Tcp, t0 + secs(65)), Verdict::Well(Source::Tcp));
        assert_eq!(schedule.note(no(), Source::Tcp, t0 + secs(66)), Verdict::Unsure);
    }

    #[test]
    fn the_first_success_ends_the_time_to_start() {
        let t0 = Instant::now();
        let mut schedule = Schedule::new(times(), false, t0);
        let _ = schedule.note(Ok(()), Source::Http, t0 + secs(1));
        let verdicts = [2, 3, 4].map(|second| schedule.note(no(), Source::Http, t0 + secs(second)));
        assert_eq!(verdicts, [Verdict::Unsure, Verdict::Unsure, unwell()]);
    }

    #[test]
    fn it_is_asked_fast_while_it_starts_and_in_its_interval_once_it_was_well() {
        let t0 = Instant::now();
        let mut schedule = Schedule::new(times(), false, t0);
        let pauses: Vec<u128> = (0..5).map(|_| (schedule.next(t0).unwrap() - t0).as_millis()).collect();
        assert_eq!(pauses, [50, 75, 112, 168, 200]);
        let _ = schedule.note(Ok(()), Source::Http, t0);
        assert_eq!(schedule.next(t0), Some(t0 + secs(10)));
        let _ = schedule.note(no(), Source::Http, t0);
        assert_eq!(schedule.next(t0), Some(t0 + secs(10)));
    }

    #[test]
    fn one_that_never_was_well_is_asked_more_seldom_after_its_time_to_start() {
        let t0 = Instant::now();
        let late = t0 + secs(61);
        let mut schedule = Schedule::new(Times { interval: None, ..times() }, false, t0);
        let last = (0..30).map(|_| schedule.next(late).unwrap() - late).last();
        assert_eq!(last, Some(LATE));
    }

    #[test]
    fn without_an_interval_one_that_is_well_is_asked_no_more() {
        let t0 = Instant::now();
        let once = Times { interval: None, ..times() };
        let mut schedule = Schedule::new(once, false, t0);
        let _ = schedule.note(Ok(()), Source::Port, t0);
        assert_eq!(schedule.next(t0), None);
        assert_eq!(Schedule::new(once, true, t0).next(t0), None);
    }
}
