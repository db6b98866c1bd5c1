//! A time as settings hold it: a whole number with a unit, such as `10s` or `500ms`, or a bare number of seconds.

use std::time::Duration;

use crate::fault::{Invalid, quoted};

/// What is asked for where something else is found.
pub(crate) const EXPECTED: &str = "a time such as \"10s\" or a number of seconds";

const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

/// What times a setting takes, and how it is named in messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// Such as `a stop timeout`.
    pub(crate) what: &'static str,
    pub(crate) min: Duration,
    pub(crate) max: Duration,
}

impl Times {
    /// A number with its unit.
    pub(crate) fn parse(self, text: &str) -> Result<Duration, Invalid> {
        let wrong = |label| self.invalid(text, label).with_help("write it like `10s`, `500ms` or `1m`");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        if number.is_empty() {
            return Err(wrong("expected a whole number and a unit"));
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let label = if unit.is_empty() { "has no unit" } else { "has no such unit" };
            return Err(wrong(label));
        };
        let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*scale)).unwrap_or(u64::MAX);
        self.checked(Duration::from_millis(millis), text)
    }

    /// A bare number of the file.
    pub(crate) fn of_seconds(self, seconds: i64) -> Result<Duration, Invalid> {
        let text = seconds.to_string();
        let seconds = u64::try_from(seconds).map_err(|_| self.invalid(&text, "must not be negative"))?;
        self.checked(Duration::from_secs(seconds), &text)
    }

    fn checked(self, time: Duration, text: &str) -> Result<Duration, Invalid> {
        if time > self.max {
            return Err(self.invalid(text, &format!("at most {}", shown(self.max))));
        }
        if time < self.min {
            return Err(self.invalid(text, &format!("at least {}", shown(self.min))));
        }
        Ok(time)
    }

    fn invalid(self, text: &str, label: &str) -> Invalid {
        Invalid::new(format!("{} is not {}", quoted(text), self.what), label)
    }
}

/// The time in its largest whole unit, as it may be written.
pub(crate) fn shown(time: Duration) -> String {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let fits = UNITS.iter().rev().find(|(_, scale)| millis > 0 && millis % scale == 0);
    fits.map_or_else(|| format!("{millis}ms"), |(unit, scale)| format!("{}{unit}", millis / scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times { what: "a pause", min: Duration::from_millis(10), max: Duration::from_hours(1) };

    #[test]
    fn a_number_with_a_unit_is_a_time() {
        for (text, millis) in [("10s", 10_000), ("500ms", 500), ("1m", 60_000), ("1h", 3_600_000), ("010ms", 10)] {
            assert_eq!(TIMES.parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(TIMES.of_seconds(7), Ok(Duration::from_secs(7)));
    }

    #[test]
    fn what_is_too_long_or_too_short_is_refused() {
        for bad in ["61m", "2h", "99999999999999999999999s", "18446744073709551615h"] {
            assert_eq!(TIMES.parse(bad).unwrap_err().label, "at most 1h", "{bad}");
        }
        assert!(TIMES.of_seconds(3601).is_err());
        assert!(TIMES.of_seconds(i64::MAX).is_err());
        assert_eq!(TIMES.parse("9ms").unwrap_err().label, "at least 10ms");
        assert_eq!(TIMES.of_seconds(-1).unwrap_err().label, "must not be negative");
    }

    #[test]
    fn what_is_not_a_number_and_a_unit_is_refused() {
        for bad in ["", "s", "10", "10 s", "10sec", "1.5s", "-1s", "+1s", "١s"] {
            assert!(TIMES.parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_is_shown_in_its_largest_whole_unit() {
        for (millis, text) in [(0, "0ms"), (90_000, "90s"), (60_000, "1m"), (1500, "1500ms"), (7_200_000, "2h")] {
            assert_eq!(shown(Duration::from_millis(millis)), text);
        }
    }
}
