//! The line between two runs of a service, in the history of its screen.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Screen;

impl Screen {
    /// Run number `run` begins, at `time` in nanoseconds since the Unix epoch: the screen is fresh, and what it showed is history,
    /// where a line divides it from what comes.
    pub(super) fn begin_run(&mut self, run: u64, time: u64) {
        let engine = self.engine_mut();
        engine.restart();
        // Whether there was anything is known by its number even where the lines themselves are still to be read from the log.
        if engine.history().end() > 0 {
            engine.remark(&divider(run, time, &TimeZone::system()));
        }
    }
}

fn divider(run: u64, time: u64, zone: &TimeZone) -> String {
    match Timestamp::from_nanosecond(time.into()) {
        Ok(time) => format!("── run {run}, from {} ──", time.to_zoned_datetime(zone.clone()).strftime("%F %T")),
        Err(_) => format!("── run {run} ──"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(screen: &Screen) -> Vec<String> {
        screen.engine().history().lines(0, 100).map(|line| line.text().to_owned()).collect()
    }

    #[test]
    fn what_runs_printed_is_divided_in_history_and_nothing_stands_before_the_first() {
        let mut screen = Screen::new(80, 24);
        screen.begin_run(1, 5);
        assert_eq!(history(&screen), [""; 0]);
        screen.engine_mut().feed(b"one\r\n");
        screen.begin_run(2, 1_800_000_000_000_000_000);
        screen.engine_mut().feed(b"two\r\n");
        screen.begin_run(3, 1_800_000_001_000_000_000);
        let lines = history(&screen);
        let [one, second, two, third] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!([one.as_str(), two.as_str()], ["one", "two"]);
        assert!(second.starts_with("── run 2, from 2027-01-1") && third.starts_with("── run 3, from "), "{lines:?}");
        assert_eq!(locald_term::capture(screen.engine(), 0, false).trim(), "");
    }

    #[test]
    fn times_are_those_of_the_users_clock() {
        assert_eq!(divider(7, 1_800_000_000_000_000_000, &TimeZone::UTC), "── run 7, from 2027-01-15 08:00:00 ──");
    }
}
